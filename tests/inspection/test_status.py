"""What is said of a run that goes on, has ended, or is dead."""

import fcntl
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from pipeline.inspection.progress import DONE
from pipeline.inspection.status import KILLED, Follower, ending
from pipeline.inspection.view import drawn, watched
from pipeline.storage.events import Events
from pipeline.storage.lock import Watch, locked
from pipeline.storage.replies import Replies, StoredReply
from pipeline.storage.root import Root
from pipeline.storage.spending import spent_since
from pipeline.storage.tally import Tally
from tests.conftest import wait_until

PART = Tally(rows_in=4, kept=4, requests=4, sent=4).as_dict()


class Silent:
    def show(self, event: dict[str, Any]) -> None: ...

    def close(self) -> None: ...


def begun(root: Root) -> Events:
    """A run in the middle of its one step."""
    events = Events(root.events, Silent())
    events.emit("run_started", run="x", recipe="instruct", steps={"answers": []})
    events.emit("step_started", step="answers", id="1")
    events.emit("part_done", step="answers", part="0", tally=PART)
    told = {"in_flight": 3, "limit": 8, "steps": {"answers": 3}, "prefix_hits": 0, "prefix_queries": 0}
    events.emit("progress", model="m", **told)
    return events


def text_of(root: Root) -> str:
    console = Console(file=io.StringIO(), width=150)
    progress = Follower(root).look()
    console.print(drawn(progress))
    return "\n".join([console.file.getvalue(), *ending(root, "instruct", progress)])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("why", "code"),
    [
        ("stopped at --max-minutes 5; all replies are kept", 6),
        ("stopped at --budget-tokens 100", 6),
        ("the dataset has 0 rows, gates.min_rows asks for 1", 3),
        ("HTTP 402: insufficient_quota; top up", 4),
        ("interrupted", 130),
        ("", -9),  # killed: it could say nothing
    ],
)
def test_a_dead_run_says_why_it_ended_and_how_to_go_on(why: str, code: int, tmp_path: Path) -> None:
    root = Root(tmp_path)
    with locked(root.path):
        events = begun(root)
        alive = text_of(root)
        if why:
            events.emit("run_stopped", why=why, code=code)
        events.close()
    dead = text_of(root)
    assert "3 requests in flight" in alive
    assert "runs" in alive
    assert "no run is alive" not in alive
    assert "in flight (" not in dead
    assert "runs" not in dead.replace("runs/", "")
    assert f": {why or KILLED}" in dead
    assert f"academe run instruct --root {tmp_path}" in dead
    assert ("the same command again" in dead) == (code != 3)  # after a gate it would end the same


def test_a_run_that_came_to_its_end_is_over_and_not_dead(tmp_path: Path) -> None:
    root = Root(tmp_path)
    events = begun(root)
    events.emit("run_done", run="x", dataset=None)
    events.close()
    progress = Follower(root).look()
    assert (progress.ended, ending(root, "instruct", progress)) == (DONE, [])


def test_who_follows_reads_each_event_once_and_ends_when_nobody_holds_the_root(tmp_path: Path) -> None:
    root, looks = Root(tmp_path), 0
    follower = Follower(root)
    with locked(root.path):
        events = begun(root)
        assert follower.look().lines["answers"].tally.kept == 4
        read = root.events.stat().st_size
        events.emit("part_done", step="answers", part="1", tally=PART)
        assert follower.look().lines["answers"].tally.kept == 8
        assert follower._events._at > read
        events.close()

    def look() -> Any:
        nonlocal looks
        looks += 1
        return follower.look()

    assert watched(Console(file=io.StringIO()), look).ended == KILLED
    assert looks == 1


@pytest.mark.parametrize("line", [b'{"at": 1', b"[]", b"{}", b'{"event": "run_done"}', b"\xff\xfe", b"null"])
def test_a_damaged_event_is_passed_over(line: bytes, tmp_path: Path) -> None:
    root = Root(tmp_path)
    begun(root).close()
    with root.events.open("ab") as file:
        file.write(line + b"\n")
    Events(root.events, Silent()).emit("run_done", run="x", dataset=None)
    assert Follower(root).look().ended == DONE


def test_who_looks_takes_no_lock_from_a_run(tmp_path: Path) -> None:
    root = Root(tmp_path)
    assert not Watch(root.path).is_held()
    with locked(root.path):
        assert Watch(root.path).is_held()
    assert not Watch(root.path).is_held()
    with (tmp_path / "lock").open() as glance:
        fcntl.flock(glance, fcntl.LOCK_SH)

        def starts() -> bool:
            fcntl.flock(glance, fcntl.LOCK_UN)
            with locked(root.path):
                return True

        wait_until(starts)


def test_what_a_run_has_stored_counts_before_its_parts_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "replies.sqlite"

    def put(n: int) -> None:
        import asyncio

        async def go() -> None:
            replies = Replies(path)
            for _ in range(n):
                key = f"{time.time_ns()}".encode()
                await replies.put(key, "m", StoredReply("a", "stop", 5, 3))
            replies.close()

        asyncio.run(go())

    put(7)
    time.sleep(0.01)
    since = time.time()
    assert spent_since(path, since).replies == 0
    put(5)
    spent = spent_since(path, since)
    assert (spent.replies, spent.prompt_tokens, spent.output_tokens) == (5, 25, 15)
    assert spent_since(path, 0).replies == 12


def test_a_part_that_was_found_is_no_work_of_this_run(tmp_path: Path) -> None:
    root = Root(tmp_path)
    with locked(root.path):
        events = Events(root.events, Silent())
        events.emit("run_started", run="x", recipe="r", steps={"answers": []})
        events.emit("part_found", step="answers", part="0", tally={**PART, "output_tokens": 10**6})
        events.emit("step_started", step="answers", id="1")
        time.sleep(0.01)
        events.emit("part_done", step="answers", part="1", tally={**PART, "output_tokens": 1})
        events.close()
        line = Follower(root).look().lines["answers"]
    assert line.tally.rows_in == 8
    assert json.dumps(line.own.as_dict()) == json.dumps({**PART, "output_tokens": 1})
    assert line.tokens_per_s is not None
    assert line.tokens_per_s < 1000
