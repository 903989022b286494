"""The texts of benchmark files: JSONL (also .gz) or Parquet, each text column of a row; and their runs of
words.
"""

import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.cache import cached
from pipeline.errors import RecipeError
from pipeline.identity import digest
from pipeline.overlap import Index

FORMAT = 1  # of what is kept; goes up when the same files give other hashes
MAX_DEPTH = 3  # of strings in nested values
UNREADABLE = (OSError, EOFError, zlib.error, ValueError, pa.ArrowException)


def index(paths: Sequence[Path], n: int, min_words: int) -> Index:
    """The runs of all texts of the files; its items have the file's name, as `benchmark`, and their `row`.

    Made once on a machine, then shared by the processes that use it. Raises RecipeError for a file that is
    missing, damaged or holds no text.
    """
    key = digest((FORMAT, [path.name for path in paths], tuple(paths), n, min_words)).hex()
    return Index.load(cached(f"benchmarks-{key}", lambda draft: _index(paths, n, min_words).save(draft)))


def _index(paths: Sequence[Path], n: int, min_words: int) -> Index:
    tables = []
    for path in paths:
        found = [(number, text) for number, text in texts(path) if text.strip()]
        if not found:
            raise RecipeError(f"benchmark {path} holds no text: expected rows with text columns")
        rows, items = zip(*found, strict=True)
        names = pa.repeat(path.name, len(rows))
        tables.append(
            pa.table({"benchmark": names, "row": pa.array(rows, pa.int64()), "text": pa.array(items)})
        )
    return Index.of(pa.concat_tables(tables), n, min_words)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every text with the number of its row, from 0. Raises RecipeError that says where the file is bad."""
    number = -1
    try:
        for number, row in enumerate(_rows(path)):
            yield from ((number, text) for text in _strings(row, MAX_DEPTH))
    except UNREADABLE as error:
        raise RecipeError(
            f"benchmark {path}, row {number + 1}: {error}; mend the file or take it out of the settings"
        ) from error


def _rows(path: Path) -> Iterator[Any]:
    if path.suffix == ".parquet":
        for batch in pq.ParquetFile(path).iter_batches():
            yield from batch.to_pylist()
    elif path.name.endswith((".jsonl", ".jsonl.gz")):
        open_text = gzip.open if path.suffix == ".gz" else open
        with open_text(path, "rt", encoding="utf-8") as file:
            # Not jsonlines: its reader takes the EOFError of a gzip file that is cut short for the end.
            yield from (json.loads(line) for line in file if line.strip())
    else:
        raise RecipeError(f"benchmark {path}: expected .jsonl, .jsonl.gz or .parquet, got '{path.suffix}'")


def _strings(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list) and depth:
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item, depth - 1)
