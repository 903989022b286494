import errno
import json
from pathlib import Path

import pytest

from pipeline.errors import PipelineError, StoreError
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
        pytest.raises(StoreError, match=r"file/run: .*/file is a file; name a folder"),
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


class NotOurs(TimeoutError):
    """What a library raises that has it from OSError."""


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), StoreError, "make room"),
        (OSError(errno.EROFS, "Read-only file system", "/elsewhere"), StoreError, "cannot write"),
        (PermissionError(errno.EACCES, "Permission denied", "ROOT/steps/x"), StoreError, "cannot write"),
        (FileNotFoundError(errno.ENOENT, "No such file", "/profiles/eng"), PipelineError, "/profiles/eng"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), PipelineError, "ConnectionRefusedError"),
        (NotOurs("the node did not answer"), PipelineError, "NotOurs: the node did not answer"),
    ],
)
def test_a_fault_is_told_as_what_it_is(error: OSError, kind: type, said: str, tmp_path: Path) -> None:
    if error.filename:
        error.filename = str(error.filename).replace("ROOT", str(tmp_path))
    with pytest.raises(PipelineError) as raised, Root(tmp_path).locked():
        raise error
    assert type(raised.value) is kind
    assert said in str(raised.value)


def test_what_a_killed_run_was_writing_goes(tmp_path: Path) -> None:
    root = Root(tmp_path)
    (tmp_path / ".report.html.0123.draft").write_text("<html")
    (tmp_path / ".dataset.draft" / "data").mkdir(parents=True)
    (tmp_path / "notes.draft").write_text("the user's own")
    with root.locked():
        assert sorted(path.name for path in tmp_path.glob("*.draft")) == ["notes.draft"]
        assert not [*tmp_path.glob(".*.draft")]
