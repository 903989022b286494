"""The rows of files that hold one each line or record: JSONL (also .gz) or Parquet."""

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import RecipeError

UNREADABLE = (OSError, EOFError, zlib.error, ValueError, pa.ArrowException)


def rows(path: Path, what: str) -> Iterator[Any]:
    """Every row, as plain data. `what` it is, for errors. Raises RecipeError that says where the file is
    bad.
    """
    n_read = 0
    try:
        for row in _rows(path, what):
            yield row
            n_read += 1
    except UNREADABLE as error:
        raise RecipeError(
            f"{what} {path}, row {n_read}: {error}; mend the file or take it out of the settings"
        ) from error


def _rows(path: Path, what: str) -> Iterator[Any]:
    if path.suffix == ".parquet":
        for batch in pq.ParquetFile(path).iter_batches():
            yield from batch.to_pylist()
    elif path.name.endswith((".jsonl", ".jsonl.gz")):
        open_text = gzip.open if path.suffix == ".gz" else open
        with open_text(path, "rt", encoding="utf-8") as file:
            # Not jsonlines: its reader takes the EOFError of a gzip file that is cut short for the end.
            yield from (json.loads(line) for line in file if line.strip())
    else:
        raise RecipeError(f"{what} {path}: expected .jsonl, .jsonl.gz or .parquet, got '{path.suffix}'")
