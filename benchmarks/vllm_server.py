"""One vLLM server with the embedded model for a benchmark, and what its own metrics say."""

import re
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.inference.server import LocalServer
from pipeline.model import ModelSpec
from pipeline.recipes import load_recipe

EVERY_S = 0.1
COUNTER = re.compile(r"^vllm:(\w+)\{[^}]*\} ([0-9.e+]+)$", re.MULTILINE)


@contextmanager
def vllm_server(folder: Path, **changes: Any) -> Iterator[ModelSpec]:
    """Starts the laptop preset's server, its settings changed as told; yields the spec of an endpoint."""
    settings: Any = load_recipe("instruct", "laptop", [], {}).settings
    planner: ModelSpec = settings.planner.model_copy(update=changes)
    server = LocalServer(planner, folder / "vllm.log", lambda text: print(f"vLLM: {text}", flush=True))
    server.start()
    try:
        while not server.ready:
            server.tend()
            time.sleep(0.2)
        yield planner.model_copy(update={"serve": "endpoint", "url": server.url})
    finally:
        server.stop()


def counters(url: str) -> dict[str, float]:
    """vLLM's metrics by name, summed over labels."""
    found: dict[str, float] = {}
    with urllib.request.urlopen(url.replace("/v1", "/metrics")) as response:
        for name, value in COUNTER.findall(response.read().decode()):
            found[name] = found.get(name, 0.0) + float(value)
    return found


class Work:
    """What the server did within a `with` block: its counters' growth, and how long it was at work."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.busy: list[float] = []  # the moments at which requests were running

    def __enter__(self) -> "Work":
        self._before = counters(self._url)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        after = counters(self._url)
        self.grown = {name: value - self._before.get(name, 0.0) for name, value in after.items()}

    @property
    def seconds(self) -> float:
        """From the first request that ran to the last."""
        return self.busy[-1] - self.busy[0]

    def _watch(self) -> None:
        while not self._stopped.wait(EVERY_S):
            if counters(self._url).get("num_requests_running"):
                self.busy.append(time.monotonic())
