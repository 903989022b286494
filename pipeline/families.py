"""Rephrasings and what they say in other words: rows that are alike because they were meant to be."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

ORIGINAL = "rephrased_from"  # the column of a record that holds the id of its original, or ""


def originals(rows: pa.Table) -> pa.ChunkedArray:
    """The ids of the originals; "" for a row that is one, and for all rows of a table without the column."""
    if ORIGINAL in rows.column_names:
        return rows[ORIGINAL]
    return pa.chunked_array([pa.repeat("", len(rows))])


def families(ids: pa.ChunkedArray, of: pa.ChunkedArray) -> NDArray[np.int64]:
    """A number a row, equal for an original and all its rephrasings. `of`: as `originals` gives them."""
    is_one = pc.equal(of, "")
    if pc.all(is_one).as_py():
        return np.arange(len(ids))
    names = pc.if_else(is_one, ids, of).combine_chunks()
    return np.asarray(names.dictionary_encode().indices, np.int64)
