"""YAML that people write: read safely, every fault an error of theirs."""

from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import RecipeError


def parsed(text: str, source: str) -> Any:
    """The value of YAML `text`. Raises RecipeError that names `source`."""
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:  # an impossible date is a ValueError
        raise RecipeError(f"{source} is not YAML: {error}") from error
    except RecursionError:
        raise RecipeError(f"{source} is nested too deeply; no settings or taxonomy need that") from None


def read(path: Path) -> Any:
    """The value of the YAML file at `path`. Raises RecipeError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"cannot read {path}: {error}") from error
    return parsed(text, str(path))
