"""Rows for a report to show: kept and rejected with their lineage, duplicates beside their twins, clusters.

Rows are drawn by their ids, which are hashes, evenly over steps and reasons. Texts are cut at MAX_CHARS.
Memory: what is drawn, and a part.
"""

import heapq
import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from operator import itemgetter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.dag import Step, steps_to
from pipeline.inspection.lineage import Link, ordered, parents_of, requests_for, trace
from pipeline.inspection.rehearse import Store
from pipeline.recipe import Recipe
from pipeline.records import PLACEHOLDER, Instruction
from pipeline.stage import DatasetStage
from pipeline.storage.root import Root
from pipeline.storage.store import from_table

MAX_CHARS = 1_500  # of a text
N_KEPT = 1_200
N_REJECTED = 1_200
N_PAIRS = 40  # of each reason
N_ASKED = 150  # rows whose prompts and replies are shown, kept and rejected alike
HIDDEN = ("embedding", "original", "passage")  # of a record: long, or shown where it stands

Data = dict[str, Any]


def rows(root: Root, recipe: Recipe, replies: Store) -> Data:
    """Kept and rejected rows, `ancestors` by id, and what was asked for some of them."""
    kept = [_shown(record, recipe.last.name) for record in _drawn(root, recipe.last, N_KEPT)]
    rejected = _rejects(root, recipe)
    found = trace(root, recipe, [row["id"] for row in (*kept, *rejected)])
    asked = {}
    for row in (*kept[: N_ASKED // 2], *rejected[: N_ASKED // 2]):
        links = ordered(found, row["id"])
        asked[row["id"]] = [entry for link in links for entry in _asked(link, found, replies)]
    # A reject stands under the id of what it would have been made of, which may be an ancestor of others.
    above = {name for links in found.values() for link in links for name in parents_of(link.record)}
    shown = {row["id"] for row in kept} | ({row["id"] for row in rejected} - above)
    return {
        "rows": [*kept, *rejected],
        "ancestors": {
            name: _shown(links[0].record, links[0].step.name)
            for name, links in found.items()
            if name not in shown
        },
        "asked": asked,
        "n_kept": root.folder(recipe.last).progress()[1].kept,
        "n_rejected": sum(root.folder(step).progress()[1].n_rejected for step in steps_to(recipe.last)),
    }


def _asked(link: Link, found: dict[str, list[Link]], replies: Store) -> Iterable[Data]:
    for request in requests_for(link, found, replies)[:2]:
        turns = [{name: _cut(text) for name, text in turn.items()} for turn in request.turns]
        yield {"step": link.step.name, "turns": turns, "reply": _cut(request.reply)}


def _shown(record: Any, step: str) -> Data:
    """The fields of a record that say something."""
    fields = {name: getattr(record, name) for name in type(record).__dataclass_fields__}
    if isinstance(record, Instruction) and record.passage:
        fields["question"] = record.question.replace(PLACEHOLDER, _cut(record.passage))
    return {"step": step, **_fields(fields)}


def _fields(fields: Data) -> Data:
    told = {name: value for name, value in fields.items() if name not in HIDDEN}
    return {name: _cut(value) for name, value in told.items() if value not in ("", None, (), [])}


def _cut(value: Any) -> Any:
    if isinstance(value, str) and len(value) > MAX_CHARS:
        return f"{value[:MAX_CHARS]} [... {len(value) - MAX_CHARS:,} characters more]"
    if isinstance(value, list | tuple):
        return [_cut(item) for item in value]
    return value


def _drawn(root: Root, step: Step, n: int) -> list[Any]:
    """The records with the `n` smallest ids."""
    best: pa.Table | None = None
    for table in root.folder(step).tables():
        best = table if best is None else pa.concat_tables([best, table])
        best = best.take(pc.select_k_unstable(best, k=min(n, len(best)), sort_keys=[("id", "ascending")]))
    return [] if best is None else sorted(from_table(best, step.writes), key=lambda record: record.id)


def _rejects(root: Root, recipe: Recipe) -> list[Data]:
    """As many of each step and reason, up to N_REJECTED together."""
    steps = steps_to(recipe.last)
    kinds = sum(len(root.folder(step).progress()[1].rejected) for step in steps)
    each = max(5, N_REJECTED // max(1, kinds))
    found = []
    for step in steps:
        for reason, entries in _by_reason(root, step, each).items():
            for entry in entries:
                record = _fields(json.loads(entry["record"]))
                row = {**record, "id": record.get("id", entry["id"]), "step": step.name, "reason": reason}
                told = {name: _cut(_decoded(entry[name])) for name in ("got", "limit") if entry[name]}
                found.append(row | told | ({"twin": entry["twin"]} if entry["twin"] else {}))
    return found


def _by_reason(root: Root, step: Step, n: int) -> dict[str, list[Data]]:
    best: dict[str, list[Data]] = defaultdict(list)
    for table in root.folder(step).tables("rejects"):
        for reason in pc.unique(table["reason"]).to_pylist():
            rows = table.filter(pc.equal(table["reason"], reason)).sort_by("id").slice(0, n).to_pylist()
            best[reason] = heapq.nsmallest(n, [*best[reason], *rows], key=itemgetter("id"))
    return dict(sorted(best.items()))


def _decoded(text: str) -> Any:
    """What was measured, or the limit, which are kept as JSON; a number of too many digits as text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def duplicates(root: Root, recipe: Recipe) -> list[Data]:
    """Rows that went for a twin, each beside it, by step and reason."""
    found = []
    for step in steps_to(recipe.last):
        if not isinstance(step.stage, DatasetStage):
            continue
        drawn = {
            reason: [entry for entry in entries if entry["twin"]]
            for reason, entries in _by_reason(root, step, N_PAIRS).items()
        }
        twins = _by_id(root, step, {entry["twin"] for entries in drawn.values() for entry in entries})
        for reason, entries in drawn.items():
            for entry in entries:
                twin = twins.get(entry["twin"])
                told = {"step": step.name, "reason": reason, "got": _decoded(entry["got"] or "null")}
                record = _fields(json.loads(entry["record"]))
                found.append({**told, "row": record, "twin": twin or {"id": entry["twin"]}})
    return found


def clusters(root: Root, recipe: Recipe) -> list[Data]:
    """What the steps that prune by clusters told, with the texts of members in place of their ids."""
    found = []
    for step in steps_to(recipe.last):
        path = root.folder(step).path / "report.json"
        told = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        groups = told.get("clusters", [])
        if not isinstance(groups, list):  # of another stage: how many there were
            continue
        names = {name for group in groups for key in ("typical", "strangest") for name in group[key]}
        texts = {
            name: fields for before in step.inputs for name, fields in _by_id(root, before, names).items()
        }
        for group in groups:
            members = {
                key: [texts[name] for name in group[key] if name in texts] for key in ("typical", "strangest")
            }
            found.append({"step": step.name, **group, **members})
    return found


def _by_id(root: Root, step: Step, names: Collection[str]) -> dict[str, Data]:
    """Those of the step's records, by id."""
    wanted = pa.array(sorted(names), pa.string())
    found = {}
    for table in root.folder(step).tables() if names else ():
        rows = table.filter(pc.is_in(table["id"], value_set=wanted))
        found.update({record.id: _shown(record, step.name) for record in from_table(rows, step.writes)})
    return found
