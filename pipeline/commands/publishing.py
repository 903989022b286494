"""The command that publishes a dataset to the Hub."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.options import LAST_ROOT, RunRoot, exits

if TYPE_CHECKING:
    from pipeline.export.publish import Change

MAX_LISTED = 40  # files; of more the first ones


@exits
def publish(
    repository: Annotated[str, typer.Argument(help="The repository: user/name.")],
    root: RunRoot = LAST_ROOT,
    public: Annotated[
        bool, typer.Option("--public", help="Create the repository for everyone to see. [default: private]")
    ] = False,
    config: Annotated[
        str, typer.Option("--config-name", help="The configuration that the dataset is in the repository.")
    ] = "default",
    branch: Annotated[str, typer.Option(help="The branch to commit to; made of main if need be.")] = "main",
    pull_request: Annotated[bool, typer.Option("--pr", help="Open a pull request instead.")] = False,
    dry_run: Annotated[bool, typer.Option(help="List what would be sent, with sizes; send nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Publish a dataset that failed its gates.")] = False,
) -> None:
    """Send the dataset of a run to the Hub: what changed, in one commit. Again sends nothing twice.

    The token is HF_TOKEN, or that of `hf auth login`.
    """
    from pipeline.export.hub import open_hub  # first of all: it settles how the library sends
    from pipeline.export.publish import Destination, preview
    from pipeline.export.publish import publish as send
    from pipeline.inspection.status import read_run
    from pipeline.recipes import recipe_of
    from pipeline.storage.root import Root

    folder = Root(root)
    run = read_run(folder)
    to = Destination(repository, config, branch, pull_request, public)
    hub = open_hub(lambda line: typer.echo(f"academe: {line}", err=True), to_look=dry_run)
    with folder.locked(wants_room=False):  # so that no run writes another dataset meanwhile
        if dry_run:
            _list(preview(folder, recipe_of(run), run["run"], to, hub, force=force), "would be sent")
            return
        outcome = send(folder, recipe_of(run), run["run"], to, hub, force=force)
    if not outcome.commits:
        typer.echo(f"{outcome.address} has all of it already, as {run['run']}")
        return
    _list(outcome.changes, f"sent in {outcome.commits} commit{'s' if outcome.commits > 1 else ''}")
    typer.echo(f"{outcome.address}" + ("" if pull_request else f", tagged {run['run']}"))


def _list(changes: "list[Change]", what: str) -> None:
    for change in changes[:MAX_LISTED]:
        size = "" if change.state == "removed" else _size(change.size)
        typer.echo(f"  {change.state:<8} {size:>9}  {change.path}")
    if len(changes) > MAX_LISTED:
        typer.echo(f"  and {len(changes) - MAX_LISTED:,} more")
    sent = [change for change in changes if change.state != "removed"]
    n_removed = len(changes) - len(sent)
    line = f"{len(sent):,} files, {_size(sum(change.size for change in sent))}, {what}"
    typer.echo(line + (f"; {n_removed:,} removed" if n_removed else ""))


def _size(n_bytes: float) -> str:
    for unit in ("B", "kB", "MB"):
        if n_bytes < 1_000:
            return f"{n_bytes:,.0f} {unit}" if unit == "B" else f"{n_bytes:,.1f} {unit}"
        n_bytes /= 1_000
    return f"{n_bytes:,.1f} GB"
