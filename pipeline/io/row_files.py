"""The rows of files that hold one each line or record: JSONL (also .gz) or Parquet.

JSONL is UTF-8, or UTF-16 or UTF-32 with a byte order mark. What a JSON escape names that is no character,
as half of a surrogate pair, is read as U+FFFD.
"""

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import RecipeError

UNREADABLE = (OSError, EOFError, zlib.error, ValueError, RecursionError, pa.ArrowException)
# What a file of rows begins with: a byte order mark, and the brace of its first row.
BEGINNINGS = {"\ufeff{".encode(name): name for name in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")}
HALF_PAIR = re.compile("[\ud800-\udfff]")


def rows(path: Path, what: str) -> Iterator[Any]:
    """Every row, as plain data. `what` it is, for errors. Raises RecipeError that says where the file is
    bad.
    """
    n_read = 0
    try:
        for row in _rows(path, what):
            yield row
            n_read += 1
    except UnicodeDecodeError as error:
        raise RecipeError(
            f"{what} {path}, after row {n_read}: {error}; save it as UTF-8, or take it out of the settings"
        ) from error
    except UNREADABLE as error:
        raise RecipeError(
            f"{what} {path}, row {n_read}: {error}; mend the file or take it out of the settings"
        ) from error


def _rows(path: Path, what: str) -> Iterator[Any]:
    if path.suffix == ".parquet":
        for batch in pq.ParquetFile(path).iter_batches():
            yield from batch.to_pylist()
    elif path.name.endswith((".jsonl", ".jsonl.gz")):
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
            start = file.read(8)
            file.seek(0)
            found = (name[:6] for begins, name in BEGINNINGS.items() if start.startswith(begins))
            encoding = next(found, "utf-8-sig")
            # Not jsonlines: its reader takes the EOFError of a gzip file that is cut short for the end.
            with io.TextIOWrapper(file, encoding=encoding) as lines:
                yield from (_whole(json.loads(line)) for line in lines if line.strip())
    else:
        raise RecipeError(f"{what} {path}: expected .jsonl, .jsonl.gz or .parquet, got '{path.suffix}'")


def _whole(value: Any) -> Any:
    """The value with only characters in its texts."""
    if isinstance(value, str):
        return value if value.isascii() else HALF_PAIR.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value
