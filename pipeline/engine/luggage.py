"""What a run takes along to the nodes of a cluster: code, prompts, taxonomies, and the files its stages name.

All of it goes into one folder, which Ray hands to every node and makes the working directory there; a stage's
files are then found by relative paths.
"""

import dataclasses
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from pipeline.stage import Stage

SOURCE = Path(__file__).parents[2]
PACKAGES = ("pipeline", "stages", "prompts", "taxonomy")
FILES = "files"

AStage = TypeVar("AStage", bound=Stage)


class Luggage:
    """Packs into `folder`; what was packed is known by its new path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._places: dict[Path, Path] = {}

    def pack(self, stages: Iterable[Stage]) -> None:
        """Copies the packages and the stages' files. Cost: their bytes."""
        for name in PACKAGES:
            skipped = shutil.ignore_patterns("__pycache__")
            shutil.copytree(SOURCE / name, self.folder / name, ignore=skipped)
        (self.folder / FILES).mkdir()
        for stage in stages:
            for path in _paths(stage):
                if path not in self._places:
                    place = Path(FILES) / str(len(self._places)) / path.name  # rejects tell the name
                    (self.folder / place).parent.mkdir()
                    shutil.copyfile(path, self.folder / place)
                    self._places[path] = place

    def travelling(self, stage: AStage) -> AStage:
        """The stage as it is there: its paths are those of the copies."""
        changes = {
            item.name: self._moved(getattr(stage, item.name))
            for item in dataclasses.fields(stage)
            if _paths_in(getattr(stage, item.name))
        }
        return dataclasses.replace(stage, **changes)

    def _moved(self, value: Any) -> Any:
        if isinstance(value, Path):
            return self._places[value]
        return tuple(self._places.get(item, item) for item in value)


def _paths(stage: Stage) -> list[Path]:
    return [path for item in dataclasses.fields(stage) for path in _paths_in(getattr(stage, item.name))]


def _paths_in(value: object) -> list[Path]:
    return [item for item in (value if isinstance(value, tuple) else (value,)) if isinstance(item, Path)]
