"""Rephrasing: styles, the forms of replies, and what must be kept of an original."""

import asyncio
import dataclasses
from typing import Any

import pytest
from pydantic import TypeAdapter

from pipeline.inference.fake_model import Script, fake_model
from pipeline.records import Chunk, Example, Instruction, Passage
from pipeline.stage import Reject
from pipeline.storage.replies import StoredReply
from pipeline.synthesis.styles import STYLES
from stages.compare_meanings import CompareMeanings
from stages.drop_poor_rephrasings import DropPoorRephrasings
from stages.keep_chunks import KeepChunks
from stages.make_examples import MakeExamples
from stages.rate_documents import RateDocuments
from stages.rephrase_answers import RephraseAnswers
from stages.rephrase_chunks import RephraseChunks
from stages.rephrase_questions import RephraseQuestions
from tests.stages.make import example, instruction
from tests.synthesis.test_reply_forms import PAIRS, REPHRASED, SOURCE


def chunk(quality: int | None = None, n_tokens: int = 150, **changes: Any) -> Chunk:
    made = {
        "id": "chunk", "parent_id": "d", "document": "docs/a.txt", "title": "Bridges", "start": 7,
        "text": SOURCE, "before": "",
    }  # fmt: skip
    return Chunk(**{**made, "quality": quality, "n_tokens": n_tokens, **changes})


def rephrase(stage: RephraseChunks, reply: Any, of: Chunk | None = None) -> list[Any]:
    script = Script(reply if callable(reply) else lambda _: reply)
    return list(asyncio.run(stage.map(of or chunk(), fake_model(script))))


def only(name: str) -> RephraseChunks:
    return RephraseChunks(styles={name: STYLES[name]})


def test_wrap_3_a_passage_links_to_its_real_chunk() -> None:
    """Acceptance check 3."""
    (made,) = rephrase(only("medium"), REPHRASED)
    (real,) = KeepChunks().map(chunk())
    assert isinstance(made, Passage)
    assert made.rephrased_from == real.id
    assert made.id != real.id
    assert (made.original, made.style, made.document, made.start) == (SOURCE, "medium", "docs/a.txt", 7)
    assert (real.style, real.text, real.original) == ("", SOURCE, "")


def test_every_style_has_a_prompt_and_makes_a_row() -> None:
    replies = {
        "prose": REPHRASED, "pairs": PAIRS, "problem": "Problem: 1 + 1?\nSolution: 2", "list": "- It fell.",
        "table": "| a | b |\n|---|---|\n| 1 | 2 |", "dialogue": "Anna: What?\nBen: A bridge.",
    }  # fmt: skip
    for name, style in STYLES.items():
        made = rephrase(only(name), replies[style.form])
        assert all(isinstance(row, Passage) for row in made), name
        rows = list(MakeExamples(styles=STYLES).map(made[0]))
        assert rows, name
        for row in rows:
            assert isinstance(row, Example)
            assert (row.task, row.style) == ("", name)
            assert (SOURCE in row.asked) == (style.form not in ("pairs", "problem"))
            assert row.answer


def test_a_style_of_ones_own_is_a_prompt_and_a_line() -> None:
    stage = TypeAdapter(RephraseChunks).validate_python(
        {"styles": {"terse": {"prompt": "rephrase_chunks/hard", "weight": 2}, "table": {"share": 0.9}}}
    )
    assert stage.styles["terse"].form == "prose"
    assert stage.styles["terse"].weight == 2
    assert (stage.styles["table"].form, stage.styles["table"].share) == (
        "table",
        0.9,
    )  # the rest is as it was


def test_styles_are_drawn_by_weight() -> None:
    stage = TypeAdapter(RephraseChunks).validate_python(
        {"styles": {"easy": {"weight": 3}, "medium": {"weight": 1}, "hard": {"weight": 0}}}
    )
    names = []
    for number in range(200):
        names += [row.style for row in rephrase(stage, REPHRASED, chunk(id=f"chunk {number}"))]
    assert "hard" not in names
    assert 130 < names.count("easy") < 170


