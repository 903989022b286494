"""What happens in a run, one JSON line an event in events.jsonl; views are drawn from the same events."""

import json
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
    return Reader(path).new()


class Reader:
    """Reads events as they are written, each once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0  # bytes that are read

    def new(self) -> Iterator[dict[str, Any]]:
        """The events since the last call. What is half a line, or no event, is left out."""
        if not self._path.is_file():
            return
        with self._path.open("rb") as file:
            file.seek(self._at)
            for line in file:
                if not line.endswith(b"\n"):
                    return  # it may be whole the next time
                self._at += len(line)
                try:
                    event = json.loads(line)
                except ValueError:
                    continue
                if isinstance(event, dict) and "event" in event and "at" in event:
                    yield event
