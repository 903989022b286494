"""What was refused for a passing reason is asked again by the next run, and what follows from it follows."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pipeline.dag import Step, steps_to
from pipeline.engine import schedule as schedule_module
from pipeline.engine.reopening import reopen_from, reopen_passing
from pipeline.engine.schedule import Schedule
from pipeline.errors import FAILED, BadReply, OutOfCredit, RequestFailed, RequestRefused
from pipeline.inference.fake_model import FAKE_SPEC
from pipeline.storage.events import Events, read_events
from pipeline.storage.root import Root
from stages.answer_questions import AnswerQuestions
from stages.drop_exact_duplicates import DropExactDuplicates
from stages.drop_poor_answers import DropPoorAnswers
from tests.engine.test_schedule import NoView, Questions, answered, run_task

PASSING: dict[str, Callable[[], Exception]] = {
    "no credit any more": lambda: RequestRefused("the server refused the request with HTTP 402", "top up"),
    "flagged": lambda: RequestRefused("the server refused the request with HTTP 403", "flagged"),
    "too long": lambda: RequestRefused("the server refused the request with HTTP 400", "context length"),
    "transport": lambda: RequestFailed(f"{FAILED} 6 times, last with: ServerDisconnectedError", ""),
}
LASTING = {
    "does not fit": lambda: BadReply("Reply: answer: Field required (finish: stop)", '{"a": 1}'),
    "nothing said": lambda: BadReply("it is empty", ""),
}


@pytest.fixture(autouse=True, scope="module")
def _small_slices() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schedule_module, "REQUESTS_PER_PART", 3)
        patch.setattr(schedule_module, "ROWS_PER_PART", 3)
        yield


def wire(min_words: int = 1) -> Step:
    """A model step with a filter, a step over all rows and another filter behind it."""
    questions = Step("questions", Questions())
    answers = Step("answers", AnswerQuestions(model=FAKE_SPEC), questions)
    unique = Step(
        "unique", DropExactDuplicates(), Step("good", DropPoorAnswers(min_words=min_words), answers)
    )
    return Step("last", DropPoorAnswers(), unique)


@dataclass
class Server:
    """Fails for some questions."""

    fault: Callable[[], Exception]
    refused: set[str] = field(default_factory=set)  # words of the questions
    asked: list[str] = field(default_factory=list)

    def __call__(self, body: dict[str, Any]) -> str:
        question = body["messages"][-1]["content"]
        self.asked.append(question)
        if any(word in question for word in self.refused):
            raise self.fault()
        return answered(body)


def run(
    path: Path, server: Server, last: Step | None = None, *, replay: bool = False
) -> list[dict[str, Any]]:
    """A run to the end, as pipeline.run starts it; returns its events."""
    root, steps = Root(path), steps_to(last or wire())
    path.mkdir(exist_ok=True)
    n_before = len(list(read_events(root.events)))
    events = Events(root.events, NoView())
    if not replay:
        reopen_passing(root, steps, events)
    schedule = Schedule(steps, root, events)
    while not schedule.finished:
        task = schedule.next_task(lambda _: True)
        assert task is not None
        run_task(schedule, root, task, server)
    events.close()
    return list(read_events(root.events))[n_before:]


def outcome(path: Path, last: Step | None = None) -> list[Any]:
    folders = [Root(path).folder(step) for step in steps_to(last or wire())]
    counts = ("rows_in", "kept", "rejected", "passing")
    tallies = [(folder.manifest() or {})["tally"] for folder in folders]
    told = [{name: tally[name] for name in counts} for tally in tallies]
    return [
        (one, list(folder.rows()), list(folder.rows("rejects")))
        for one, folder in zip(told, folders, strict=True)
    ]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Any], list[str]]:
    """What a run comes to that nothing disturbed, and what it asked."""
    folder, server = tmp_path_factory.mktemp("whole"), Server(PASSING["flagged"])
    run(folder, server)
    return outcome(folder), server.asked


@pytest.mark.parametrize(
    ("fault", "refused"),
    [
        *((fault, {"number 3"}) for fault in PASSING),
        ("flagged", {"number 1 ", "number 8"}),
        ("transport", {"too"}),
        ("no credit any more", {"What"}),
    ],
)
def test_the_next_run_brings_the_rows_of_a_run_that_nothing_disturbed(
    fault: str, refused: set[str], whole: tuple[list[Any], list[str]], tmp_path: Path
) -> None:
    run(tmp_path / "run", Server(PASSING[fault], refused))
    events = run(tmp_path / "run", server := Server(PASSING[fault]))
    made, asked = whole
    assert outcome(tmp_path / "run") == made
    told = [event for event in events if event["event"] == "asked_again"]
    n_refused = sum(any(word in question for word in refused) for question in asked)
    assert [(event["step"], event["rows"]) for event in told] == [("answers", n_refused)]
    assert len(server.asked) <= 3 * told[0]["parts"]  # the parts that held them
    assert run(tmp_path / "run", silent := Server(PASSING[fault]))[-1]["event"] == "step_reused"
    assert silent.asked == []


@pytest.mark.parametrize("fault", PASSING)
def test_refused_again_the_run_ends_as_it_did(fault: str, tmp_path: Path) -> None:
    run(tmp_path, Server(PASSING[fault], {"number 3"}))
    before = outcome(tmp_path)
    dataset = {path: path.stat().st_mtime_ns for path in tmp_path.glob("steps/last-*/part-*")}
    for _ in range(3):
        run(tmp_path, server := Server(PASSING[fault], {"number 3"}))
        assert 0 < len(server.asked) <= 9
    assert outcome(tmp_path) == before
    assert {
        path: path.stat().st_mtime_ns for path in dataset
    } == dataset  # what follows is made from the same


@pytest.mark.parametrize("fault", LASTING)
def test_a_reply_that_does_not_fit_is_a_result(fault: str, tmp_path: Path) -> None:
    run(tmp_path, Server(LASTING[fault], {"number 3"}))
    run(tmp_path, server := Server(LASTING[fault]))
    assert server.asked == []
    assert outcome(tmp_path)[1][0]["rejected"]["bad_reply"] > 0


def test_a_replay_opens_nothing(tmp_path: Path) -> None:
    run(tmp_path, Server(PASSING["flagged"], {"number 3"}))
    before = outcome(tmp_path)
    run(tmp_path, server := Server(PASSING["flagged"]), replay=True)
    assert server.asked == []
    assert outcome(tmp_path) == before


@pytest.mark.parametrize("stop", range(0, 30, 3))
def test_killed_while_it_makes_good_the_next_run_goes_on(
    stop: int, whole: tuple[list[Any], list[str]], tmp_path: Path
) -> None:
    root, steps = Root(tmp_path / "run"), steps_to(wire())
    run(root.path, Server(PASSING["transport"], {"number 3", "number 4"}))
    events = Events(root.events, NoView())
    reopen_passing(root, steps, events)
    schedule = Schedule(steps, root, events)
    for _ in range(stop):
        if (task := schedule.next_task(lambda _: True)) is not None:
            run_task(schedule, root, task, Server(PASSING["transport"]))
    events.close()
    run(root.path, Server(PASSING["transport"]))
    assert outcome(root.path) == whole[0]


def test_runs_of_other_settings_and_shorter_ones_see_the_rows_too(tmp_path: Path) -> None:
    """A step is shared by runs of other settings; what they made from it is no longer finished."""
    other = wire(min_words=2)
    run(tmp_path / "whole", Server(PASSING["flagged"]))
    run(tmp_path / "whole", Server(PASSING["flagged"]), other)
    root = tmp_path / "run"
    refusing = Server(PASSING["flagged"], {"number 3"})
    run(root, refusing)
    run(root, refusing, other)
    until = steps_to(wire())[1]  # `--until answers`
    run(root, Server(PASSING["flagged"]), until)
    for last in (wire(), other):
        run(root, server := Server(PASSING["flagged"]), last)
        assert server.asked == []
        assert outcome(root, last) == outcome(tmp_path / "whole", last)


def test_a_step_that_is_done_again_reaches_what_an_earlier_run_made_from_it(tmp_path: Path) -> None:
    other = wire(min_words=2)
    run(tmp_path, Server(PASSING["flagged"]))
    run(tmp_path, Server(PASSING["flagged"]), other)
    reopen_from(Root(tmp_path), wire(), "answers")
    finished = {path.parent.name.split("-")[0] for path in tmp_path.glob("steps/*/manifest.json")}
    assert finished == {"questions"}


def test_the_manifest_says_where_they_are(tmp_path: Path) -> None:
    run(tmp_path, Server(PASSING["flagged"], {"number 3"}))
    folder = Root(tmp_path).folder(steps_to(wire())[1])
    manifest = json.loads((folder.path / "manifest.json").read_text())
    told = {name: entry["passing"] for name, entry in manifest["parts"].items() if "passing" in entry}
    assert told == folder.passing()
    assert (
        sum(told.values()) == manifest["tally"]["passing"] == manifest["tally"]["rejected"]["request_refused"]
    )


def test_without_credit_no_part_is_written_with_rejects(
    whole: tuple[list[Any], list[str]], tmp_path: Path
) -> None:
    server = Server(lambda: OutOfCredit("HTTP 402: top up"), {"number 3"})
    with pytest.raises(OutOfCredit):
        run(tmp_path, server)
    folder = Root(tmp_path).folder(steps_to(wire())[1])
    assert all(not folder.read_tally(name).rejected for name in folder.part_names())
    run(tmp_path, Server(PASSING["flagged"]))
    assert outcome(tmp_path) == whole[0]
