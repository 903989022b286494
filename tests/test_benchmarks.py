"""Every benchmark runs, at a small size where it has one."""

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

SMALL = {
    "alike": ("--rows", "1500", "--vectors", "400"),
    "filters": ("--rows", "200"),
    "labelled": (),
    "near_duplicates": ("--rows", "2000"),
    "reading": ("--files", "20"),
}
ON_RAY = {
    "growth": ("--rows", "300,600"),
    "throughput": ("--requests", "300"),
}
# They start vLLM, or take minutes whatever is asked of them: that they begin is what is tried.
LONG = (
    "ablation",
    "cpu_serving",
    "engine_share",
    "foresight",
    "judge",
    "paraphrases",
    "plain_server",
    "prefix",
    "report_page",
    "tails",
)
PARTS = {"long_texts", "near_duplicates_peers", "planted", "processes", "report", "vllm_server"}  # of others


def benchmark(name: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_no_benchmark_is_left_out() -> None:
    found = {path.stem for path in (ROOT / "benchmarks").glob("*.py")}
    assert found == {*SMALL, *ON_RAY, *LONG, *PARTS}


@pytest.mark.parametrize("name", SMALL)
def test_a_benchmark_runs_at_a_small_size(name: str) -> None:
    assert json.loads(benchmark(name, *SMALL[name], "--json").splitlines()[-1])


@pytest.mark.ray
@pytest.mark.parametrize("name", ON_RAY)
def test_a_benchmark_of_runs_goes_at_a_small_size(name: str) -> None:
    assert json.loads(benchmark(name, *ON_RAY[name], "--json").splitlines()[-1])


@pytest.mark.parametrize("name", LONG)
def test_a_long_benchmark_begins(name: str) -> None:
    assert "usage" in benchmark(name, "--help")
