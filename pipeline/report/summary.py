"""What a run came to, in a dozen lines: for the end of the run, and for `academe status` after it.

Cost: the manifests, one column of two steps, and the rejects of one step up to the first of a reason.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyarrow.compute as pc

from pipeline.dag import Step, downstream, steps_to
from pipeline.inspection.plan import duration
from pipeline.inspection.readable import excerpt
from pipeline.io.files import is_local
from pipeline.recipe import Recipe
from pipeline.records import PLACEHOLDER, Chunk, Instruction
from pipeline.report import PAGE, numbers
from pipeline.report.times import Times
from pipeline.stage import ModelStage
from pipeline.storage.events import read_events
from pipeline.storage.root import Root
from pipeline.storage.tally import Tally

MAX_NAMED = 8  # disciplines without rows
TEXTS = ("question", "answer", "text", "subject")  # of a reject's record, what is shown of it


def summary_lines(root: Root, recipe: Recipe) -> Iterator[str]:
    """The lines, once the last step of the recipe has ended; nothing before."""
    steps = steps_to(recipe.last)
    if root.folder(recipe.last).manifest() is None:
        return
    tallies = {step.name: root.folder(step).progress()[1] for step in steps}
    kept = tallies[recipe.last.name].kept
    rejects = {step.name: tallies[step.name].rejected for step in _after_drafts(steps)}
    made = kept + sum(sum(reasons.values()) for reasons in rejects.values())
    yield f"{kept:,} rows of {made:,} that were written are kept ({kept / max(1, made):.0%})"
    yield from _without_rows(root, recipe)
    yield from _worst(root, steps, rejects)
    yield _cost(root, steps, tallies)
    if recipe.dataset is None:
        return
    yield f"report: {root.path / PAGE}"
    yield "next:"
    yield f"  academe show {recipe.last.name} --root {root}   # read rows; --rejects: what was dropped"
    if is_local(root.path):
        yield f"  xdg-open {root.path / PAGE}   # the report, in a browser"
    if kept >= recipe.gates.min_rows:
        yield f"  academe publish USER/NAME --root {root}   # to the Hub; --dry-run: what would be sent"


def _after_drafts(steps: list[Step]) -> list[Step]:
    """The steps that judge what was written: after the first that writes questions, or chunks where a recipe
    has none.
    """
    for kind in (Instruction, Chunk):
        makers = [step for step in steps if issubclass(step.writes, kind)]
        if makers:
            reached = downstream(steps, makers[0].name) - {makers[0].name}
            return [step for step in steps if step.name in reached]
    return steps


def _without_rows(root: Root, recipe: Recipe) -> Iterator[str]:
    leaves = numbers.taxonomy(root, recipe)
    empty = [leaf["discipline"] for leaf in leaves if not leaf["kept"]]
    if empty:
        more = f" and {len(empty) - MAX_NAMED} more" if len(empty) > MAX_NAMED else ""
        named = ", ".join(excerpt(name) for name in empty[:MAX_NAMED])
        yield f"without rows: {len(empty)} of {len(leaves)} disciplines: {named}{more}"


def _worst(root: Root, steps: list[Step], rejects: dict[str, dict[str, int]]) -> Iterator[str]:
    """The reason that took the most rows, with one of them."""
    sums = Counter[str]()
    for reasons in rejects.values():
        sums.update(reasons)
    if not sums:
        return
    reason, n = max(sums.items(), key=lambda item: (item[1], item[0]))
    step = max((s for s in steps if s.name in rejects), key=lambda s: rejects[s.name].get(reason, 0))
    yield f"most rows went as {reason}: {n:,} (`academe show {step.name} --rejects --root {root}`)"
    for table in root.folder(step).tables("rejects"):
        for row in table.filter(pc.equal(table["reason"], reason)).slice(0, 1).to_pylist():
            yield f"  for example: {_example(row)}"
            return


def _example(row: dict[str, Any]) -> str:
    record = json.loads(row["record"])
    said = next(
        (record[name] for name in TEXTS if isinstance(record.get(name), str) and record[name]), row["id"]
    )
    told = [f"{name} {excerpt(row[name])}" for name in ("got", "limit") if row[name] not in (None, "null")]
    said = said.replace(PLACEHOLDER, "[its passage]")
    return f"“{excerpt(said)}”" + (f" ({', '.join(told)})" if told else "")


def _cost(root: Root, steps: list[Step], tallies: dict[str, Tally]) -> str:
    whole = Tally()
    for tally in tallies.values():
        whole.add(tally)
    times = Times(read_events(root.events))
    text = f"{whole.requests:,} requests, {whole.prompt_tokens:,} prompt and {whole.output_tokens:,} output "
    text += f"tokens, {duration(times.seconds)}"
    costs = [
        numbers.cost(step.stage.model, tallies[step.name], times.spans.get(step.name, 0.0))
        for step in steps
        if isinstance(step.stage, ModelStage)
    ]
    known = [usd for usd in costs if usd is not None]
    return f"{text}, ${sum(known):,.2f}" if known else text