def test_documents_are_routed_by_their_quality() -> None:
    def reply(body: dict[str, Any]) -> str:
        last = body["messages"][-1]["content"]
        return PAIRS if "Question: (" in last else "- It fell." if "one a line" in last else REPHRASED

    stage = RephraseChunks(good_from=4)
    good = rephrase(stage, reply, chunk(quality=4))
    assert [row.style for row in good] == ["qa", "distill", "extract", "knowledge_list"]
    assert [row.style for row in rephrase(stage, reply, chunk(quality=3))] == ["medium"]
    assert len(rephrase(stage, reply, chunk(quality=None))) == 1  # by weight


def test_the_part_before_is_shown_and_replies_have_room_for_their_chunk() -> None:
    script = Script(lambda _: REPHRASED)
    asyncio.run(only("easy").map(chunk(before="What came before.", n_tokens=300), fake_model(script)))
    assert "What came before." in script.bodies[0]["messages"][-1]["content"]
    assert script.bodies[0]["max_tokens"] == 450


def test_a_reply_that_is_cut_off_goes_but_whole_pairs_stay() -> None:
    (made,) = rephrase(only("easy"), lambda _: StoredReply(REPHRASED, "length", 1, 1))
    assert made.reason == "cut_off"
    (made,) = rephrase(only("qa"), lambda _: StoredReply(PAIRS + " and", "length", 1, 1))
    assert made.text == PAIRS.partition("\n\n")[0]


def passage(text: str, style: str = "medium", likeness: float | None = None) -> Passage:
    return Passage(
        id="p", parent_id="chunk", document="a", start=0, title="", text=text, style=style, original=SOURCE,
        rephrased_from="r", writer="m", n_tokens=9, likeness=likeness,
    )  # fmt: skip


VERDICTS = [
    (passage(REPHRASED), None),
    (passage(REPHRASED, likeness=0.8), None),
    (passage(REPHRASED, likeness=0.5), "meaning_lost"),
    (passage(SOURCE), "copied"),  # acceptance check 5
    (passage(SOURCE, style="easy"), "copied"),
    (passage(REPHRASED.replace("1879", "1897")), "number_lost"),  # acceptance check 5
    (passage(REPHRASED.replace("1879", "1897"), style="easy"), "number_added"),
    (passage(REPHRASED.replace(" of 28 December 1879", ""), style="easy"), None),
    (passage(REPHRASED + " It cost 9 lives."), "number_added"),
    (
        passage(REPHRASED.replace("Scotland", "Wales").replace("Tay", "Dee").replace("December", "May")),
        "name_lost",
    ),
    (passage("It fell."), "rephrasing_too_short"),
    (passage(" ".join([REPHRASED] * 4)), "rephrasing_too_long"),
    (passage(f"I'm sorry, but I cannot help with that. {REPHRASED}"), "rephrasing_refused"),
    (passage(f"{REPHRASED} Here is a rephrased version."), "lead_in"),
    (passage(SOURCE, style=""), None),  # a real text
]


@pytest.mark.parametrize(("row", "reason"), VERDICTS)
def test_a_rephrasing_keeps_what_its_original_says(row: Passage, reason: str | None) -> None:
    verdict = DropPoorRephrasings(styles=STYLES).judge(row)
    assert (verdict and verdict.reason) == reason


def test_what_is_very_like_its_original_may_share_fewer_words_with_it() -> None:
    half = (
        SOURCE.partition(". ")[0]
        + ". A storm of 28 December 1879 brought it down, with 75 people on a train."
    )
    stage = DropPoorRephrasings(styles=STYLES)
    assert stage.judge(passage(half, "easy", 0.9)) is None
    assert stage.judge(passage(half, "easy", 0.98)).reason == "copied"


def test_questions_are_asked_in_other_words() -> None:
    script = Script(lambda _: {"question": "How can brown-eyed parents get a blue-eyed child?"})
    original = instruction()
    (made,) = asyncio.run(RephraseQuestions(share=1.0).map(original, fake_model(script)))
    assert isinstance(made, Instruction)
    assert made.question.startswith("How can")
    assert (made.rephrased_from, made.original) == (original.id, original.question)
    assert made.style in ("easy", "medium", "hard")
    assert made.id != original.id
    assert DropPoorRephrasings(of="question").judge(made) is None
    (left,) = asyncio.run(RephraseQuestions(share=0.0).map(original, fake_model(script)))
    assert left.reason == "not_drawn"


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("Blue eyes of a child come from two recessive alleles of its brown-eyed parents.", "question_lost"),
        ("Why do two brown-eyed parents sometimes have a child with blue eyes?", "copied"),
        ("How do 3 parents get it?", "number_added"),
    ],
)
def test_a_rephrased_question_asks_the_same(question: str, reason: str) -> None:
    row = instruction(question, style="easy", original=instruction().question, rephrased_from="x")
    assert DropPoorRephrasings(of="question").judge(row).reason == reason


