"""What a run dropped because a benchmark has it, as its steps' rejects tell."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from pipeline.dag import steps_to
from pipeline.recipe import Recipe
from pipeline.storage.root import Root

REASON = "contaminated"


def benchmarks_of(recipe: Recipe) -> list[str]:
    """The names of the benchmark files that rows are compared with, sorted."""
    steps = steps_to(recipe.last)
    return sorted({path.name for step in steps for path in getattr(step.stage, "benchmarks", ())})


def contaminated(root: Root, recipe: Recipe) -> Iterator[dict[str, Any]]:
    """Each row that was dropped: the item of which benchmark, the row's id and step, and the share of the
    item that the row has, 0..1. No words: they are the benchmark's, and what is listed here is published.
    """
    for step in steps_to(recipe.last):
        if not getattr(step.stage, "benchmarks", ()):
            continue
        for reject in root.folder(step).rows("rejects"):
            if reject["reason"] == REASON:
                benchmark, _, item = reject["twin"].rpartition(":")
                found = {"benchmark": benchmark, "item": int(item), "step": step.name}
                share = json.loads(reject["got"])["share"]
                yield {**found, "id": json.loads(reject["record"])["id"], "share": share}


def counts(root: Root, recipe: Recipe) -> list[tuple[str, int, int]]:
    """Of each benchmark how many of its items were met, and how many rows went."""
    items: set[tuple[str, int]] = set()
    rows = Counter[str]()
    for row in contaminated(root, recipe):
        items.add((row["benchmark"], row["item"]))
        rows[row["benchmark"]] += 1
    met = Counter(benchmark for benchmark, _ in items)
    names = sorted({*benchmarks_of(recipe), *rows})  # a step keeps the name that a file had when it ran
    return [(name, met[name], rows[name]) for name in names]
