"""One DAG a file, with its settings; the presets are YAML files in presets/<recipe>/."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from pipeline.errors import RecipeError, nearest
from pipeline.model import ModelSpec
from pipeline.recipe import Recipe
from pipeline.recipes import bonito_pairs, document_tasks, instruct, propose, wrap
from pipeline.settings import load_settings


class _Known(NamedTuple):
    settings: type[BaseModel]
    wire: Callable[[Any], Recipe]
    presets: Path


RECIPES = {
    "instruct": _Known(instruct.InstructSettings, instruct.instruct, instruct.PRESETS),
    "documents": _Known(document_tasks.DocumentsSettings, document_tasks.documents, document_tasks.PRESETS),
    "wrap": _Known(wrap.WrapSettings, wrap.wrap, wrap.PRESETS),
    "bonito": _Known(bonito_pairs.BonitoSettings, bonito_pairs.bonito, bonito_pairs.PRESETS),
    "propose": _Known(propose.ProposeSettings, propose.propose, propose.PRESETS),
}


def load_recipe(name: str, config: str, overrides: Sequence[str], environment: Mapping[str, str]) -> Recipe:
    """The recipe `name`, wired with its settings. Raises RecipeError."""
    known = _find(name)
    return known.wire(load_settings(known.settings, known.presets, config, overrides, environment))


def main_model(name: str) -> str:
    """The setting that names the model which a recipe cannot do without. Raises RecipeError where there is
    none.
    """
    fields = _find(name).settings.model_fields
    found = [key for key, field in fields.items() if field.annotation is ModelSpec]
    if not found:
        raise RecipeError(f"recipe '{name}' asks no model, so --endpoint and --model have no place in it")
    return found[0]


def reads_documents(name: str) -> bool:
    """Whether the recipe has a setting for them. Raises RecipeError for one that does not exist."""
    return "files" in _find(name).settings.model_fields


def recipe_of(run: Mapping[str, Any]) -> Recipe:
    """The recipe of a run.json, wired with the settings in it. Raises RecipeError."""
    known = _find(run["recipe"])
    try:
        return known.wire(known.settings.model_validate(run["settings"]))
    except ValidationError as error:
        faults = error.errors(include_url=False)
        said = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)
        raise RecipeError(
            f"the settings in run.json are not those of this version: {said}; run the recipe again with "
            f"settings of this one, or use academe {run.get('academe')}"
        ) from error


def _find(name: str) -> _Known:
    if name not in RECIPES:
        raise RecipeError(f"no recipe '{name}'; {nearest(name, list(RECIPES), 'the recipes are:')}")
    return RECIPES[name]
