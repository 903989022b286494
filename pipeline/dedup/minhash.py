"""Sets of shingles -> keys by which rows that may be near are found, in compiled code.

MinHash by one-permutation hashing (Li, Owen and Zhang 2012) with optimal densification (Shrivastava 2017): a
set's hashes fall into bins by their highest bits, the least of each bin is its signature, and an empty bin
borrows from another. Rows that agree in all bins of a band are candidates (Leskovec et al., Mining of Massive
Datasets, chapter 3). With 32 bands of 4 a pair of similarity 0.5 becomes a candidate with probability 0.87,
of 0.7 with 0.9999. A row is the pair (question, answer), as two sets; where there are no answers theirs are
empty.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.letters import GOLDEN, PRIME, kernel
from pipeline.dedup.shingles import MARK
from pipeline.dedup.word_hashes import CHUNK_ROWS, THREADS

EMPTY = np.uint32(0xFFFFFFFF)

Keys = NDArray[np.uint32]  # shape (rows, bands)


@dataclass(frozen=True)
class Sets:
    """Shingles of questions or answers: those of row i are values[starts[i]:starts[i + 1]]."""

    starts: NDArray[np.int64]
    values: NDArray[np.uint32]

    @classmethod
    def of(cls, lists: pa.LargeListArray | pa.ChunkedArray) -> "Sets":
        if isinstance(lists, pa.ChunkedArray):  # a copy only where it must be
            lists = lists.chunk(0) if lists.num_chunks == 1 else lists.combine_chunks()
        offsets = np.asarray(lists.offsets, np.int64)
        return cls(offsets, lists.values.to_numpy())

    @classmethod
    def empty(cls, n: int) -> "Sets":
        """`n` sets without a shingle."""
        return cls.of(pa.LargeListArray.from_arrays(np.zeros(n + 1, np.int64), pa.array([], pa.uint32())))


def band_keys(questions: Sets, answers: Sets, bands: int, rows: int) -> Keys:
    """A 32-bit key for each band of each row: rows of equal keys are candidates."""
    n = len(questions.starts) - 1

    def work(start: int) -> Keys:
        stop = min(start + CHUNK_ROWS, n) + 1
        starts = questions.starts[start:stop], answers.starts[start:stop]
        found: Keys = _band_keys(starts[0], questions.values, starts[1], answers.values, bands, rows)
        return found

    if n <= CHUNK_ROWS:
        return work(0)
    with ThreadPoolExecutor(THREADS) as pool:  # the kernel lets go of the interpreter
        return np.concatenate(list(pool.map(work, range(0, n, CHUNK_ROWS))))


@kernel
def _band_keys(q_starts, q_values, a_starts, a_values, bands, rows):
    n_bins = np.uint64(bands * rows)
    keys = np.zeros((len(q_starts) - 1, bands), np.uint32)
    bins, borrowed = np.empty(n_bins, np.uint32), np.empty(n_bins, np.uint32)
    for row in range(len(keys)):
        if q_starts[row] == q_starts[row + 1] and a_starts[row] == a_starts[row + 1]:
            continue
        bins[:] = EMPTY
        for value in q_values[q_starts[row] : q_starts[row + 1]]:
            _put(bins, value >> MARK << MARK)
        for value in a_values[a_starts[row] : a_starts[row + 1]]:
            _put(bins, spread(np.uint64(value >> MARK)))  # not what it is in a question
        for place in range(n_bins):
            source, tries = np.uint64(place), np.uint64(0)
            while bins[source] == EMPTY:
                tries += np.uint64(1)
                source = (spread(np.uint64(place) + tries * PRIME) * n_bins) >> np.uint64(32)
            borrowed[place] = bins[source]
        for band in range(bands):
            key = np.uint64(band)
            for place in range(band * rows, (band + 1) * rows):
                key = spread(key * PRIME + np.uint64(borrowed[place]))
            keys[row, band] = max(key, np.uint64(1))  # 0: a row without a word
    return keys


@kernel
def _put(bins, value):
    place = (np.uint64(value) * np.uint64(len(bins))) >> np.uint64(32)
    if value < bins[place]:
        bins[place] = value


@kernel
def spread(value):
    """32 bits that depend on all of the 64 (Fibonacci hashing, with the high half folded in)."""
    value = (value ^ (value >> np.uint64(32))) * GOLDEN
    return ((value ^ (value >> np.uint64(29))) * GOLDEN) >> np.uint64(32)
