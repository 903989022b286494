"""Settings that would change nothing are refused: fields that a recipe fills in, steps that a run has not."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from pipeline.errors import RecipeError


def refuse_filled(settings: BaseModel, filled: Mapping[str, str]) -> None:
    """Raises RecipeError for a field of a stage, as `group.field`, that is set although the recipe fills it
    in; the values say what with.
    """
    for name, source in filled.items():
        group, _, field = name.partition(".")
        stage = getattr(settings, group)
        if stage is not None and getattr(stage, field) != _defaults(stage)[field]:
            raise RecipeError(f"{name}: the recipe fills it in itself, {source}; take it out of the settings")


def refuse_unused(settings: BaseModel, unused: Mapping[str, str]) -> None:
    """Raises RecipeError for a group of settings that is set although no step reads it; the values say why
    none does. None asks for no step, so there is nothing to read.
    """
    for group, reason in unused.items():
        default = type(settings).model_fields[group].get_default(call_default_factory=True)
        if getattr(settings, group) not in (None, default):
            raise RecipeError(f"{group}: no step reads it, {reason}; take it out of the settings")


def _defaults(stage: Any) -> dict[str, Any]:
    return {
        field.name: field.default_factory() if callable(field.default_factory) else field.default
        for field in dataclasses.fields(stage)
    }


def of_embedder(settings: Any, groups: tuple[str, ...]) -> dict[str, str]:
    """Why `groups`, of which the first embeds, are not read, where that is so."""
    if settings.embedder is None:
        return dict.fromkeys(groups, "because there is no embedder")
    is_local = settings.embedder == "local"
    return {groups[0]: "because the packaged embedder has no settings"} if is_local and groups else {}
