"""The Ray cluster that a run works on: one that is up, or a private one."""

import contextlib
import logging
import math
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from upath import UPath

from pipeline.engine.luggage import Luggage
from pipeline.errors import PipelineError, RecipeError

REACH_S = 10.0  # for the head of a cluster to answer
NODE_S = 120.0  # for a node to unpack the luggage and import it
# Ray's sockets stand under the folder for temporary files, as "ray/session_<date and
# pid>/sockets/plasma_store", and the path of a socket has at most 107 letters. Batch systems give each job a
# folder with a longer name.
MAX_TEMP_CHARS = 36
SHORT_TEMP = "/tmp"
OBJECT_STORE_BYTES = 100 * 2**20  # parts travel as paths, so little passes through it


@contextlib.contextmanager
def private_cluster(more_cpus: float) -> Iterator[None]:
    """A cluster on this machine that ends with the block; it counts `more_cpus` beside the cores there
    are, for servers that share them.
    """
    options: dict[str, Any] = {"include_dashboard": False, "object_store_memory": OBJECT_STORE_BYTES}
    if len(tempfile.gettempdir()) > MAX_TEMP_CHARS and "RAY_TMPDIR" not in os.environ:
        options["_temp_dir"] = f"{SHORT_TEMP}/academe-ray-{os.getuid()}"
    if more_cpus:
        options["num_cpus"] = (os.cpu_count() or 1) + math.ceil(more_cpus)
    # By default Ray's workers give way to all others; beside a server on the same cores they starve.
    with _connected("local", _system_config={"worker_niceness": 0}, **options):
        yield


@contextlib.contextmanager
def joined_cluster(address: str, luggage: Luggage, root: UPath) -> Iterator[None]:
    """The cluster at `address`, of which this machine is a node, with the luggage on every node.

    Raises RecipeError where none answers, or a node does not see the root.
    """
    _check_reachable(address)
    with _connected(address, runtime_env={"working_dir": str(luggage.folder)}):
        check_nodes(root)
        yield


@contextlib.contextmanager
def _connected(address: str, **options: Any) -> Iterator[None]:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # The driver awaits all results; of those that are left when a run ends with a fault, Ray would print a
    # traceback each.
    os.environ.setdefault("RAY_IGNORE_UNHANDLED_ERRORS", "1")
    on_terminate = signal.getsignal(signal.SIGTERM)
    try:
        _start(address, **options)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise RecipeError(
            f"cannot join the Ray cluster at {address}: {error}; run the command on a node of the cluster "
            "that has the same versions of Ray and Python; where it asks for a token, use --ray auto "
            "or set RAY_AUTH_MODE=token"
        ) from error
    signal.signal(signal.SIGTERM, on_terminate)  # Ray puts its own in place, which ends us with code 15
    try:
        yield
    finally:
        with silent():
            ray.shutdown()


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Of tasks that are left when a run ends with a fault, Ray's core writes lines of its own to the stderr
    of the process, below Python's. (Its level of logging can be set, and that writes a line as well.)
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _start(address: str, **options: Any) -> None:
    """Starts or joins Ray; once more where it did not start in time, as on a machine that has much to do."""
    for is_last in (False, True):
        try:
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **options)
            return
        except Exception as error:  # Ray has no other for a node that is not up in time
            if type(error) is not Exception:
                raise
            ray.shutdown()
            if is_last:
                raise PipelineError(
                    f"Ray did not start in time, twice: {error}; run the same command again when this "
                    "machine has less to do, or on a cluster that is up: --ray auto"
                ) from None


def on_this_node() -> Any:
    """Where an actor must be to share this machine's files with the driver."""
    return on_node(ray.get_runtime_context().get_node_id())


def on_node(node: str) -> Any:
    return NodeAffinitySchedulingStrategy(node, soft=False)


def check_nodes(root: UPath) -> None:
    """Raises RecipeError when a node cannot take what is sent to it, or does not see what is in the root."""
    look: Any = ray.remote(num_cpus=0, max_retries=0)(_sees)
    asked = {
        node: (address, look.options(scheduling_strategy=on_node(node)).remote(root))
        for node, address in _alive().items()
    }
    for node, (address, answer) in asked.items():
        try:
            sees = ray.get(answer, timeout=NODE_S)
        except RayError as error:
            if node not in _alive():  # it went while it was asked: it takes no part
                continue
            raise RecipeError(f"the node {address} cannot work for this run: {error}") from error
        if not sees:
            raise RecipeError(
                f"the node {address} does not see {root}; choose a --root that all nodes see: a folder of a "
                "shared file system, or a URL like s3://bucket/folder"
            )


def _alive() -> dict[str, str]:
    """The addresses of the nodes that are up, by their ids."""
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    return {node["NodeID"]: node["NodeManagerAddress"] for node in nodes if node["Alive"]}


def _sees(root: UPath) -> bool:
    return bool((root / "run.json").is_file())


def _check_reachable(address: str) -> None:
    """Raises RecipeError, within REACH_S: Ray itself tries for minutes, or ends with a traceback."""
    if address == "auto":
        return
    if address.startswith("ray://"):
        raise RecipeError(
            f"--ray {address}: a run must be on a node of the cluster, not at the other end of a client; log "
            "in to the head and use --ray auto"
        )
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise RecipeError(f"--ray {address}: expected HOST:PORT of the head of a Ray cluster, or auto")
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
