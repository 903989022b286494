"""The texts of benchmark files: JSONL (also .gz) or Parquet, each text column of a row; and their runs of
words.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.dedup.overlap import Index
from pipeline.errors import RecipeError
from pipeline.identity import digest
from pipeline.io.cache import cached
from pipeline.io.row_files import rows

FORMAT = 2  # of what is kept; goes up when the same files give other hashes
MAX_DEPTH = 3  # of strings in nested values


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
        numbers, items = zip(*found, strict=True)
        names = pa.repeat(path.name, len(numbers))
        tables.append(
            pa.table({"benchmark": names, "row": pa.array(numbers, pa.int64()), "text": pa.array(items)})
        )
    return Index.of(pa.concat_tables(tables), n, min_words)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every text with the number of its row, from 0. Raises RecipeError that says where the file is bad."""
    for number, row in enumerate(rows(path, "benchmark")):
        yield from ((number, text) for text in _strings(row, MAX_DEPTH))


def _strings(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list) and depth:
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item, depth - 1)
