"""The command line: `academe`. Heavy imports happen inside the commands that need them: --help is quick."""

import json
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.errors import PipelineError
from pipeline.spread import SPREAD_ROWS

if TYPE_CHECKING:
    from pipeline.recipe import Recipe
    from pipeline.root import Root

INTERRUPTED = 130

app = typer.Typer(
    name="academe",
    help="Instruction-tuning data from a taxonomy of human knowledge.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # a local may hold a key
)
taxonomy_app = typer.Typer(
    help="Check a taxonomy, let a model propose additions, merge the votes on them.", no_args_is_help=True
)
app.add_typer(taxonomy_app, name="taxonomy")

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
StepName = Annotated[str, typer.Argument(help="A step's name: see `academe status`.")]


def _exits(command: Callable[..., None]) -> Callable[..., None]:
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


@app.command()
@_exits
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
    dry_run: Annotated[bool, typer.Option(help="Show the plan and stop.")] = False,
) -> None:
    """Run a recipe to its end; the same command again goes on where it stopped."""
    folder = _root(recipe, root)
    wired = _recipe(recipe, config, [*_docs(docs), *(overrides or [])], endpoint, model)
    if dry_run:
        _print_plan(wired, folder)
        return
    from rich.console import Console

    from pipeline.budget import Budget
    from pipeline.events import Events, view_for
    from pipeline.interrupts import catch_signals
    from pipeline.run import RunOptions
    from pipeline.run import run as run_recipe

    catch_signals()
    budget = Budget(budget_tokens, budget_usd, max_minutes)
    with folder.locked():
        events = Events(folder.events, view_for(Console()))
        try:
            summary = run_recipe(
                wired, RunOptions(folder, first, last, ray, budget, replay, spread_rows), events
            )
        finally:
            events.close()
    if summary is not None:
        splits = ", ".join(f"{split['rows']:,} {name}" for name, split in summary["splits"].items())
        typer.echo(f"{folder.dataset}: {splits or 'no'} rows")


@app.command()
@_exits
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
    wired = _recipe(recipe, config, [*_docs(docs), *(overrides or [])], endpoint, model)
    _print_plan(wired, _root(recipe, root), like)


