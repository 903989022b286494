"""Rows as people read them in a terminal: texts first, then what is known of them, a line each."""

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.inspection.lineage import Link, Request
from pipeline.records import PLACEHOLDER

WIDTH = 110  # columns
TEXTS = ("original", "question", "answer", "text")
HIDDEN = ("embedding", "passage", *TEXTS)  # numbers by the hundred, or shown where they stand


def row_lines(row: Mapping[str, Any]) -> Iterator[str]:
    """A row that a step kept."""
    yield row["id"]
    yield from _body(row)
    yield from _facts(row)


def reject_lines(reject: Mapping[str, Any]) -> Iterator[str]:
    """A row that a step dropped, and why."""
    told = [f"{name} {reject[name]}" for name in ("got", "limit") if reject[name] not in (None, "null")]
    if reject["twin"]:
        told.append(f"for {reject['twin']}")
    yield f"{reject['reason']}: {', '.join(told)}" if told else reject["reason"]
    yield from (f"  {line}" for line in row_lines({"id": reject["id"], **json.loads(reject["record"])}))


def link_lines(link: Link, asked: Sequence[Request]) -> Iterator[str]:
    """A record of a lineage, and what was asked for it."""
    record = {name: getattr(link.record, name) for name in type(link.record).__dataclass_fields__}
    yield f"{link.step.name}: {type(link.record).__name__} {record['id']}"
    yield from (f"  {line}" for line in (*_body(record), *_facts(record)))
    for request in asked:
        for turn in request.turns:
            yield from _wrapped(f"  asked ({turn['role']})", turn["content"])
        yield from _wrapped("  reply", request.reply)


def _body(row: Mapping[str, Any]) -> Iterator[str]:
    for name in TEXTS:
        if row.get(name):
            yield from _wrapped(name, row[name].replace(PLACEHOLDER, row.get("passage") or PLACEHOLDER))


def _facts(row: Mapping[str, Any]) -> Iterator[str]:
    known = {name: value for name, value in row.items() if value not in (None, "", (), [])}
    told = [
        f"{name} {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in known.items()
        if name != "id" and name not in HIDDEN
    ]
    if told:
        yield from _wrapped("about", "; ".join(told))


def _wrapped(name: str, text: str) -> Iterator[str]:
    """The text in lines, each after the first below it; line breaks of the text stay."""
    margin = " " * (len(name) + 2)
    lines = [line for part in text.splitlines() or [""] for line in textwrap.wrap(part, WIDTH) or [""]]
    yield f"{name}: {_safe(lines[0])}"
    yield from (margin + _safe(line) for line in lines[1:])


def excerpt(text: str) -> str:
    """Its beginning, on one line of a terminal."""
    line = _safe(" ".join(text.split()))
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 3]}..."


def _safe(text: str) -> str:
    """Without what would steer a terminal: rows are hostile text."""
    return "".join(
        char if char.isprintable() or char == "\t" else "\N{REPLACEMENT CHARACTER}" for char in text
    )
