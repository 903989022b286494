"""What a report counts: steps, coverage of the taxonomy, how values are spread, and the run over time.

Everything is plain data (JSON). Cost: one pass over the rows of two steps and over all rejects.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.dag import Step, steps_to
from pipeline.model import ModelSpec
from pipeline.recipe import Recipe
from pipeline.records import CRITERIA, Discipline, Instruction
from pipeline.root import Root
from pipeline.stage import FilterStage, ModelStage
from pipeline.store import from_table
from pipeline.tally import Tally

BINS = 24
OUTER = 0.005  # share of values at either end that the outer bins take in
MAX_NAMES = 40  # bars of a chart
MAX_POINTS = 240  # in time
N_MEASURED = 2_000  # rows that a filter kept
PARTS_MEASURED = 40  # that they are from
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
    "n_question_tokens": "Tokens of the question as sent",
    "n_answer_tokens": "Tokens of the answer",
    "n_tokens": "Tokens of the text",
}
WORDY = {
    "question": "Words of the question",
    "answer": "Words of the answer",
    "text": "Words of the text",
}

Data = dict[str, Any]
Numbers = NDArray[Any]


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
            "usd": _cost(spec, tally.prompt_tokens, tally.output_tokens, spans.get(step.name, 0.0)),
        }
        found.append(entry)
    return found


def _cost(spec: ModelSpec | None, prompt: int, output: int, seconds: float) -> float | None:
    """None where the model has no price."""
    if spec is None or spec.price == type(spec.price)():
        return None
    return round(spec.price.of(prompt, output, seconds), 6)


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
                values[column].append(pc.drop_null(table[column]).to_numpy())
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
            edges = _edges(numbers)
            entry = {"title": title, "column": column, "edges": edges, "counts": _counts(numbers, edges)}
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


def _edges(*groups: Numbers) -> list[float]:
    """Of bins of one width that hold nearly all of each group; what is far out is in the first and last."""
    ranges = [np.quantile(numbers, (OUTER, 1 - OUTER)) for numbers in groups if len(numbers)]
    low, high = np.min(ranges), np.max(ranges)
    if high > 1 and all(
        (numbers == np.round(numbers)).all() for numbers in groups
    ):  # else shares, all 0 or 1
        width = max(1, -(-int(high - low + 1) // BINS))
        return [float(edge) for edge in np.arange(int(low), int(high) + width + 1, width)]
    return [round(float(edge), 4) for edge in np.linspace(low, high if high > low else low + 1, BINS + 1)]


def _counts(numbers: Numbers, edges: list[float]) -> list[int]:
    counts, _ = np.histogram(np.clip(numbers, edges[0], edges[-1]), edges)
    return [int(count) for count in counts]


def _extent(numbers: Numbers) -> Data:
    known = {"least": numbers.min(), "median": np.median(numbers), "most": numbers.max()}
    return {name: round(float(value), 4) for name, value in known.items()}


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
            edges = _edges(went, kept)
            entry = {
                "step": step.name,
                "reason": reason,
                "limits": sorted(dropped.limits[reason] | stayed.limits[reason]),
                "n": len(went),
                "n_measured": len(kept),
                "edges": edges,
                "counts": _counts(went, edges),
                "kept": [round(n * scale) for n in _counts(kept, edges)] if len(kept) else [],
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
    """Measures about N_MEASURED of the rows that the step kept, or all: evenly from parts that are evenly
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


class Times:
    """The run over time, from its events: runs follow each other without the gaps between them."""

    def __init__(self, events: Iterable[Data]) -> None:
        self.spans: dict[str, float] = {}  # seconds of each step, from start to end
        self._points: list[tuple[float, str, Tally]] = []
        self.prefix_cache: dict[str, dict[str, int]] = {}  # hits and queries of each model's server
        self._seen: dict[str, tuple[int, int]] = {}
        started: dict[str, float] = {}
        for at, event in _joined(events):
            kind, step = event["event"], event.get("step", "")
            if kind == "step_started":
                started[step] = at
            elif kind == "part_done" and step in started:
                self._points.append((at, step, Tally.from_dict(event["tally"])))
            elif kind == "step_done" and step in started:
                self.spans[step] = self.spans.get(step, 0.0) + at - started.pop(step)
            elif kind == "progress":
                self._count_cache(event["model"], event["prefix_hits"], event["prefix_queries"])

    def _count_cache(self, model: str, hits: int, queries: int) -> None:
        """Counters of a server begin at 0 when it starts."""
        hits_before, before = self._seen.get(model, (0, 0))
        if queries < before:
            hits_before = before = 0
        self._seen[model] = hits, queries
        if queries > before:
            sums = self.prefix_cache.setdefault(model, {"hits": 0, "queries": 0})
            sums["hits"] += hits - hits_before
            sums["queries"] += queries - before

    def series(self) -> Data:
        """Sums up to each moment: seconds, then requests, replies that did not fit, tokens."""
        kinds = ("sent", "retries", "bad_replies", "prompt_tokens", "output_tokens")
        sums = dict.fromkeys(kinds, 0)
        points = []
        for at, _, tally in self._points:
            for kind in kinds:
                sums[kind] += getattr(tally, kind)
            points.append((round(at, 2), *sums.values()))
        columns = list(zip(*_thinned(points), strict=True)) or [()] * (1 + len(kinds))
        return {name: list(column) for name, column in zip(("seconds", *kinds), columns, strict=True)}

    def rows(self) -> dict[str, Data]:
        """Rows that each step has worked on up to each moment."""
        found: dict[str, Data] = {}
        for at, step, tally in self._points:
            line = found.setdefault(step, {"seconds": [], "rows": []})
            line["seconds"].append(round(at, 2))
            line["rows"].append(tally.rows_in + (line["rows"][-1] if line["rows"] else 0))
        return {
            step: {name: _thinned(values) for name, values in line.items()} for step, line in found.items()
        }


def _thinned(values: list[Any]) -> list[Any]:
    """At most about MAX_POINTS of them, the last one among them."""
    every = -(-len(values) // MAX_POINTS)
    return values[::-1][::every][::-1] if values else values


def _joined(events: Iterable[Data]) -> Iterator[tuple[float, Data]]:
    """Events with the seconds that runs have been going on."""
    before = offset = 0.0
    for event in events:
        if event["event"] == "run_started":
            offset += event["at"] - before if before else event["at"]
        before = event["at"]
        yield event["at"] - offset, event
