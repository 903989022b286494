"""Files of documents: which there are, of which kind, and what changes when they do.

A path is a file, a folder with all that is below it, or a glob, on this machine or at a URL that fsspec
opens: see pipeline/documents/places.py. Cost: a listing; the footers of large Parquet files. Memory: a name
and an address a file.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.documents.places import Place, opened, path_of, places
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
SPECIAL = "special"  # a pipe, a device, a link to nothing or back
UNNAMED = "unnamed"  # a name that is no text, which no table can hold
STRETCH_BYTES = 8 * 2**20  # of a JSONL or Parquet file, that one task reads
MEDIA_TYPES = {  # of web pages whose address has no ending
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/pdf": "pdf",
    "text/plain": "text",
    "text/markdown": "text",
    "text/x-rst": "text",
    "application/jsonl": "jsonl",
    "application/x-jsonlines": "jsonl",
    "application/x-ndjson": "jsonl",
    "application/vnd.apache.parquet": "parquet",
}


def find_files(paths: Sequence[str]) -> Iterator[File]:
    """The files in the order of the paths, then of their names; large JSONL and Parquet files in stretches.

    Raises RecipeError for a path where nothing is.
    """
    for place in _listed(paths):
        kind = _kind(place)
        address = place.address if kind != UNNAMED else _as_text(place.address)
        for start, stop in _stretches(address, kind, place.size):
            yield File(
                id=content_id(place.name, place.size, place.change, start),
                address=address,
                name=place.name,
                kind=kind,
                size=place.size,
                start=start,
                stop=stop,
            )


def state_of(paths: Sequence[str]) -> str:
    """A hash of the names, sizes and times of the files. Raises RecipeError as `find_files` does."""
    return digest([(place.name, place.size, place.change) for place in _listed(paths)]).hex()


def kind_of(name: str) -> str:
    """One of KINDS, by the ending of the name."""
    suffixes = [suffix.lower() for suffix in PurePosixPath(path_of(name)).suffixes[-2:]]
    return KINDS.get("".join(suffixes), KINDS.get(suffixes[-1], UNKNOWN) if suffixes else UNKNOWN)


def _kind(place: Place) -> str:
    if not _is_text(place.address):
        return UNNAMED
    if not place.is_file:
        return SPECIAL
    kind = kind_of(place.name)
    return MEDIA_TYPES.get(place.media_type, UNKNOWN) if kind == UNKNOWN else kind


def _listed(paths: Sequence[str]) -> list[Place]:
    """Every file once, however often it is named, and by a name that no other has."""
    found: dict[str, Place] = {}
    for path in paths:
        for place in places(path):
            found.setdefault(place.address, place)
    listed = [place._replace(name=_as_text(place.name)) for place in found.values()]
    n_parents = [0] * len(listed)
    names = [place.name for place in listed]
    while alike := {name for name, count in Counter(names).items() if count > 1}:
        for number, place in enumerate(listed):
            if names[number] in alike:
                n_parents[number] += 1
                names[number] = _longer(place, n_parents[number])
    return [place._replace(name=name) for place, name in zip(listed, names, strict=True)]


def _longer(place: Place, n_parents: int) -> str:
    """The name with so many more of the folders that it lies in; the whole address when they end."""
    within = place.name.count("/") + 1
    parts = _as_text(place.address).split("/")
    if within + n_parents >= len(parts):
        return f"{place.name}#{digest(_as_text(place.address), 4).hex()}"
    return "/".join(parts[-within - n_parents :])


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:  # bytes of a local file system that are no UTF-8
        return False
    return True


def _as_text(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _stretches(address: str, kind: str, size: int) -> list[tuple[int, int]]:
    """Where the stretches of a file start and stop."""
    if kind not in ("jsonl", "parquet") or size <= STRETCH_BYTES:
        return [(0, 0)]
    if kind == "jsonl":
        return [(start, min(start + STRETCH_BYTES, size)) for start in range(0, size, STRETCH_BYTES)]
    try:
        with opened(address) as file:
            n_groups = pq.ParquetFile(file).metadata.num_row_groups
    except (OSError, pa.ArrowException):  # who reads it says what is wrong
        return [(0, 0)]
    return [(group, group + 1) for group in range(n_groups)]
