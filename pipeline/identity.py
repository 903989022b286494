"""What makes two steps, or two requests, the same: a hash of their canonical JSON.

A value without a canonical form is an error, never a repr: an id must not change between two runs.
"""

import dataclasses
import hashlib
import json
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from pipeline.errors import RecipeError
from pipeline.model import ModelSpec, Prompt
from pipeline.prompts import prompt_hash


def canonical(value: object) -> Any:
    """`value` as plain JSON data. A path counts as its file's content and name, which rejects tell, a prompt
    as its text, a model as its identity; a field of a dataclass whose metadata say `is_location` not at all.
    """
    match value:
        case Prompt():
            return {"prompt": prompt_hash(value)}
        case None | bool() | int() | float() | str():
            return value
        case Path():
            return {"file": _file_hash(value), "name": value.name}
        case ModelSpec():
            return value.identity()
        case BaseModel():
            return {name: canonical(getattr(value, name)) for name in type(value).model_fields}
        case tuple() | list():
            return [canonical(item) for item in value]
        case Mapping():
            return {str(key): canonical(item) for key, item in sorted(value.items())}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [field for field in dataclasses.fields(value) if not field.metadata.get("is_location")]
        return {field.name: canonical(getattr(value, field.name)) for field in fields}
    raise RecipeError(
        f"{value!r} of type {type(value).__name__} has no canonical form; "
        "use str, int, float, bool, None, tuple, Path, Prompt, a dataclass or a pydantic model"
    )


def fields_of(kind: type) -> list[list[str]]:
    """The fields of a record type, in order, each with its type: what a part of such records holds."""
    hints = typing.get_type_hints(kind)
    return [[field.name, _spelled(hints[field.name])] for field in dataclasses.fields(kind)]


def _spelled(hint: Any) -> str:
    """A type the same way however it is written: `int | None` and `Optional[int]` are one."""
    arguments = typing.get_args(hint)
    if not arguments:
        return "..." if hint is Ellipsis else str(getattr(hint, "__name__", hint))
    inner = ", ".join(map(_spelled, arguments))
    is_union = typing.get_origin(hint) in (types.UnionType, typing.Union)
    return f"{'union' if is_union else _spelled(typing.get_origin(hint))}[{inner}]"


def digest(value: object, size: int = 16) -> bytes:
    """A `size`-byte hash of the canonical form."""
    text = json.dumps(canonical(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()


def _file_hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except OSError as error:
        raise RecipeError(f"cannot read {path}: {error.strerror}; check the path in the settings") from error
