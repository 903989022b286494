"""What is made once on a machine and kept in $XDG_CACHE_HOME/academe for later runs."""

import contextlib
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

DRAFT_S = 86_400.0  # the longest that making something takes


def cache_folder() -> Path:
    """Where it is kept. Where there is no home that can be written, as in many containers, a folder of this
    user among the temporary files. Raises OSError where that cannot be made either.
    """
    with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: a user without a home
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "academe"
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    folder = Path(tempfile.gettempdir()) / f"academe-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else; set XDG_CACHE_HOME to a folder of yours")
    return folder


def cached(name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name` of the cache, filled by `make` unless it is there. It appears whole or not at all;
    of two that make it at once, the first one's stays. What a killed process had half made goes after a day.
    """
    folder = cache_folder() / name
    if not folder.is_dir():
        _remove_old_drafts(folder.parent)
        draft = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}.draft")
        draft.mkdir(parents=True)
        try:
            make(draft)
            _publish(draft, folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return folder


def _remove_old_drafts(folder: Path) -> None:
    for draft in folder.glob("*.draft"):
        with contextlib.suppress(OSError):  # somebody else removed it
            if draft.stat().st_mtime < time.time() - DRAFT_S:
                shutil.rmtree(draft)


def _publish(draft: Path, folder: Path) -> None:
    """Moves a whole draft to its place, unless somebody else was faster."""
    try:
        draft.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
