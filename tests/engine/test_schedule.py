"""The schedule without a cluster: tasks run in the order it hands them out, stopped at every moment."""

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pytest

from pipeline.dag import Step, steps_to
from pipeline.engine import schedule as schedule_module
from pipeline.engine import work
from pipeline.engine.schedule import Schedule, Task
from pipeline.errors import PipelineError
from pipeline.inference.fake_model import FAKE_SPEC, Script
from pipeline.records import Instruction
from pipeline.stage import SourceStage
from pipeline.storage.events import Events
from pipeline.storage.root import Root
from pipeline.storage.store import read_slice
from stages.answer_questions import AnswerQuestions
from stages.drop_exact_duplicates import DropExactDuplicates
from stages.drop_poor_questions import DropPoorQuestions
from tests.stages.make import instruction


@dataclass(frozen=True, kw_only=True)
class Questions(SourceStage):
    writes: ClassVar[type] = Instruction
    version: ClassVar[int] = 1
    n: int = 23
    start: int = 0

    def read(self) -> Iterator[Instruction]:
        for number in range(self.start, self.start + self.n):
            text = (
                "too short" if number % 7 == 0 else f"What is the meaning of the number {number % 11} here?"
            )
            yield instruction(text, id=f"{number:04}")


class NoView:
    def show(self, event: dict[str, Any]) -> None: ...

    def close(self) -> None: ...


def wire() -> list[Step]:
    one, other = Step("one", Questions()), Step("other", Questions(n=5, start=100))
    sound = Step("sound", DropPoorQuestions(), one, other)
    unique = Step("unique", DropExactDuplicates(), sound)
    return steps_to(Step("answers", AnswerQuestions(model=FAKE_SPEC), unique))


def answered(body: dict[str, Any]) -> str:
    return f"An answer to: {body['messages'][0]['content']}"


def run_task(
    schedule: Schedule, root: Root, task: Task, reply: Callable[[dict[str, Any]], str] = answered
) -> None:
    stage: Any = task.step.stage
    folder = root.folder(task.step).path
    kind = task.step.inputs[0].writes if task.step.inputs else Instruction
    match task.kind:
        case "read":
            for part in work.read_source(stage, folder, 4):
                schedule.part_done(task.step, part)
            schedule.task_done(task, None)
        case "sketch":
            work.sketch_part(stage, task.rows, folder)
            schedule.task_done(task, None)
        case "decide":
            work.decide(stage, schedule.slices(task.step), folder, 1_000_000)
            schedule.task_done(task, None)
        case "apply":
            schedule.task_done(task, work.apply_part(task.rows, kind, folder))
        case "filter":
            schedule.task_done(task, work.filter_part(stage, task.rows, kind, folder))
        case "ask":
            script = Script(reply)
            records = read_slice(task.rows, kind)
            mapped = work.ask_part(stage, FAKE_SPEC, script, records, kind, folder, task.rows)
            schedule.task_done(task, asyncio.run(mapped))


def run(path: Path, n_tasks: int) -> bool:
    """Runs at most `n_tasks` tasks and stops dead; returns whether the last step is finished."""
    root = Root(path)
    path.mkdir(exist_ok=True)
    events = Events(root.events, NoView())
    schedule = Schedule(wire(), root, events)
    for _ in range(n_tasks):
        task = schedule.next_task(lambda _: True)
        if task is None:
            break
        run_task(schedule, root, task)
    events.close()
    return schedule.finished


def outcome(path: Path) -> dict[str, Any]:
    found = {}
    for step in wire():
        folder = Root(path).folder(step)
        manifest = folder.manifest()
        assert manifest is not None
        tally = {key: manifest["tally"][key] for key in ("rows_in", "kept", "rejected", "made")}
        assert tally["made"] == tally["kept"] + sum(tally["rejected"].values()) == tally["rows_in"]
        parts = {name: entry["rows"] for name, entry in manifest["parts"].items()}
        found[step.name] = (tally, parts, list(folder.rows()), list(folder.rows("rejects")))
    return found


@pytest.fixture(autouse=True)
def _small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule_module, "REQUESTS_PER_PART", 3)
    monkeypatch.setattr(schedule_module, "ROWS_PER_PART", 3)


def test_stopped_after_any_number_of_tasks_it_ends_the_same(tmp_path: Path) -> None:
    assert run(tmp_path / "whole", 10_000)
    expected = outcome(tmp_path / "whole")
    ids = [row["id"] for row in expected["answers"][2]]
    assert ids == sorted(ids)  # the order of the sources, whatever ran first
    assert expected["unique"][0]["rejected"]["exact_duplicate"] > 0
    for stop in range(40):
        path = tmp_path / f"stopped-{stop}"
        for _ in range(2):  # stopped twice, then to the end
            run(path, stop)
        assert run(path, 10_000)
        assert outcome(path) == expected, f"stopped after {stop} tasks"


