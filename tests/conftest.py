"""Shared by all tests: the scripted server, one real vLLM server, and runs of the command line."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

os.environ["HF_HUB_DISABLE_XET"] = "1"  # as publishing does, before anything imports huggingface_hub

import pyarrow.parquet as pq
import pytest
import ray
from hypothesis import settings
from typer.testing import CliRunner

from pipeline.__main__ import app
from tests.scripted_server import paragraph

settings.register_profile("academe", deadline=None)  # a busy machine is not a fault of the code
settings.load_profile("academe")

ROOT = Path(__file__).parent.parent
TIMEOUT_S = 300
LOOKS = ("status", "plan", "show", "gc")  # not report: a browser of its tests has the event loop
TOGETHER = {"tests/test_publish.py", "tests/test_report.py"}  # by one process, where several run the tests


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, so that no worker is left with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("vllm") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Test by test, but for modules whose tests share what takes long to make."""
    from xdist.scheduler import LoadScopeScheduling

    class ByTestOrModule(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            module = nodeid.split("::")[0]
            return module if module in TOGETHER else nodeid

    return ByTestOrModule(config, log)


@dataclass
class Scripted:
    """A running scripted server."""

    process: subprocess.Popen[str]
    url: str
    log: Path

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def bodies(self) -> list[dict[str, Any]]:
        """Every request it was sent, in order."""
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]

    def fault(self, kind: str, times: int, match: str = "") -> None:
        self.control(kind=kind, times=times, match=match)

    def control(self, **told: Any) -> None:
        data = json.dumps(told).encode()
        urllib.request.urlopen(self.url.replace("/v1", "/control"), data=data).close()

    def state(self) -> dict[str, Any]:
        with urllib.request.urlopen(self.url.replace("/v1", "/control")) as response:
            found: dict[str, Any] = json.load(response)
            return found


