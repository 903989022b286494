"""What a root says about its run, read from the files alone; works while the run goes on, and after."""

import itertools
import time
from collections.abc import Iterator
from typing import Any

from pipeline.errors import GateFailed, RecipeError, nearest
from pipeline.inspection.progress import DONE, Line, Progress
from pipeline.storage.events import Reader
from pipeline.storage.lock import Watch
from pipeline.storage.root import Root
from pipeline.storage.spending import spent_since
from pipeline.storage.store import StepFolder
from pipeline.storage.tally import Tally


def read_status(root: Root) -> dict[str, Any]:
    """Recipe, run id and, per step, its state and tally. Cost: the footers of unfinished steps' parts.

    Raises RecipeError where nothing has run, StoreError for a root of another format.
    """
    data = read_run(root)
    steps = [_step_status(step, _folder(root, step)) for step in data["steps"]]
    return {"recipe": data["recipe"], "run": data["run"], "steps": steps}


KILLED = "killed, or its machine went away: it could say nothing of it"


class Follower:
    """Follows the last run of a root, look by look. Cost of a look: the events that are new."""

    def __init__(self, root: Root) -> None:
        self._events = Reader(root.events)
        self._lock = Watch(root.path)
        self._replies = root.replies
        self._progress = Progress()

    def look(self) -> Progress:
        """What the run shows of itself by now; how it ended, where it has."""
        is_held = self._lock.is_held()  # first: what a run says at its end comes before it lets go
        for event in self._events.new():
            self._progress.take(event)
        if not is_held and not self._progress.is_over:
            self._progress.stop(KILLED)
        if self._replies.is_file() and self._progress.started:
            self._progress.stored = spent_since(self._replies, self._progress.started)
        return self._progress


def ending(root: Root, recipe: str, progress: Progress) -> list[str]:
    """Why and when the run ended and how to go on; nothing while it goes on, or came to its end."""
    if not progress.is_over or progress.ended == DONE:
        return []
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(progress.now))
    again = f"`academe run {recipe} --root {root}` with its options; nothing that is stored is asked again"
    how = "the same command again"
    if progress.code == GateFailed.exit_code:  # it would end the same
        how = "change what the gate asks (--set gates.NAME=VALUE), or what makes the rows, and run it again"
    return [
        f"no run is alive; the last one ended at {when}: {progress.ended}",
        f"to go on: {how}, {again}",
    ]


def progress_of(root: Root, status: dict[str, Any]) -> Progress:
    """What the run shows of itself: from its events, but for states and rows, which the root knows best."""
    progress = Follower(root).look()
    known = progress.lines
    progress.lines = {}
    for step in status["steps"]:
        line = known.get(step["name"]) or Line(step["inputs"])
        line.tally = Tally.from_dict(step["tally"])
        if step["state"] == "done" and line.state != "reused":
            line.state = "done"
        progress.lines[step["name"]] = line
    return progress


def rows_of(root: Root, step: str, rejects: bool, n: int) -> list[dict[str, Any]]:
    """The first `n` rows that the step kept, or rejected. Raises RecipeError for a step that does not
    exist.
    """
    steps = read_run(root)["steps"]
    found = [candidate for candidate in steps if candidate["name"] == step]
    if not found:
        names = [entry["name"] for entry in steps]
        raise RecipeError(f"no step '{step}' in {root}; {nearest(step, names, 'its steps are:')}")
    return list(itertools.islice(_folder(root, found[0]).rows("rejects" if rejects else ""), n))


def tallies_of(root: Root) -> dict[str, Tally]:
    """What is known of the steps of a run, by name, for the plan of another. Raises as read_status does."""
    return {step["name"]: Tally.from_dict(step["tally"]) for step in read_status(root)["steps"]}


def last_step_rows(root: Root) -> Iterator[dict[str, Any]]:
    """All rows that the run's last step kept."""
    return _folder(root, read_run(root)["steps"][-1]).rows()


def read_run(root: Root) -> dict[str, Any]:
    """run.json. Raises RecipeError where nothing has run, StoreError for a root of another format."""
    data = root.run()
    if data is None:
        raise RecipeError(f"nothing has run in {root}; start with `academe run`, or name another --root")
    return data


def _folder(root: Root, step: dict[str, Any]) -> StepFolder:
    return StepFolder(root.path / "steps" / f"{step['name']}-{step['id']}")


def _step_status(step: dict[str, Any], folder: StepFolder) -> dict[str, Any]:
    state, tally = folder.progress()
    return {
        "name": step["name"],
        "id": step["id"],
        "inputs": step["inputs"],
        "state": state,
        "tally": tally.as_dict(),
    }
