"""Which task may run next: the state of every step and its parts, without a word about how tasks are run.

A part flows on as soon as it is whole; only a dataset stage waits for all of its input. What is already on
disk from an earlier run counts as done. Memory: a few hundred bytes a part.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import pipeline.engine.work as work
from pipeline.dag import Step
from pipeline.identity import canonical
from pipeline.stage import DatasetStage, MapStage, ModelStage, SourceStage, Stage
from pipeline.storage.events import Events
from pipeline.storage.root import Root
from pipeline.storage.store import Part, Slice
from pipeline.storage.tally import Tally

# How much one task reads. Part names depend on these: changing one means a new root.FORMAT.
REQUESTS_PER_PART = 128  # of a model step: small enough to flow, large enough that files cost little
ROWS_PER_PART = 5_000  # of any other step

Kind = Literal["read", "map", "ask", "filter", "sketch", "decide", "apply"]


@dataclass(frozen=True)
class Task:
    """One call of a function in pipeline.work."""

    step: Step
    kind: Kind
    rows: Slice | None = None  # None for read and decide


@dataclass
class _StepState:
    step: Step
    children: list["_StepState"] = field(default_factory=list)
    todo: deque[Task] = field(default_factory=deque)
    running: int = 0
    open_inputs: set[str] = field(default_factory=set)
    slices: list[Slice] = field(default_factory=list)  # of a dataset stage: what is to be decided on
    phase: Literal["flow", "decide", "apply"] = "flow"
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)  # name -> the manifest's entry
    tally: Tally = field(default_factory=Tally)
    wanted: bool = False  # not finished, and the last step needs it
    found: dict[str, set[str]] = field(default_factory=dict)  # by kind: the parts that an earlier run left
    started: bool = False
    finished: bool = False


class Schedule:
    """Hands out tasks and takes their results until the last step is finished."""

    def __init__(self, steps: list[Step], root: Root, events: Events) -> None:
        self._root = root
        self._events = events
        self._states = {step.name: _StepState(step) for step in steps}
        for step in steps:
            state = self._states[step.name]
            state.open_inputs = {before.name for before in step.inputs}
            for before in step.inputs:
                self._states[before.name].children.append(state)
        self._last = self._states[steps[-1].name]
        self._order = _by_urgency(list(self._states.values()))
        self._resume()

    @property
    def finished(self) -> bool:
        return self._last.finished

    def tally(self, step: Step) -> Tally:
        return self._states[step.name].tally

    def wanted(self) -> list[Step]:
        """The steps that still have to run."""
        return [state.step for state in self._states.values() if state.wanted and not state.finished]

    def next_task(self, allowed: Callable[[Task], bool]) -> Task | None:
        """The next task that may start and is `allowed`, marked as started."""
        for state in self._order:
            if state.todo and allowed(state.todo[0]):
                if not state.started:
                    state.started = True
                    self._events.emit("step_started", step=state.step.name, id=state.step.id)
                state.running += 1
                return state.todo.popleft()
        return None

    def part_done(self, step: Step, part: Part) -> None:
        """A part of `step` is whole: it flows on to the steps that read from it."""
        self._take_part(self._states[step.name], part, "part_done")

    def _take_part(self, state: _StepState, part: Part, event: Literal["part_done", "part_found"]) -> None:
        """`part_found` tells of what an earlier run made: it is no work of this one."""
        state.parts[part.name] = part.entry()
        state.tally.add(part.tally)
        self._events.emit(event, step=state.step.name, part=part.name, tally=part.tally.as_dict())
        self._flow(state, part.name, state.parts[part.name])

    def task_done(self, task: Task, part: Part | None) -> None:
        """A task has ended, and wrote `part` if it is one that writes a part."""
        if part is not None:
            self.part_done(task.step, part)
        state = self._states[task.step.name]
        state.running -= 1
        self._advance(state)

    def slices(self, step: Step) -> list[Slice]:
        """What a dataset step has been fed, in the order of the dataset."""
        return sorted(self._states[step.name].slices, key=lambda rows: rows.writes)

    def _resume(self) -> None:
        """Takes up what earlier runs finished, and starts what the last step still needs."""
        for state in reversed(self._states.values()):
            is_read = state is self._last or any(child.wanted for child in state.children)
            self._reuse(state, is_read)
            state.wanted = is_read and not state.finished
            if state.wanted:
                folder = self._root.folder(state.step)
                folder.remove_drafts()
                state.found = {kind: set(folder.part_names(kind)) for kind in ("", work.SKETCHES)}
        for state in self._states.values():
            if state.finished:
                self._events.emit(
                    "step_reused", step=state.step.name, id=state.step.id, tally=state.tally.as_dict()
                )
        reused = [state for state in self._states.values() if state.finished]  # more may finish on the way
        for state in self._states.values():
            if state.wanted and isinstance(state.step.stage, SourceStage):
                state.todo.append(Task(state.step, "read"))
        for state in reused:
            for name, entry in state.parts.items():
                self._flow(state, name, entry)
            self._close(state)

    def _reuse(self, state: _StepState, is_read: bool) -> None:
        """Takes up a step that an earlier run finished, unless something `is_read` of it that is damaged."""
        folder = self._root.folder(state.step)
        manifest = folder.manifest()
        if manifest is None:
            return
        damaged = folder.damaged(manifest["parts"]) if is_read else []
        if damaged:
            self._events.emit("parts_damaged", step=state.step.name, parts=damaged)
            folder.drop_parts(damaged)
            return
        state.finished, state.parts = True, manifest["parts"]
        state.tally = Tally.from_dict(manifest["tally"])

    def _flow(self, state: _StepState, part: str, entry: dict[str, Any]) -> None:
        for child in state.children:
            if child.wanted and entry["rows"]:
                self._feed(child, state.step, part, entry)

    def _feed(self, state: _StepState, before: Step, part: str, entry: dict[str, Any]) -> None:
        """A part of an input is whole: cut it into slices, each one a task unless its part is on disk
        already.
        """
        size, n_rows = _slice_rows(state.step), entry["rows"]
        for number, start in enumerate(range(0, n_rows, size)):
            name = part if len(state.step.inputs) == 1 else f"{_place(state.step, before)}.{part}"
            if n_rows > size:
                name = f"{name}.{number:05d}"
            stop = min(start + size, n_rows)
            place = self._root.folder(before).path
            rows = Slice(place, part, start, stop, writes=name, source=entry["content"])
            if isinstance(state.step.stage, DatasetStage):
                state.slices.append(rows)
                is_left = name in state.found[work.SKETCHES]
                folder = self._root.folder(state.step)
                if not (is_left and folder.has_whole(name, work.SKETCHES, rows.source)):
                    state.todo.append(Task(state.step, "sketch", rows))
            else:
                self._enqueue(state, Task(state.step, _kind(state.step.stage), rows), rows)

    def _enqueue(self, state: _StepState, task: Task, rows: Slice) -> None:
        folder, found = self._root.folder(state.step), None
        if rows.writes in state.found[""]:
            is_decided = task.kind == "apply"
            source = work.decided_source(rows, folder.path) if is_decided else rows.source
            found = folder.find_part(rows.writes, source)
        if found is None:
            state.todo.append(task)
        else:
            self._take_part(state, found, "part_found")

    def _advance(self, state: _StepState) -> None:
        """Moves a step on to its next phase, or to its end, when nothing of this one is left."""
        if state.finished or state.open_inputs or state.todo or state.running:
            return
        if isinstance(state.step.stage, DatasetStage) and state.phase != "apply":
            if state.phase == "flow":
                state.phase = "decide"
                state.todo.append(Task(state.step, "decide"))
                return
            state.phase = "apply"
            for rows in state.slices:
                self._enqueue(state, Task(state.step, "apply", rows), rows)
            if state.todo:
                return
        self._finish(state)

    def _finish(self, state: _StepState) -> None:
        step = state.step
        manifest = {
            "step": step.name,
            "id": step.id,
            "stage": type(step.stage).__name__,
            "version": type(step.stage).version,
            "settings": canonical(step.stage),
            "inputs": [before.folder for before in step.inputs],
            "tally": state.tally.as_dict(),
            "parts": dict(sorted(state.parts.items())),
        }
        self._root.folder(step).finish(manifest)
        state.finished = True
        self._events.emit("step_done", step=step.name, id=step.id, tally=state.tally.as_dict())
        self._close(state)

    def _close(self, state: _StepState) -> None:
        """Tells the children that this input is whole."""
        for child in state.children:
            child.open_inputs.discard(state.step.name)
            if child.wanted:
                self._advance(child)


def _by_urgency(states: list[_StepState]) -> list[_StepState]:
    """Who goes first. Without a model, steps nearest to the end: what is begun is finished. With one, steps
    nearest to the start: what has the longest way to go must not be what the server waits for at the end.
    """
    asking = [state for state in states if isinstance(state.step.stage, ModelStage)]
    return [*(state for state in reversed(states) if state not in asking), *asking]


def _place(step: Step, before: Step) -> str:
    """Which of the inputs it is, as a number whose text sorts as it does."""
    return f"{step.inputs.index(before):0{len(str(len(step.inputs) - 1))}}"


def _kind(stage: Stage) -> Kind:
    return "ask" if isinstance(stage, ModelStage) else "map" if isinstance(stage, MapStage) else "filter"


def _slice_rows(step: Step) -> int:
    if isinstance(step.stage, MapStage):
        return step.stage.batch
    if isinstance(step.stage, ModelStage):
        requests = step.stage.expected().requests
        return max(1, int(REQUESTS_PER_PART // requests)) if requests else ROWS_PER_PART
    return ROWS_PER_PART
