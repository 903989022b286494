"""Files -> the texts in them, or what is wrong with each.

Text is UTF-8, or UTF-16 with its mark, or one of the encodings asked for. What shows nothing or turns text
around goes: control characters, marks that override the direction of text, halves of surrogate pairs. Memory:
a file of one document; of many, a stretch of it.
"""

import codecs
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

import aiohttp  # by which fsspec reads http(s), and whose errors it lets through
import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.spec import AbstractBufferedFile

from pipeline.documents.documents import KINDS, SPECIAL, UNNAMED
from pipeline.documents.extract import extract
from pipeline.records import File

MAGIC = {  # of kinds of files that are no text, whatever they are called
    b"%PDF-": "pdf",
    b"PK\x03\x04": "zip",
    b"\x1f\x8b": "gzip",
    b"PAR1": "parquet",
    b"\x89PNG": "png",
    b"\xff\xd8\xff": "jpeg",
    b"GIF8": "gif",
    b"\x7fELF": "program",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"7z\xbc\xaf": "7z",
}
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
LINE_END = re.compile("\r\n|\r|\u2028|\u2029|\x85")
MARKDOWN_TITLE = re.compile(r"\A\s*#\s+(.+)")
MAX_UNPACKED = 2**30  # bytes read from a gzip file
BLOCK = 2**16


@dataclass(frozen=True)
class Text:
    """One document."""

    place: str  # in its file, empty where it is all of it
    title: str
    text: str


@dataclass(frozen=True)
class Fault:
    """Why there is no document."""

    reason: str
    got: object
    limit: object = None


@dataclass(frozen=True)
class Limits:
    """What is read at most, and how."""

    max_mb: float
    max_chars: int
    timeout_s: float
    encodings: tuple[str, ...]
    text_column: str
    title_column: str


def read(file: File, limits: Limits) -> Iterator[Text | Fault]:
    """The documents of a file, cleaned, in its order."""
    if file.kind not in READERS:
        named = file.name.rpartition("/")[2]
        faults = {
            SPECIAL: Fault("no_file", named, "a file"),
            UNNAMED: Fault("name_is_no_text", named, "UTF-8"),
        }
        yield faults.get(file.kind, Fault("unknown_kind", named, ", ".join(KINDS)))
        return
    try:
        with fsspec.open(file.address, "rb") as opened:
            for found in READERS[file.kind](opened, file, limits):
                yield _cleaned(found, limits) if isinstance(found, Text) else found
    except (OSError, EOFError, zlib.error, aiohttp.ClientError, pa.ArrowException) as error:
        yield Fault("unreadable", f"{type(error).__name__}: {error}"[:200])


def _cleaned(found: Text, limits: Limits) -> Text | Fault:
    text = INVISIBLE.sub("", LINE_END.sub("\n", found.text)).strip()
    if not text:
        return Fault("empty", found.place)
    if len(text) > limits.max_chars:
        return Fault("document_too_long", len(text), limits.max_chars)
    return Text(found.place, " ".join(INVISIBLE.sub("", found.title).split()), text)


def _whole(opened: IO[bytes], file: File, limits: Limits) -> bytes | Fault:
    """The bytes of a file that is one document."""
    max_bytes = int(limits.max_mb * 2**20)
    data = b"" if file.size > max_bytes else opened.read(max_bytes + 1)
    if max(file.size, len(data)) > max_bytes:
        return Fault("file_too_large", f"{max(file.size, len(data)) / 2**20:.1f} MB", f"{limits.max_mb} MB")
    return data if data else Fault("empty", file.name)


def _read_text(opened: IO[bytes], file: File, limits: Limits) -> Iterator[Text | Fault]:
    data = _whole(opened, file, limits)
    text = data if isinstance(data, Fault) else _decoded(data, limits.encodings)
    if isinstance(text, Fault):
        yield text
        return
    title = MARKDOWN_TITLE.match(text)
    yield Text("", title.group(1)[:200] if title else "", text)


def _read_page(opened: IO[bytes], file: File, limits: Limits) -> Iterator[Text | Fault]:
    data = _whole(opened, file, limits)
    if isinstance(data, Fault):
        yield data
        return
    kind = _magic(data)
    if kind != ("pdf" if file.kind == "pdf" else None) or (file.kind == "html" and b"\0" in data[:BLOCK]):
        yield Fault("wrong_kind", kind or "no sign of it", file.kind)
        return
    found = extract(file.kind, data, limits.timeout_s)
    yield Fault(found.fault, found.got) if found.fault else Text("", found.title, found.text)


