"""Pairs of rows that are near -> which rows go, each for one that stays."""

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.letters import kernel

# Jaccard similarities of two rows: of question and answer together, of each, and of the shingles of both that
# have no mark, or one. 1 where both sets are empty.
SIMILARITIES = ("whole", "question", "answer", "plain", "marked")
PAIRS = np.dtype(
    [("row", np.int64), ("twin", np.int64), *((name, np.float32) for name in SIMILARITIES)]
)  # the twin comes before the row

Pairs = NDArray[np.void]
Flags = NDArray[np.bool_]


def first_staying(pairs: Pairs, goes: Flags) -> Pairs:
    """Of each row that must go, the pair with the nearest twin that stays (of equals, the first in order).

    `goes`: of each row whether it goes; written for the rows of `pairs`, read for their twins, which must be
    settled or among those rows. A row goes only for a twin that stays: there is no chain of similar rows.
    Cost: a sort.
    """
    ordered = pairs[np.lexsort((pairs["twin"], -pairs["whole"], pairs["row"]))]
    chosen: Pairs = ordered[_first_staying(ordered["row"].copy(), ordered["twin"].copy(), goes)]
    return chosen


@kernel
def _first_staying(rows, twins, goes):
    chosen = np.empty(len(rows), np.int64)
    n_chosen = 0
    for pair in range(len(rows)):
        if not goes[rows[pair]] and not goes[twins[pair]]:  # the twin is settled: it comes before
            goes[rows[pair]] = True
            chosen[n_chosen] = pair
            n_chosen += 1
    return chosen[:n_chosen]
