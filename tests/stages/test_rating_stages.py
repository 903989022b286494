"""The judge and the difficulty, with scripted replies."""

import asyncio
import json
import math
from typing import Any

import pytest

from pipeline.errors import RequestRefused
from pipeline.inference.asking import canonical_json
from pipeline.inference.fake_model import Script, fake_model
from pipeline.records import CRITERIA, Example, Instruction
from pipeline.stage import ModelStage, Reject
from pipeline.storage.replies import StoredReply
from pipeline.storage.tally import Tally
from stages.compare_meanings import CompareMeanings
from stages.drop_low_rated import DropLowRated
from stages.measure_difficulty import MeasureDifficulty
from stages.rate_examples import RateExamples
from tests.stages.make import ANSWER, QUESTION, example, instruction


def vote(clarity: object, relevance: object, correctness: object, completeness: object) -> dict[str, Any]:
    scores = dict(zip(CRITERIA, (clarity, relevance, correctness, completeness), strict=True))
    return {"reason": "So.", **scores}


def rated(stage: RateExamples, script: Script) -> Example:
    (found,) = asyncio.run(stage.map(example(), fake_model(script)))
    assert isinstance(found, Example)
    return found


def test_the_judge_sees_question_and_answer_and_its_scores_are_kept() -> None:
    script = Script(lambda _: vote(5, 4, 3, 2))
    found = rated(RateExamples(), script)
    assert [getattr(found, name) for name in CRITERIA] == [5, 4, 3, 2]
    (body,) = script.bodies
    assert QUESTION in body["messages"][-1]["content"]
    assert ANSWER in body["messages"][-1]["content"]
    sent = json.loads(canonical_json(body))  # as a server gets it, which writes in this order
    schema = sent["response_format"]["json_schema"]["schema"]
    assert list(schema["properties"]) == ["reason", *CRITERIA]  # the reason comes first
    assert schema["additionalProperties"] is False  # nothing comes after


def test_of_several_votes_the_lower_median_counts() -> None:
    votes = [vote(5, 5, 5, 1), vote(4, 1, 5, 3), vote(1, 1, 2, 3), vote(2, 5, 5, 5)]
    script = Script(lambda _: votes.pop())
    found = rated(RateExamples(votes=4), script)
    assert [getattr(found, name) for name in CRITERIA] == [2, 1, 5, 3]
    assert len({body["sample"] for body in script.bodies}) == 4  # each a reply of its own
    schemas = [body["response_format"]["json_schema"]["schema"] for body in script.bodies]
    orders = [tuple(schema["properties"])[1:] for schema in schemas]
    assert orders == [CRITERIA, CRITERIA[::-1]] * 2  # a place earns nothing
    asked = script.bodies[1]["messages"][-1]["content"]
    assert asked.index("completeness: is") < asked.index("clarity: is")


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (4, 4),
        ("4", 4),
        (4.0, 4),
        (4.5, 5),  # halves up
        (4.4, 4),
        ("4.5", 5),
        ("4/5", 4),
        ("4 out of 5", 4),
        ("**3**", 3),
        (" 2 ", 2),
        ("3.", 3),
        (0.5, 1),
        (5.4, 5),
        (0, None),
        (6, None),
        (5.5, None),
        ("45", None),
        ("4/10", None),
        ("four", None),
        ("", None),
        (None, None),
        ([4], None),
        (True, None),
    ],
)
def test_a_score_is_read_as_it_is_meant_and_a_vote_that_cannot_be_is_left_out(
    said: object, read: int | None
) -> None:
    script = Script(lambda _: vote(5, 4, said, 2))
    found = rated(RateExamples(), script)
    assert (found.correctness, found.clarity) == (read, 5 if read is not None else None)
    assert len(script.bodies) == (1 if read is not None else 3)


