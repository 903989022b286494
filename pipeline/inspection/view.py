"""Views of a run, drawn from its events.

On a terminal: a table that is drawn anew, a line a step. Elsewhere, in CI and on a dumb terminal: a line when
a step starts, ends or has news, and one an interval. As JSON: the events. Or nothing.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pipeline.inspection.progress import CLOSED, Line, Progress
from pipeline.storage.events import View
from pipeline.storage.tally import Tally

DRAW_S = 0.2  # between drawings of the live table: a fast run has a hundred events a second
NEWS_S = 20.0  # how often a plain view says how far a running step is
WATCH_S = 1.0  # between drawings of a run in another terminal
FOOTER_LINES = 7  # below the table, its head included
STYLES = {"runs": "bold", "done": "green", "reused": "green", "waits": "dim", "stopped": "yellow"}
NOT_DRAWN = "not drawn"  # its column is there where a step takes a share of its rows
TITLES = ("in", "kept", "rejected", NOT_DRAWN, "in flight", "tokens/s", "left")


class LiveView:
    """A table on a terminal."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress()
        self._console = console
        self._live = Live(console=console, auto_refresh=False)
        self._live.start()
        self._drawn = 0.0

    def show(self, event: dict[str, Any]) -> None:
        self._progress.take(event)
        if event["at"] - self._drawn > DRAW_S:
            self._drawn = event["at"]
            self._draw()

    def close(self) -> None:
        self._draw(room=None)
        self._live.stop()

    def _draw(self, room: int | None = -1) -> None:
        if room == -1:
            room = self._console.height - FOOTER_LINES
        self._live.update(drawn(self._progress, room), refresh=True)


def watched(console: Console, look: Callable[[], Progress]) -> Progress:
    """Draws what `look` gives, once a second, until the run is over; returns the last of it."""
    with Live(console=console, auto_refresh=False) as live:
        while True:
            progress = look()
            live.update(
                drawn(progress, None if progress.is_over else console.height - FOOTER_LINES), refresh=True
            )
            if progress.is_over:
                return progress
            time.sleep(WATCH_S)


def drawn(progress: Progress, room: int | None = None) -> RenderableType:
    """A line a step, the totals, and what is new. Of more than `room` steps those that have ended, and then
    those that wait, share a line.
    """
    table = Table(box=None, pad_edge=False)
    table.add_column("step", no_wrap=True)
    table.add_column("")
    titles = [title for title in TITLES if title != NOT_DRAWN or progress.totals().not_drawn]
    for title in titles:
        table.add_column(title, justify="right", no_wrap=True)
    hidden: list[str] = []
    for states in (CLOSED, ("waits",)):
        n_shown = sum(line.state not in hidden for line in progress.lines.values()) + bool(hidden)
        if room is not None and n_shown > room:
            hidden += states
    for name, line in progress.lines.items():
        if line.state not in hidden:
            table.add_row(
                name,
                Text(line.state, STYLES[line.state]),
                *map(_cells(progress, name, line).__getitem__, titles),
            )
    n_hidden = {state: sum(line.state == state for line in progress.lines.values()) for state in hidden}
    told = ", ".join(f"{n} {state}" for state, n in n_hidden.items() if n)
    if told:
        table.add_row(Text(f"({told})", "dim"))
    return Group(table, *(Text(text, "dim", no_wrap=True) for text in _footer(progress)))


def _cells(progress: Progress, name: str, line: Line) -> dict[str, str]:
    """By the column's title."""
    tally, left = line.tally, progress.seconds_left(name)
    counts = (tally.rows_in, tally.kept, tally.n_rejected, tally.not_drawn, line.in_flight)
    rate = line.tokens_per_s
    cells = [
        *(f"{count:,}" if count else "" for count in counts),
        f"{rate:,.0f}" if rate else "",
        clock(left) if left is not None else "",
    ]
    return dict(zip(TITLES, cells, strict=True))


def _requests(tally: Tally) -> str:
    """Those used and sent, and tries made again."""
    again = f", {tally.retries:,} retries" if tally.retries else ""
    return f"{tally.requests:,} requests ({tally.sent:,} sent{again})"


def _footer(progress: Progress) -> list[str]:
    whole = progress.totals()
    lines = [
        f"{clock(progress.now - progress.started)}  {_requests(whole)}, "
        f"{whole.prompt_tokens:,} prompt and {whole.output_tokens:,} output tokens"
    ]
    if progress.rejects:
        lines.append(f"last rejects: {', '.join(progress.rejects)}")
    if progress.stored is not None:
        stored = progress.stored
        lines.append(
            f"stored since it began: {stored.replies:,} replies, {stored.prompt_tokens:,} prompt and "
            f"{stored.output_tokens:,} output tokens"
        )
    if not progress.is_over:
        lines += [*progress.models.values(), *([progress.news] if progress.news else [])]
    return lines


def clock(seconds: float) -> str:
    """h:mm:ss, or m:ss."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class PlainView:
    """Lines for logs and pipes."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._progress = Progress()
        self._say = say
        self._said: dict[str, float] = {}

    def show(self, event: dict[str, Any]) -> None:
        self._progress.take(event)
        kind, step = event["event"], event.get("step", "")
        if kind in ("server", "parts_damaged", "heavy_losses", "budget_spent", "asked_again", "warning"):
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
        tally, left = line.tally, self._progress.seconds_left(step)
        text = f"{step}: {line.state}, {tally.rows_in} in, {tally.kept} kept, {tally.n_rejected} rejected"
        if tally.not_drawn:
            text += f", {tally.not_drawn} not drawn"
        if tally.requests:
            text += f", {_requests(tally)}"
        if line.tokens_per_s:
            text += f", {line.tokens_per_s:.0f} tokens/s"
        return text if left is None else f"{text}, {clock(left)} left"


class JsonView:
    """The events themselves, one JSON object a line."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def show(self, event: dict[str, Any]) -> None:
        self._say(json.dumps(event, ensure_ascii=False))

    def close(self) -> None:
        return None


class NoView:
    """Shows nothing."""

    def show(self, event: dict[str, Any]) -> None:
        return None

    def close(self) -> None:
        return None


def view_for(console: Console, *, quiet: bool = False, as_json: bool = False) -> View:
    """What was asked for; else a live table on a terminal that can draw one, lines elsewhere."""

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    if quiet:
        return NoView()
    if as_json:
        return JsonView(say)
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveView(console)
    return PlainView(say)
