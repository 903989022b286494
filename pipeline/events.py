"""What happens in a run, one JSON line an event in events.jsonl, and the terminal view drawn from the same
events.

On a terminal: a table that is drawn anew, a line a step. Elsewhere: a line when a step starts, ends or has
news.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import jsonlines
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pipeline.tally import Tally

DRAW_S = 0.2  # between drawings of the live table: a fast run has a hundred events a second
NEWS_S = 20.0  # how often a plain view says how far a running step is


class View(Protocol):
    """Draws events."""

    def show(self, event: dict[str, Any]) -> None: ...

    def close(self) -> None: ...


class Events:
    """Appends to events.jsonl and tells the view."""

    def __init__(self, path: Path, view: View) -> None:
        _end_last_line(path)
        self._file = jsonlines.open(path, "a", flush=True)
        self._view = view

    def emit(self, kind: str, **data: Any) -> None:
        event = {"at": round(time.time(), 3), "event": kind, **data}
        self._file.write(event)
        self._view.show(event)

    def close(self) -> None:
        self._view.close()
        self._file.close()


def _end_last_line(path: Path) -> None:
    """A run that was killed while it wrote may have left half a line: the next event gets one of its own."""
    if path.is_file() and path.stat().st_size:
        with path.open("rb+") as file:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")


class _Line:
    """What is known of one step."""

    def __init__(self) -> None:
        self.state = "waits"
        self.tally = Tally()
        self.started = 0.0
        self.seconds = 0.0

    def rate(self) -> str:
        if not self.tally.sent or not self.seconds or self.state == "reused":  # stored replies have no speed
            return ""
        return f"{self.tally.output_tokens / self.seconds:.0f}"


class _Progress:
    """The state of all steps, kept from events. Time is the run's, so a step's tokens/s are over its own
    span.
    """

    def __init__(self) -> None:
        self.lines: dict[str, _Line] = {}
        self.news = ""
        self.in_flight = ""

    def take(self, event: dict[str, Any]) -> None:
        kind, step = event["event"], event.get("step")
        if kind == "run_started":
            self.lines = {name: _Line() for name in event["steps"]}
        elif kind == "server":
            self.news = f"server {event['model']}: {event['text']}"
        elif kind == "parts_damaged":
            self.news = f"{step}: damaged or missing, made again: {', '.join(event['parts'])}"
        elif kind == "heavy_losses":
            shares = ", ".join(f"{share:.0%} of {group}" for group, share in event["shares"].items())
            self.news = f"{step}: drops {shares}; see `academe show {step} --rejects`"
        elif kind == "budget_spent":
            self.news = f"{event['limit']} is reached: nothing more is sent, what is in flight is waited for"
        elif kind == "progress":
            self.in_flight = f"{event['in_flight']} requests in flight (limit {event['limit']})"
        elif step is not None:
            self._take_step(self.lines[step], event)

    @staticmethod
    def _take_step(line: _Line, event: dict[str, Any]) -> None:
        if event["event"] == "step_started":
            line.state, line.started = "runs", event["at"]
        elif event["event"] == "part_done":
            line.tally.add(Tally.from_dict(event["tally"]))
            line.seconds = (
                event["at"] - line.started if line.started else 0.0
            )  # found on disk: no time of ours
        elif event["event"] in ("step_done", "step_reused"):
            line.state = "done" if event["event"] == "step_done" else "reused"
            line.tally = Tally.from_dict(event["tally"])


class LiveView:
    """A table on a terminal."""

    def __init__(self, console: Console) -> None:
        self._progress = _Progress()
        self._live = Live(console=console, auto_refresh=False)
        self._live.start()
        self._drawn = 0.0

    def show(self, event: dict[str, Any]) -> None:
        self._progress.take(event)
        if event["at"] - self._drawn > DRAW_S:
            self._drawn = event["at"]
            self._draw()

    def close(self) -> None:
        self._draw()
        self._live.stop()

    def _draw(self) -> None:
        self._live.update(Group(self._table(), Text(self._footer(), style="dim")), refresh=True)

    def _footer(self) -> str:
        return "  ".join(text for text in (self._progress.news, self._progress.in_flight) if text)

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False)
        table.add_column("step")
        table.add_column("")
        for title in ("in", "kept", "rejected", "requests", "tokens/s"):
            table.add_column(title, justify="right")
        for name, line in self._progress.lines.items():
            tally = line.tally
            counts = (tally.rows_in, tally.kept, tally.n_rejected, tally.requests)
            table.add_row(name, line.state, *(f"{count:,}" if count else "" for count in counts), line.rate())
        return table


class PlainView:
    """Lines for logs and pipes."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._progress = _Progress()
        self._say = say
        self._said: dict[str, float] = {}

    def show(self, event: dict[str, Any]) -> None:
        self._progress.take(event)
        kind, step = event["event"], event.get("step", "")
        if kind in ("server", "parts_damaged", "heavy_losses", "budget_spent"):
            self._say(self._progress.news)
        elif kind in ("step_done", "step_reused"):
            self._say(self._step_line(step))
        elif kind == "part_done" and event["at"] - self._said.get(step, 0) > NEWS_S:
            self._said[step] = event["at"]
            self._say(self._step_line(step))

    def close(self) -> None:
        return None

    def _step_line(self, step: str) -> str:
        line = self._progress.lines[step]
        tally = line.tally
        text = f"{step}: {line.state}, {tally.rows_in} in, {tally.kept} kept, {tally.n_rejected} rejected"
        if tally.requests:
            text += f", {tally.requests} requests ({tally.sent} sent)"
        return f"{text}, {line.rate()} tokens/s" if line.rate() else text


def view_for(console: Console) -> View:
    """A live table on a terminal, lines elsewhere."""
    if console.is_terminal:
        return LiveView(console)
    return PlainView(lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True))