@app.command()
@_exits
def status(
    root: RunRoot = LAST_ROOT,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """How far a run is, and what is to go: rows in, kept and rejected by reason, at every step."""
    from pipeline.plan import expect
    from pipeline.recipes import recipe_of
    from pipeline.root import Root
    from pipeline.status import read_run, read_status

    folder = Root(root)
    found = read_status(folder)
    expect(found, folder, lambda: recipe_of(read_run(folder)))
    if as_json:
        typer.echo(json.dumps(found, indent=1))
        return
    typer.echo(f"{found['recipe']}, run {found['run']}")
    width = max(len(step["name"]) for step in found["steps"])
    for step in found["steps"]:
        line = f"  {step['name']:<{width}} {step['state']:<8}"
        if step["state"] != "waits":
            tally = step["tally"]
            dropped = tally["made"] - tally["kept"]
            line += f" {tally['rows_in']:>8,} in {tally['kept']:>8,} kept {dropped:>7,} rejected"
            reasons = sorted(tally["rejected"].items(), key=lambda item: -item[1])
            line += "  " + ", ".join(f"{reason} {count:,}" for reason, count in reasons)
        if "expected" in step and step["state"] != "done" and step["expected"]["requests"]:
            line += f"  of about {step['expected']['requests']:,.0f} requests"
        typer.echo(line.rstrip())
    typer.echo(f"  {found['to_go']}")


@app.command()
@_exits
def show(
    step: StepName,
    root: RunRoot = LAST_ROOT,
    rejects: Annotated[
        bool, typer.Option("--rejects", help="What was dropped, with reason, got and limit.")
    ] = False,
    n: Annotated[int, typer.Option("-n", min=1, help="How many rows.")] = 10,
) -> None:
    """Rows that a step kept, or rejected, as JSON lines."""
    from pipeline.root import Root
    from pipeline.status import rows_of

    for row in rows_of(Root(root), step, rejects, n):
        typer.echo(json.dumps(row, ensure_ascii=False))


@app.command()
@_exits
def gc(
    root: RunRoot = LAST_ROOT,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
) -> None:
    """Remove what the last run does not use, after showing it: other steps, replies to other requests."""
    from pipeline.recipes import recipe_of
    from pipeline.root import Root
    from pipeline.status import read_run
    from pipeline.sweep import find_leftovers, remove

    folder = Root(root)
    recipe = recipe_of(read_run(folder))
    with folder.locked(wants_room=False):
        leftovers = find_leftovers(folder, recipe)
        typer.echo(str(leftovers))
        if not leftovers.folders and not leftovers.n_replies:
            return
        if yes or (sys.stdin.isatty() and typer.confirm("Remove them? What is missed later is paid again.")):
            remove(folder, leftovers)
            typer.echo("removed")
        else:
            typer.echo("nothing removed; --yes removes without asking")


@taxonomy_app.command("check")
@_exits
def taxonomy_check(
    file: Annotated[Path, typer.Argument(help="A taxonomy file, or the name of a packaged one.")] = Path(
        "knowledge"
    ),
) -> None:
    """Validate a taxonomy file and list its nodes with their ids."""
    from pipeline.taxonomy import find_taxonomy, load_taxonomy

    taxonomy = load_taxonomy(find_taxonomy(file))
    for path, place in taxonomy.places():
        typer.echo(f"{'  ' * (len(path) - 1)}{place.name}  [{place.id}]")
    n_leaves = sum(1 for _ in taxonomy.leaves())
    typer.echo(f"{len(taxonomy.fields)} fields, {n_leaves} disciplines: valid")


@taxonomy_app.command("propose")
@_exits
def taxonomy_propose(
    file: Annotated[Path, typer.Argument(help="The taxonomy to add to.")] = Path("knowledge"),
    review: Annotated[Path, typer.Option(help="The review file to write.")] = Path("taxonomy-review.yaml"),
    under: Annotated[str | None, typer.Option(help="Expand only the node with this id.")] = None,
    config: Config = "laptop",
    overrides: Overrides = None,
    root: RootFolder = None,
    endpoint: Endpoint = None,
    model: ModelName = None,
) -> None:
    """Ask the model, in differently worded prompts, what is missing, and write a file to vote in."""
    from pipeline.review import write_review
    from pipeline.taxonomy import find_taxonomy, load_taxonomy

    path = find_taxonomy(file)
    load_taxonomy(path)
    extra = [f"nodes.path={path}", *([f"nodes.under={under}"] if under else []), *(overrides or [])]
    run("propose", config, extra, root, endpoint=endpoint, model=model)
    n_proposed = write_review(_root("propose", root), path, review)
    typer.echo(
        f"{review}: {n_proposed} proposed; vote in it, then `academe taxonomy merge {review} --out FILE`"
    )


@taxonomy_app.command("merge")
@_exits
def taxonomy_merge(
    review: Annotated[Path, typer.Argument(help="The review file with votes.")],
    out: Annotated[Path, typer.Option(help="The taxonomy file to write.")],
) -> None:
    """Apply the majority of the votes; refuses a result that is not a valid taxonomy."""
    from pipeline.review import merge_review

    added, removed = merge_review(review, out)
    typer.echo(f"{out}: {added} added, {removed} removed")


def _root(recipe: str, root: str | None) -> "Root":
    from pipeline.root import Root

    return Root(root if root is not None else f"runs/{recipe}")


def _recipe(
    name: str, config: str, overrides: list[str] | None, endpoint: str | None, model: str | None
) -> "Recipe":
    from pipeline.recipes import load_recipe, main_model

    asked = _endpoint_overrides(main_model(name), endpoint, model) if endpoint or model else []
    return load_recipe(name, config, [*asked, *(overrides or [])], os.environ)


def _docs(docs: list[str] | None) -> list[str]:
    return [f"files.paths={json.dumps(docs)}"] if docs else []


def _endpoint_overrides(key: str, endpoint: str | None, model: str | None) -> list[str]:
    if endpoint is None or model is None:
        raise typer.BadParameter("--endpoint and --model go together")
    spec = {"name": model, "serve": "endpoint", "url": endpoint}
    return [f"{key}={json.dumps(spec)}"]


def _print_plan(recipe: "Recipe", root: "Root", like: str | None = None) -> None:
    from pipeline.plan import plan_lines
    from pipeline.root import Root
    from pipeline.status import tallies_of

    for line in plan_lines(recipe, root, tallies_of(Root(like)) if like is not None else None):
        typer.echo(line)


if __name__ == "__main__":
    sys.argv[0] = "academe"
    app()
