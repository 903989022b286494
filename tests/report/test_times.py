"""The run over time, over all runs of a root."""

from typing import Any

import pytest

from pipeline.report.times import Times
from pipeline.storage.tally import Tally

PART = Tally(rows_in=10, kept=10, requests=10, sent=10, output_tokens=100).as_dict()


def told(*events: tuple[float, str, dict[str, Any]]) -> Times:
    return Times({"at": at, "event": kind, **data} for at, kind, data in events)


STARTED = {"run": "x", "recipe": "r", "steps": {"a": []}}


def run_of(at: float, n_found: int, n_done: int, how: str) -> list[tuple[float, str, dict[str, Any]]]:
    """A run that takes 10 s a part."""
    events = [(at, "run_started", STARTED)]
    events += [(at, "part_found", {"step": "a", "part": f"f{n}", "tally": PART}) for n in range(n_found)]
    events.append((at, "step_started", {"step": "a", "id": "1"}))
    for n in range(n_done):
        at += 10
        events.append((at, "part_done", {"step": "a", "part": f"{n}", "tally": PART}))
    if how == "done":
        events.append((at, "step_done", {"step": "a", "id": "1", "tally": PART}))
    elif how == "stopped":
        events.append((at, "run_stopped", {"why": "w", "code": 6}))
    return events


@pytest.mark.parametrize("cuts", [[5], [2, 3], [1, 1, 3], [4, 1], [0, 5], [2, 0, 3]])
@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_parts_seconds_and_spans_are_counted_once_however_often_a_run_was_stopped(
    cuts: list[int], how: str
) -> None:
    events, before = [], 0
    for number, n in enumerate(cuts):
        is_last = number == len(cuts) - 1
        events += run_of(1_000.0 * (number + 1), before, n, "done" if is_last else how)
        before += n
    times = told(*events)
    assert times.series()["sent"][-1] == 50
    assert times.series()["output_tokens"][-1] == 500
    assert times.rows()["a"]["rows"][-1] == 50
    assert times.spans == {"a": pytest.approx(50.0)}
    assert times.seconds == pytest.approx(50.0)


def test_a_step_that_is_made_anew_takes_its_time_twice() -> None:
    times = told(*run_of(0.0, 0, 2, "done"), *run_of(500.0, 0, 3, "done"))
    assert times.spans == {"a": pytest.approx(50.0)}
    assert times.series()["sent"][-1] == 50
