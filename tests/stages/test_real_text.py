"""The filters on text that people wrote: benchmark items must go, sound questions stay (../shared/data)."""

import gzip
import json
from pathlib import Path

import pytest

from stages.drop_contaminated import DropContaminated
from stages.drop_poor_questions import DropPoorQuestions
from tests.conftest import ROOT
from tests.stages.make import instruction

DATA = ROOT.parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the data folder is not part of the project")


def lines(name: str) -> list[dict]:
    opened = gzip.open if name.endswith(".gz") else open
    with opened(DATA / name, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def seed_tasks() -> list[str]:
    return [
        f"{task['instruction']}\n\n{task['instances'][0]['input']}"
        for task in lines("self_instruct_seed_tasks.jsonl")
    ]


def test_every_benchmark_item_is_dropped_and_no_seed_task() -> None:
    files: tuple[Path, ...] = (DATA / "gsm8k_test.jsonl", DATA / "HumanEval.jsonl.gz")
    stage = DropContaminated(benchmarks=files)
    questions = [item["question"] for item in lines("gsm8k_test.jsonl")]
    changed = [question.upper().replace(" ", "\n  ") for question in questions]
    items = [*questions, *changed, *(item["prompt"] for item in lines("HumanEval.jsonl.gz"))]
    assert None not in stage.judge_all([instruction(item) for item in items])
    assert not any(stage.judge_all([instruction(task) for task in seed_tasks()]))


def test_few_questions_that_people_wrote_are_lost() -> None:
    def lost(texts: list[str]) -> float:
        return sum(DropPoorQuestions().judge(instruction(text)) is not None for text in texts) / len(texts)

    assert lost([item["question"] for item in lines("gsm8k_test.jsonl")]) < 0.005
    assert lost(seed_tasks()) < 0.06
