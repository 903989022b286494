"""The run over time, from its events."""

from collections.abc import Iterable, Iterator
from typing import Any

from pipeline.storage.tally import Tally

MAX_POINTS = 240

Data = dict[str, Any]


class Times:
    """The run over time, from its events: runs follow each other without the gaps between them."""

    def __init__(self, events: Iterable[Data]) -> None:
        self.seconds = 0.0  # that runs went on, all together
        self.spans: dict[str, float] = {}  # seconds of each step, from start to end, over all runs
        self._points: list[tuple[float, str, Tally]] = []
        self.prefix_cache: dict[str, dict[str, int]] = {}  # hits and queries of each model's server
        self._seen: dict[str, tuple[int, int]] = {}
        started: dict[str, float] = {}
        at = 0.0
        for at, event in _joined(events):
            kind, step = event["event"], event.get("step", "")
            if kind == "run_started":
                self._end_spans(started, at)  # the time of what came before it
            elif kind == "step_started":
                started[step] = at
            elif kind == "part_done" and step in started:
                self._points.append((at, step, Tally.from_dict(event["tally"])))
            elif kind == "step_done" and step in started:
                self.spans[step] = self.spans.get(step, 0.0) + at - started.pop(step)
            elif kind == "progress":
                self._count_cache(event["model"], event["prefix_hits"], event["prefix_queries"])
        self._end_spans(started, at)
        self.seconds = at

    def _end_spans(self, started: dict[str, float], at: float) -> None:
        """Of the steps that a run was at when it ended, however it did."""
        for step, since in started.items():
            self.spans[step] = self.spans.get(step, 0.0) + at - since
        started.clear()

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
