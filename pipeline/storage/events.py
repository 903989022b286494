"""What happens in a run, one JSON line an event in events.jsonl; views are drawn from the same events."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import jsonlines


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


def read_events(path: Path) -> Iterator[dict[str, Any]]:
    """Every whole event so far; a run that goes on, or was killed, may have left half a line."""
    if path.exists():
        with jsonlines.open(path) as file:
            yield from file.iter(type=dict, skip_invalid=True)
