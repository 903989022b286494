"""Run at the start of a Python that has tests/stand_in on its path: `ray.serve.llm` is then serve_llm.py."""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

STAND_IN = Path(__file__).parent / "serve_llm.py"


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name == "ray.serve.llm":
            return importlib.util.spec_from_file_location(name, STAND_IN)
        return None


sys.meta_path.insert(0, Finder())
