"""A step's folder: its parts, its rejects and its manifest, each written whole or not at all.

    part-<name>.parquet           records kept, with the part's tally in the file's metadata
    rejects/part-<name>.parquet   records dropped: id, reason, got, limit, twin and the record as JSON
    sketches/, verdicts/          what a dataset stage passes between its two phases
    report.json                   what a dataset stage says of how it decided
    manifest.json                 written last: the step is finished; its parts with rows and checksums

A part's rejects are written before the part, so a part that is there is complete. Part names sort in the
order of the dataset. Pages carry checksums too, for parts of a step that has no manifest yet.
"""

import dataclasses
import functools
import json
import types
import typing
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa
from upath import UPath

from pipeline.errors import StoreError
from pipeline.io.files import (
    checksum,
    content_of,
    read_bytes,
    read_table,
    table_metadata,
    whole_table,
    write_table,
    write_text,
)
from pipeline.records import Record
from pipeline.stage import NOT_DRAWN, Reject, is_passing
from pipeline.storage.rejects import reject_table
from pipeline.storage.tally import Tally

TALLY_KEY = b"academe.tally"
CONTENT_KEY, SOURCE_KEY = b"academe.content", b"academe.source"  # see Part

State = Literal["done", "started", "waits"]  # of a step


@dataclass(frozen=True)
class Part:
    """A part that is whole on disk."""

    folder: UPath
    name: str
    tally: Tally
    checksums: dict[str, str]  # of its file, "", and of its "rejects" if it has any
    content: str  # a hash of its rows: of what is made from it
    source: str  # the content of what it was made from; empty for a source's

    def entry(self) -> dict[str, Any]:
        """What the manifest says of it."""
        told = {"rows": self.tally.kept, "content": self.content, "checksums": self.checksums}
        return told | ({"passing": self.tally.passing} if self.tally.passing else {})


@dataclass(frozen=True)
class Slice:
    """What one task reads: rows `start` to `stop` of a part, and the name of the part it writes."""

    folder: UPath
    part: str
    start: int
    stop: int
    writes: str
    source: str = ""  # the part's content


@functools.cache
def schema_of(kind: type) -> pa.Schema:
    """The Arrow schema of a record type, from its annotations."""
    hints = typing.get_type_hints(kind)
    return pa.schema([(item.name, _arrow_type(hints[item.name])) for item in dataclasses.fields(kind)])


def _arrow_type(hint: Any) -> pa.DataType:
    simple = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    if hint in simple:
        return simple[hint]
    arguments = [a for a in typing.get_args(hint) if a is not type(None) and a is not Ellipsis]
    if typing.get_origin(hint) is tuple and len(arguments) == 1:
        return pa.list_(_arrow_type(arguments[0]))
    if typing.get_origin(hint) in (types.UnionType, typing.Union) and len(arguments) == 1:
        return _arrow_type(arguments[0])
    raise TypeError(f"a record field cannot be {hint}; use str, int, float, bool, tuple[X, ...] or X | None")


def to_table(records: Sequence[Record], kind: type) -> pa.Table:
    names = [item.name for item in dataclasses.fields(kind)]
    columns = {name: [getattr(record, name) for record in records] for name in names}
    return pa.table(columns, schema=schema_of(kind))


