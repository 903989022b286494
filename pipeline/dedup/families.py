"""Rows that are alike because they were meant to be: rephrasings of one row, tasks on one passage."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.dedup.word_hashes import hashed

ORIGINAL = "rephrased_from"  # the column of a record that holds the id of its original, or ""
MAX_GENERATIONS = 64
PASSAGE = "passage"  # the column that holds the text which a question shows, or ""


def originals(rows: pa.Table) -> pa.ChunkedArray:
    """The ids of the originals; "" for a row that is one, and for all rows of a table without the column."""
    return _texts(rows, ORIGINAL)


def families(ids: pa.ChunkedArray, of: pa.ChunkedArray) -> NDArray[np.int64]:
    """A number a row, equal for an original, its rephrasings and theirs, over all generations whose rows are
    there. `of`: as `originals` gives them. Cost: a look a row and generation.
    """
    is_one = pc.equal(of, "")
    if pc.all(is_one).as_py():
        return np.arange(len(ids))
    known, names = ids.combine_chunks(), pc.if_else(is_one, ids, of).combine_chunks()
    parents = names
    for _ in range(MAX_GENERATIONS):
        before = pc.fill_null(parents.take(pc.index_in(names, value_set=known)), names)
        if before.equals(names):
            break
        names = before
    return np.asarray(names.dictionary_encode().indices, np.int64)


def passages(rows: pa.Table) -> NDArray[np.uint64]:
    """A hash of the passage that each row's question shows, 0 where it shows none. Of two passages the
    questions are alike by their wording alone, so rows are compared when these are equal.
    """
    shown = _texts(rows, PASSAGE)
    if not pc.any(pc.not_equal(shown, "")).as_py():
        return np.zeros(len(rows), np.uint64)
    hashes = np.frombuffer(b"".join(hashed(shown).to_pylist()), np.uint64)[::2]
    return np.where(np.asarray(pc.equal(shown, "")), np.uint64(0), hashes)


def _texts(rows: pa.Table, column: str) -> pa.ChunkedArray:
    if column in rows.column_names:
        return rows[column]
    return pa.chunked_array([pa.repeat("", len(rows))])
