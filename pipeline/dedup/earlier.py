"""Datasets that are there already, as the sketches that new rows are compared with.

A dataset is a folder or a file that the library `datasets` loads, or a name on the Hub (`user/name`, or
`user/name@revision`). It is read once, in a stream; what the stages' own `sketch` makes of it is kept in the
cache of this machine. Cost of the reading: about 20 microseconds a row of 130 words from a local file; of
what is kept: a kilobyte such a row, half of it for the question alone.
"""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.errors import RecipeError
from pipeline.identity import digest
from pipeline.io.cache import cached
from pipeline.stage import DatasetStage

BATCH_ROWS = 10_000
TOLD_ROWS = 1_000_000  # after which a reader is told how far it is
HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+(?:@[\w./-]+)?")
KINDS = {".parquet": "parquet", ".jsonl": "json", ".json": "json", ".csv": "csv"}

# Columns that hold question and answer, in the order in which they are looked for.
CHATS = {"messages": ("role", "content"), "conversations": ("from", "value")}
ASKING, ANSWERING = ("user", "human"), ("assistant", "gpt")
PAIRS = (
    ("question", "answer"),
    ("instruction", "output"),
    ("instruction", "response"),
    ("prompt", "completion"),
    ("prompt", "response"),
)
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
    load: Callable[[], Any]  # an iterable dataset per split


def sketches_of(stages: Sequence[DatasetStage], name: str, kind: type) -> list[Path]:
    """The files with the sketches of the dataset's rows as records of `kind`, one a stage.

    Raises RecipeError for a dataset that cannot be read or has no questions.
    """
    source = _source(name)
    texts = [column for column in PROBE.column_names if column in kind.__dataclass_fields__]  # type: ignore[attr-defined]
    probes = [stage.sketch(PROBE.select(texts)).to_pydict() for stage in stages]
    key = digest((source.name, source.state, repr(probes))).hex()
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
        for rows in _rows(source):
            sketches = [stage.sketch(rows.select(texts)) for stage in stages]
            if not writers:
                paths = [folder / f"{number}.parquet" for number in range(len(stages))]
                writers = [pq.ParquetWriter(path, s.schema) for path, s in zip(paths, sketches, strict=True)]
            for writer, sketch in zip(writers, sketches, strict=True):
                writer.write_table(sketch)
            n_rows += len(rows)
            if n_rows % TOLD_ROWS < len(rows):
                print(f"earlier dataset {source.name}: {n_rows:,} rows read", file=sys.stderr)
    finally:
        for writer in writers:
            writer.close()
    if not n_rows:
        raise RecipeError(f"earlier dataset {source.name} has no rows; take it out of `earlier`")


def _rows(source: Source) -> Iterator[pa.Table]:
    """Tables with an id, a question and an answer each; rows without a question are left out."""
    from datasets.exceptions import DatasetsError

    try:
        for split, data in source.load().items():
            done = 0
            for table in data.with_format("arrow").iter(BATCH_ROWS):
                question, answer = _texts(table, source.name)
                ids = [f"{source.name}:{split}:{done + number}" for number in range(len(table))]
                done += len(table)
                found = pa.table({"id": ids, "question": question, "answer": answer})
                yield found.filter(pc.is_valid(found["question"]))
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
    if path.is_dir():
        return Source(name, state, lambda: _load(name))
    if path.suffix not in KINDS:
        raise RecipeError(f"earlier dataset {name}: expected {', '.join(KINDS)} or a folder")
    return Source(name, state, lambda: _load(KINDS[path.suffix], data_files={"train": name}))


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


def _load(*args: Any, **kwargs: Any) -> Any:
    from datasets import load_dataset

    return load_dataset(*args, streaming=True, **kwargs)


def _texts(table: pa.Table, name: str) -> tuple[Any, Any]:
    """Questions and answers, null where there is none."""
    for column, (role, content) in CHATS.items():
        if column in table.column_names:
            turns = table[column].combine_chunks()
            names = [turns.type.value_type.field(i).name for i in range(turns.type.value_type.num_fields)]
            role, content = (role, content) if role in names else CHATS["messages"]
            return _first(turns, role, content, ASKING), _first(turns, role, content, ANSWERING)
    for question, answer in PAIRS:
        if question in table.column_names and answer in table.column_names:
            asked = table[question].cast(pa.string())
            if question == "instruction" and "input" in table.column_names:  # of Alpaca
                given = pc.fill_null(table["input"].cast(pa.string()), "")
                asked = pc.utf8_trim_whitespace(pc.binary_join_element_wise(asked, given, "\n"))
            return asked, table[answer].cast(pa.string())
    pairs = ", ".join(f"{question} and {answer}" for question, answer in PAIRS)
    raise RecipeError(
        f"earlier dataset {name}: expected a column messages or conversations, or two of {pairs}; "
        f"got {', '.join(table.column_names)}"
    )


def _first(turns: pa.ListArray, role: str, content: str, who: Sequence[str]) -> pa.Array:
    """The first turn of each row by one of `who`."""
    rows, flat = pc.list_parent_indices(turns), pc.list_flatten(turns)
    mine = pc.is_in(pc.struct_field(flat, [role]), value_set=pa.array(who))
    rows, texts = rows.filter(mine), pc.struct_field(flat, [content]).filter(mine)
    found, places = np.unique(rows.to_numpy(), return_index=True)
    where = np.full(len(turns), -1, np.int64)
    where[found] = places
    return texts.cast(pa.string()).take(pa.array(where, mask=where < 0))
