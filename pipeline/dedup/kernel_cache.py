"""Where compiled code is kept: by what the sources of this package say, wherever they lie.

A run on a cluster has the sources in a folder of its own, and by numba's own rule would compile them again.
That rule also looks at the file of a function alone, not at those that it calls.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import config
from numba.core.caching import UserProvidedCacheLocator

from pipeline.io.cache import cache_folder

PACKAGE = Path(__file__).parent
SOURCES = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(PACKAGE.glob("*.py")))).hexdigest()[
    :16
]
OTHERS = (
    "UserProvidedCacheLocator,InTreeCacheLocator,UserWideCacheLocator,IPythonCacheLocator,ZipCacheLocator"
)


class KernelLocator(UserProvidedCacheLocator):  # type: ignore[misc]
    """For numba, which finds it by its name in `config`."""

    def __init__(self, py_func: Callable[..., Any], py_file: str) -> None:
        super().__init__(py_func, py_file)
        self._cache_path = str(Path(config.CACHE_DIR) / f"dedup-{SOURCES}")

    def get_source_stamp(self) -> str:
        return SOURCES

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> Any:
        return super().from_function(py_func, py_file) if Path(py_file).parent == PACKAGE else None


def keep_kernels() -> None:
    """Has numba keep what this package compiles. By default it would be beside the sources, which cannot
    always be written.
    """
    config.CACHE_DIR = config.CACHE_DIR or str(cache_folder() / "numba")
    config.CACHE_LOCATOR_CLASSES = f"{__name__}.{KernelLocator.__name__},{OTHERS}"
