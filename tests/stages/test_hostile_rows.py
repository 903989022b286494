"""Rows whose texts are made of what breaks patterns: every filter gives a verdict on each."""

import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.records import Chunk, Example, Instruction, Passage, Worded
from pipeline.stage import FilterStage, Reject
from pipeline.synthesis.reply_forms import cleaned
from pipeline.synthesis.styles import STYLES
from stages.drop_contaminated import DropContaminated
from stages.drop_exact_duplicates import DropExactDuplicates
from stages.drop_near_duplicates import DropNearDuplicates
from stages.drop_poor_answers import DropPoorAnswers
from stages.drop_poor_chunks import DropPoorChunks
from stages.drop_poor_questions import DropPoorQuestions
from stages.drop_poor_rephrasings import DropPoorRephrasings
from stages.drop_ungrounded import DropUngrounded
from stages.drop_wrong_language import DropWrongLanguage
from stages.make_examples import MakeExamples
from tests.stages.make import example, instruction
from tests.stages.test_duplicates import decided
from tests.text.test_hostile import UNITS

# Ends of lines that are none of "\n", and characters that split, join or hide others.
BREAKS = ("\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029", "\0", "\ufeff", "\u202e", "\ufffc", "\ufffd")
ASKED = "What is the largest planet of the solar system, and how far is it from the Sun?"


def texts() -> Iterator[str]:
    for unit in (*UNITS, *BREAKS):
        yield (unit * 60)[:90]
        yield f"{unit}{ASKED}{unit}"
        yield f"a{unit}b{unit}c"
        yield f"{ASKED[:20]}{unit}{ASKED[20:]}{unit}{ASKED}"
        yield f"{ASKED}\n{unit}\n{unit}Jupiter\n{unit}Mars"


TEXTS = [*texts()]


def passage(text: str, original: str, number: int) -> Passage:
    return Passage(
        id=f"p{number}", language="en", parent_id="c", document="d", start=0, title="", text=text,
        style="easy" if original else "", original=original, rephrased_from="r" if original else "",
        writer="fake", n_tokens=None,
    )  # fmt: skip


def chunk(text: str, number: int) -> Chunk:
    return Chunk(
        id=f"c{number}", language="en", parent_id="d", document="d", title="", quality=None, start=0,
        text=text, n_tokens=9, before="",
    )  # fmt: skip


def instructions() -> list[Instruction]:
    return [instruction(text, id=f"i{number}", passage="") for number, text in enumerate(TEXTS)]


def examples() -> list[Example]:
    """Each text as an answer, as a question, and as the passage that the answer is about."""
    asked = [example(text, id=f"a{number}") for number, text in enumerate(TEXTS)]
    answered = [example(id=f"q{number}", question=text) for number, text in enumerate(TEXTS)]
    shown = [example("Jupiter.", id=f"s{number}", passage=text) for number, text in enumerate(TEXTS)]
    return [*asked, *answered, *shown]


def passages() -> list[Passage]:
    pairs = itertools.chain(((text, ASKED) for text in TEXTS), ((ASKED, text) for text in TEXTS))
    return [passage(text, original, number) for number, (text, original) in enumerate(pairs)]


def contaminated(folder: Path) -> DropContaminated:
    path = folder / "items.jsonl"
    path.write_text("".join(json.dumps({"question": text}) + "\n" for text in [ASKED, *TEXTS[::7]]))
    return DropContaminated(benchmarks=(path,))


FILTERS: list[tuple[FilterStage, Any]] = [
    (DropPoorQuestions(), instructions),
    (DropPoorQuestions(), examples),
    (DropPoorAnswers(), examples),
    (DropPoorRephrasings(styles=STYLES), passages),
    (DropPoorChunks(), lambda: [chunk(text, number) for number, text in enumerate(TEXTS)]),
    (DropUngrounded(), examples),
    (DropWrongLanguage(), instructions),
    (DropWrongLanguage(), examples),
    (DropWrongLanguage(), passages),
]


@pytest.mark.parametrize(("stage", "made"), FILTERS)
def test_a_filter_gives_a_verdict_on_every_row(stage: FilterStage, made: Any) -> None:
    rows: list[Worded] = made()
    verdicts = list(stage.judge_all(rows))
    assert len(verdicts) == len(rows)
    assert all(verdict is None or isinstance(verdict, Reject | Worded) for verdict in verdicts)
    for row in rows:
        assert all(math.isfinite(measure.got) for measure in stage.measures(row))


def test_contamination_is_looked_for_in_every_row(tmp_path: Path) -> None:
    stage = contaminated(tmp_path)
    for rows in (instructions(), examples(), passages()):
        verdicts = stage.judge_all(rows)
        assert len(verdicts) == len(rows)
        assert any(verdict is not None for verdict in verdicts)


@pytest.mark.parametrize("stage", [DropExactDuplicates(), DropNearDuplicates()])
def test_duplicates_are_looked_for_in_every_row(stage: DropExactDuplicates | DropNearDuplicates) -> None:
    for rows in (instructions(), examples()):
        gone = {row["id"] for row in decided(stage, rows, 3)}
        assert gone < {row.id for row in rows}


def test_replies_of_every_form_are_read() -> None:
    for form, text in itertools.product({style.form for style in STYLES.values()}, TEXTS):
        made = cleaned(text, form, ASKED)
        if isinstance(made, str):
            row = passage(made, ASKED, 0)
            assert list(MakeExamples(styles=STYLES).map(row))
