"""Files -> the texts in them, or what is wrong with each.

Text is UTF-8, or UTF-16 or UTF-32 with its mark, or one of the encodings asked for. What shows nothing or
turns text around goes: see pipeline/documents/unseen.py. Memory: a file of one document; of many, a stretch
of it.
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
import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.spec import AbstractBufferedFile

from pipeline.documents.documents import KINDS, SPECIAL, UNNAMED
from pipeline.documents.extract import extract
from pipeline.documents.first_bytes import encoding_by_mark, kind_by_magic
from pipeline.documents.places import opened
from pipeline.documents.unseen import without_unseen
from pipeline.io.secrets import without_logins
from pipeline.records import File

PDF_HEADER_WITHIN = 1024  # bytes, as readers of PDF have it
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
        with opened(file.address) as stream:
            for found in READERS[file.kind](stream, file, limits):
                yield _cleaned(found, limits) if isinstance(found, Text) else _writable(found)
    except (OSError, EOFError, zlib.error, aiohttp.ClientError, pa.ArrowException, UnicodeError) as error:
        told = f"{type(error).__name__}: {error}".replace(file.address, file.name)
        yield Fault("unreadable", without_logins(told)[:200])


def _cleaned(found: Text, limits: Limits) -> Text | Fault:
    text = without_unseen(LINE_END.sub("\n", found.text)).strip()
    if not text:
        return Fault("empty", found.place)
    if len(text) > limits.max_chars:
        return Fault("document_too_long", len(text), limits.max_chars)
    return Text(found.place, " ".join(without_unseen(found.title).split()), text)


def _writable(fault: Fault) -> Fault:
    """The fault without halves of surrogate pairs, which no table can hold."""
    if not isinstance(fault.got, str):
        return fault
    return Fault(fault.reason, fault.got.encode("utf-8", "backslashreplace").decode(), fault.limit)


def _whole(stream: IO[bytes], file: File, limits: Limits) -> bytes | Fault:
    """The bytes of a file that is one document."""
    max_bytes = int(limits.max_mb * 2**20)
    data = b"" if file.size > max_bytes else stream.read(max_bytes + 1)
    if max(file.size, len(data)) > max_bytes:
        return Fault("file_too_large", f"{max(file.size, len(data)) / 2**20:.1f} MB", f"{limits.max_mb} MB")
    return data if data else Fault("empty", file.name)


def _read_text(stream: IO[bytes], file: File, limits: Limits) -> Iterator[Text | Fault]:
    data = _whole(stream, file, limits)
    text = data if isinstance(data, Fault) else _decoded(data, limits.encodings)
    if isinstance(text, Fault):
        yield text
        return
    title = MARKDOWN_TITLE.match(text)
    yield Text("", title.group(1)[:200] if title else "", text)


def _read_page(stream: IO[bytes], file: File, limits: Limits) -> Iterator[Text | Fault]:
    data = _whole(stream, file, limits)
    if isinstance(data, Fault):
        yield data
        return
    if file.kind == "pdf":
        kind = "pdf" if b"%PDF-" in data[:PDF_HEADER_WITHIN] else kind_by_magic(data) or "no sign of it"
    else:
        kind = kind_by_magic(data) or (
            "html" if b"\0" not in data[:BLOCK] or encoding_by_mark(data) else "no sign of it"
        )
    if kind != file.kind:
        yield Fault("wrong_kind", kind, file.kind)
        return
    found = extract(file.kind, data, limits.timeout_s)
    yield Fault(found.fault, found.got) if found.fault else Text("", found.title, found.text)


def _decoded(data: bytes, encodings: Sequence[str]) -> str | Fault:
    mark = encoding_by_mark(data)
    kind = None if mark else kind_by_magic(data)
    if kind is not None:
        return Fault("wrong_kind", kind, "text")
    if not mark and b"\0" in data:
        return Fault("wrong_kind", f"a null byte at {data.index(0)}", "text")
    return _in_one_of(data, (mark,) if mark else encodings)


def _read_lines(stream: IO[bytes], file: File, limits: Limits) -> Iterator[Text | Fault]:
    """The lines that begin in the stretch."""
    if isinstance(stream, AbstractBufferedFile):  # of a store elsewhere, whose lines cannot be limited
        stream = io.BufferedReader(stream)
    if file.start:
        stream.seek(file.start - 1)
        _skip_line(stream, file.stop)  # it is of the stretch before; nothing when that ended with a line
    stop = file.stop or file.size or MAX_UNPACKED
    if not file.start and not file.stop and _is_wide(stream):
        stream, stop = _narrowed(stream), MAX_UNPACKED
    yield from _rows_of_lines(stream, stop, limits)


def _is_wide(stream: IO[bytes]) -> bool:
    """Whether a file begins with the mark of UTF-16 or UTF-32; it is at its start again."""
    mark = encoding_by_mark(stream.read(4))
    stream.seek(0)
    return mark in ("utf-16", "utf-32")


def _narrowed(stream: IO[bytes]) -> IO[bytes]:
    """A file of UTF-16 or UTF-32 in UTF-8. Raises UnicodeDecodeError."""
    data = stream.read(MAX_UNPACKED)
    return io.BytesIO(data.decode(encoding_by_mark(data) or "utf-8").encode("utf-8", "surrogatepass"))


def _read_packed_lines(stream: IO[bytes], file: File, limits: Limits) -> Iterator[Text | Fault]:
    with gzip.open(stream) as unpacked:
        yield from _rows_of_lines(unpacked, MAX_UNPACKED, limits)
        if unpacked.read(1):
            yield Fault(
                "too_large_unpacked", f"more than {MAX_UNPACKED >> 20} MB", f"{MAX_UNPACKED >> 20} MB"
            )


def _rows_of_lines(stream: Any, stop: int, limits: Limits) -> Iterator[Text | Fault]:
    longest = 6 * limits.max_chars + BLOCK  # bytes: a character may be written as \uXXXX
    while (place := stream.tell()) < stop and (line := stream.readline(longest)):
        if len(line) == longest and not line.endswith(b"\n"):
            _skip_line(stream, stop)
            yield Fault("line_too_long", f"at byte {place}", f"{longest} bytes")
        elif line.strip():
            yield _row_of_line(line, str(place), limits)


def _skip_line(stream: Any, stop: int) -> None:
    while (block := stream.readline(BLOCK)) and not block.endswith(b"\n") and stream.tell() < stop:
        pass


def _row_of_line(line: bytes, place: str, limits: Limits) -> Text | Fault:
    text = _in_one_of(line.removeprefix(codecs.BOM_UTF8), limits.encodings)
    if isinstance(text, Fault):
        return Fault(text.reason, f"line at byte {place}, {text.got}", text.limit)
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Fault("broken", f"at byte {place}: {type(error).__name__}: {error}"[:200], "JSON")
    if not isinstance(row, dict):
        return Fault("broken", f"at byte {place}: {type(row).__name__}", "an object")
    return _row(row, place, limits)


def _in_one_of(data: bytes, encodings: Sequence[str]) -> str | Fault:
    place = 0
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            place = max(place, error.start)
    return Fault("wrong_encoding", f"byte {place}: {data[place : place + 8]!r}", ", ".join(encodings))


def _row(row: dict[str, Any], place: str, limits: Limits) -> Text | Fault:
    text, title = row.get(limits.text_column), row.get(limits.title_column)
    if not isinstance(text, str):
        return Fault("no_text", f"at {place}: {', '.join(row)}"[:200], limits.text_column)
    return Text(place, title if isinstance(title, str) else "", text)


def _read_table(stream: IO[bytes], file: File, limits: Limits) -> Iterator[Text | Fault]:
    """The row groups of the stretch, or all of a small file."""
    table = pq.ParquetFile(stream)
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
        for batch in table.iter_batches(
            batch_size=1000, row_groups=[group], columns=names, use_threads=False
        ):
            for row in _plain(batch, limits.encodings):
                yield row if isinstance(row, Fault) else _row(row, str(number), limits)
                number += 1


def _plain(batch: pa.RecordBatch, encodings: Sequence[str]) -> Iterator[dict[str, Any] | Fault]:
    """The rows as plain data. Text in columns of bytes is decoded, and text that is no UTF-8 a fault."""
    columns = []
    for column in batch.columns:
        column = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        columns.append(column.cast(pa.large_binary()) if is_text else column)
    for values in zip(*(column.to_pylist() for column in columns), strict=True):
        row = {
            name: _in_one_of(value, encodings) if isinstance(value, bytes) else value
            for name, value in zip(batch.schema.names, values, strict=True)
        }
        yield next((value for value in row.values() if isinstance(value, Fault)), row)


READERS = {
    "text": _read_text,
    "html": _read_page,
    "pdf": _read_page,
    "jsonl": _read_lines,
    "jsonl.gz": _read_packed_lines,
    "parquet": _read_table,
}
