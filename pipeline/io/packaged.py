"""Models that come as Python packages."""

import importlib.util
from pathlib import Path


def packaged_folder(module: str) -> Path | None:
    """Where the package is installed, None where it is not. Found, not imported: that may take seconds."""
    spec = importlib.util.find_spec(module)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None
