"""What a report counts: steps, coverage of the taxonomy, and how values are spread.

Everything is plain data (JSON). Cost: one pass over the rows of two steps.
"""

from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.dag import Step, steps_to
from pipeline.model import ModelSpec
from pipeline.recipe import Recipe
from pipeline.records import CRITERIA, Discipline, Instruction
from pipeline.report.bins import Numbers, counted, edges_of
from pipeline.stage import ModelStage
from pipeline.storage.root import Root
from pipeline.storage.tally import Tally

MAX_NAMES = 40  # bars of a chart
NAMED = {
    "language": "Languages",
    "level": "Levels",
    "task": "Tasks",
    "style": "Styles",
    **{name: f"{name.capitalize()}, by the judge" for name in CRITERIA},
}
MEASURED = {
    "difficulty": "Difficulty",
    "likeness": "Likeness to the original",
    "n_prompt_tokens": "Tokens of the prompt that was answered",
    "n_answer_tokens": "Tokens of the answer",
    "n_tokens": "Tokens of the text",
}
WORDY = {
    "question": "Words of the question",
    "answer": "Words of the answer",
    "text": "Words of the text",
}

Data = dict[str, Any]


def steps(root: Root, recipe: Recipe, spans: dict[str, float]) -> list[Data]:
    """What each step did and cost; `spans`: the seconds that it took from start to end, by name."""
    found = []
    for step in steps_to(recipe.last):
        state, tally = root.folder(step).progress()
        spec = step.stage.model if isinstance(step.stage, ModelStage) else None
        entry = {
            "name": step.name,
            "stage": type(step.stage).__name__,
            "inputs": [before.name for before in step.inputs],
            "state": state,
            **tally.as_dict(),
            "span_s": round(spans.get(step.name, 0.0), 3),
            "model": spec.name if spec is not None else "",
            "usd": cost(spec, tally, spans.get(step.name, 0.0)),
        }
        found.append(entry)
    return found


def cost(spec: ModelSpec | None, tally: Tally, seconds: float) -> float | None:
    """What a step cost in US dollars; None where its model has no price."""
    if spec is None or spec.price == type(spec.price)():
        return None
    return round(spec.price.of(tally.prompt_tokens, tally.output_tokens, seconds), 6)


def taxonomy(root: Root, recipe: Recipe) -> list[Data]:
    """Every discipline that was asked about: rows that were made for it, and rows of the dataset."""
    all_steps = steps_to(recipe.last)
    leaves = [step for step in all_steps if step.writes is Discipline and not step.inputs]
    makers = (step for step in all_steps if issubclass(step.writes, Instruction))
    drafts = next(makers, None)
    if not leaves or drafts is None:
        return []
    made, kept = _by_discipline(root, drafts), _by_discipline(root, recipe.last)
    return [
        {
            "field": row["field"],
            "subfield": row["subfield"],
            "discipline": row["discipline"],
            "made": made[row["id"]],
            "kept": kept[row["id"]],
        }
        for step in leaves
        for row in root.folder(step).rows()
    ]


def _by_discipline(root: Root, step: Step) -> Counter[str]:
    found = Counter[str]()
    for table in root.folder(step).tables():
        found.update(_counted(table["discipline_id"]))
    return found


class Kept:
    """What is known of the rows of the dataset, column by column: names with counts, or all values."""

    def __init__(self, root: Root, recipe: Recipe) -> None:
        self.names: dict[str, Counter[str]] = defaultdict(Counter)
        values: dict[str, list[Any]] = defaultdict(list)
        for table in root.folder(recipe.last).tables():
            columns = set(table.column_names)
            for column in NAMED.keys() & columns:
                self.names[column].update(_counted(table[column].cast(pa.string())))
            for column in (MEASURED.keys() | set(CRITERIA)) & columns:
                numbers = pc.drop_null(table[column])
                values[column].append(numbers.filter(pc.is_finite(numbers)).to_numpy())
            for column in WORDY.keys() & columns:
                values[column].append(pc.count_substring_regex(table[column], r"\S+").to_numpy())
        self.values = {column: np.concatenate(arrays) for column, arrays in values.items()}


def spreads(kept: Kept) -> list[Data]:
    """How the values of the rows of the dataset are spread: names with counts, or bins."""
    found = []
    for column, title in NAMED.items():
        counts = {name: n for name, n in kept.names[column].items() if name}
        if counts:
            found.append({"title": title, "column": column, **_bars(counts)})
    for column, title in {**WORDY, **MEASURED}.items():
        numbers = kept.values.get(column, np.array([]))
        if len(numbers) and numbers.any():
            edges = edges_of(numbers)
            entry = {"title": title, "column": column, "edges": edges, "counts": counted(numbers, edges)}
            found.append({**entry, **_extent(numbers)})
    return found


def _counted(column: Any) -> dict[str, int]:
    pairs = pc.value_counts(pc.drop_null(column)).to_pylist()
    return {pair["values"]: pair["counts"] for pair in pairs}


def _bars(counts: dict[str, int]) -> Data:
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown, rest = most[:MAX_NAMES], most[MAX_NAMES:]
    if rest:
        shown.append((f"{len(rest)} others", sum(n for _, n in rest)))
    return {"names": [name for name, _ in shown], "counts": [n for _, n in shown]}


def _extent(numbers: Numbers) -> Data:
    known = {"least": numbers.min(), "median": np.median(numbers), "most": numbers.max()}
    return {name: round(float(value), 4) for name, value in known.items()}
