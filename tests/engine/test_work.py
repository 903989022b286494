"""What a task does with one part."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.dag import Step, steps_to
from pipeline.engine import work
from pipeline.engine.schedule import Schedule, Task
from pipeline.errors import ModelUnavailable, RequestRefused
from pipeline.inference.fake_model import FAKE_SPEC, Script
from pipeline.records import Instruction
from pipeline.storage.events import Events
from pipeline.storage.replies import StoredReply
from pipeline.storage.root import Root
from pipeline.storage.store import Part, read_slice
from pipeline.storage.tally import Tally
from stages.answer_questions import AnswerQuestions
from tests.engine.test_schedule import NoView, Questions, answered, run_task


@dataclass
class Refusing(Script):
    """Refuses all questions but for the first `takes` of them."""

    takes: int = 0

    async def reply_to(self, body: dict[str, Any], sample: int, tally: Tally) -> StoredReply:
        if len(self.bodies) >= self.takes:
            raise RequestRefused("the server refused the request with HTTP 400", "no logprobs here")
        return await super().reply_to(body, sample, tally)


def ask(path: Path, n: int, takes: int) -> Part:
    """The part that is made of `n` questions."""
    answers = Step("answers", AnswerQuestions(model=FAKE_SPEC), Step("questions", Questions(n=n)))
    root = Root(path)
    events = Events(root.events, NoView())
    schedule = Schedule(steps_to(answers), root, events)
    task: Task | None
    while (task := schedule.next_task(lambda _: True)) is not None and task.kind != "ask":
        run_task(schedule, root, task)
    events.close()
    assert task is not None
    stage: Any = task.step.stage
    folder, records = root.folder(task.step).path, read_slice(task.rows, Instruction)
    channel = Refusing(answered, takes=takes)
    return asyncio.run(work.ask_part(stage, FAKE_SPEC, channel, records, Instruction, folder, task.rows))


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "MANY_REFUSED", 3)  # parts are of four rows here


def test_a_part_of_which_nothing_is_taken_is_the_stages_fault(tmp_path: Path) -> None:
    said = r"takes none of the requests of AnswerQuestions: .*no logprobs"
    with pytest.raises(ModelUnavailable, match=said):
        ask(tmp_path, n=3, takes=0)
    assert [path.parent.name.partition("-")[0] for path in tmp_path.rglob("part-*")] == ["questions"]


@pytest.mark.parametrize(("n", "takes"), [(2, 0), (4, 1)])
def test_a_few_that_are_refused_are_rejects(n: int, takes: int, tmp_path: Path) -> None:
    part = ask(tmp_path, n, takes)
    assert (part.tally.kept, part.tally.rejected) == (takes, {"request_refused": n - takes})
