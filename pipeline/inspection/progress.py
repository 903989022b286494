"""How far a run is, kept from its events: what every view of it draws."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from pipeline.storage.spending import Spent
from pipeline.storage.tally import Tally

N_REJECTS = 3  # that are told, the last ones
CLOSED = ("done", "reused")
DONE = "done"


@dataclass
class Line:
    """What is known of one step."""

    inputs: list[str]
    state: str = "waits"
    tally: Tally = field(default_factory=Tally)
    own: Tally = field(default_factory=Tally)  # of this run: parts that an earlier one left took no time
    started: float = 0.0
    seconds: float = 0.0  # of its own span, up to its last part
    in_flight: int = 0

    @property
    def tokens_per_s(self) -> float | None:
        """None where nothing was sent: stored replies have no speed."""
        if not self.own.sent or not self.seconds or self.state == "reused":
            return None
        return self.own.output_tokens / self.seconds


class Progress:
    """The state of all steps. Time is the run's, so a step's tokens/s are over its own span."""

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}
        self.news = ""
        self.models: dict[str, str] = {}  # what is in flight to each
        self.rejects: deque[str] = deque(maxlen=N_REJECTS)
        self.started = self.now = 0.0
        self.ended = ""  # why, once it has; "done" at its end
        self.code = 0  # of its exit, where that was told
        self.stored: Spent | None = None  # replies, since it began, of parts that are not whole too

    def take(self, event: dict[str, Any]) -> None:
        """The next event of the run."""
        kind, step = event["event"], event.get("step")
        self.now = event["at"]
        if kind == "run_started":
            self.__init__()  # type: ignore[misc]
            self.started = self.now = event["at"]
            self.lines = {name: Line(inputs) for name, inputs in event["steps"].items()}
        elif kind == "server":
            self.news = f"server {event['model']}: {event['text']}"
        elif kind == "parts_damaged":
            self.news = f"{step}: damaged or missing, made again: {', '.join(event['parts'])}"
        elif kind == "heavy_losses":
            shares = ", ".join(f"{share:.0%} of {group}" for group, share in event["shares"].items())
            self.news = f"{step}: drops {shares}; see `academe show {step} --rejects`"
        elif kind == "budget_spent":
            self.news = f"{event['limit']} is reached: nothing more is sent, what is in flight is waited for"
        elif kind == "asked_again":
            self.news = f"{step}: {event['rows']:,} rows refused for a passing reason are asked again"
        elif kind == "warning":
            self.news = event["text"]
        elif kind == "progress":
            self._take_flights(event)
        elif kind == "run_done":
            self.ended = DONE
        elif kind == "run_stopped":
            self.stop(event["why"], event["code"])
        elif step is not None:
            self._take_step(step, event)

    def _take_flights(self, event: dict[str, Any]) -> None:
        self.models[event["model"]] = (
            f"{event['model']}: {event['in_flight']} requests in flight (limit {event['limit']})"
        )
        for name, n in event["steps"].items():
            self.lines[name].in_flight = n

    def _take_step(self, step: str, event: dict[str, Any]) -> None:
        line = self.lines[step]
        if event["event"] == "step_started":
            line.state, line.started = "runs", event["at"]
        elif event["event"] == "part_done":
            tally = Tally.from_dict(event["tally"])
            line.tally.add(tally)
            line.own.add(tally)
            line.seconds = event["at"] - line.started
            self.rejects += [f"{step} {reason} {n:,}" for reason, n in tally.rejected.items()]
        elif event["event"] == "part_found":
            line.tally.add(Tally.from_dict(event["tally"]))
        elif event["event"] in ("step_done", "step_reused"):
            line.state = "done" if event["event"] == "step_done" else "reused"
            line.tally = Tally.from_dict(event["tally"])
            line.in_flight = 0

    @property
    def is_over(self) -> bool:
        return bool(self.ended)

    def stop(self, why: str, code: int = 0) -> None:
        """The run has ended before its time: nothing runs, and nothing is in flight. `code`: of its exit."""
        self.ended, self.code = why, code
        for line in self.lines.values():
            line.in_flight = 0
            if line.state == "runs":
                line.state = "stopped"

    def seconds_left(self, name: str) -> float | None:
        """Of a step that asks, runs and knows all its rows, at its pace so far; None of others."""
        line = self.lines[name]
        if line.state != "runs" or not line.own.requests or not line.seconds or not line.own.rows_in:
            return None
        before = [self.lines[name] for name in line.inputs]
        if any(other.state not in CLOSED for other in before):
            return None
        left = sum(other.tally.kept for other in before) - line.tally.rows_in
        return max(0.0, left * line.seconds / line.own.rows_in)

    def totals(self) -> Tally:
        """Over all steps, whichever run has worked on them."""
        whole = Tally()
        for line in self.lines.values():
            whole.add(line.tally)
        return whole
