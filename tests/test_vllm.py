"""Real vLLM with the embedded model, end to end and small: one run, on a server of its own and then on one in
Ray Serve.

Skipped where vLLM is not installed (the base install).
"""

import importlib.util
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from datasets import load_dataset

from tests.conftest import ROOT, academe, academe_command, api_servers, status, vllm_processes

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(importlib.util.find_spec("vllm") is None, reason="vLLM is not installed"),
]
TINY = (
    "taxonomy.only=[genetics, nutrition]",  # of one, a model this small may leave no row
    "subjects.queries=2",
    "subjects.max_subjects=2",
    "questions.per_syllabus=5",
    "embedder=null",
    "rephrasing=null",
    "restyling=null",
    "gates.min_rows=1",
    "gates.max_bad_replies=1.0",
)
LIMIT_S = 540


def arguments(root: Path, *settings: str) -> list[str]:
    return ["run", "--root", str(root), *(word for pair in (*TINY, *settings) for word in ("--set", pair))]


def wait_for(root: Path, event: str, text: str = "", count: int = 1) -> None:
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        path = root / "events.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        if sum(f'"{event}"' in line and text in line for line in lines) >= count:
            return
        time.sleep(0.2)
    raise AssertionError(f"no event '{event}' with '{text}' in {LIMIT_S} s")


def test_a_real_run_survives_the_death_of_its_server_and_of_itself(tmp_path: Path) -> None:
    root = tmp_path / "run"
    with (tmp_path / "output").open("w") as output:
        process = subprocess.Popen(
            academe_command(*arguments(root)), stdout=output, stderr=output, cwd=ROOT, start_new_session=True
        )
        # kill -9 of the server alone, with requests in flight: it is restarted and the run goes on
        wait_for(root, "step_done", '"subjects"')
        time.sleep(2)
        (served,) = api_servers(root)
        os.kill(served, signal.SIGKILL)
        wait_for(root, "server", "restart 1 of 3")
        wait_for(root, "step_done", '"syllabi"')
        # kill -9 of the run's whole process group: nothing is left behind
        wait_for(root, "part_done", '"drafts"')
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    end = time.monotonic() + 20
    while vllm_processes(root) and time.monotonic() < end:
        time.sleep(0.2)
    assert vllm_processes(root) == []

    # How a model is served decides nothing of what is made: the run goes on with Ray Serve.
    before = replicas()
    done = academe(*arguments(root, "planner.serve=ray", "planner.replicas.accelerator=cpu"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "replicas running: 1 of LLMServer" in done.stdout
    end = time.monotonic() + 20
    while (left := replicas() - before) and time.monotonic() < end:
        time.sleep(0.2)
    assert not left
    found = status(root)
    assert all(step["state"] == "done" for step in found["steps"])
    for step in found["steps"]:
        assert step["tally"]["kept"] + sum(step["tally"]["rejected"].values()) == step["tally"]["made"]
    rows = load_dataset(str(root / "dataset"), split="train", cache_dir=str(tmp_path / "cache"))
    assert rows.num_rows >= 1
    assert all(row["messages"][1]["content"].strip() for row in rows)
    assert set(rows["generator"]) == {"smollm2-135m-instruct"}

    replayed = academe(*arguments(root), "--from", "subjects", "--replay")
    assert replayed.returncode == 0, replayed.stderr
    again = load_dataset(str(root / "dataset"), split="train", cache_dir=str(tmp_path / "cache2"))
    assert json.dumps(again[:]) == json.dumps(rows[:])


def replicas() -> set[int]:
    """The processes of Ray Serve and of the engines under it."""
    names = {
        process.pid: " ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])
    }
    return {pid for pid, name in names.items() if name.startswith(("ray::ServeReplica", "VLLM::"))}
