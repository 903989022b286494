import json
from pathlib import Path

import pytest

from pipeline.errors import StoreError
from pipeline.storage import root
from pipeline.storage.root import FORMAT, Root


def test_a_root_is_held_by_one(tmp_path: Path) -> None:
    with (
        Root(tmp_path).locked(),
        pytest.raises(StoreError, match=r"in use by another run \(process \d+\)"),
        Root(tmp_path).locked(),
    ):
        pass
    with Root(tmp_path).locked():
        pass


def test_a_full_disk_is_found_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root, "MIN_FREE_BYTES", 2**60)
    with pytest.raises(StoreError, match="MB left, a run needs at least"), Root(tmp_path).locked():
        pass


def test_a_root_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StoreError, match=r"cannot write .*file/run: Not a directory"),
        Root(tmp_path / "file/run").locked(),
    ):
        pass


def test_a_root_of_another_kind_is_refused(tmp_path: Path) -> None:
    assert Root(tmp_path).run() is None
    for damaged in ("{oops", "", "[]", "{}", f'{{"format": {FORMAT}}}'):
        (tmp_path / "run.json").write_text(damaged)
        with pytest.raises(StoreError, match="is damaged or not academe's"):
            Root(tmp_path).run()
    (tmp_path / "run.json").write_text(json.dumps({"format": 0, "academe": "0.0"}))
    with pytest.raises(StoreError, match=r"made by academe 0\.0, format 0"):
        Root(tmp_path).run()
