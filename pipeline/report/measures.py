"""What filters measured, beside their limits."""

import itertools
import json
import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.dag import Step, steps_to
from pipeline.recipe import Recipe
from pipeline.report.bins import counted, edges_of
from pipeline.stage import DatasetStage, FilterStage, Measure
from pipeline.storage.root import Root
from pipeline.storage.store import from_table, schema_of

N_MEASURED = 2_000  # rows that a filter kept
N_COMPARED = 8_000  # the same of one that compares rows with one another
PARTS_DRAWN = 40  # that they are from

Data = dict[str, Any]


def measures(root: Root, recipe: Recipe) -> list[Data]:
    """What filters measured of the rows that they dropped, with the limit, by step and reason; and the same
    of the rows that they kept, of which a sample is measured again.
    """
    found = []
    for step in steps_to(recipe.last):
        stayed, dropped = _Measured(), _Measured()
        scale = _measure_kept(root, step, stayed)
        for table in root.folder(step).tables("rejects"):
            columns = (table[name].to_pylist() for name in ("reason", "got", "limit"))
            for reason, value, limit in zip(*columns, strict=True):
                number, bound = _number(value), _number(limit)
                if number is not None and bound is not None:
                    dropped.add(reason, number, bound)
        for reason in dict.fromkeys([*stayed.values, *sorted(dropped.values)]):
            went, kept = np.array(dropped.values[reason]), np.array(stayed.values[reason])
            edges = edges_of(went, kept)
            entry = {
                "step": step.name,
                "reason": reason,
                "limits": sorted(dropped.limits[reason] | stayed.limits[reason]),
                "n": len(went),
                "n_measured": len(kept),
                "edges": edges,
                "counts": counted(went, edges),
                "kept": [round(n * scale) for n in counted(kept, edges)] if len(kept) else [],
            }
            found.append(entry)
    return found


class _Measured:
    """Values and limits, by reason."""

    def __init__(self) -> None:
        self.values: dict[str, list[float]] = defaultdict(list)
        self.limits: dict[str, set[float]] = defaultdict(set)

    def add(self, reason: str, got: float, limit: float) -> None:
        """Numbers that are not finite have no place beside others, and are left out."""
        if not (math.isfinite(got) and math.isfinite(limit)):
            return
        self.values[reason].append(got)
        self.limits[reason].add(limit)


def _measure_kept(root: Root, step: Step, measured: _Measured) -> float:
    """Measures some of the rows that a filter kept, or all. Returns how many rows each stands for."""
    stage = step.stage
    found: Iterable[Measure]
    if isinstance(stage, FilterStage):
        n_kept, rows = _drawn(root, step, N_MEASURED)
        found = itertools.chain.from_iterable(map(stage.measures, from_table(rows, step.writes)))
    elif isinstance(stage, DatasetStage):
        n_kept, rows = _drawn(root, step, N_COMPARED)
        found = stage.measures(rows)
    else:
        return 1
    for measure in found:
        measured.add(measure.reason, measure.got, measure.limit)
    return n_kept / max(1, len(rows))


def _drawn(root: Root, step: Step, n: int) -> tuple[int, pa.Table]:
    """How many rows the step kept, and at most `n` of them: the first ones of parts that are evenly apart,
    since those of a part are about one thing and can be near one another.
    """
    folder = root.folder(step)
    n_kept = folder.progress()[1].kept
    parts = None if n_kept <= n else PARTS_DRAWN
    tables = [
        table if parts is None else table.take(pa.array(range(min(len(table), n // parts))))  # a copy
        for table in folder.tables(most=parts)
    ]
    return n_kept, pa.concat_tables(tables) if tables else schema_of(step.writes).empty_table()


def _number(text: str | None) -> float | None:
    try:
        value = json.loads(text or "null")
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return float(value) if is_number else None
    except (ValueError, OverflowError):  # more digits than a number of the machine has
        return None
