"""What `make` says of a command that fails: its own exit code, which make turns into 2."""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.mark.parametrize("code", [1, 3, 4, 5, 6])
@pytest.mark.parametrize(
    "target",
    [["dataset"], ["stage", "STAGE=answers"], ["status"], ["plan"], ["report"], ["push", "REPO=a/b"]],
)
def test_the_exit_code_of_the_command_is_said(target: list[str], code: int, tmp_path: Path) -> None:
    command = tmp_path / "academe"
    command.write_text(f"#!/bin/sh\nexit {code}\n")
    command.chmod(0o755)
    words = ["make", "--old-file=setup", *target, f"BIN={tmp_path}"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert f"exit code {code} " in done.stderr
