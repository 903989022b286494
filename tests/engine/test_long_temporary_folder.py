"""A private cluster where the folder for temporary files has a name longer than a socket's may be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

CODE = """
import ray
from pipeline.engine.cluster import private_cluster
with private_cluster(0):
    print(ray.get(ray.remote(lambda: 6 * 7).remote()))
"""


@pytest.mark.ray
def test_a_private_cluster_starts_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / ("job" * 25)
    folder.mkdir()
    env = {**os.environ, "TMPDIR": str(folder)}
    env.pop("RAY_ADDRESS", None)
    done = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.stdout.split() == ["42"], done.stderr
