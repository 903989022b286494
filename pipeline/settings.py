"""A recipe's settings from a preset, a file, the environment and the command line; the later of these wins.

academe run instruct --config my.yaml --set questions.per_syllabus=4
ACADEME__QUESTIONS__PER_SYLLABUS=4 academe run instruct
"""

import difflib
import operator
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from pipeline.errors import RecipeError
from pipeline.io import plain_yaml
from pipeline.io.secrets import has_login, without_logins

ENVIRONMENT_PREFIX = "ACADEME__"  # two underscores stand for a dot

Settings = TypeVar("Settings", bound=BaseModel)


def load_settings(
    kind: type[Settings], presets: Path, config: str, overrides: Sequence[str], environment: Mapping[str, str]
) -> Settings:
    """Settings of type `kind` from preset or file `config`. Raises RecipeError that names source, key, value
    and remedy.
    """
    path = _find(presets, config)
    data = plain_yaml.read(path) or {}
    if not isinstance(data, dict):
        raise RecipeError(f"{path}: expected settings as `key: value`, got {type(data).__name__}")
    sources: list[tuple[list[str], str]] = [([], f"settings from {path}")]
    for keys, text, source in _set_elsewhere(overrides, environment):
        _put(data, keys, plain_yaml.parsed(text, source), source)
        sources.append((keys, source))
    try:
        found = kind.model_validate(data)
    except ValidationError as error:
        faults: dict[str, list[str]] = {}
        for fault in error.errors(include_url=False):
            faults.setdefault(_source(sources, fault["loc"]), []).append(_explained(kind, fault))
        told = (f"{source}: {'; '.join(some)}" for source, some in faults.items())
        raise RecipeError("; ".join(told)) from error
    for loc in _with_logins(data):
        raise RecipeError(
            f"{_source(sources, loc)}: {'.'.join(map(str, loc))} has a name or a password in a URL, and "
            "settings are published with the dataset; keep it in fsspec's own configuration "
            "(~/.config/fsspec) or the environment"
        )
    return found


def _with_logins(data: Any, *loc: int | str) -> Iterator[tuple[int | str, ...]]:
    """Where in the settings a URL has a name or a password before its host."""
    if isinstance(data, str) and has_login(data):
        yield loc
    elif isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _with_logins(value, *loc, key)


def _set_elsewhere(
    overrides: Sequence[str], environment: Mapping[str, str]
) -> Iterator[tuple[list[str], str, str]]:
    """Keys, value as YAML and source of each setting that is not in the file, the later winning."""
    for name, text in sorted(environment.items()):
        if name.startswith(ENVIRONMENT_PREFIX):
            yield name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__"), text, name
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals:
            raise RecipeError(f"--set {override}: expected KEY=VALUE, e.g. --set questions.per_syllabus=4")
        yield key.strip().split("."), text, f"--set {key}"


def _source(sources: Sequence[tuple[list[str], str]], loc: Sequence[int | str]) -> str:
    """What set the value at `loc` last, or something in it; the file for a fault of all together."""
    likely = sources if loc else sources[:1]
    return [source for keys, source in likely if all(map(operator.eq, keys, map(str, loc)))][-1]


def _find(presets: Path, config: str) -> Path:
    packaged = presets / f"{config}.yaml"
    for path in (Path(config), packaged):
        if path.is_file():
            return path
    known = ", ".join(sorted(path.stem for path in presets.glob("*.yaml")))
    raise RecipeError(f"no settings '{config}': no such file, and the presets are {known}")


def _put(data: dict[str, Any], keys: Sequence[str], value: Any, source: str) -> None:
    *above, last = keys
    for key in above:
        data = data.setdefault(key, {})
        if not isinstance(data, dict):
            raise RecipeError(f"{source}: '{key}' is a value, not a group of settings")
    data[last] = value


def _explained(kind: type[BaseModel], fault: Any) -> str:
    loc = [str(part) for part in fault["loc"]]
    where = ".".join(loc)
    if fault["type"] not in ("extra_forbidden", "unexpected_keyword_argument"):
        got = fault["input"]  # a group of settings is not shown: it is long, and may hold an address
        shown = "" if isinstance(got, dict | list) else f", got {without_logins(repr(got))}"
        return f"{where}: {fault['msg']}{shown}" if where else str(fault["msg"])
    known = _keys_at(TypeAdapter(kind).json_schema(), loc[:-1])
    near = difflib.get_close_matches(loc[-1], known, n=1, cutoff=0.5)
    hint = f"did you mean '{near[0]}'?" if near else f"the keys there are: {', '.join(known)}"
    return f"unknown key '{where}'; {hint}"


def _keys_at(schema: dict[str, Any], loc: Sequence[str]) -> list[str]:
    """The keys that the settings have at `loc`, from their JSON schema."""
    node = schema
    for key in loc:
        node = _resolved(schema, node.get("properties", {}).get(key, {}))
    return sorted(_resolved(schema, node).get("properties", {}))


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    for choice in [node, *node.get("anyOf", ()), *node.get("allOf", ())]:
        if "$ref" in choice:
            found: dict[str, Any] = schema["$defs"][choice["$ref"].rsplit("/", 1)[-1]]
            return found
    return node
