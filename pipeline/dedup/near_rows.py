"""Records as sketches -> the pairs of them that are near, by question and answer, or by text.

What is compared: the shingles (pipeline/dedup/shingles.py) of records that show the same passage, or none.
The work on bands goes through an `Each` (pipeline/stage.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.dedup.contexts import apart, pieces
from pipeline.dedup.families import ORIGINAL, PASSAGE, families, originals, passages
from pipeline.dedup.minhash import Sets, band_keys
from pipeline.dedup.near_pairs import Buckets, Rows, buckets, joined, near_pairs
from pipeline.dedup.pairs import Flags, Pairs
from pipeline.dedup.shingles import Kind, shingled
from pipeline.stage import Each

TEXTS = ("question", "answer", "text")
ASKED = "asked"  # the column of pieces of questions
BANDS_A_TASK = 4


@dataclass(frozen=True)
class Near:
    """Records in their precedence, and what finds those that are near."""

    order: NDArray[np.int64]  # places in the sketches
    family: NDArray[np.int64]  # equal for an original and its rephrasings; in that order
    rows: Rows
    buckets: Buckets
    asked: Sets | None  # the pieces of questions, see pipeline/dedup/contexts.py

    def pairs(self, min_similarity: float, goes: Flags) -> Iterator[Pairs]:
        """See `near_pairs`; rows and twins are places in `order`. Questions with a text in them are near by
        what they say apart from it, too.
        """
        for found in near_pairs(self.buckets, self.rows, min_similarity, goes):
            if self.asked is not None and len(found):
                found = apart(found, self.order, self.asked, self.rows.answers)
            yield found[found["whole"] >= min_similarity]


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
    if "question" in sides:
        marks[ASKED] = pieces(_taken_apart(rows["question"], sides))
    return pa.table({"id": rows["id"], **sides, "keys": key_lists, **marks})


def _taken_apart(questions: pa.ChunkedArray, sides: dict[str, pa.LargeListArray]) -> pa.ChunkedArray:
    """The questions, empty where the answer has more shingles: that tells the row from others on one text."""
    if "answer" not in sides:
        return questions
    asked, answered = (pc.list_value_length(sides[name]) for name in ("question", "answer"))
    return pc.if_else(pc.less(asked, answered), "", questions)


def near_rows(sketches: pa.Table, n_settled: int, each: Each) -> Near:
    """What may be near. The first `n_settled` come first and are not compared with one another; then
    originals, then rephrasings, in the order of their ids.
    """
    ids = sketches["id"].combine_chunks()
    own = pc.sort_indices(ids.slice(n_settled)).to_numpy().astype(np.int64) + n_settled
    rephrased = pc.not_equal(sketches[ORIGINAL], "").to_numpy()[own]
    order = np.concatenate([np.arange(n_settled), own[~rephrased], own[rephrased]])
    family = families(sketches["id"], sketches[ORIGINAL])[order]
    sides = _sets({name: sketches[name] for name in TEXTS if name in sketches.column_names}, len(ids))
    n_bands = sketches["keys"].type.list_size
    keys = sketches["keys"].combine_chunks().flatten().to_numpy().reshape(-1, n_bands)
    cuts = range(0, n_bands, BANDS_A_TASK)
    bands = [range(start, min(start + BANDS_A_TASK, n_bands)) for start in cuts]
    found = joined(each(buckets, bands, keys, order))
    shown = sketches[PASSAGE].to_numpy()[order]
    asked = Sets.of(sketches[ASKED]) if ASKED in sketches.column_names else None
    return Near(order, family, Rows(*sides, order, n_settled, shown), found, asked)


def _sets(lists: dict[str, pa.LargeListArray | pa.ChunkedArray], n: int) -> tuple[Sets, Sets]:
    """The shingles of questions, or of texts, and of answers; empty sets where there are no answers."""
    questions = Sets.of(lists["question" if "question" in lists else "text"])
    return questions, Sets.of(lists["answer"]) if "answer" in lists else Sets.empty(n)
