"""A cluster of two nodes on this machine: what a lost node costs, and models served by Ray Serve."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from ray.cluster_utils import Cluster

from tests.conftest import (
    ROOT,
    SMALL,
    Finished,
    Scripted,
    academe,
    academe_command,
    dataset_bytes,
    kill_group,
    run_arguments,
    shards,
    wait_until,
)

pytestmark = pytest.mark.ray
STAND_IN = ROOT / "tests" / "stand_in"
MANY = ("subjects.max_subjects=6", "questions.per_syllabus=40")  # four parts of questions


@pytest.fixture(scope="module")
def served_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def nodes(served_log: Path, cluster: str) -> Iterator[Cluster]:
    """A head and no other node yet, of one core; what its workers import as `ray.serve.llm` is a stand-in.

    After the cluster that tests share: as that starts, Ray sets RAY_AUTH_MODE for all processes to come, and
    these nodes must ask for a token like the runs that join them.
    """
    changed = {"PYTHONPATH": f"{STAND_IN}{os.pathsep}{ROOT}", "STAND_IN_LOG": str(served_log)}
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        found = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
    yield found
    found.shutdown()


def parts(root: Path) -> dict[Path, int]:
    """All that is whole, and when it was written."""
    return {path: path.stat().st_mtime_ns for path in (root / "steps").rglob("part-*.parquet")}


def test_a_lost_node_costs_its_parts_alone(nodes: Cluster, scripted: Scripted, tmp_path: Path) -> None:
    whole, root = tmp_path / "whole", tmp_path / "run"
    assert academe(*run_arguments(scripted, whole, *MANY)).returncode == 0
    n_requests = len(scripted.bodies())

    other = nodes.add_node(num_cpus=1)
    process = subprocess.Popen(
        academe_command(*run_arguments(scripted, root, *MANY, options=("--ray", nodes.address))),
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    stopped: list[psutil.Process] = []
    try:
        raylet = psutil.Process(other.all_processes["raylet"][0].process.pid)
        wait_until(lambda: any("drafts" in str(path) for path in parts(root)))
        stopped = raylet.children(recursive=True)
        for worker in stopped:
            worker.send_signal(signal.SIGSTOP)  # what it is given now is not done
        seen: dict[Path, int] = {}
        while (now := parts(root)) != seen:  # until all that is left waits for that node
            seen = now
            time.sleep(3)
        assert process.poll() is None, "nothing waited for the node that was to be lost"
        nodes.remove_node(other, allow_graceful=False)
        said, _ = process.communicate(timeout=120)
    finally:
        kill_group(process)
        for worker in stopped:  # one that is stopped does not see that its raylet is gone
            with contextlib.suppress(psutil.NoSuchProcess):
                worker.kill()
    nodes.wait_for_nodes()  # the next run joins none that is gone
    assert process.returncode == 0, said
    assert parts(root).items() >= seen.items()  # nothing that was whole was done again
    assert dataset_bytes(root) == dataset_bytes(whole)
    assert len(scripted.bodies()) == 2 * n_requests


def test_a_node_that_does_not_see_the_root_is_named(
    nodes: Cluster, scripted: Scripted, tmp_path: Path
) -> None:
    other = nodes.add_node(num_cpus=1)
    # In memory of the process that made it: as far from other nodes as another machine's disk.
    done = academe(*run_arguments(scripted, "memory://run", options=("--ray", nodes.address)))
    nodes.remove_node(other)
    nodes.wait_for_nodes()
    assert done.returncode == 2
    assert "does not see memory://run; choose a --root that all nodes see" in done.stderr
    assert scripted.bodies() == []


def model(name: str, **changes: Any) -> str:
    replicas = {"min": 2, "max": 2, "accelerator": "cpu", "cpus": 0.01}
    spec = {"name": name, "serve": "ray", "path": "/a-model", "replicas": replicas, "concurrency": 8}
    return json.dumps({**spec, **changes})


def run_served(nodes: Cluster, root: Path, *settings: str) -> list[str]:
    pairs = [word for pair in (*SMALL, *settings) for word in ("--set", pair)]
    return ["run", "--config", "glan", "--root", str(root), "--ray", nodes.address, *pairs]


def asked(log: Path) -> dict[int, int]:
    """How many requests each replica got, by its process."""
    return {int(path.stem): len(path.read_text().splitlines()) for path in log.glob("[0-9]*.jsonl")}


def test_models_served_by_ray_outlive_a_replica_and_serve_the_next_run(
    nodes: Cluster, served_log: Path, finished: Finished, tmp_path: Path
) -> None:
    root = tmp_path / "run"
    process = subprocess.Popen(
        academe_command(*run_served(nodes, root, f"planner={model('scripted')}")),
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        wait_until(lambda: sum(n > 0 for n in asked(served_log).values()) == 2)
        killed = max(asked(served_log), key=asked(served_log).__getitem__)
        os.kill(killed, signal.SIGKILL)
        said, _ = process.communicate(timeout=120)
    finally:
        kill_group(process)
    assert process.returncode == 0, said
    assert shards(root) == shards(finished.root)
    n_asked = sum(asked(served_log).values())
    assert len(finished.bodies) <= n_asked <= len(finished.bodies) + 8
    deployed = [json.loads(line) for line in (served_log / "deployments.jsonl").read_text().splitlines()]
    assert len(deployed) == 1
    scaling = deployed[0]["deployment_config"]["autoscaling_config"]
    assert (scaling["min_replicas"], scaling["max_replicas"]) == (2, 2)
    assert scaling["target_ongoing_requests"] == 4  # 8 in flight over two
    assert deployed[0]["placement_group_config"] == {"bundles": [{"CPU": 0.01}]}

    # The next run finds the planner alive, and deploys the other model that it asks.
    second = (f"planner={model('scripted')}", f"answerer={model('other')}")
    done = academe(*run_served(nodes, tmp_path / "second", *second))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "found alive in the cluster" in done.stdout
    deployed = [json.loads(line) for line in (served_log / "deployments.jsonl").read_text().splitlines()]
    assert [one["model_loading_config"]["model_id"] for one in deployed] == ["scripted", "other"]


def test_a_cluster_without_gpus_says_how_to_serve_on_cpus(nodes: Cluster, tmp_path: Path) -> None:
    planner = model("scripted", replicas={"max": 1})
    done = academe(*run_served(nodes, tmp_path / "run", f"planner={planner}"))
    assert done.returncode == 4
    assert (
        "the Ray cluster has no GPU for scripted; to serve it on CPUs set replicas.accelerator=cpu"
        in done.stderr
    )
