"""What the commands share: their options, how their errors end, and the recipe that options name."""

import json
import os
from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.errors import INTERRUPTED, PipelineError, RecipeError, StoreError

if TYPE_CHECKING:
    from pipeline.recipe import Recipe
    from pipeline.storage.root import Root

RecipeName = Annotated[
    str, typer.Argument(help="instruct, documents, wrap, bonito, or propose (see `academe taxonomy`).")
]
Config = Annotated[
    str, typer.Option("--config", help="A preset (laptop, cpu-long, glan, ...) or a YAML file of settings.")
]
Docs = Annotated[
    list[str] | None,
    typer.Option("--docs", help="Documents for documents and wrap: a file, folder, glob or URL. Repeatable."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", help="One setting, e.g. --set questions.per_syllabus=4. Repeatable."),
]
RootFolder = Annotated[
    str | None,
    typer.Option(
        "--root", help="Where the run lives: a folder, or a URL like s3://... [default: runs/RECIPE]"
    ),
]
RunRoot = Annotated[str, typer.Option("--root", help="The run's folder or URL.")]
LAST_ROOT = "runs/instruct"
Endpoint = Annotated[
    str | None, typer.Option(help="Use this OpenAI-compatible server, e.g. http://host:8000/v1.")
]
ModelName = Annotated[str | None, typer.Option("--model", help="The model to ask, as the endpoint lists it.")]


def exits(command: Callable[..., None]) -> Callable[..., None]:
    """Turns our errors into a message and their exit code."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except PipelineError as error:
            typer.echo(f"academe: {error}", err=True)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            typer.echo("academe: interrupted; the same command goes on from here", err=True)
            raise typer.Exit(INTERRUPTED) from None

    return run


def root_of(recipe: str, root: str | None) -> "Root":
    """The root that was named, or the recipe's own."""
    from pipeline.storage.root import Root

    return Root(root if root is not None else f"runs/{recipe}")


def say_summary(root: "Root", wire: "Callable[[], Recipe]") -> None:
    """What the run came to. That it cannot be told, as the taxonomy is gone, is no fault of the run, nor is
    any fault of the summary.
    """
    from pipeline.report.summary import summary_lines

    try:
        for line in summary_lines(root, wire()):
            typer.echo(line)
    except (RecipeError, StoreError) as error:
        typer.echo(f"what the run came to cannot be told: {error}")
    except Exception as error:
        fault = f"{type(error).__name__}: {error}"
        typer.echo(f"what the run came to cannot be told ({fault}); its rows are whole")


def recipe_from(
    name: str,
    config: str,
    overrides: Sequence[str] | None,
    docs: list[str] | None = None,
    endpoint: str | None = None,
    model: str | None = None,
) -> "Recipe":
    """The recipe with the settings that the options make. Raises RecipeError."""
    from pipeline.recipes import load_recipe, main_model, reads_documents

    if docs and not reads_documents(name):
        raise RecipeError(f"{name} reads no documents; leave out --docs, or run documents or wrap on them")
    asked = _endpoint_overrides(main_model(name), endpoint, model) if endpoint or model else []
    named = [f"files.paths={json.dumps(docs)}"] if docs else []
    return load_recipe(name, config, [*asked, *named, *(overrides or [])], os.environ)


def _endpoint_overrides(key: str, endpoint: str | None, model: str | None) -> list[str]:
    if endpoint is None or model is None:
        raise typer.BadParameter("--endpoint and --model go together")
    spec = {"name": model, "serve": "endpoint", "url": endpoint}
    return [f"{key}={json.dumps(spec)}"]
