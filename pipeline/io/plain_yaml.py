"""YAML that people write: read safely, every fault an error of theirs."""

from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import RecipeError


class _Loader(yaml.SafeLoader):
    """The safe one, which takes no key twice: of two the first would be lost without a word."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            name, line = (key.tag, str(key.value)), key.start_mark.line + 1
            if name in lines:
                raise yaml.YAMLError(
                    f"key '{key.value}' stands twice, in lines {lines[name]} and {line}; keep one"
                )
            lines[name] = line
        return node


def parsed(text: str, source: str) -> Any:
    """The value of YAML `text`. Raises RecipeError that names `source`."""
    try:
        return yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, ValueError) as error:  # an impossible date is a ValueError
        raise RecipeError(f"{source} is not YAML: {error}") from error
    except RecursionError:
        raise RecipeError(f"{source} is nested too deeply; no settings or taxonomy need that") from None


def read(path: Path) -> Any:
    """The value of the YAML file at `path`. Raises RecipeError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RecipeError(f"cannot read {path}: {error.strerror}; name a YAML file that is there") from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"cannot read {path}: {error}; save it as text in UTF-8") from error
    return parsed(text, str(path))
