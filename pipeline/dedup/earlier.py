"""Datasets that are there already, as the sketches that new rows are compared with.

A dataset is a file, a folder (all of its files, or those that its card names) or a name on the Hub
(`user/name`, or `user/name@revision`). It is read once, in a stream; what the stages' own `sketch` makes of
it is kept in the cache of this machine. Cost of the reading: about 30 microseconds a row of 130 words from a
local file; of what is kept: a kilobyte such a row, half of it for the question alone.
"""

import itertools
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.dedup.asked_rows import pair_in
from pipeline.errors import RecipeError
from pipeline.identity import digest
from pipeline.io.cache import cached
from pipeline.io.row_files import rows
from pipeline.stage import DatasetStage

BATCH_ROWS = 10_000
TOLD_ROWS = 1_000_000  # after which a reader is told how far it is
HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+(?:@[\w./-]+)?")
OUR_KINDS = (".jsonl", ".jsonl.gz", ".parquet")
FORMAT = 2  # of what is kept; goes up when the same files give other questions or answers
KINDS = {".json": "json", ".csv": "csv"}  # that `datasets` reads
# Files beside the data of a dataset, which hold none.
NO_DATA = (
    "dataset_info.json",
    "dataset_infos.json",
    "dataset_dict.json",
    "state.json",
    "contamination.jsonl",
)

ROWS = pa.schema([("id", pa.string()), ("question", pa.string()), ("answer", pa.string())])
# Texts that no two settings of a stage sketch alike.
PROBE = pa.table(
    {
        "id": ["a", "b"],
        "question": [
            " ".join(f"word{i * i % 97}" for i in range(99)),
            "How many are 3 + 4 in C++ \u2264 \u0e2b\u0e49\u0e32?",
        ],
        "answer": ["Seven, as the sum of three and four is seven: count them.", "7"],
    }
)


class Source(NamedTuple):
    """Where a dataset is, and what changes when it does."""

    name: str
    state: object
    load: Callable[[], Iterator[tuple[str, list[Any]]]]  # splits and some of their rows


def sketches_of(stages: Sequence[DatasetStage], name: str, kind: type) -> list[Path]:
    """The files with the sketches of the dataset's rows as records of `kind`, one a stage.

    Raises RecipeError for a dataset that cannot be read or has no questions.
    """
    source = _source(name)
    texts = [column for column in PROBE.column_names if column in kind.__dataclass_fields__]  # type: ignore[attr-defined]
    probes = [stage.sketch(PROBE.select(texts)).to_pydict() for stage in stages]
    key = digest((FORMAT, source.name, source.state, repr(probes))).hex()
    folder = cached(f"earlier-{key}", lambda draft: _write(source, stages, texts, draft))
    return [folder / f"{number}.parquet" for number in range(len(stages))]


def with_earlier(paths: Sequence[Path], sketches: pa.Table) -> tuple[pa.Table, int]:
    """The sketches of earlier datasets, then `sketches`; how many the earlier ones are."""
    if not paths:
        return sketches, 0
    earlier = pa.concat_tables([pq.ParquetFile(path).read() for path in paths])
    sketches = sketches.select(earlier.column_names)
    return pa.concat_tables([earlier.cast(sketches.schema), sketches]), len(earlier)


def _write(source: Source, stages: Sequence[DatasetStage], texts: list[str], folder: Path) -> None:
    writers: list[pq.ParquetWriter] = []
    n_rows = 0
    try:
        for table in _rows(source):
            sketches = [stage.sketch(table.select(texts)) for stage in stages]
            if not writers:
                paths = [folder / f"{number}.parquet" for number in range(len(stages))]
                writers = [pq.ParquetWriter(path, s.schema) for path, s in zip(paths, sketches, strict=True)]
            for writer, sketch in zip(writers, sketches, strict=True):
                writer.write_table(sketch)
            n_rows += len(table)
            if n_rows % TOLD_ROWS < len(table):
                print(f"earlier dataset {source.name}: {n_rows:,} rows read", file=sys.stderr)
    finally:
        for writer in writers:
            writer.close()
    if not n_rows:
        raise RecipeError(f"earlier dataset {source.name} has no rows; take it out of `earlier`")