def start_scripted(folder: Path, delay_s: float = 0.0) -> Scripted:
    log = folder / "requests.jsonl"
    log.touch()
    command = [sys.executable, "-m", "tests.scripted_server", str(log), str(delay_s)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    port = int(process.stdout.readline())
    return Scripted(process, f"http://127.0.0.1:{port}/v1", log)


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[Scripted]:
    server = start_scripted(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def slow_scripted(tmp_path: Path) -> Iterator[Scripted]:
    """Answers after 0.3 s, so that a run can be killed in the middle."""
    server = start_scripted(tmp_path, delay_s=0.3)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The address of a Ray cluster for the runs that need none of their own: it takes seconds to start."""
    ray.init(
        address="local",
        include_dashboard=False,
        log_to_driver=False,
        logging_level="error",
        _system_config={"worker_niceness": 0},  # as in a private one
    )
    yield ray.get_runtime_context().gcs_address
    ray.shutdown()


@pytest.fixture
def shared_cluster(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs join that cluster."""
    monkeypatch.setenv("RAY_ADDRESS", cluster)


def academe_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pipeline", *arguments]


def academe(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the command line to its end. In this process where that can be: a new one takes 3 s, and its runs
    start workers of their own in the shared cluster.
    """
    if env is None and (arguments[0] in LOOKS or (arguments[0] == "run" and _is_in_shared_cluster())):
        with _handlers_kept() if arguments[0] == "run" else contextlib.nullcontext():
            done = CliRunner().invoke(app, arguments, catch_exceptions=False)
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)
    return subprocess.run(
        academe_command(*arguments),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
    )


def academe_on(cluster: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`academe` on the shared cluster, for tests whose other runs do not join it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_ADDRESS", cluster)
        return academe(*arguments)


@contextlib.contextmanager
def _handlers_kept() -> Iterator[None]:
    """A run puts its own in place of the handlers of signals."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def _is_in_shared_cluster() -> bool:
    """Whether this process has joined the cluster that tests share, and a run may have its main thread."""
    if threading.current_thread() is not threading.main_thread() or asyncio._get_running_loop() is not None:
        return False
    if not ray.is_initialized():
        return False
    return os.environ.get("RAY_ADDRESS") == ray.get_runtime_context().gcs_address


def kill_group(process: subprocess.Popen[Any]) -> None:
    """kill -9 of the process and of its whole group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


SMALL = (
    "taxonomy.path=laptop",
    "taxonomy.only=[genetics, nutrition]",
    "subjects.queries=2",
    "subjects.max_subjects=3",
    "confirmed_subjects=null",
    "questions.per_syllabus=5",
    "gates.min_rows=1",
    "near_duplicates.min_alone=0.9",
)


def run_arguments(
    scripted: Scripted, root: Path | str, *settings: str, options: Sequence[str] = ()
) -> list[str]:
    """`academe run` of the published method on the scripted server, with few requests; later settings win."""
    spec = {"name": "scripted", "serve": "endpoint", "url": scripted.url, "concurrency": 8}
    pairs = [f"planner={json.dumps(spec)}", *SMALL, *settings]
    return [
        "run",
        "--config",
        "glan",
        "--root",
        str(root),
        *(word for pair in pairs for word in ("--set", pair)),
        *options,
    ]


def write_documents(folder: Path, n: int = 12) -> Path:
    """Documents of several kinds, with files among them that cannot be read."""
    folder.mkdir()
    texts = [" ".join(paragraph(Random(10 * number + part)) for part in range(4)) for number in range(n)]
    for number, text in enumerate(texts[:4]):
        (folder / f"{number}.md").write_text(text)
    lines = [json.dumps({"text": text, "title": "A row"}) for text in texts[4:]]
    (folder / "rows.jsonl").write_text("\n".join([*lines, "not json"]))
    (folder / "picture.txt").write_bytes(b"\x89PNG\r\n")
    (folder / "film.mp4").write_bytes(b"...")
    return folder


def documents_arguments(scripted: Scripted, recipe: str, root: Path, docs: Path, *settings: str) -> list[str]:
    """`academe run` of a recipe over documents on the scripted server."""
    spec = {"name": "scripted", "serve": "endpoint", "url": scripted.url, "concurrency": 8}
    small = ("embedder=null", "chunks.max_tokens=60", "gates={min_rows: 1, max_bad_replies: 1}")
    made = ("tasks={per_chunk: 4}",) if recipe == "documents" else ()  # of all types
    pairs = [f"writer={json.dumps(spec)}", *small, *made, *settings]
    named = ["--config", "laptop", "--root", str(root), "--docs", str(docs)]
    return ["run", recipe, *named, *(word for pair in pairs for word in ("--set", pair))]


def dataset_bytes(root: Path) -> dict[str, bytes]:
    """Everything published, by path."""
    folder = root / "dataset"
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def wait_until(happened: Callable[[], bool], limit_s: float = 60) -> None:
    end = time.monotonic() + limit_s
    while not happened():
        assert time.monotonic() < end, f"it did not happen within {limit_s} s"
        time.sleep(0.02)


def shards(root: Path) -> list[bytes]:
    """The rows that are published, without the card, which tells of the run."""
    return [content for path, content in dataset_bytes(root).items() if path.endswith(".parquet")]


def status(root: Path) -> dict[str, Any]:
    done = academe("status", "--root", str(root), "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def vllm_processes(root: Path) -> list[int]:
    """The processes that serve this root's model, by their log file."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            outputs = {os.readlink(entry / "fd" / "1")}
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if state != "Z" and any(str(root) in output for output in outputs):
            found.append(int(entry.name))
    return found


def api_servers(root: Path) -> list[int]:
    """Those of them that answer requests."""
    lines = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in vllm_processes(root)}
    return [
        pid
        for pid, line in lines.items()
        if b"vllm.entrypoints" in line and b"pipeline.inference.guard" not in line
    ]


def run(scripted: Scripted, root: Path, *settings: str, options: tuple[str, ...] = ()) -> None:
    done = academe(*run_arguments(scripted, root, *settings, options=options))
    assert done.returncode == 0, done.stdout + done.stderr


def step(root: Path, name: str) -> dict:
    return next(entry for entry in status(root)["steps"] if entry["name"] == name)


def rows(root: Path, name: str, kind: str = "") -> list[dict]:
    folder = next((root / "steps").glob(f"{name}-*"))
    return [
        row
        for path in sorted((folder / kind).glob("part-*.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]


@dataclass
class Finished:
    """A run that nothing disturbed, and what it asked."""

    root: Path
    bodies: list[dict[str, Any]]

    @property
    def n_tokens(self) -> int:
        """Tokens that it asked for and got."""
        tallies = [entry["tally"] for entry in status(self.root)["steps"]]
        return sum(tally["prompt_tokens"] + tally["output_tokens"] for tally in tallies)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, cluster: str) -> Finished:
    folder = tmp_path_factory.mktemp("finished")
    server = start_scripted(folder)
    done = academe_on(cluster, *run_arguments(server, folder / "run"))
    server.stop()
    assert done.returncode == 0, done.stdout + done.stderr
    return Finished(folder / "run", server.bodies())


@pytest.fixture
def copied(finished: Finished, tmp_path: Path) -> Path:
    """A root of one's own, in the state of a run that is done."""
    return Path(shutil.copytree(finished.root, tmp_path / "run"))
