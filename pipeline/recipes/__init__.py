"""One DAG a file, with its settings; the presets are YAML files in presets/<recipe>/."""

from collections.abc import Mapping, Sequence

from pipeline.errors import RecipeError
from pipeline.recipe import Recipe
from pipeline.recipes import instruct, propose
from pipeline.settings import load_settings


def load_recipe(name: str, config: str, overrides: Sequence[str], environment: Mapping[str, str]) -> Recipe:
    """The recipe `name`, wired with its settings. Raises RecipeError."""
    match name:
        case "instruct":
            settings = load_settings(
                instruct.InstructSettings, instruct.PRESETS, config, overrides, environment
            )
            return instruct.instruct(settings)
        case "propose":
            wanted = load_settings(propose.ProposeSettings, propose.PRESETS, config, overrides, environment)
            return propose.propose(wanted)
    raise RecipeError(f"no recipe '{name}'; the recipes are: instruct, propose")