def test_a_judge_may_say_more_than_it_is_asked_for() -> None:
    said = {**vote(5, 4, 3, 2), "reason": "It is right. " * 40, "overall": "good", "Clarity": 5}
    del said["clarity"]
    assert rated(RateExamples(), Script(lambda _: said)).clarity == 5


def test_the_votes_that_can_be_read_count() -> None:
    votes = [vote(5, 5, 5, 5), {"reason": "?"}, {"reason": "?"}, {"reason": "?"}, vote(3, 3, 3, 3)]
    found = rated(RateExamples(votes=3), Script(lambda body: votes.pop(0)))
    assert found.clarity == 3  # the lower median of two


def test_a_refused_vote_costs_the_row_once_all_votes_are_counted() -> None:
    """What goes on in the background would be counted in a tally that is written already."""
    counted = 0

    class Slow(Script):
        async def reply_to(self, body: dict[str, Any], sample: int, tally: Tally) -> StoredReply:
            nonlocal counted
            if sample == 0:
                raise RequestRefused("the server refused the request with HTTP 400", raw="no")
            await asyncio.sleep(0.05)
            counted += 1
            return await super().reply_to(body, sample, tally)

    with pytest.raises(RequestRefused):
        rated(RateExamples(votes=3), Slow(lambda _: vote(5, 5, 5, 5)))
    assert counted == 2


@pytest.mark.parametrize(
    ("stage", "asked", "row"),
    [
        (MeasureDifficulty(), "surprise", example()),
        (CompareMeanings(), "embed", instruction(style="easy", original="It was asked otherwise?")),
    ],
)
def test_so_does_one_request_of_two(stage: ModelStage, asked: str, row: Example | Instruction) -> None:
    counted: list[Any] = []

    class Slow:
        async def ask(self, *texts: str) -> None:
            counted.append(texts)
            if len(counted) == 1:
                raise RequestRefused("the server refused the request with HTTP 400", raw="no")
            await asyncio.sleep(0.05)
            counted.append(("whole",))

    model: Any = Slow()
    setattr(model, asked, model.ask)
    (verdict,) = asyncio.run(stage.map(row, model))
    assert isinstance(verdict, Reject)
    assert verdict.reason == "request_refused"
    assert len(counted) == 3


RATINGS = [
    ((3, 3, 3, 3), None),
    ((None, None, None, None), None),
    ((2, 3, 3, 3), "low_clarity"),
    ((3, 2, 3, 3), "low_relevance"),
    ((3, 3, 2, 3), "low_correctness"),
    ((3, 3, 3, 2), "low_completeness"),
    ((2, 3, 1, 2), "low_correctness"),  # what falls shortest
]


@pytest.mark.parametrize(("scores", "reason"), RATINGS)
def test_low_ratings(scores: tuple[int | None, ...], reason: str | None) -> None:
    verdict = DropLowRated().judge(example(**dict(zip(CRITERIA, scores, strict=True))))
    assert (verdict.reason if verdict else None) == reason


def test_difficulty_is_the_perplexity_with_the_question_over_that_without() -> None:
    """The answer's tokens are the last of the prompt; what stands before them does not count."""

    def answer(body: dict[str, Any]) -> StoredReply:
        asked = body["messages"][0]["content"] != ""
        logprob = -1.0 if asked else -3.0
        tokens = [
            ("<|im_start|>", -9.0),
            ("assistant\n", -9.0),
            ("A gene", logprob),
            (" is a unit.", 2 * logprob),
        ]
        return StoredReply(json.dumps(tokens), "length", 9, 1)

    script = Script(answer)
    (found,) = asyncio.run(MeasureDifficulty().map(example(" A gene is a unit.\n"), fake_model(script)))
    assert isinstance(found, Example)
    assert found.difficulty == pytest.approx(math.exp(1.5 - 4.5), abs=1e-4)
    assert {body["messages"][0]["content"] for body in script.bodies} == {QUESTION, ""}
    assert all(body["prompt_logprobs"] == 0 and body["max_tokens"] == 1 for body in script.bodies)
