"""The file in which people vote on a taxonomy's nodes, and what the majority makes of it.

A node that was there stays unless more say remove than keep; a proposed one comes in when more say keep than
remove, or, without a vote, when enough prompts named it. Removing a node removes what is below it.
"""

import re
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import RecipeError
from pipeline.inspection.status import last_step_rows
from pipeline.io import plain_yaml
from pipeline.io.files import write_text
from pipeline.storage.root import Root
from pipeline.taxonomy.taxonomy import DEPTH, Description, Id, Name, Place, Taxonomy, check, load_taxonomy
from pipeline.text.text import one_line

HEADER = """\
# Vote on each node by adding a line under it, e.g.  votes: {ann: keep, bob: remove}
# Existing nodes stay unless more say remove than keep; proposed ones come in when more say keep than remove.
# Removing a node removes what is below it. Then: academe taxonomy merge THIS_FILE --out NEW_TAXONOMY.yaml
"""


class ReviewNode(BaseModel):
    """One node to vote on."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    path: list[Name] = Field(min_length=1, max_length=DEPTH)
    id: Id
    description: Description
    proposals: int = 0  # prompts that named it; 0: it was there before
    votes: dict[str, Literal["keep", "remove"]] = Field(default_factory=dict)

    def stays(self, seen: int | None) -> bool:
        """By the votes; without any, a proposed one by the number of prompts that named it."""
        if self.proposals and not self.votes:
            return seen is not None and self.proposals >= seen
        keeps = sum(vote == "keep" for vote in self.votes.values())
        removes = len(self.votes) - keeps
        return keeps > removes if self.proposals else keeps >= removes


class Review(BaseModel):
    model_config = ConfigDict(extra="forbid")

    nodes: list[ReviewNode]


def check_free(review: Path) -> None:
    """Raises RecipeError when a file is there already, which may hold votes, or a folder."""
    if review.exists():
        raise RecipeError(
            f"{review} is there already and may hold votes; merge it, move it, or name another --review"
        )


def write_review(root: Root, taxonomy: Path, review: Path) -> int:
    """Writes all nodes, existing and proposed by the run in `root`, parents first; returns how many are
    proposed.

    Raises RecipeError when the file is there already: it may hold votes.
    """
    check_free(review)
    nodes = [
        ReviewNode(path=list(path), id=place.id, description=place.description)
        for path, place in load_taxonomy(taxonomy).places()
    ]
    taken = {node.id for node in nodes}
    proposed = []
    for row in last_step_rows(root):
        path, description = [one_line(name) for name in row["path"]], one_line(row["description"])
        node_id = _fresh_id(path[-1], taken)
        if node_id is not None:
            proposed.append(
                ReviewNode(path=path, id=node_id, description=description, proposals=row["proposals"])
            )
    data = {"nodes": [node.model_dump(exclude={"votes"}) for node in [*nodes, *proposed]]}
    write_text(HEADER + yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120), review)
    return len(proposed)


def merge_review(review: Path, out: Path, seen: int | None = None) -> tuple[int, int]:
    """Applies the votes and writes the taxonomy; returns (added, removed) nodes. `seen`: a proposed node
    that nobody has voted on comes in when at least so many prompts named it. Raises RecipeError, writing
    nothing.
    """
    try:
        parsed = Review.model_validate(plain_yaml.read(review))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "the file"
        raise RecipeError(
            f"{review}, {where}: {fault['msg']}, got {str(fault['input'])[:200]!r}; a review is what "
            "`academe taxonomy propose` writes, with a line of votes under its nodes"
        ) from error
    kept: dict[tuple[str, ...], ReviewNode] = {}
    paths = {tuple(node.path) for node in parsed.nodes}
    for node in sorted(parsed.nodes, key=lambda node: len(node.path)):
        path = tuple(node.path)
        if len(path) > 1 and path[:-1] not in paths:
            raise RecipeError(
                f"{review}: '{' > '.join(path)}' has no parent: no node has the path "
                f"{list(path[:-1])}; mend its path, or add the parent"
            )
        if node.stays(seen) and (len(path) == 1 or path[:-1] in kept):
            if path in kept:
                raise RecipeError(f"{review}: '{' > '.join(path)}' is kept twice; remove one of them")
            kept[path] = node
    data = _nested(kept)
    try:
        taxonomy = Taxonomy.model_validate(data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise RecipeError(
            f"{review}: after the votes, {where}: {fault['msg']}; a kept node needs a kept child"
        ) from error
    check(taxonomy, str(review))
    write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120), out)
    before = sum(node.proposals == 0 for node in parsed.nodes)
    stayed = sum(node.proposals == 0 for node in kept.values())
    return len(kept) - stayed, before - stayed


def _nested(kept: dict[tuple[str, ...], ReviewNode]) -> dict[str, Any]:
    below: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for path in kept:
        below.setdefault(path[:-1], []).append(path)

    def place(path: tuple[str, ...]) -> dict[str, Any]:
        node = kept[path]
        data: dict[str, Any] = Place(id=node.id, name=path[-1], description=node.description).model_dump()
        if len(path) < DEPTH:
            key = ("subfields", "disciplines")[len(path) - 1]
            data[key] = [place(child) for child in below.get(path, ())]
        return data

    return {"fields": [place(path) for path in below.get((), ())]}


def _fresh_id(name: str, taken: set[str]) -> str | None:
    """A readable id that nothing has, or None for a name without a letter or digit of ASCII."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:60].strip("-")
    if not slug:
        return None
    number, found = 1, slug
    while found in taken:
        number += 1
        found = f"{slug}-{number}"
    taken.add(found)
    return found
