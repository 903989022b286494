"""The columns of published rows: what was not counted is null, and no number stands for nothing."""

import asyncio
from typing import Any

import pytest

from pipeline.export.rows import LAYOUTS, MEANINGS
from pipeline.inference.fake_model import Script, fake_model
from pipeline.records import Example
from pipeline.storage.replies import StoredReply
from stages.answer_questions import AnswerQuestions
from stages.rephrase_answers import RephraseAnswers
from tests.stages.make import example, instruction


def published(made: Example) -> dict[str, Any]:
    return LAYOUTS[Example].row(made, "run")


@pytest.mark.parametrize(
    ("counted", "columns"),
    [((11, 22), (11, 22)), ((0, 0), (None, None)), ((44, 0), (44, None))],
)
def test_tokens_are_those_that_the_server_counted(
    counted: tuple[int, int], columns: tuple[int | None, int | None]
) -> None:
    script = Script(lambda _: StoredReply("It is a place.", "stop", *counted))
    (made,) = asyncio.run(AnswerQuestions().map(instruction(), fake_model(script)))
    row = published(made)
    assert (row["n_prompt_tokens"], row["n_answer_tokens"]) == columns


def test_a_restyled_answer_has_not_the_tokens_of_its_original() -> None:
    script = Script(lambda _: {"answer": "Each parent passes on a hidden allele."})
    (made,) = asyncio.run(RephraseAnswers(share=1.0).map(example(), fake_model(script)))
    row = published(made)
    assert (row["n_prompt_tokens"], row["n_answer_tokens"]) == (None, None)


def test_every_column_has_its_meaning() -> None:
    for layout in LAYOUTS.values():
        assert set(layout.features) <= set(MEANINGS)
