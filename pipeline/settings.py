"""A recipe's settings from a preset, a file, the environment and the command line; the later of these wins.

academe run instruct --config my.yaml --set questions.per_syllabus=4
ACADEME__QUESTIONS__PER_SYLLABUS=4 academe run instruct
"""

import math
import operator
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from pipeline.errors import RecipeError, nearest
from pipeline.io import plain_yaml
from pipeline.io.secrets import has_login, without_logins

ENVIRONMENT_PREFIX = "ACADEME__"  # two underscores stand for a dot

MAX_COUNT = 10**9  # of anything that settings count; a run of more would not end
MAX_SEED = 2**53  # beyond it JSON, and so run.json, is not sure of a number

Settings = TypeVar("Settings", bound=BaseModel)
Loc = tuple[int | str, ...]


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
    faults: dict[str, list[str]] = {}
    try:
        settings = kind.model_validate(data)
        for loc, said in _misread(data, settings.model_dump(), ()):
            source = _source(sources, loc)
            faults.setdefault(source, []).append(_told(source, ".".join(map(str, loc)), said))
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            source = _source(sources, fault["loc"])
            faults.setdefault(source, []).append(_explained(kind, fault, source))
    for loc in [] if faults else _with_logins(data):
        faults.setdefault(_source(sources, loc), []).append(
            f"{'.'.join(map(str, loc))} has a name or a password in a URL, and settings are published with "
            "the dataset; keep it in fsspec's own configuration (~/.config/fsspec) or the environment"
        )
    if faults:
        raise RecipeError("; ".join(f"{source}: {'; '.join(some)}" for source, some in faults.items()))
    return settings


def _misread(given: Any, read: Any, loc: Loc) -> Iterator[tuple[Loc, str]]:
    """Values that pydantic takes for what they are not, or that no run could mean, with their place."""
    if isinstance(given, dict) and isinstance(read, Mapping):
        for key, value in given.items():
            yield from _misread(value, read.get(key), (*loc, key))
    elif isinstance(given, list) and isinstance(read, list | tuple):
        for number, (value, got) in enumerate(zip(given, read, strict=False)):
            yield from _misread(value, got, (*loc, number))
    elif isinstance(given, bool) != isinstance(read, bool) and isinstance(given, bool | int | float):
        if isinstance(read, bool | int | float):
            yield loc, f"expected a {'true or false' if isinstance(read, bool) else 'number'}, got {given!r}"
    elif isinstance(read, float) and not math.isfinite(read):
        yield loc, f"expected a number that has an end, got {given!r}"
    elif isinstance(read, int) and abs(read) > (most := MAX_SEED if loc[-1] == "seed" else MAX_COUNT):
        yield loc, f"expected a number of at most {most:,}, got one of {math.log10(abs(read)) + 1:.0f} digits"


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
    known = sorted(path.stem for path in presets.glob("*.yaml"))
    raise RecipeError(
        f"no settings '{config}': no such file, and no preset; {nearest(config, known, 'the presets are')}"
    )


def _put(data: dict[str, Any], keys: Sequence[str], value: Any, source: str) -> None:
    *above, last = keys
    for depth, key in enumerate(above, 1):
        data = data.setdefault(key, {})
        if not isinstance(data, dict):
            whole = ".".join(above[:depth])
            raise RecipeError(f"{source}: '{whole}' is a value, not a group of settings; set it as a whole")
    data[last] = value


def _told(source: str, where: str, said: str) -> str:
    """What is said of the value at `where`, which is not told twice."""
    return said if not where or source == f"--set {where}" else f"{where}: {said}"


def _explained(kind: type[BaseModel], fault: Any, source: str) -> str:
    loc = [str(part) for part in fault["loc"] if "[" not in str(part)]  # which of a union's types it tried
    where = ".".join(loc)
    if fault["type"] not in ("extra_forbidden", "unexpected_keyword_argument"):
        got = fault["input"]  # a group of settings is not shown: it is long, and may hold an address
        shown = "" if isinstance(got, dict | list) else f", got {without_logins(repr(got))}"
        return _told(source, where, f"{fault['msg'].removeprefix('Value error, ')}{shown}")
    known = _keys_at(TypeAdapter(kind).json_schema(), loc[:-1])
    return f"unknown key '{where}'; {nearest(loc[-1], known, 'the keys there are:')}"


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