def _decoded(data: bytes, encodings: Sequence[str]) -> str | Fault:
    kind = _magic(data)
    if kind is not None:
        return Fault("wrong_kind", kind, "text")
    marked = [encoding for mark, encoding in MARKS if data.startswith(mark)]
    if not marked and b"\0" in data:
        return Fault("wrong_kind", f"a null byte at {data.index(0)}", "text")
    place = 0
    for encoding in marked or encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            place = max(place, error.start)
    return Fault(
        "wrong_encoding", f"byte {place}: {data[place : place + 8]!r}", ", ".join(marked or encodings)
    )


def _magic(data: bytes) -> str | None:
    start = data[:16].lstrip()
    return next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), None)


def _read_lines(opened: IO[bytes], file: File, limits: Limits) -> Iterator[Text | Fault]:
    """The lines that begin in the stretch."""
    if isinstance(opened, AbstractBufferedFile):  # of a store elsewhere, whose lines cannot be limited
        opened = io.BufferedReader(opened)
    if file.start:
        opened.seek(file.start - 1)
        _skip_line(opened, file.stop)  # it is of the stretch before; nothing when that ended with a line
    yield from _rows_of_lines(opened, file.stop or file.size or MAX_UNPACKED, limits)


def _read_packed_lines(opened: IO[bytes], file: File, limits: Limits) -> Iterator[Text | Fault]:
    with gzip.open(opened) as unpacked:
        yield from _rows_of_lines(unpacked, MAX_UNPACKED, limits)
        if unpacked.read(1):
            yield Fault(
                "too_large_unpacked", f"more than {MAX_UNPACKED >> 20} MB", f"{MAX_UNPACKED >> 20} MB"
            )


def _rows_of_lines(opened: Any, stop: int, limits: Limits) -> Iterator[Text | Fault]:
    longest = 6 * limits.max_chars + BLOCK  # bytes: a character may be written as \uXXXX
    while (place := opened.tell()) < stop and (line := opened.readline(longest)):
        if len(line) == longest and not line.endswith(b"\n"):
            _skip_line(opened, stop)
            yield Fault("line_too_long", f"at byte {place}", f"{longest} bytes")
        elif line.strip():
            yield _row_of_line(line, str(place), limits)


def _skip_line(opened: Any, stop: int) -> None:
    while (block := opened.readline(BLOCK)) and not block.endswith(b"\n") and opened.tell() < stop:
        pass


def _row_of_line(line: bytes, place: str, limits: Limits) -> Text | Fault:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Fault("broken", f"at byte {place}: {type(error).__name__}: {error}"[:200], "JSON")
    if not isinstance(row, dict):
        return Fault("broken", f"at byte {place}: {type(row).__name__}", "an object")
    return _row(row, place, limits)


def _row(row: dict[str, Any], place: str, limits: Limits) -> Text | Fault:
    text, title = row.get(limits.text_column), row.get(limits.title_column)
    if not isinstance(text, str):
        return Fault("no_text", f"at {place}: {', '.join(row)}"[:200], limits.text_column)
    return Text(place, title if isinstance(title, str) else "", text)


def _read_table(opened: IO[bytes], file: File, limits: Limits) -> Iterator[Text | Fault]:
    """The row groups of the stretch, or all of a small file."""
    table = pq.ParquetFile(opened)
    names = [name for name in (limits.text_column, limits.title_column) if name in table.schema_arrow.names]
    if limits.text_column not in names:
        yield Fault("no_text", ", ".join(table.schema_arrow.names)[:200], limits.text_column)
        return
    groups = range(file.start, file.stop or table.num_row_groups)
    number = sum(table.metadata.row_group(group).num_rows for group in range(groups.start))
    for group in groups:
        unpacked = table.metadata.row_group(group).total_byte_size
        if unpacked > MAX_UNPACKED:
            yield Fault(
                "too_large_unpacked", f"row group {group}: {unpacked >> 20} MB", f"{MAX_UNPACKED >> 20} MB"
            )
            continue
        for batch in table.iter_batches(batch_size=1000, row_groups=[group], columns=names):
            for row in batch.to_pylist():
                yield _row(row, str(number), limits)
                number += 1


READERS = {
    "text": _read_text,
    "html": _read_page,
    "pdf": _read_page,
    "jsonl": _read_lines,
    "jsonl.gz": _read_packed_lines,
    "parquet": _read_table,
}
