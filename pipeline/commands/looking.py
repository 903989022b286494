"""Commands that look at a root, and one that tidies it up."""

import dataclasses
import json
import sys
from typing import Annotated

import typer

from pipeline.commands.options import LAST_ROOT, RunRoot, exits, say_summary

WIDE = 200  # columns


@exits
def status(
    root: RunRoot = LAST_ROOT,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Draw it anew until the run ends.")] = False,
) -> None:
    """How far a run is, and what is to go: what the run itself shows, in another terminal or after it."""
    from rich.console import Console

    from pipeline.inspection.plan import expect
    from pipeline.inspection.progress import DONE
    from pipeline.inspection.status import Follower, ending, progress_of, read_run, read_status
    from pipeline.inspection.view import drawn, watched
    from pipeline.recipes import recipe_of
    from pipeline.storage.root import Root

    if watch and as_json:
        raise typer.BadParameter("--watch draws for people; with --json look again and again")
    folder = Root(root)
    found = read_status(folder)
    if watch:
        followed = watched(Console(), Follower(folder).look)
        for line in ending(folder, found["recipe"], followed):
            typer.echo(line)
        return
    expect(found, folder, lambda: recipe_of(read_run(folder)))
    progress = progress_of(folder, found)
    if as_json:
        found["ended"] = {"why": progress.ended, "at": progress.now} if progress.is_over else None
        found["stored"] = dataclasses.asdict(progress.stored) if progress.stored is not None else None
        typer.echo(json.dumps(found, indent=1))
        return
    console = Console()
    if not console.is_terminal:
        console.width = WIDE  # a pipe cuts nothing off
    typer.echo(f"{found['recipe']}, run {found['run']}")
    console.print(drawn(progress))
    typer.echo(found["to_go"])
    for line in ending(folder, found["recipe"], progress):
        typer.echo(line)
    if progress.ended == DONE:
        say_summary(folder, lambda: recipe_of(read_run(folder)))


@exits
def show(
    step: Annotated[str | None, typer.Argument(help="A step's name: see `academe status`.")] = None,
    root: RunRoot = LAST_ROOT,
    rejects: Annotated[
        bool, typer.Option("--rejects", help="What was dropped, with reason, got and limit.")
    ] = False,
    name: Annotated[
        str | None, typer.Option("--id", help="One row: all it was made of, and what the model was asked.")
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="How many rows.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines, every field.")] = False,
) -> None:
    """Rows that a step kept, or rejected; or the lineage of one row."""
    from pipeline.inspection.readable import reject_lines, row_lines
    from pipeline.inspection.status import rows_of
    from pipeline.storage.root import Root

    if (step is None) == (name is None):
        raise typer.BadParameter("name a step, or a row with --id; not both")
    if rejects and step is None:
        raise typer.BadParameter("--rejects are those of a step: name one instead of --id")
    if step is None:
        _show_lineage(root, str(name), as_json)
        return
    row = None
    for row in rows_of(Root(root), step, rejects, n):
        if as_json:
            typer.echo(json.dumps(row, ensure_ascii=False))
        else:
            typer.echo("\n".join(reject_lines(row) if rejects else row_lines(row)) + "\n")
    if row is None:
        typer.echo(
            f"academe: step {step} {'rejected nothing' if rejects else 'kept no row'} so far", err=True
        )


def _show_lineage(root: str, name: str, as_json: bool) -> None:
    from pipeline.errors import RecipeError
    from pipeline.inspection.lineage import ordered, requests_for, trace
    from pipeline.inspection.readable import link_lines
    from pipeline.inspection.status import read_run
    from pipeline.recipes import recipe_of
    from pipeline.records import as_json as record_as_json
    from pipeline.storage.replies import Replies
    from pipeline.storage.root import Root

    folder = Root(root)
    recipe = recipe_of(read_run(folder))
    found = trace(folder, recipe, [name])
    if name not in found:
        raise RecipeError(f"no row {name} in {root}; `academe show STEP --json` lists rows with their ids")
    replies = Replies(folder.replies)
    try:
        for link in ordered(found, name):
            asked = requests_for(link, found, replies)
            if as_json:
                told = [{"turns": one.turns, "reply": one.reply} for one in asked]
                record = json.loads(record_as_json(link.record))
                line = {"step": link.step.name, "record": record, "asked": told}
                typer.echo(json.dumps(line, ensure_ascii=False))
            else:
                typer.echo("\n".join(link_lines(link, asked)) + "\n")
    finally:
        replies.close()


@exits
def report(
    root: RunRoot = LAST_ROOT,
    against: Annotated[
        str | None, typer.Option(help="Another root: both runs side by side, in report-against.html.")
    ] = None,
) -> None:
    """Write the report of a run anew: report.html, one page that needs nothing else, and report.json."""
    from pipeline.inspection.status import read_run
    from pipeline.recipes import recipe_of
    from pipeline.report import write, write_against
    from pipeline.storage.root import Root

    folder = Root(root)
    recipe = recipe_of(read_run(folder))
    if against is None:
        typer.echo(write(folder, recipe))
        return
    other = Root(against)
    typer.echo(write_against(folder, recipe, other, recipe_of(read_run(other))))


@exits
def gc(
    root: RunRoot = LAST_ROOT,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
) -> None:
    """Remove what the last run does not use, after showing it: other steps, replies to other requests."""
    from pipeline.inspection.status import read_run
    from pipeline.inspection.sweep import find_leftovers, remove
    from pipeline.recipes import recipe_of
    from pipeline.storage.root import Root

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
