"""The models of a run: the actors that ask each of them, and the servers of ours that answer.

Actors of one model share its concurrency. They run where the driver does, because the reply store is there;
what they cost is little beside what a server does. A model that is equal to another shares its server.
"""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ray

from pipeline.dag import Step, model_of
from pipeline.engine.cluster import on_this_node
from pipeline.engine.worker import ModelWorker
from pipeline.inference.asking import Gauges
from pipeline.inference.client import key_of
from pipeline.inference.ray_server import RayServer
from pipeline.inference.server import LocalServer
from pipeline.inference.vllm_metrics import PrefixCache
from pipeline.model import ModelSpec
from pipeline.storage.events import Events
from pipeline.storage.root import Root

PARTS_PER_WORKER = 64  # handed to a model worker, which starts as many as keep its server busy
WORKER_LOSSES = 10  # of the process that a part is asked in, before the part is given up
IN_FLIGHT_PER_WORKER = 128  # for twice as many there is a second process, and so on, up to one a core

_remote: Any = ray.remote  # its type stubs cannot follow a class that is chosen at run time
_worker = _remote(num_cpus=0, max_restarts=-1, max_concurrency=1000)(ModelWorker)

IDLE = Gauges(0, 0, wants_server=False, prefix_cache=PrefixCache(0, 0), steps=())


@dataclass
class Worker:
    """An actor that asks a model."""

    actor: Any
    parts: int = 0  # it has been given and not returned
    asked: bool = False  # for its gauges, not yet answered
    gauges: Gauges = IDLE  # as of the last answer

    @property
    def has_room(self) -> bool:
        return self.parts < PARTS_PER_WORKER


@dataclass
class _Served:
    """A model in use."""

    spec: ModelSpec
    workers: list[Worker]


@dataclass
class Serving:
    """`wait_for(ref, take)` has the driver call `take` with the result of `ref`."""

    root: Root
    events: Events
    replay: bool
    is_private: bool  # the cluster: it ends with the run
    wait_for: Callable[[Any, Callable[[Any], None]], None]
    _served: dict[str, _Served] = field(default_factory=dict)
    _servers: dict[str, LocalServer | RayServer] = field(default_factory=dict)  # ours, by their key

    def worker(self, step: Step) -> Worker:
        """The one that has the least to do of those that ask the step's model."""
        return min(self._of(model_of(step)).workers, key=lambda worker: worker.parts)

    def tend(self) -> None:
        """Looks after workers and servers. Raises ModelUnavailable when a server stays away."""
        for served in self._served.values():
            for worker in served.workers:
                if not worker.asked:
                    worker.asked = True
                    self._await_gauges(served, worker)
        for server in self._servers.values():
            server.tend()

    def in_flight(self) -> dict[str, int]:
        """Requests, by the model's name."""
        found: dict[str, int] = {}
        for served in self._served.values():
            busy = sum(worker.gauges.in_flight for worker in served.workers)
            found[served.spec.name] = found.get(served.spec.name, 0) + busy
        return found

    def drain(self) -> None:
        """Sends nothing more; returns when all that was sent is answered and durable, or timed out."""
        workers = [worker for served in self._served.values() for worker in served.workers]
        drained = [worker.actor.drain.remote() for worker in workers]
        longest = max((served.spec.timeout_s for served in self._served.values()), default=0.0)
        if drained:  # a run of CPU steps asks nobody
            ray.wait(drained, num_returns=len(drained), timeout=longest)

    def stop(self) -> None:
        """Ends the workers, and the servers that end with the run."""
        for served in self._served.values():
            for worker in served.workers:
                ray.kill(worker.actor)
        for server in self._servers.values():
            server.stop()

    def _of(self, spec: ModelSpec) -> _Served:
        key = spec.model_dump_json()
        if key not in self._served:
            n_workers = max(1, min(os.cpu_count() or 1, spec.concurrency // IN_FLIGHT_PER_WORKER))
            shares = [(spec.concurrency + number) // n_workers for number in range(n_workers)]
            here = _worker.options(scheduling_strategy=on_this_node(), max_task_retries=WORKER_LOSSES)
            specs = [spec.model_copy(update={"concurrency": share}) for share in shares]
            workers = [Worker(here.remote(one, self.root.replies, self.replay)) for one in specs]
            self._served[key] = _Served(spec, workers)
            for worker in workers if spec.serve == "endpoint" else ():
                self._offer_server(spec, worker)
        return self._served[key]

    def _await_gauges(self, served: _Served, worker: Worker) -> None:
        self.wait_for(worker.actor.gauges.remote(), lambda gauges: self._take_gauges(served, worker, gauges))

    def _take_gauges(self, served: _Served, worker: Worker, gauges: Gauges) -> None:
        worker.asked = False
        if gauges.wants_server:
            self._offer_server(served.spec, worker)
        if gauges != worker.gauges:
            worker.gauges = gauges
            in_flight = sum(worker.gauges.in_flight for worker in served.workers)
            limit = sum(worker.gauges.limit for worker in served.workers)
            steps = Counter[str]()
            for each in served.workers:
                steps.update(dict(each.gauges.steps))
            cache = max(worker.gauges.prefix_cache for worker in served.workers)  # all look at one server
            self.events.emit(
                "progress",
                model=served.spec.name,
                in_flight=in_flight,
                limit=limit,
                steps=steps,
                prefix_hits=cache.hits,
                prefix_queries=cache.queries,
            )

    def _offer_server(self, spec: ModelSpec, worker: Worker) -> None:
        """Tells the worker where its model is served, once it is."""
        url, key = spec.url, key_of(spec)
        if spec.serve != "endpoint":
            server = self._server(spec)
            if not server.ready:
                return
            url, key = server.url, ""
        self.wait_for(worker.actor.use_server.remote(url, key), lambda _: None)  # a fault of it is raised

    def _server(self, spec: ModelSpec) -> LocalServer | RayServer:
        """Our server for the model, started when it is first asked for."""
        key = spec.server_key()
        if key not in self._servers:

            def tell(text: str) -> None:
                self.events.emit("server", model=spec.name, text=text)

            if spec.serve == "ray":
                tell("starting vLLM in Ray Serve")
                self._servers[key] = RayServer(spec, tell, is_private=self.is_private)
            else:
                log = self.root.logs / f"vllm-{len(self._servers)}.log"
                tell(f"starting vLLM, log in {log}")
                self._servers[key] = LocalServer(spec, log, tell)
            self._servers[key].start()
        return self._servers[key]
