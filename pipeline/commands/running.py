"""Commands that run a recipe, or tell what a run would do."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.options import (
    Config,
    Docs,
    Endpoint,
    ModelName,
    Overrides,
    RecipeName,
    RootFolder,
    exits,
    recipe_from,
    root_of,
    say_summary,
)
from pipeline.engine.spread import SPREAD_ROWS
from pipeline.errors import GateFailed

if TYPE_CHECKING:
    from pipeline.recipe import Recipe
    from pipeline.storage.root import Root


@exits
def run(
    recipe: RecipeName = "instruct",
    config: Config = "laptop",
    overrides: Overrides = None,
    root: RootFolder = None,
    docs: Docs = None,
    endpoint: Endpoint = None,
    model: ModelName = None,
    first: Annotated[
        str | None, typer.Option("--from", help="Run again from this step; replies are kept.")
    ] = None,
    last: Annotated[str | None, typer.Option("--until", help="Stop after this step.")] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            envvar="RAY_ADDRESS", help="A Ray cluster: auto, or HOST:PORT. [default: a private one]"
        ),
    ] = None,
    budget_tokens: Annotated[
        int | None, typer.Option(min=1, help="Stop at so many tokens; resumable.")
    ] = None,
    budget_usd: Annotated[float | None, typer.Option(min=0, help="Stop at so many dollars.")] = None,
    max_minutes: Annotated[float | None, typer.Option(min=0, help="Stop after so many minutes.")] = None,
    replay: Annotated[bool, typer.Option(help="Send nothing; fail on a reply that is not stored.")] = False,
    spread_rows: Annotated[
        int, typer.Option(min=0, help="Decide on duplicates in tasks of the cluster from this many rows on.")
    ] = SPREAD_ROWS,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Show progress as JSON, an event a line, the dataset last.")
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Show the plan and stop.")] = False,
) -> None:
    """Run a recipe to its end; the same command again goes on where it stopped."""
    folder = root_of(recipe, root)
    wired = recipe_from(recipe, config, overrides, docs, endpoint, model)
    if dry_run:
        _print_plan(wired, folder)
        return
    from rich.console import Console

    from pipeline.engine.budget import Budget
    from pipeline.engine.interrupts import catch_signals
    from pipeline.inspection.view import view_for
    from pipeline.run import RunOptions
    from pipeline.run import run as run_recipe
    from pipeline.storage.events import Events

    catch_signals()
    budget = Budget(budget_tokens, budget_usd, max_minutes)
    options = RunOptions(folder, first, last, ray, budget, replay, spread_rows)
    try:
        with folder.locked():
            events = Events(folder.events, view_for(Console(), quiet=quiet, as_json=as_json))
            try:
                summary = run_recipe(wired, options, events)
            finally:
                events.close()
    except GateFailed:
        if not quiet and not as_json:  # where rows went is what one then asks
            say_summary(folder, lambda: wired)
        raise
    if as_json:  # of which the last event tells
        return
    if summary is not None:
        splits = ", ".join(f"{split['rows']:,} {name}" for name, split in summary["splits"].items())
        typer.echo(f"{folder.dataset}: {splits or 'no'} rows")
    if not quiet:
        say_summary(folder, lambda: wired)


@exits
def plan(
    recipe: RecipeName = "instruct",
    config: Config = "laptop",
    overrides: Overrides = None,
    root: RootFolder = None,
    docs: Docs = None,
    endpoint: Endpoint = None,
    model: ModelName = None,
    like: Annotated[str | None, typer.Option(help="The root of a run to take unknown rates from.")] = None,
) -> None:
    """What a run would do and cost: rows, requests, tokens, time, money of every step. Starts nothing."""
    wired = recipe_from(recipe, config, overrides, docs, endpoint, model)
    _print_plan(wired, root_of(recipe, root), like)


def _print_plan(recipe: "Recipe", root: "Root", like: str | None = None) -> None:
    from pipeline.inspection.plan import plan_lines
    from pipeline.inspection.status import tallies_of
    from pipeline.storage.root import Root

    for line in plan_lines(recipe, root, tallies_of(Root(like)) if like is not None else None):
        typer.echo(line)
