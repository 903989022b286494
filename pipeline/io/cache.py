"""What is made once on a machine and kept in $XDG_CACHE_HOME/academe for later runs."""

import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path


def cache_folder() -> Path:
    """Where it is kept; may not be there yet."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "academe"


def cached(name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name` of the cache, filled by `make` unless it is there. It appears whole or not at all;
    of two that make it at once, the first one's stays.
    """
    folder = cache_folder() / name
    if not folder.is_dir():
        draft = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}.draft")
        draft.mkdir(parents=True)
        try:
            make(draft)
            publish(draft, folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return folder


def publish(draft: Path, folder: Path) -> None:
    """Moves a whole draft to its place, unless somebody else was faster."""
    try:
        draft.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
        shutil.rmtree(draft)
