"""Commands that look at a root, and one that tidies it up."""

import json
import sys
from typing import Annotated

import typer

from pipeline.commands.options import LAST_ROOT, RunRoot, StepName, exits


@exits
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


@exits
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


@exits
def report(
    root: RunRoot = LAST_ROOT,
    against: Annotated[
        str | None, typer.Option(help="Another root: both runs side by side, in report-against.html.")
    ] = None,
) -> None:
    """Write the report of a run anew: report.html, one page that needs nothing else, and report.json."""
    from pipeline.recipes import recipe_of
    from pipeline.report import write, write_against
    from pipeline.root import Root
    from pipeline.status import read_run

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
