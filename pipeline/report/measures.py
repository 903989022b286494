"""What filters measured, beside their limits."""

import json
from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.dag import Step, steps_to
from pipeline.recipe import Recipe
from pipeline.report.bins import counted, edges_of
from pipeline.root import Root
from pipeline.stage import FilterStage
from pipeline.store import from_table

N_MEASURED = 2_000  # rows that a filter kept
PARTS_MEASURED = 40  # that they are from

Data = dict[str, Any]


def measures(root: Root, recipe: Recipe) -> list[Data]:
    """What filters measured of the rows that they dropped, with the limit, by step and reason; and the same
    of the rows that they kept, of which a sample is measured again.
    """
    found = []
    for step in steps_to(recipe.last):
        stayed, dropped = _Measured(), _Measured()
        scale = _measure_kept(root, step, step.stage, stayed) if isinstance(step.stage, FilterStage) else 1
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
        self.values[reason].append(got)
        self.limits[reason].add(limit)


def _measure_kept(root: Root, step: Step, stage: FilterStage, measured: _Measured) -> float:
    """Measures N_MEASURED of the rows that the step kept, or fewer, or all: evenly from parts that are evenly
    apart. Returns how many rows each stands for.
    """
    n_kept, n_seen = root.folder(step).progress()[1].kept, 0
    parts = None if n_kept <= N_MEASURED else PARTS_MEASURED
    for table in root.folder(step).tables(most=parts):
        n = len(table) if parts is None else min(len(table), N_MEASURED // parts)
        places = np.linspace(0, len(table), n, endpoint=False).astype(np.int64)
        for record in from_table(table.take(pa.array(places)), step.writes):
            n_seen += 1
            for measure in stage.measures(record):
                measured.add(measure.reason, measure.got, measure.limit)
    return n_kept / max(1, n_seen)


def _number(text: str | None) -> float | None:
    try:
        value = json.loads(text or "null")
    except ValueError:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None
