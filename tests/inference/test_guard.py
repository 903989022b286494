"""A command that is guarded never outlives who asked for it."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

GUARDED = [sys.executable, "-m", "pipeline.inference.guard", "sleep", "600"]


def test_it_ends_when_its_owner_lets_go() -> None:
    guard = subprocess.Popen(GUARDED, stdin=subprocess.PIPE, cwd=ROOT)
    guard.communicate(timeout=60)  # closes the pipe
    assert guard.returncode != 0


def test_it_ends_when_nobody_can_tell_whether_its_owner_is_there(tmp_path: Path) -> None:
    unreadable = os.open(tmp_path, os.O_RDONLY)  # a folder: each read of it fails
    guard = subprocess.Popen(GUARDED, stdin=unreadable, stderr=subprocess.DEVNULL, cwd=ROOT)
    os.close(unreadable)
    assert guard.wait(timeout=60) != 0
