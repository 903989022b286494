"""Where records come from: what they were made of, step by step, and what a model was asked for them.

Records name their parents by id, and keep their id while steps add to them. What was asked is found by
mapping the parent again with the stored replies, and sends nothing. Cost: for each generation one pass over
what the steps that make records have left, and the CPU of mapping.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.dag import Step, model_of, steps_to
from pipeline.inspection.rehearse import Rehearsal, Store
from pipeline.recipe import Recipe
from pipeline.stage import MapStage, ModelStage, SourceStage
from pipeline.storage.root import Root
from pipeline.storage.store import from_table

PARENTS = ("rephrased_from", "parent_id", "subject_id", "discipline_id")  # the nearest first
TEXTS = ("answer", "question", "text", "subject")  # of a record, the one that its reply holds


@dataclass(frozen=True)
class Link:
    """A record, and a step that made it or added to it."""

    step: Step
    record: Any  # of the type that the step writes


@dataclass(frozen=True)
class Request:
    """What a model was asked, and what it said."""

    turns: list[dict[str, str]]  # role and content
    reply: str


def trace(root: Root, recipe: Recipe, names: Collection[str]) -> dict[str, list[Link]]:
    """The records with those ids and all that they were made of: for each id what steps made of it, the first
    of them first. Memory: what is found, and a part.
    """
    found: dict[str, list[Link]] = {}
    wanted = set(names)
    while wanted:
        links = _generation(root, recipe, wanted)
        for link in links:
            found.setdefault(link.record.id, []).append(link)
        wanted = {name for link in links for name in parents_of(link.record)} - found.keys()
    return found


def _generation(root: Root, recipe: Recipe, wanted: Collection[str]) -> list[Link]:
    ids = pa.array(sorted(wanted), pa.string())
    return [
        Link(step, record)
        for step in steps_to(recipe.last)
        if isinstance(step.stage, SourceStage | ModelStage | MapStage)
        for table in root.folder(step).tables()
        for record in from_table(table.filter(pc.is_in(table["id"], value_set=ids)), step.writes)
    ]


def parents_of(record: Any) -> list[str]:
    """The ids of what the record was made of, the nearest first."""
    named = (getattr(record, name, "") for name in PARENTS)
    return [name for name in named if name]


def ordered(found: dict[str, list[Link]], name: str) -> list[Link]:
    """The lineage of one record, itself first, its source last."""
    links: list[Link] = []
    while name in found:
        own = found[name]
        links += reversed(own)
        name = next(
            (parent for parent in parents_of(own[0].record) if parent in found and parent != name), ""
        )
    return links


def requests_for(link: Link, found: dict[str, list[Link]], replies: Store) -> list[Request]:
    """What was asked for the record in its step: of the requests for its parent those whose reply holds it,
    or all where none does; none where no model was asked.
    """
    stage = link.step.stage
    if not isinstance(stage, ModelStage):
        return []
    rehearsal = Rehearsal(replies, keeps_turns=True)
    rehearsal.map(stage, model_of(link.step), _sources(link, found))
    asked = [
        Request(one.turns, one.reply.text) for one in rehearsal.asked if one.turns and one.reply is not None
    ]
    said = next((getattr(link.record, name) for name in TEXTS if getattr(link.record, name, "")), "")
    return [one for one in asked if said and said in _plain(one.reply)] or asked


def _sources(link: Link, found: dict[str, list[Link]]) -> Sequence[Any]:
    """What the step got: the record as it was before, or its nearest parent."""
    own = found[link.record.id]
    before = own[: own.index(link)]
    parents = [other for name in parents_of(link.record) for other in found.get(name, ())]
    for other in (*reversed(before), *parents):
        if isinstance(other.record, link.step.stage.reads):
            return [other.record]
    return []


def _plain(reply: str) -> str:
    """A reply without the escapes of JSON."""
    return reply.replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")