def _rows(source: Source) -> Iterator[pa.Table]:
    """Tables with an id, a question and an answer each; rows without a question are left out."""
    from datasets.exceptions import DatasetsError

    done = Counter[str]()
    try:
        for split, batch in source.load():
            pairs = [pair_in(row, source.name) for row in batch]
            ids = [f"{source.name}:{split}:{done[split] + number}" for number in range(len(batch))]
            done[split] += len(batch)
            found = [
                {"id": name, "question": question, "answer": answer}
                for name, (question, answer) in zip(ids, pairs, strict=True)
                if question
            ]
            yield pa.Table.from_pylist(found, schema=ROWS)
    except (OSError, ValueError, DatasetsError, pa.ArrowException) as error:
        raise RecipeError(
            f"earlier dataset {source.name}: {error}; expected a folder or file that `datasets` loads, or a "
            "name on the Hub"
        ) from error


def _source(name: str) -> Source:
    path = Path(name)
    if path.exists():
        return _local(name, path)
    if HUB_NAME.fullmatch(name):
        return _on_hub(name)
    raise RecipeError(
        f"earlier dataset {name}: no such folder or file; expected one, or a name on the Hub (user/name)"
    )


def _local(name: str, path: Path) -> Source:
    files = [path] if path.is_file() else sorted(item for item in path.rglob("*") if item.is_file())
    state = [(str(file.relative_to(path)), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    if not any(size for _, size, _ in state):
        raise RecipeError(f"earlier dataset {name} is empty; take it out of `earlier`")
    data = [file for file in files if _is_data(file, path)]
    if path.is_dir() and (not data or _has_card(path)):  # the card says which files are data
        return Source(name, state, lambda: _load(name))
    if not data:
        raise RecipeError(f"earlier dataset {name}: expected {', '.join((*OUR_KINDS, *KINDS))} or a folder")
    return Source(name, state, lambda: _load(*data))


def _is_data(file: Path, folder: Path) -> bool:
    hidden = any(part.startswith((".", "__")) for part in file.relative_to(folder).parts)
    return not hidden and file.name not in NO_DATA and file.name.endswith((*OUR_KINDS, *KINDS))


def _has_card(folder: Path) -> bool:
    card = folder / "README.md"
    return card.is_file() and "\nconfigs:" in card.read_text(encoding="utf-8", errors="replace")


def _on_hub(name: str) -> Source:
    from huggingface_hub import HfApi

    repository, _, revision = name.partition("@")
    try:
        found = HfApi().dataset_info(repository, revision=revision or None)
    except (OSError, ValueError) as error:
        raise RecipeError(
            f"earlier dataset {name} is no folder here, and the Hub does not give it: {error}; check the "
            "name, and HF_TOKEN for a private one"
        ) from error
    return Source(name, found.sha, lambda: _load(repository, revision=found.sha))


def _load(*what: str | Path, **options: Any) -> Iterator[tuple[str, list[Any]]]:
    """Splits and some of their rows, of the files, or of what `datasets` knows by a name."""
    for item in what:
        if isinstance(item, Path) and item.name.endswith(OUR_KINDS):
            yield from (("train", batch) for batch in _batches(item))
        elif isinstance(item, Path):
            yield from _streamed(KINDS[item.suffix], data_files={"train": str(item)})
        else:
            yield from _streamed(item, **options)


def _batches(path: Path) -> Iterator[list[Any]]:
    found = rows(path, "file")
    try:
        while batch := list(itertools.islice(found, BATCH_ROWS)):
            yield batch
    except RecipeError as error:
        raise ValueError(str(error)) from error


def _streamed(name: str, **options: Any) -> Iterator[tuple[str, list[Any]]]:
    from datasets import load_dataset

    for split, data in load_dataset(name, streaming=True, **options).items():
        for table in data.with_format("arrow").iter(BATCH_ROWS):
            yield split, table.to_pylist()