@pytest.mark.parametrize("n", [2, 11])
def test_inputs_are_in_the_order_given_however_many(n: int, tmp_path: Path) -> None:
    sources = [Step(f"set_{number}", Questions(n=1, start=7 * number + 1)) for number in range(n)]
    last = Step("unique", DropExactDuplicates(), *sources)
    root = Root(tmp_path)
    events = Events(root.events, NoView())
    schedule = Schedule(steps_to(last), root, events)
    while not schedule.finished:
        task = schedule.next_task(lambda _: True)
        assert task is not None
        run_task(schedule, root, task)
    events.close()
    ids = [rows.folder.name.rpartition("-")[0] for rows in schedule.slices(last)]
    assert ids == [source.name for source in sources]


def test_records_that_share_an_id_are_named_with_where_they_are(tmp_path: Path) -> None:
    sources = [Step("one", Questions(n=5, start=1)), Step("other", Questions(n=5, start=5))]
    root = Root(tmp_path)
    events = Events(root.events, NoView())
    schedule = Schedule(steps_to(Step("unique", DropExactDuplicates(), *sources)), root, events)
    while (task := schedule.next_task(lambda _: True)) is not None and task.kind != "decide":
        run_task(schedule, root, task)
    assert task is not None
    with pytest.raises(PipelineError, match=r"share the id 0005, one of step 'one', .* of step 'other'"):
        run_task(schedule, root, task)
    events.close()


def test_drafts_that_a_kill_left_are_removed(tmp_path: Path) -> None:
    run(tmp_path, 12)
    folder = Root(tmp_path).folder(wire()[-1]).path
    for place in (folder, folder / "rejects"):
        place.mkdir(parents=True, exist_ok=True)
        (place / ".part-000000.parquet.0a1b.draft").write_bytes(b"PAR1")
    assert run(tmp_path, 10_000)
    assert not list(tmp_path.rglob(".*.draft"))


def test_losses_of_groups_too_small_to_say_something_are_not_sent() -> None:
    groups = pa.chunked_array([pa.array([*map(str, range(1_000)), *["large"] * 40]).dictionary_encode()])
    (lost,) = work._lost(groups, np.arange(990, 1_010))
    assert (lost.group, lost.rows, lost.dropped) == ("large", 40, 10)


def test_a_finished_run_has_nothing_to_do(tmp_path: Path) -> None:
    assert run(tmp_path, 10_000)
    assert run(tmp_path, 0)


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)


DAMAGES = {"cut": lambda path: os.truncate(path, 50), "flipped": flip_a_byte, "gone": Path.unlink}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("pattern", ["part-*", "rejects/part-*"])
def test_a_damaged_part_of_the_last_step_is_made_again(damage: str, pattern: str, tmp_path: Path) -> None:
    assert run(tmp_path, 10_000)
    expected = outcome(tmp_path)
    unique = next(step for step in wire() if step.name == "unique")
    answers = wire()[-1]
    for step in (answers, unique):  # `unique` is read again, because what comes after it has to be made again
        files = sorted(Root(tmp_path).folder(step).path.glob(pattern))
        for path in files[:2]:
            DAMAGES[damage](path)
    if not list(Root(tmp_path).folder(answers).path.glob("rejects/*")):
        Root(tmp_path).folder(answers).reopen()
    assert not run(tmp_path, 0)
    assert run(tmp_path, 10_000)
    assert outcome(tmp_path) == expected


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_file_of_a_step_under_way_is_made_again(damage: str, tmp_path: Path) -> None:
    assert run(tmp_path / "whole", 10_000)
    for stop in (5, 12, 20, 27):
        root = tmp_path / f"{stop}"
        run(root, stop)
        for step in wire():
            folder = Root(root).folder(step)
            for path in folder.path.rglob("part-*.parquet"):
                DAMAGES[damage](path)
        assert run(root, 10_000)
        assert outcome(root) == outcome(tmp_path / "whole")


def test_a_part_flows_on_before_its_step_is_finished(tmp_path: Path) -> None:
    root = Root(tmp_path)
    events = Events(root.events, NoView())
    schedule = Schedule(wire(), root, events)
    kinds = []
    for _ in range(6):
        task = schedule.next_task(lambda _: True)
        assert task is not None
        kinds.append((task.step.name, task.kind))
        run_task(schedule, root, task)
    assert ("unique", "sketch") in kinds  # while a source has not even been read
    assert len({step for step, kind in kinds if kind == "read"}) == 1
    events.close()
