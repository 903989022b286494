"""What the driver makes of faults of its tasks, on a cluster."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import psutil
import pytest
import ray

from pipeline.dag import Step, steps_to
from pipeline.engine import serving
from pipeline.engine.budget import NO_LIMIT, Meter
from pipeline.engine.driver import _Driver
from pipeline.engine.schedule import Schedule
from pipeline.errors import PipelineError
from pipeline.model import Model, ModelSpec
from pipeline.recipe import Gates
from pipeline.records import Example, Instruction
from pipeline.stage import MapStage, Reject
from pipeline.storage.events import Events
from pipeline.storage.root import Root
from stages.answer_questions import AnswerQuestions
from tests.conftest import Scripted, academe, run_arguments
from tests.engine.test_schedule import NoView, Questions

pytestmark = pytest.mark.ray
NOBODY = ModelSpec(name="m", serve="endpoint", url="http://127.0.0.1:9/v1")


@dataclass(frozen=True, kw_only=True)
class Kills(AnswerQuestions):
    """Ends the process that it runs in, and leaves a file each time."""

    left: str = ""

    async def map(self, instruction: Instruction, model: Model) -> list[Example | Reject]:
        (Path(self.left) / str(os.getpid())).touch()
        os._exit(1)


def drive(root: Root, last: Step) -> None:
    """As a run does, on the cluster that is up."""
    events = Events(root.events, NoView())
    schedule = Schedule(steps_to(last), root, events)
    meter = Meter(NO_LIMIT, [], root.replies)
    try:
        _Driver(schedule, root, events, Gates(), meter, False, None, False, 10**6).work()
    finally:
        events.close()


def test_a_part_that_kills_its_process_again_and_again_is_given_up(
    cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "WORKER_LOSSES", 1)
    left = tmp_path / "left"
    left.mkdir()
    stage = Kills(model=NOBODY, left=str(left))
    with pytest.raises(PipelineError, match=r"the cluster could not end a task.* goes on from here"):
        drive(Root(tmp_path), Step("answers", stage, Step("questions", Questions(n=1))))
    assert len(list(left.iterdir())) == 2  # the first process, and one more


def test_a_fault_of_the_reply_store_is_told_in_one_line(
    shared_cluster: None, scripted: Scripted, tmp_path: Path
) -> None:
    (tmp_path / "replies.sqlite").write_bytes(b"not a database, but long enough to be read as one" * 10)
    done = academe(*run_arguments(scripted, tmp_path), env={})  # a process, to which Ray's core may write
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("academe: cannot open the reply store")


@dataclass(frozen=True, kw_only=True)
class FirstFails(MapStage):
    """The first record cannot be mapped once another one is begun, which is written down long after."""

    reads: ClassVar[type] = Instruction
    writes: ClassVar[type] = Instruction
    version: ClassVar[int] = 1
    batch: ClassVar[int] = 1
    left: str = ""

    def map(self, instruction: Instruction) -> Iterator[Instruction]:
        begun = Path(self.left) / "begun"
        if instruction.id == "0000":
            while not begun.exists():
                time.sleep(0.05)
            raise OSError("the disk is gone")
        begun.touch()
        time.sleep(4)
        (Path(self.left) / "written").touch()
        yield instruction


def test_in_a_cluster_that_stays_up_nothing_goes_on_when_a_run_has_ended(
    cluster: str, tmp_path: Path
) -> None:
    left = tmp_path / "left"
    left.mkdir()
    stage = FirstFails(left=str(left))
    with pytest.raises(PipelineError, match="the disk is gone"):
        drive(Root(tmp_path), Step("mapped", stage, Step("questions", Questions(n=2))))
    time.sleep(5)
    assert [path.name for path in left.iterdir()] == ["begun"]
    assert ray.is_initialized()


def test_a_run_in_a_cluster_that_stays_up_leaves_no_worker(
    shared_cluster: None, scripted: Scripted, tmp_path: Path
) -> None:
    done = academe(*run_arguments(scripted, tmp_path / "run"))
    assert done.returncode == 0, done.stderr
    assert ray.is_initialized()
    end = time.monotonic() + 10
    while (names := _workers()) and time.monotonic() < end:
        time.sleep(0.1)
    assert names == []


def _workers() -> list[int]:
    """Processes that ask a model, below this one."""
    below = psutil.Process().children(recursive=True)
    return [child.pid for child in below if child.is_running() and child.name().startswith("ray::ModelW")]
