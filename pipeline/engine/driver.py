"""Run a schedule's tasks on Ray as their inputs appear, model stages in the actors that ask their model.

Ray schedules, retries and moves; parts travel as paths. The driver holds a few hundred bytes a part and waits
in one place, `ray.wait`.
"""

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from pipeline.dag import Step, model_of
from pipeline.engine import work
from pipeline.engine.budget import Meter
from pipeline.engine.cluster import check_nodes, joined_cluster, n_cores, private_cluster, silent
from pipeline.engine.interrupts import check_interrupted
from pipeline.engine.luggage import Luggage
from pipeline.engine.schedule import ROWS_PER_PART, Schedule, Task
from pipeline.engine.serving import Serving, Worker
from pipeline.engine.work import Lost
from pipeline.errors import BudgetSpent, GateFailed, PipelineError
from pipeline.recipe import Gates
from pipeline.stage import ModelStage
from pipeline.storage.events import Events
from pipeline.storage.root import Root
from pipeline.storage.store import Part

TICK_S = 0.5  # between looks at servers and progress
END_S = 10.0  # for tasks that were cancelled to be gone
GATHER_S = 0.02  # for results that come together: a look at all that are waited for costs a millisecond
TASKS_PER_CORE = 2  # one runs, one waits
MIN_REPLIES = 100  # before the share of bad ones says anything


def drive(
    schedule: Schedule,
    root: Root,
    events: Events,
    gates: Gates,
    meter: Meter,
    ray_address: str | None,
    replay: bool,
    spread_rows: int,
    begun: Callable[[], None],
) -> None:
    """Runs the schedule to its end on the cluster at `ray_address`, None for a private one on this machine. A
    program that has joined one itself (`ray.init`) runs on that, with its own runtime environment. `begun` is
    called when the cluster is there.

    With `replay` nothing is sent; dataset steps of more than `spread_rows` rows are decided on by tasks.
    Raises PipelineError; BudgetSpent when the meter says so, with the replies to all that was sent stored.
    """
    steps = schedule.wanted()
    with _cluster(ray_address, steps, root) as (luggage, is_private):
        begun()
        _Driver(schedule, root, events, gates, meter, replay, luggage, is_private, spread_rows).work()


@contextlib.contextmanager
def _cluster(address: str | None, steps: list[Step], root: Root) -> Iterator[tuple[Luggage | None, bool]]:
    """The cluster; what was packed for its nodes, where it is not the caller's; whether it is private."""
    if ray.is_initialized():
        check_nodes(root.path)
        yield None, False
        return
    if address is None:
        specs = {
            spec.server_key(): spec for spec in map(model_of, filter(_asks, steps)) if spec.serve == "ray"
        }
        needs = [spec.replicas for spec in specs.values()]
        with private_cluster(sum(need.max * need.cpus for need in needs if need.accelerator == "cpu")):
            yield None, True
        return
    with tempfile.TemporaryDirectory() as folder:
        luggage = Luggage(Path(folder))
        luggage.pack(step.stage for step in steps)
        with joined_cluster(address, luggage, root.path):
            yield luggage, False


def _asks(step: Step) -> bool:
    return isinstance(step.stage, ModelStage)


_remote: Any = ray.remote  # its type stubs cannot follow a function that is chosen at run time
_read = _remote(num_returns="streaming")(work.read_source)
_map = _remote(work.map_part)
_filter = _remote(work.filter_part)
_sketch = _remote(work.sketch_part)
_decide = _remote(work.decide)
_apply = _remote(work.apply_part)


