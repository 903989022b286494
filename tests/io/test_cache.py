"""Where things are kept for later runs, on machines where little can be written."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.io.cache import cache_folder, cached
from tests.conftest import ROOT

CODE = """
import pyarrow as pa
from pipeline.dedup.word_hashes import hashed
from pipeline.io.cache import cache_folder
assert len(hashed(pa.array(["What is it?"]))) == 1
print(cache_folder())
"""


def test_what_is_kept_appears_whole_and_what_a_kill_left_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = cache_folder()
    left, fresh = folder / "model.1.draft", folder / "model.2.draft"
    for draft in (left, fresh):
        draft.mkdir()
        (draft / "half").touch()
    os.utime(left, (0, 0))

    def fail(draft: Path) -> None:
        (draft / "half").touch()
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        cached("model", fail)
    assert sorted(path.name for path in folder.iterdir()) == ["model.2.draft"]  # somebody may be making it
    made = cached("model", lambda draft: (draft / "whole").touch())
    assert [path.name for path in made.iterdir()] == ["whole"]
    assert cached("model", fail) == made


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """This one, where nothing can be written if this user may mount it so."""
    shown = tmp_path / "checkout"
    shown.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "--bind", ROOT, shown], capture_output=True).returncode:
        yield ROOT
        return
    subprocess.run(["mount", "-o", "remount,bind,ro", shown], check=True)
    yield shown
    subprocess.run(["umount", "--lazy", shown], check=True)


def test_a_machine_without_a_home_compiles_into_its_temporary_files(checkout: Path, tmp_path: Path) -> None:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": "/proc/none",
        "TMPDIR": str(tmp_path),
        "PYTHONPATH": str(checkout),
    }
    done = subprocess.run([sys.executable, "-c", CODE], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    folder = Path(done.stdout.strip())
    assert folder.parent == tmp_path
    assert list(folder.rglob("*.nbi")), "what was compiled is kept"
    assert folder.stat().st_mode & 0o077 == 0, "and nobody else can change it"