def test_answers_and_both_are_said_in_other_words() -> None:
    said = "A child gets blue eyes when each parent passes on a hidden recessive allele."
    script = Script(lambda _: {"answer": said})
    (made,) = asyncio.run(RephraseAnswers(share=1.0).map(example(), fake_model(script)))
    assert isinstance(made, Example)
    assert (made.question, made.answer, made.original) == (example().question, said, example().answer)
    assert DropPoorRephrasings(of="answer").judge(made) is None
    both = Script(lambda _: {"question": "How can this be?", "answer": said})
    (made,) = asyncio.run(RephraseAnswers(share=1.0, with_question=True).map(example(), fake_model(both)))
    assert (made.question, made.answer) == ("How can this be?", said)
    assert made.original == f"{example().question}\n\n{example().answer}"
    copied = dataclasses.replace(made, question=example().question, answer=example().answer)
    assert DropPoorRephrasings(of="both").judge(copied).reason == "copied"


def test_likeness_is_the_cosine_of_text_and_original() -> None:
    class Model:
        name = "m"

        async def embed(self, text: str) -> str:
            import numpy as np

            from pipeline.embeddings.vectors import packed

            return packed(np.array([1.0, 0.0] if text == SOURCE else [0.6, 0.8], np.float32))

    (made,) = asyncio.run(CompareMeanings().map(passage(REPHRASED), Model()))
    assert made.likeness == pytest.approx(0.6, abs=0.01)
    real = passage(SOURCE, style="")
    assert asyncio.run(CompareMeanings().map(real, Model())) == [real]


def test_a_judge_rates_documents() -> None:
    from pipeline.records import Document

    script = Script(lambda _: {"reason": "It explains.", "quality": 4})
    document = Document(id="d", name="a", title="", text="x" * 9000)
    (made,) = asyncio.run(RateDocuments().map(document, fake_model(script)))
    assert made.quality == 4
    assert "x" * 3001 not in script.bodies[0]["messages"][-1]["content"]


def test_a_reply_that_fits_no_schema_is_rejected() -> None:
    (made,) = asyncio.run(
        RephraseQuestions(share=1.0).map(instruction(), fake_model(Script(lambda _: "no JSON")))
    )
    assert isinstance(made, Reject)
    assert made.reason == "bad_reply"


CUT = [
    (
        "knowledge_list",
        "- It was long.\n- It fell.\n- Engineers had warned the own",
        "- It was long.\n- It fell.",
    ),
    ("knowledge_list", "- Engineers had warned the own", None),
    ("qa", "Question: How much?\nAnswer: It held 450 million cubic metres of wat", None),
    ("qa", "Question: When?\nAnswer: In 1879.\n\nQuestion: How mu", "Question: When?\nAnswer: In 1879."),
    ("table", "| a | b |\n|---|---|\n| 1 | 2", None),
    ("dialogue", "Anna: What?\nBen: A bri", None),
]


@pytest.mark.parametrize(("style", "reply", "left"), CUT)
@pytest.mark.parametrize("finish", ["length", "content_filter", "max_tokens", "error"])
def test_of_a_reply_that_was_cut_the_last_item_goes(
    style: str, reply: str, left: str | None, finish: str
) -> None:
    (made,) = rephrase(only(style), lambda _: StoredReply(reply, finish, 1, 1))
    if left is None:
        assert made.reason == "cut_off"
    else:
        assert made.text == left


def test_a_rephrasing_that_says_a_sentence_twice_goes() -> None:
    stage = DropPoorRephrasings(styles=STYLES)
    twice = f"{REPHRASED} {REPHRASED.partition('. ')[2]}"
    assert stage.judge(passage(twice, "easy")).reason.startswith("rephrasing_repeats")
    assert (
        stage.judge(passage(REPHRASED.replace("Tay", "T\ufffdy"), "easy")).reason == "rephrasing_is_damaged"
    )
    quoted = dataclasses.replace(
        passage(REPHRASED + " I cannot help you, said the guard.", "easy"),
        original=SOURCE + " I cannot help you, said the guard.",
    )
    assert stage.judge(quoted) is None