def from_table(table: pa.Table, kind: type) -> list[Any]:
    names = [item.name for item in dataclasses.fields(kind)]
    if missing := [name for name in names if name not in table.column_names]:
        raise StoreError(
            f"a part of {kind.__name__} has no {', '.join(missing)}: another version of academe made it, or "
            "another definition of the record; run the same command with `--from` the step that wrote it"
        )
    columns = [[_tuples(value) for value in table[name].to_pylist()] for name in names]
    return [kind(**dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


class StepFolder:
    """Reads and writes the folder of one step."""

    def __init__(self, path: UPath) -> None:
        self.path = path

    def part_path(self, name: str, kind: str = "") -> UPath:
        folder = self.path / kind if kind else self.path
        return folder / f"part-{name}.parquet"

    def write_part(
        self,
        name: str,
        kept: pa.Table,
        rejects: Sequence[tuple[Reject, Record]],
        tally: Tally,
        source: str = "",
    ) -> Part:
        """Rejects first, then the part; `tally` gets its counts of rows from what is written. Records that
        were not drawn are counted, and no rejects.
        """
        tally.kept = kept.num_rows
        tally.not_drawn = sum(reject.reason == NOT_DRAWN for reject, _ in rejects)
        rejects = [(reject, record) for reject, record in rejects if reject.reason != NOT_DRAWN]
        for reject, _ in rejects:
            tally.rejected[reject.reason] = tally.rejected.get(reject.reason, 0) + 1
            tally.passing += is_passing(reject.reason, reject.got, reject.limit)
        checksums = {}
        if rejects:
            checksums["rejects"] = write_table(reject_table(rejects), self.part_path(name, "rejects"))
        else:
            self.part_path(name, "rejects").unlink(missing_ok=True)
        made = {CONTENT_KEY: content_of(kept).encode(), SOURCE_KEY: source.encode()}
        metadata = {TALLY_KEY: json.dumps(tally.as_dict()).encode(), **made}
        checksums[""] = write_table(kept.replace_schema_metadata(metadata), self.part_path(name))
        return Part(self.path, name, tally, checksums, made[CONTENT_KEY].decode(), source)

    def read_part(self, name: str, kind: type) -> list[Any]:
        return from_table(self._read(name), kind)

    def _read(self, name: str, kind: str = "") -> pa.Table:
        path = self.part_path(name, kind)
        try:
            return read_table(path)
        except (OSError, pa.ArrowException) as error:
            step = self.path.name.rpartition("-")[0]
            raise StoreError(
                f"{path} is missing or damaged ({error}); run the same command with `--from {step}`: the "
                "step is done again from the stored replies"
            ) from error

    def find_part(self, name: str, source: str = "") -> Part | None:
        """The part if it is there, made from `source`, and whole, rejects included. Cost: reads it."""
        checksums = {}
        try:
            table, checksums[""] = whole_table(self.part_path(name))
            metadata = table.schema.metadata
            tally = Tally.from_dict(json.loads(metadata[TALLY_KEY]))
            if metadata[SOURCE_KEY] != source.encode():
                return None
            if tally.n_rejected:
                _, checksums["rejects"] = whole_table(self.part_path(name, "rejects"))
            return Part(self.path, name, tally, checksums, metadata[CONTENT_KEY].decode(), source)
        except (OSError, pa.ArrowException, TypeError, KeyError, ValueError):
            return None

    def has_whole(self, name: str, kind: str, source: str) -> bool:
        """Whether that file of the part is there, made from `source`, and whole. Cost: reads it."""
        try:
            table, _ = whole_table(self.part_path(name, kind))
        except (OSError, pa.ArrowException):
            return False
        return bool((table.schema.metadata or {}).get(SOURCE_KEY) == source.encode())

    def read_tally(self, name: str) -> Tally:
        """What the part's footer says; nothing where it is damaged. Reads no rows."""
        try:
            return Tally.from_dict(json.loads(table_metadata(self.part_path(name))[TALLY_KEY]))
        except (OSError, pa.ArrowException, TypeError, KeyError, ValueError):
            return Tally()

    def progress(self) -> tuple[State, Tally]:
        """How far the step is. Cost: the footers of all its parts while it is not finished."""
        manifest = self.manifest()
        if manifest is not None:
            return "done", Tally.from_dict(manifest["tally"])
        tally, names = Tally(), self.part_names()
        for name in names:
            tally.add(self.read_tally(name))
        return ("started" if names else "waits"), tally

    def damaged(self, parts: dict[str, dict[str, Any]]) -> list[str]:
        """Those of a manifest's parts that are missing or not what was written. Reads all of them, side by
        side, at the speed of the disk.
        """
        with ThreadPoolExecutor() as pool:
            whole = pool.map(self._is_as_written, parts, parts.values())
            return [name for name, is_whole in zip(parts, whole, strict=True) if not is_whole]

    def _is_as_written(self, name: str, entry: dict[str, Any]) -> bool:
        try:
            found = {kind: checksum(self.part_path(name, kind)) for kind in entry["checksums"]}
        except OSError:
            return False
        return bool(found == entry["checksums"])

    def passing(self) -> dict[str, int]:
        """The parts with rejects for a reason that may pass, and how many. Cost: the footers of all parts
        while the step is not finished.
        """
        manifest = self.manifest()
        if manifest is not None:
            found = {name: entry.get("passing", 0) for name, entry in manifest["parts"].items()}
        else:
            found = {name: self.read_tally(name).passing for name in self.part_names()}
        return {name: n for name, n in found.items() if n}

    def forget_end(self) -> None:
        """Forgets that the step was finished; its parts count as far as what they were made from is there."""
        (self.path / "manifest.json").unlink(missing_ok=True)

    def remove_drafts(self) -> None:
        """Removes files that a killed run was writing. For whoever holds the root."""
        for path in self.path.rglob(".*.draft"):
            path.unlink(missing_ok=True)

    def drop_parts(self, names: Iterable[str]) -> None:
        """Forgets these parts, and that the step was finished. The manifest goes first."""
        self.forget_end()
        for name in names:
            self.part_path(name).unlink(missing_ok=True)

    def part_names(self, kind: str = "") -> list[str]:
        """The parts that count, in the order of the dataset: those of the manifest, or all while it is not
        written.
        """
        manifest = self.manifest()
        if manifest is not None and not kind:
            return list(manifest["parts"])
        return sorted(
            path.stem.removeprefix("part-") for path in self.part_path("", kind).parent.glob("part-*.parquet")
        )

    def tables(self, kind: str = "", most: int | None = None) -> Iterator[pa.Table]:
        """The parts, or the rejects, one after the other; at most `most` of them, evenly apart."""
        names = self.part_names(kind)
        n = len(names) if most is None else min(most, len(names))
        for name in (names[place * len(names) // n] for place in range(n)):
            yield self._read(name, kind)

    def rows(self, kind: str = "") -> Iterator[dict[str, Any]]:
        """All rows of the parts, or of the rejects, part by part."""
        for table in self.tables(kind):
            yield from table.to_pylist()

    def finish(self, manifest: dict[str, Any]) -> None:
        write_text(json.dumps(manifest, indent=1), self.path / "manifest.json")

    def manifest(self) -> dict[str, Any] | None:
        """The manifest, or None while the step is not finished; a damaged one says nothing either."""
        try:
            found: dict[str, Any] = json.loads(read_bytes(self.path / "manifest.json"))
        except (FileNotFoundError, ValueError, RecursionError):
            return None
        is_whole = isinstance(found, dict) and all(
            isinstance(found.get(name), dict) for name in ("parts", "tally")
        )
        return found if is_whole and Tally.is_whole(found["tally"]) else None

    def reopen(self) -> None:
        """Forget that the step was finished, and its parts with it. The manifest goes first."""
        self.forget_end()
        for path in self.path.rglob("part-*.parquet"):
            path.unlink()


@functools.lru_cache(maxsize=2)
def _slices_of(folder: UPath, part: str, content: str) -> pa.Table:
    """A part that many slices are read from, one after the other. One of the same content does not change."""
    return StepFolder(folder)._read(part)


def slice_table(rows: Slice) -> pa.Table:
    """The rows of a slice. Memory: the two parts read last are kept."""
    return _slices_of(rows.folder, rows.part, rows.source).slice(rows.start, rows.stop - rows.start)


def read_slice(rows: Slice, kind: type) -> list[Any]:
    """The records of a slice."""
    return from_table(slice_table(rows), kind)
