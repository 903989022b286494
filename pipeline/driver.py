"""Run a schedule's tasks on Ray as their inputs appear, model stages in async actors, and tend the servers.

Ray schedules, retries and moves; parts travel as paths. The driver holds a few hundred bytes a part and waits
in one place, `ray.wait`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.exceptions import RayTaskError

from pipeline import work
from pipeline.asking import Gauges
from pipeline.budget import Meter
from pipeline.cluster import cluster, n_cores
from pipeline.dag import Step, model_of
from pipeline.errors import BudgetSpent, GateFailed, PipelineError
from pipeline.events import Events
from pipeline.model import ModelSpec
from pipeline.recipe import Gates
from pipeline.root import Root
from pipeline.schedule import ROWS_PER_PART, Schedule, Task
from pipeline.server import LocalServer
from pipeline.stage import ModelStage
from pipeline.store import Part
from pipeline.worker import ModelWorker

TICK_S = 0.5  # between looks at servers and progress
TASKS_PER_CORE = 2  # one runs, one waits
PARTS_PER_WORKER = 64  # handed to a model worker, which starts as many as keep its server busy
IN_FLIGHT_PER_WORKER = 128  # for twice as many there is a second process, and so on, up to one a core
MIN_REPLIES = 100  # before the share of bad ones says anything


def drive(
    schedule: Schedule,
    root: Root,
    events: Events,
    gates: Gates,
    meter: Meter,
    ray_address: str | None,
    replay: bool,
) -> None:
    """Runs the schedule to its end on the cluster at `ray_address`, None for a private one on this machine.

    With `replay` nothing is sent. Raises PipelineError; BudgetSpent when the meter says so, with the replies
    to all that was sent stored.
    """
    with cluster(ray_address):
        _Driver(schedule, root, events, gates, meter, replay).work()


_remote: Any = ray.remote  # its type stubs cannot follow a function that is chosen at run time
_worker = _remote(num_cpus=0, max_restarts=-1, max_task_retries=-1, max_concurrency=1000)(ModelWorker)
_read = _remote(num_returns="streaming")(work.read_source)
_filter = _remote(work.filter_part)
_sketch = _remote(work.sketch_part)
_decide = _remote(work.decide)
_apply = _remote(work.apply_part)


IDLE = Gauges(in_flight=0, limit=0, wants_server=False)


@dataclass
class _Worker:
    """An actor that asks a model."""

    actor: Any
    parts: int = 0  # it has been given and not returned
    asked: bool = False  # for its gauges, not yet answered
    gauges: Gauges = IDLE  # as of the last answer


@dataclass
class _Served:
    """A model in use, and the actors that share its concurrency."""

    spec: ModelSpec
    workers: list[_Worker]

    @property
    def idlest(self) -> _Worker:
        return min(self.workers, key=lambda worker: worker.parts)


@dataclass
class _Driver:
    schedule: Schedule
    root: Root
    events: Events
    gates: Gates
    meter: Meter
    replay: bool
    served: dict[str, _Served] = field(default_factory=dict)
    servers: dict[str, LocalServer] = field(
        default_factory=dict
    )  # ours, by what decides how they are started
    waiting: dict[Any, Callable[[Any], None]] = field(default_factory=dict)  # what to do with each result
    cpu_tasks: int = 0

    def work(self) -> None:
        """Submits, waits and collects until the schedule is finished."""
        self.cores = n_cores()
        tended = 0.0
        for step in self.schedule.wanted():
            if isinstance(step.stage, ModelStage):
                self._served(step)  # its workers start while the first parts are read
        try:
            while not self.schedule.finished:
                while (task := self.schedule.next_task(self._has_room)) is not None:
                    self._submit(task)
                self._collect()
                if time.monotonic() - tended >= TICK_S:
                    tended = time.monotonic()
                    for served in self.served.values():
                        self._ask_gauges(served)
                    for server in self.servers.values():
                        server.tend()
                    self._check_budget()
        finally:
            for server in self.servers.values():
                server.stop()

    def _has_room(self, task: Task) -> bool:
        if isinstance(task.step.stage, ModelStage):
            return self._served(task.step).idlest.parts < PARTS_PER_WORKER
        return self.cpu_tasks < TASKS_PER_CORE * self.cores

    def _submit(self, task: Task) -> None:
        step, folder = task.step, self.root.folder(task.step).path
        if isinstance(step.stage, ModelStage):
            worker = self._served(step).idlest
            worker.parts += 1
            ref = worker.actor.map_part.remote(step.stage, task.rows, step.inputs[0].writes, folder)
            self.waiting[ref] = lambda part: self._model_part_done(task, worker, part)
            return
        self.cpu_tasks += 1
        kind = step.inputs[0].writes if step.inputs else None
        if task.kind == "read":
            parts = _read.remote(step.stage, folder, ROWS_PER_PART)
            self.waiting[parts] = lambda _: self._next_source_part(task, parts)
        elif task.kind == "decide":
            self._await_cpu(task, _decide.remote(step.stage, self.schedule.slices(step), folder))
        elif task.kind == "sketch":
            self._await_cpu(task, _sketch.remote(step.stage, task.rows, kind, folder))
        elif task.kind == "apply":
            self._await_cpu(task, _apply.remote(task.rows, kind, folder))
        else:
            self._await_cpu(task, _filter.remote(step.stage, task.rows, kind, folder))

    def _await_cpu(self, task: Task, ref: Any) -> None:
        self.waiting[ref] = lambda part: self._cpu_task_done(task, part)

    def _cpu_task_done(self, task: Task, part: Part | None) -> None:
        self.cpu_tasks -= 1
        self.schedule.task_done(task, part)

    def _next_source_part(self, task: Task, parts: Any) -> None:
        try:
            part = ray.get(next(parts))
        except StopIteration:
            self._cpu_task_done(task, None)
            return
        self.schedule.part_done(task.step, part)
        self.waiting[parts] = lambda _: self._next_source_part(task, parts)

    def _model_part_done(self, task: Task, worker: _Worker, part: Part) -> None:
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
        """Waits for a result, at most a tick, then takes all that are there."""
        refs = list(self.waiting)
        ready, _ = ray.wait(refs, num_returns=1, timeout=TICK_S, fetch_local=False)
        if ready:
            ready, _ = ray.wait(refs, num_returns=len(refs), timeout=0, fetch_local=False)
        for ref in ready:
            take = self.waiting.pop(ref)
            try:
                take(ray.get(ref) if isinstance(ref, ray.ObjectRef) else None)
            except RayTaskError as error:
                if isinstance(error.cause, PipelineError):
                    raise error.cause from None
                raise

    def _served(self, step: Step) -> _Served:
        spec = model_of(step)
        key = spec.model_dump_json()
        if key not in self.served:
            n_workers = max(1, min(self.cores, spec.concurrency // IN_FLIGHT_PER_WORKER))
            shares = [(spec.concurrency + number) // n_workers for number in range(n_workers)]
            actors = [
                _worker.remote(spec.model_copy(update={"concurrency": share}), self.root.replies, self.replay)
                for share in shares
            ]
            self.served[key] = _Served(spec, [_Worker(actor) for actor in actors])
            for actor in actors if spec.serve == "endpoint" else ():
                actor.use_server.remote(spec.url)
        return self.served[key]

    def _ask_gauges(self, served: _Served) -> None:
        """Asks the workers how busy they are and whether they need a server."""
        for worker in served.workers:
            if not worker.asked:
                worker.asked = True
                self._await_gauges(served, worker)

    def _await_gauges(self, served: _Served, worker: _Worker) -> None:
        self.waiting[worker.actor.gauges.remote()] = lambda gauges: self._take_gauges(served, worker, gauges)

    def _take_gauges(self, served: _Served, worker: _Worker, gauges: Gauges) -> None:
        worker.asked = False
        if gauges.wants_server:
            worker.actor.use_server.remote(self._local_server(served.spec).url)
        if gauges != worker.gauges:
            worker.gauges = gauges
            in_flight = sum(worker.gauges.in_flight for worker in served.workers)
            limit = sum(worker.gauges.limit for worker in served.workers)
            self.events.emit("progress", model=served.spec.name, in_flight=in_flight, limit=limit)

    def _check_budget(self) -> None:
        in_flight: dict[str, int] = {}
        for served in self.served.values():
            busy = sum(worker.gauges.in_flight for worker in served.workers)
            in_flight[served.spec.name] = in_flight.get(served.spec.name, 0) + busy
        reached = self.meter.limit_reached(in_flight)
        if reached is None:
            return
        self.events.emit("budget_spent", limit=reached)
        workers = [worker for served in self.served.values() for worker in served.workers]
        drained = [worker.actor.drain.remote() for worker in workers]
        longest = max((served.spec.timeout_s for served in self.served.values()), default=0.0)
        ray.wait(drained, num_returns=len(drained), timeout=longest)
        raise BudgetSpent(
            f"stopped at {reached}; all replies are kept, the same command goes on from here with a budget "
            "of its own"
        )

    def _local_server(self, spec: ModelSpec) -> LocalServer:
        """Our server for the model, started when it is first asked for."""
        key = spec.model_dump_json(include={"name", "path", "vllm_args", "vllm_env"})
        if key not in self.servers:
            log = self.root.logs / f"vllm-{len(self.servers)}.log"

            def tell(text: str) -> None:
                self.events.emit("server", model=spec.name, text=text)

            self.servers[key] = LocalServer(spec, log, tell)
            tell(f"starting vLLM, log in {log}")
            self.servers[key].start()
        return self.servers[key]
