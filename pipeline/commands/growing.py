"""Commands on a taxonomy: check it, let a model propose additions, merge the votes on them."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.options import Config, Endpoint, ModelName, Overrides, RootFolder, exits, root_of
from pipeline.commands.running import run

app = typer.Typer(
    help="Check a taxonomy, let a model propose additions, merge the votes on them.", no_args_is_help=True
)


@app.command("check")
@exits
def taxonomy_check(
    file: Annotated[Path, typer.Argument(help="A taxonomy file, or the name of a packaged one.")] = Path(
        "knowledge"
    ),
) -> None:
    """Validate a taxonomy file and list its nodes with their ids."""
    from pipeline.taxonomy.taxonomy import find_taxonomy, load_taxonomy

    taxonomy = load_taxonomy(find_taxonomy(file))
    for path, place in taxonomy.places():
        typer.echo(f"{'  ' * (len(path) - 1)}{place.name}  [{place.id}]")
    n_leaves = sum(1 for _ in taxonomy.leaves())
    typer.echo(f"{len(taxonomy.fields)} fields, {n_leaves} disciplines: valid")


@app.command("propose")
@exits
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
    from pipeline.taxonomy.review import check_free, write_review
    from pipeline.taxonomy.taxonomy import find_taxonomy, load_taxonomy

    check_free(review)  # before anything is asked
    path = find_taxonomy(file)
    load_taxonomy(path)
    extra = [f"nodes.path={path}", *([f"nodes.under={under}"] if under else []), *(overrides or [])]
    run("propose", config, extra, root, endpoint=endpoint, model=model)
    n_proposed = write_review(root_of("propose", root), path, review)
    typer.echo(
        f"{review}: {n_proposed} proposed; vote in it, then `academe taxonomy merge {review} --out FILE`"
    )


@app.command("merge")
@exits
def taxonomy_merge(
    review: Annotated[Path, typer.Argument(help="The review file with votes.")],
    out: Annotated[Path, typer.Option(help="The taxonomy file to write.")],
    seen: Annotated[
        int | None,
        typer.Option(min=1, help="Keep proposed nodes without votes that at least so many prompts named."),
    ] = None,
) -> None:
    """Apply the majority of the votes; refuses a result that is not a valid taxonomy."""
    from pipeline.taxonomy.review import merge_review

    added, removed = merge_review(review, out, seen)
    typer.echo(f"{out}: {added} added, {removed} removed")
