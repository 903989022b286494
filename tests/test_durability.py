"""What is left when processes are killed: nothing paid for is lost, and the same rows come out."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import (
    ROOT,
    SMALL,
    Finished,
    Scripted,
    academe,
    academe_command,
    academe_on,
    api_servers,
    kill_group,
    run_arguments,
    shards,
    start_scripted,
    status,
    wait_until,
)

pytestmark = pytest.mark.ray
CONCURRENCY = 8  # of run_arguments
N_ROOTS, KILLS_A_ROOT = 2, 10
STAND_IN = ROOT / "tests" / "stand_in"


@pytest.fixture
def launch() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a run and goes on; what still runs at the end of the test is ended."""
    started = []

    def start(command: list[str], env: dict[str, str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        kill_group(process)


def n_parts(root: Path) -> int:
    return len([*(root / "steps").glob("*/part-*.parquet")])


def kill_and_go_on(folder: Path, cluster: str, finished: Finished, seed: int) -> None:
    """Kills a run when it has come to one random point after the other, then lets it end, on a root and a
    server of its own.
    """
    folder.mkdir()
    root = folder / "run"
    whole = len(finished.bodies) + n_parts(finished.root)
    points = sorted(random.Random(seed).sample(range(1, whole), KILLS_A_ROOT))
    env = {"RAY_ADDRESS": cluster} if seed else {}  # the first has a cluster of its own, killed with it
    server = start_scripted(folder, delay_s=0.3)
    try:
        command = academe_command(*run_arguments(server, root))
        for point in points:
            process = subprocess.Popen(
                command,
                start_new_session=True,
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **env},
            )
            wait_until(lambda point=point: len(server.bodies()) + n_parts(root) >= point)
            kill_group(process)
            assert process.returncode == -signal.SIGKILL, "it had ended before"
        done = academe(*run_arguments(server, root), env=env)
    finally:
        server.stop()
    assert done.returncode == 0, done.stderr
    assert shards(root) == shards(finished.root)
    assert len(server.bodies()) - len(finished.bodies) <= KILLS_A_ROOT * CONCURRENCY
    for entry in status(root)["steps"]:
        tally = entry["tally"]
        assert tally["kept"] + sum(tally["rejected"].values()) == tally["made"]


def test_killed_at_twenty_random_moments_runs_end_with_the_same_rows(
    tmp_path: Path, cluster: str, finished: Finished
) -> None:
    with ThreadPoolExecutor(N_ROOTS) as pool:
        ended = [
            pool.submit(kill_and_go_on, tmp_path / str(seed), cluster, finished, seed)
            for seed in range(N_ROOTS)
        ]
        for one in ended:
            one.result()


def test_a_local_server_that_dies_is_restarted_and_one_that_cannot_be_stops_the_run(
    tmp_path: Path, finished: Finished, launch: Callable[..., subprocess.Popen[str]]
) -> None:
    log, root = tmp_path / "requests.jsonl", tmp_path / "run"
    log.touch()
    spec = {"name": "scripted", "serve": "local", "path": "a-model", "concurrency": CONCURRENCY}
    settings = (f"planner={json.dumps(spec)}", *SMALL)
    command = ["run", "--config", "glan", *(word for pair in settings for word in ("--set", pair)), "--root"]
    env = {**os.environ, "STAND_IN_LOG": str(log), "PYTHONPATH": f"{STAND_IN}{os.pathsep}{ROOT}"}

    def bodies() -> list[dict]:
        return [json.loads(line) for line in log.read_text().splitlines()]

    def told() -> str:
        path = root / "events.jsonl"
        return path.read_text() if path.exists() else ""

    def kill_server(number: int) -> None:
        """Kills it once it has been ready `number` times, with requests in flight."""
        wait_until(lambda: told().count("ready after") == number)
        n_before = len(bodies())
        wait_until(lambda: len(bodies()) > n_before)
        (server,) = api_servers(root)
        os.kill(server, signal.SIGKILL)

    process = launch(academe_command(*command, str(root)), env)
    wait_until(lambda: "ready after" in told())
    log.with_suffix(".broken").touch()
    kill_server(1)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 4, said
    assert "cannot be restarted" in said
    assert "CUDA error: the stand-in is out of order" in said

    log.with_suffix(".broken").unlink()
    process = launch(academe_command(*command, str(root)), env)
    for number in (2, 3, 4):
        kill_server(number)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert told().count("restart 3 of 3") == 2
    assert shards(root) == shards(finished.root)
    assert len(bodies()) - len(finished.bodies) <= 4 * CONCURRENCY


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=520m", "tmpfs", str(folder)]  # a start wants 500 MB
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("mounting a file system needs more rights")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, left: int) -> Path:
    """Writes a file that leaves `left` bytes of the disk."""
    path = disk / "filler"
    size = shutil.disk_usage(disk).free - 2**20
    file = os.open(path, os.O_WRONLY | os.O_CREAT)
    os.posix_fallocate(file, 0, size)
    with contextlib.suppress(OSError):
        while True:
            size += os.pwrite(file, bytes(4096), size)
    os.ftruncate(file, size - left)
    os.close(file)
    return path


def test_a_full_disk_stops_the_run_and_nothing_is_lost(
    small_disk: Path,
    slow_scripted: Scripted,
    cluster: str,
    finished: Finished,
    launch: Callable[..., subprocess.Popen[str]],
) -> None:
    root = small_disk / "run"
    command = academe_command(*run_arguments(slow_scripted, root))
    env = {**os.environ, "RAY_ADDRESS": cluster}
    process = launch(command, env)
    wait_until(lambda: bool(slow_scripted.bodies()))
    filler = fill(small_disk, left=150_000)  # of the 600 kB that the run takes
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "make room" in said
    assert "run the same command again to go on from here" in said
    filler.unlink()
    done = academe_on(cluster, *run_arguments(slow_scripted, root))
    assert done.returncode == 0, done.stderr
    assert shards(root) == shards(finished.root)
    assert len(slow_scripted.bodies()) - len(finished.bodies) <= CONCURRENCY


def test_a_root_that_cannot_be_written_is_named(small_disk: Path, slow_scripted: Scripted) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    done = academe(*run_arguments(slow_scripted, small_disk / "run"))
    assert done.returncode == 2
    assert f"cannot write {small_disk / 'run'}: Read-only file system" in done.stderr
