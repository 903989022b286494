"""Files of documents: which there are, of which kind, and what changes when they do.

A path is a file, a folder with all that is below it, or a glob, on this machine or at a URL that fsspec
opens. Names that begin with a dot are left out. Cost: a listing; the footers of large Parquet files.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import RecipeError
from pipeline.identity import digest
from pipeline.records import File, content_id

KINDS = {
    ".txt": "text",
    ".text": "text",
    ".md": "text",
    ".markdown": "text",
    ".rst": "text",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".jsonl.gz": "jsonl.gz",
    ".parquet": "parquet",
}
UNKNOWN = "unknown"
# No kinds of documents, but told as what they are when they are read:
SPECIAL = "special"  # a pipe, a device, a link to nothing
UNNAMED = "unnamed"  # a name that is no text, which no table can hold
STRETCH_BYTES = 8 * 2**20  # of a JSONL or Parquet file, that one task reads
CHANGES = ("mtime", "ETag", "etag", "LastModified", "last_modified", "updated")  # as file systems tell of it


def find_files(paths: Sequence[str]) -> Iterator[File]:
    """The files in the order of the paths, then of their names; large JSONL and Parquet files in stretches.

    Raises RecipeError for a path where nothing is.
    """
    seen: set[str] = set()  # a file may be named twice
    for path in paths:
        for address, name, info in _listed(path):
            if address in seen:
                continue
            seen.add(address)
            size = info.get("size") or 0
            kind = kind_of(name) if info.get("type") == "file" else SPECIAL
            if not _is_text(name):
                kind, name, address = UNNAMED, _as_text(name), _as_text(address)
            for start, stop in _stretches(address, kind, size):
                record_id = content_id(name, size, _change(info), start)
                yield File(
                    id=record_id, address=address, name=name, kind=kind, size=size, start=start, stop=stop
                )


def state_of(paths: Sequence[str]) -> str:
    """A hash of the names, sizes and times of the files. Raises RecipeError as `find_files` does."""
    listed = [entry for path in paths for entry in _listed(path)]
    found = [(_as_text(name), info.get("size"), _change(info)) for _, name, info in listed]
    return digest(found).hex()


def kind_of(name: str) -> str:
    """One of KINDS, by the ending of the name."""
    suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes[-2:]]
    return KINDS.get("".join(suffixes), KINDS.get(suffixes[-1], UNKNOWN) if suffixes else UNKNOWN)


def _listed(path: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Address, name and what the file system says of each file, sorted by name."""
    try:
        fs, place = fsspec.core.url_to_fs(path)
        is_local = "file" in (fs.protocol if isinstance(fs.protocol, tuple) else (fs.protocol,))
        if any(char in path for char in "*?[") and not fs.exists(place):
            found, base = (
                fs.glob(place, detail=True),
                place[: min(place.find(c) for c in "*?[" if c in place)],
            )
        elif not is_local and place.startswith(("http://", "https://")):
            found, base = {place: fs.info(place)}, place
        elif fs.isdir(place):
            found, base = fs.find(place, detail=True), place
        else:
            found, base = ({place: fs.info(place)} if fs.exists(place) else {}), place
    except (OSError, ValueError, ImportError) as error:
        raise RecipeError(f"documents {path}: {error}; expected a file, a folder, a glob or a URL") from error
    top = os.path.dirname(base.rstrip("/"))
    rows = []
    for place, info in found.items():
        below = place[len(top) :].lstrip("/")
        hidden = any(part.startswith(".") for part in below.split("/"))
        if info.get("type") != "directory" and not hidden:
            address = place if is_local else fs.unstrip_protocol(place)
            rows.append((address, below if is_local else address, info))
    if not rows:
        raise RecipeError(f"documents {path}: there is no file; expected a file, a folder, a glob or a URL")
    return sorted(rows, key=lambda row: row[1])


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:  # bytes of a local file system that are no UTF-8
        return False
    return True


def _as_text(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _change(info: dict[str, Any]) -> str:
    return next((str(info[key]) for key in CHANGES if info.get(key)), "")


def _stretches(address: str, kind: str, size: int) -> list[tuple[int, int]]:
    """Where the stretches of a file start and stop."""
    if kind not in ("jsonl", "parquet") or size <= STRETCH_BYTES:
        return [(0, 0)]
    if kind == "jsonl":
        return [(start, min(start + STRETCH_BYTES, size)) for start in range(0, size, STRETCH_BYTES)]
    try:
        with fsspec.open(address, "rb") as file:
            n_groups = pq.ParquetFile(file).metadata.num_row_groups
    except (OSError, pa.ArrowException):  # who reads it says what is wrong
        return [(0, 0)]
    return [(group, group + 1) for group in range(n_groups)]