@dataclass
class _Driver:
    schedule: Schedule
    root: Root
    events: Events
    gates: Gates
    meter: Meter
    replay: bool
    luggage: Luggage | None
    is_private: bool
    spread_rows: int
    waiting: dict[Any, Callable[[Any], None]] = field(default_factory=dict)  # what to do with each result
    cpu_tasks: int = 0

    def work(self) -> None:
        """Submits, waits and collects until the schedule is finished."""
        self.cores, tended = n_cores(), 0.0
        self.serving = Serving(self.root, self.events, self.replay, self.is_private, self.waiting.__setitem__)
        for step in self.schedule.wanted():
            if isinstance(step.stage, ModelStage):
                self.serving.worker(step)  # they start while the first parts are read
        try:
            while not self.schedule.finished:
                check_interrupted()
                while (task := self.schedule.next_task(self._has_room)) is not None:
                    self._submit(task)
                self._collect()
                if time.monotonic() - tended >= TICK_S:
                    tended, self.cores = time.monotonic(), n_cores()  # nodes come and go
                    self.serving.tend()
                    self._check_budget()
        except BaseException:
            with silent():  # of what is ended here Ray would say that it is tried again
                self._end()
            raise
        self._end()

    def _end(self) -> None:
        """Ends what the run began. In a cluster that stays up, none of its tasks may write into the root once
        the root is free.
        """
        for ref in self.waiting:
            with contextlib.suppress(ValueError):  # of a worker of a model, which goes as a whole
                ray.cancel(ref, force=True)
        self.serving.stop()
        left = [ref for ref in self.waiting if isinstance(ref, ray.ObjectRef)]
        if left:
            ray.wait(left, num_returns=len(left), timeout=END_S)

    def _has_room(self, task: Task) -> bool:
        if isinstance(task.step.stage, ModelStage):
            return self.serving.worker(task.step).has_room
        return self.cpu_tasks < TASKS_PER_CORE * self.cores

    def _submit(self, task: Task) -> None:
        step, folder = task.step, self.root.folder(task.step).path
        stage: Any = self.luggage.travelling(step.stage) if self.luggage is not None else step.stage
        if isinstance(step.stage, ModelStage):
            worker = self.serving.worker(step)
            worker.parts += 1
            ref = worker.actor.map_part.remote(stage, task.rows, step.inputs[0].writes, folder)
            self.waiting[ref] = lambda part: self._model_part_done(task, worker, part)
            return
        self.cpu_tasks += 1
        kind = step.inputs[0].writes if step.inputs else None
        if task.kind == "read":
            parts = _read.remote(stage, folder, ROWS_PER_PART)
            self.waiting[parts] = lambda _: self._next_source_part(task, parts)
        elif task.kind == "decide":
            ref = _decide.remote(stage, self.schedule.slices(step), folder, self.spread_rows)
            self.waiting[ref] = lambda lost: self._decided(task, lost)
        elif task.kind == "sketch":
            self._await_cpu(task, _sketch.remote(stage, task.rows, folder))
        elif task.kind == "apply":
            self._await_cpu(task, _apply.remote(task.rows, kind, folder))
        elif task.kind == "map":
            self._await_cpu(task, _map.remote(stage, task.rows, kind, folder))
        else:
            self._await_cpu(task, _filter.remote(stage, task.rows, kind, folder))

    def _await_cpu(self, task: Task, ref: Any) -> None:
        self.waiting[ref] = lambda part: self._cpu_task_done(task, part)

    def _cpu_task_done(self, task: Task, part: Part | None) -> None:
        self.cpu_tasks -= 1
        self.schedule.task_done(task, part)

    def _decided(self, task: Task, lost: list[Lost]) -> None:
        self._cpu_task_done(task, None)
        step = task.step.name
        shares = {one.group: round(one.share, 3) for one in lost}
        heavy = {group: share for group, share in shares.items() if share > self.gates.alarm_lost}
        if heavy:
            self.events.emit("heavy_losses", step=step, shares=heavy)
        worst = max(shares, key=shares.__getitem__, default="")
        if worst and shares[worst] > self.gates.max_lost:
            raise GateFailed(
                f"step '{step}' would drop {shares[worst]:.0%} of discipline '{worst}', gates.max_lost "
                f"allows {self.gates.max_lost:.0%}; its verdicts are in "
                f"{self.root.folder(task.step).path}/verdicts: mend what comes before it, change the step's "
                "limits, or raise the gate"
            )

    def _next_source_part(self, task: Task, parts: Any) -> None:
        try:
            part = ray.get(next(parts))
        except StopIteration:
            self._cpu_task_done(task, None)
            return
        self.schedule.part_done(task.step, part)
        self.waiting[parts] = lambda _: self._next_source_part(task, parts)

    def _model_part_done(self, task: Task, worker: Worker, part: Part) -> None:
        worker.parts -= 1
        self.schedule.task_done(task, part)
        tally = self.schedule.tally(task.step)
        allowed = self.gates.max_bad_replies * tally.requests
        if tally.requests >= MIN_REPLIES and tally.bad_replies > allowed:
            raise GateFailed(
                f"step '{task.step.name}': {tally.bad_replies} of {tally.requests} replies did not fit, "
                f"gates.max_bad_replies allows {self.gates.max_bad_replies:.0%}; read them with "
                f"`academe show {task.step.name} --rejects`, mend the prompt, raise max_tokens or the gate"
            )

    def _collect(self) -> None:
        """Waits for a result, at most a tick, then for those that come with it."""
        refs = list(self.waiting)
        ready, _ = ray.wait(refs, num_returns=1, timeout=TICK_S, fetch_local=False)
        if ready:
            ready, _ = ray.wait(refs, num_returns=len(refs), timeout=GATHER_S, fetch_local=False)
        for ref in ready:
            take = self.waiting.pop(ref)
            try:
                take(ray.get(ref) if isinstance(ref, ray.ObjectRef) else None)
            except RayTaskError as error:
                if isinstance(error.cause, PipelineError):
                    raise error.cause from None
                if isinstance(error.cause, OSError):  # of a stage: a file, an address
                    raise PipelineError(
                        f"a task could not be ended, {type(error.cause).__name__}: {error.cause}; all that "
                        "is whole is kept, the same command goes on from here once that is mended"
                    ) from error
                raise
            except RayError as error:  # its process or node was lost, again and again
                raise PipelineError(
                    f"the cluster could not end a task: {error}; all that is whole is kept, the same command "
                    "goes on from here"
                ) from error

    def _check_budget(self) -> None:
        reached = self.meter.limit_reached(self.serving.in_flight())
        if reached is None:
            return
        self.events.emit("budget_spent", limit=reached)
        self.serving.drain()
        raise BudgetSpent(
            f"stopped at {reached}; all replies are kept, the same command goes on from here with a budget "
            "of its own"
        )
