"""Records as sketches -> the pairs of them that are near, by question and answer, or by text.

What is compared: the shingles (pipeline/dedup/shingles.py) of records that show the same passage, or none.
The work on bands goes through an `Each` (pipeline/stage.py).
"""

import functools
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.dedup.families import ORIGINAL, PASSAGE, families, originals, passages
from pipeline.dedup.minhash import Sets, band_keys, near_pairs
from pipeline.dedup.shingles import Kind, shingled
from pipeline.stage import Each

TEXTS = ("question", "answer", "text")
BANDS_A_TASK = 4


class Near(NamedTuple):
    """Records in their precedence, and those that are near."""

    order: NDArray[np.int64]  # places in the sketches
    family: NDArray[np.int64]  # equal for an original and its rephrasings; in that order
    pairs: NDArray[np.void]  # see pipeline/dedup/minhash.py; rows and twins are places in that order


def sketched(rows: pa.Table, shingle: Kind, n: int, bands: int, band_rows: int) -> pa.Table:
    """The shingles of `n` words or characters of each record, its keys of `bands` bands, its original and
    passage.
    """
    sides = {name: shingled(rows[name], n, shingle) for name in TEXTS if name in rows.column_names}
    shown = passages(rows)
    keys = band_keys(*_sets(sides, rows.num_rows), bands, band_rows)
    if shown.any():  # else all that ask the same of their passage would meet
        keys ^= shown.astype(np.uint32)[:, None]
    key_lists = pa.FixedSizeListArray.from_arrays(keys.ravel(), bands)
    marks = {ORIGINAL: originals(rows), PASSAGE: shown}
    return pa.table({"id": rows["id"], **sides, "keys": key_lists, **marks})


def near_rows(sketches: pa.Table, n_settled: int, min_similarity: float, each: Each) -> Near:
    """What is near. The first `n_settled` come first and are not compared with one another; then originals,
    then rephrasings, in the order of their ids.
    """
    ids = sketches["id"].combine_chunks()
    own = pc.sort_indices(ids.slice(n_settled)).to_numpy().astype(np.int64) + n_settled
    rephrased = pc.not_equal(sketches[ORIGINAL], "").to_numpy()[own]
    order = np.concatenate([np.arange(n_settled), own[~rephrased], own[rephrased]])
    family = families(sketches["id"], sketches[ORIGINAL])[order]
    sides = _sets({name: sketches[name] for name in TEXTS if name in sketches.column_names}, len(ids))
    n_bands = sketches["keys"].type.list_size
    keys = sketches["keys"].combine_chunks().flatten().to_numpy().reshape(-1, n_bands)
    work = functools.partial(near_pairs, min_similarity=min_similarity)
    cuts = range(0, n_bands, BANDS_A_TASK)
    bands = [range(start, min(start + BANDS_A_TASK, n_bands)) for start in cuts]
    pairs = np.concatenate(each(work, bands, *sides, keys, order, n_settled))
    shown = sketches[PASSAGE].to_numpy()[order]
    return Near(order, family, pairs[shown[pairs["row"]] == shown[pairs["twin"]]])


def _sets(lists: dict[str, pa.LargeListArray | pa.ChunkedArray], n: int) -> tuple[Sets, Sets]:
    """The shingles of questions, or of texts, and of answers; empty sets where there are no answers."""
    questions = Sets.of(lists["question" if "question" in lists else "text"])
    return questions, Sets.of(lists["answer"]) if "answer" in lists else Sets.empty(n)
