"""Templates of annotated sets turned round, as Bonito's training data were made."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from upath import UPath

from pipeline.engine.work import read_source
from pipeline.errors import RecipeError
from pipeline.recipes import load_recipe
from pipeline.synthesis.bonito import filled, parsed
from pipeline.synthesis.meta_templates import Template, Turned, original, turned
from stages.read_annotated import ReadAnnotated
from tests.conftest import ROOT

EXAMPLES = ROOT / "examples" / "annotated"
TEMPLATES = """
context: passage
templates:
  - {name: shows it, task: exqa, template: "{{passage}} Q: {{question}} ||| {{answer}}"}
  - {name: in the answer too, task: summarization, template: "Sum up {{passage}} ||| So: {{passage}}"}
  - {name: does not, task: qa, template: "{{question}} ||| {{answer}}"}
  - {name: looks inside, task: qa, template: "{{passage}} has {{passage|length}} letters ||| {{answer}}"}
"""
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(str.strip)
TEMPLATE = Template(name="t", task="exqa", template="Read {{ passage }} and say: {{question}} ||| {{answer}}")


def write(folder: Path, rows: list[dict], templates: str = TEMPLATES) -> ReadAnnotated:
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (folder / "templates.yaml").write_text(templates, encoding="utf-8")
    return ReadAnnotated(rows=folder / "rows.jsonl", templates=folder / "templates.yaml")


ROWS = [{"passage": f"Text {n}.", "question": f"What is {n}?", "answer": f"It is {n}."} for n in range(40)]


@given(WORDS, WORDS, WORDS)
def test_bonito_3_a_template_turned_round_and_back_is_the_original(
    passage: str, question: str, answer: str
) -> None:
    """Acceptance check 3."""
    row = {"passage": passage, "question": question, "answer": answer}
    found = turned(TEMPLATE, row, "passage")
    if "{{context}}" in passage + question + answer or "<|pipe|>" in question + answer:
        return
    assert isinstance(found, Turned)
    halves = parsed(found.target)
    assert halves is not None
    back = tuple(filled(half, found.paragraph) for half in halves)
    assert back == original(TEMPLATE, {**row, "passage": passage.strip()})


def test_bonito_4_a_template_that_does_not_show_the_paragraph_is_left_out(tmp_path: Path) -> None:
    """Acceptance check 4."""
    stage = write(tmp_path, ROWS)
    names = {row.questioner for row in stage.read()}
    assert names == {"shows it", "in the answer too"}


def test_bonito_4_rows_without_an_answer_are_left_out(tmp_path: Path) -> None:
    """Acceptance check 4."""
    rows = [{**row, "answer": " "} for row in ROWS[:10]] + ROWS[10:20]
    only_first = "\n".join(TEMPLATES.splitlines()[:4])
    made = list(write(tmp_path, rows, only_first).read())
    assert [row.parent_id for row in made] == [f"rows.jsonl:{number}" for number in range(10, 20)]


BARE = {"passage": "Text.", "question": "What?", "answer": "So."}
REJECTED = [
    ({**BARE, "answer": ""}, "no_answer"),
    ({**BARE, "answer": " \n\t"}, "no_answer"),
    ({**BARE, "passage": ""}, "no_paragraph"),
    ({**BARE, "passage": "  "}, "no_paragraph"),
    ({**BARE, "passage": None}, "no_paragraph"),
    ({**BARE, "passage": 7}, "no_paragraph"),
]


@pytest.mark.parametrize(("row", "reason"), REJECTED)
def test_bonito_4_a_drawn_row_that_cannot_be_turned_round_is_a_reject(
    row: dict, reason: str, tmp_path: Path
) -> None:
    """Acceptance check 4: what is excluded has a reason, and its place in the file."""
    only_first = "\n".join(TEMPLATES.splitlines()[:4])
    stage = write(tmp_path, [BARE, row, BARE], only_first)
    first, (reject, gone), last = stage.outcomes()
    assert (reject.reason, gone.parent_id, gone.answer) == (reason, "rows.jsonl:1", "")
    assert [first, last] == list(stage.read())
    (part,) = read_source(stage, UPath(tmp_path / "step"), 10)
    assert (part.tally.rows_in, part.tally.kept, part.tally.rejected) == (3, 2, {reason: 1})


def test_a_template_that_looks_into_the_paragraph_is_a_reject(tmp_path: Path) -> None:
    stage = write(tmp_path, ROWS)
    reasons = {outcome[0].reason for outcome in stage.outcomes() if isinstance(outcome, tuple)}
    assert reasons == {"paragraph_not_shown"}
    assert sum(1 for _ in stage.outcomes()) == len(ROWS)


def test_bonito_4_the_cap_is_kept_and_the_seed_decides(tmp_path: Path) -> None:
    """Acceptance check 4."""
    stage = write(tmp_path, ROWS)
    capped = ReadAnnotated(rows=stage.rows, templates=stage.templates, cap=7)
    first, again = list(capped.read()), list(capped.read())
    assert first == again
    assert 0 < len(first) <= 7
    other = ReadAnnotated(rows=stage.rows, templates=stage.templates, cap=7, seed=1)
    assert [row.parent_id for row in other.read()] != [row.parent_id for row in first]


def test_the_rows_are_in_bonitos_format() -> None:
    made = list(ReadAnnotated(rows=EXAMPLES / "rows.jsonl", templates=EXAMPLES / "templates.yaml").read())
    assert len(made) == 3
    for row in made:
        assert row.question.startswith("<|tasktype|>\n")
        assert row.question.endswith("\n<|task|>\n")
        assert row.answer.count("<|pipe|>") == 1
        assert "{{context}}" in row.answer


@pytest.mark.parametrize(
    ("templates", "told"),
    [
        ("context: passage\ntemplates: []", "templates"),
        (TEMPLATES.replace("task: exqa", "task: sums"), "no task type 'sums'"),
        (TEMPLATES.replace("||| {{answer}}", "{{answer}}", 1), "expected one |||"),
        (TEMPLATES.replace("{{question}}", "{{query}}"), "'query' is undefined"),
        (TEMPLATES.replace("{{passage}}", "{{text}}").replace("passage", "text"), "no column 'text'"),
        (
            "context: passage\ntemplates:\n  - {name: a, task: qa, template: '{{question}} ||| {{answer}}'}",
            "no template",
        ),
        (TEMPLATES.replace("{{passage}}", "{{ ''.__class__.__mro__ }}{{passage}}"), "unsafe"),
    ],
)
def test_a_fault_in_the_templates_stops_the_run_before_it_starts(
    templates: str, told: str, tmp_path: Path
) -> None:
    stage = write(tmp_path, ROWS, templates)
    sets = json.dumps([{"rows": str(stage.rows), "templates": str(stage.templates)}])
    with pytest.raises(RecipeError, match=told.replace("|", r"\|")):
        load_recipe("bonito", "example", [f"sets={sets}"], {})
