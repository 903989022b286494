"""The Ray cluster that a run works on: one that is up, or a private one."""

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from typing import Any

import ray

from pipeline.errors import RecipeError

REACH_S = 10.0  # for the head of a cluster to answer
OBJECT_STORE_BYTES = 100 * 2**20  # parts travel as paths, so little passes through it


@contextlib.contextmanager
def cluster(address: str | None) -> Iterator[None]:
    """The cluster at `address`, None for a private one on this machine that ends with the block.

    Raises RecipeError where none answers.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
    if address is None:
        options |= {"include_dashboard": False, "object_store_memory": OBJECT_STORE_BYTES}
        # By default Ray's workers give way to all others; beside a server on the same cores they starve.
        options["_system_config"] = {"worker_niceness": 0}
    else:
        _check_reachable(address)
    on_terminate = signal.getsignal(signal.SIGTERM)
    ray.init(address=address or "local", **options)
    signal.signal(signal.SIGTERM, on_terminate)  # Ray puts its own in place, which ends us with code 15
    try:
        yield
    finally:
        ray.shutdown()


def _check_reachable(address: str) -> None:
    """Raises RecipeError, within REACH_S: Ray itself tries for minutes, or ends with a traceback."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        raise RecipeError(f"--ray {address}: expected HOST:PORT of the head of a Ray cluster")
    try:
        socket.create_connection((host, int(port)), timeout=REACH_S).close()
    except (OSError, OverflowError) as error:
        raise RecipeError(
            f"no Ray cluster answers at {address}: {error}; start one with `ray start --head`, or leave out "
            "--ray and RAY_ADDRESS for a private one"
        ) from error


def n_cores() -> int:
    """The cores of the cluster that is up."""
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return max(1, int(resources.get("CPU", 1)))
