"""Sets of shingles -> the pairs of rows that are near, verified, in compiled code.

MinHash by one-permutation hashing (Li, Owen and Zhang 2012) with optimal densification (Shrivastava 2017): a
set's hashes fall into bins by their highest bits, the least of each bin is its signature, and an empty bin
borrows from another. Rows that agree in all bins of a band are candidates (Leskovec et al., Mining of Massive
Datasets, chapter 3); what they share is then counted exactly, up to collisions of 31-bit hashes. With 32
bands of 4 a pair of similarity 0.5 becomes a candidate with probability 0.87, of 0.7 with 0.9999.

A row is the pair (question, answer), as two sets; where there are no answers theirs are empty. Rows come in
the order of precedence. Cost: linear, as at most MAX_BUCKET rows of a bucket are compared with the others in
it; memory: 4 bytes a band and a row, 16 a row and thread.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.letters import GOLDEN, PRIME, kernel
from pipeline.dedup.shingles import MARK
from pipeline.dedup.word_hashes import CHUNK_ROWS, THREADS

MAX_BUCKET = 64  # rows of one bucket, the first ones, that the others are compared with
EMPTY = np.uint32(0xFFFFFFFF)

Keys = NDArray[np.uint32]  # shape (rows, bands)
Places = NDArray[np.int64]


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


# Jaccard similarities of two rows: of question and answer together, of each, and of the shingles of both that
# have no mark, or one. 1 where both sets are empty.
SIMILARITIES = ("whole", "question", "answer", "plain", "marked")
PAIRS = np.dtype(
    [("row", np.int64), ("twin", np.int64), *((name, np.float32) for name in SIMILARITIES)]
)  # the twin comes before the row


def near_pairs(
    bands: range,
    questions: Sets,
    answers: Sets,
    keys: Keys,
    order: Places,
    n_settled: int,
    min_similarity: float,
) -> NDArray[np.void]:
    """The candidates by `bands` whose rows are at least `min_similarity` near, as PAIRS without order; one
    that several bands bring stands there as often.

    `order`: the rows in their precedence; rows and twins are told by their places in it. The first
    `n_settled` are not compared with one another.
    """
    found = []
    for band in bands:
        key = keys[order, band]
        places, numbers = _near_pairs(
            questions.starts,
            questions.values,
            answers.starts,
            answers.values,
            key,
            order,
            n_settled,
            min_similarity,
        )
        pairs = np.empty(len(places), PAIRS)
        pairs["row"], pairs["twin"] = places.T
        for number, name in enumerate(SIMILARITIES):
            pairs[name] = numbers[:, number]
        found.append(pairs)
    return np.concatenate(found)


def first_staying(pairs: NDArray[np.void]) -> NDArray[np.void]:
    """Of each row that must go, the pair with the nearest twin that stays (of equals, the first in order).

    A row goes only for a twin that stays: there is no chain of likenesses. Cost: a sort.
    """
    ordered = pairs[np.lexsort((pairs["twin"], -pairs["whole"], pairs["row"]))]
    chosen: NDArray[np.void] = ordered[_first_staying(ordered["row"].copy(), ordered["twin"].copy())]
    return chosen


@kernel
def _first_staying(rows, twins):
    chosen = np.empty(len(rows), np.int64)
    goes = np.zeros(rows[-1] + 1 if len(rows) else 0, np.bool_)
    n_chosen = 0
    for pair in range(len(rows)):
        if not goes[rows[pair]] and not goes[twins[pair]]:  # the twin is settled: it comes before
            goes[rows[pair]] = True
            chosen[n_chosen] = pair
            n_chosen += 1
    return chosen[:n_chosen]


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
            _put(bins, _spread(np.uint64(value >> MARK)))  # not what it is in a question
        for place in range(n_bins):
            source, tries = np.uint64(place), np.uint64(0)
            while bins[source] == EMPTY:
                tries += np.uint64(1)
                source = (_spread(np.uint64(place) + tries * PRIME) * n_bins) >> np.uint64(32)
            borrowed[place] = bins[source]
        for band in range(bands):
            key = np.uint64(band)
            for place in range(band * rows, (band + 1) * rows):
                key = _spread(key * PRIME + np.uint64(borrowed[place]))
            keys[row, band] = max(key, np.uint64(1))  # 0: a row without a word
    return keys


@kernel
def _put(bins, value):
    place = (np.uint64(value) * np.uint64(len(bins))) >> np.uint64(32)
    if value < bins[place]:
        bins[place] = value


@kernel
def _spread(value):
    """32 bits that depend on all of the 64 (Fibonacci hashing, with the high half folded in)."""
    value = (value ^ (value >> np.uint64(32))) * GOLDEN
    return ((value ^ (value >> np.uint64(29))) * GOLDEN) >> np.uint64(32)


@kernel
def _near_pairs(q_starts, q_values, a_starts, a_values, keys, order, n_settled, min_similarity):
    n = len(keys)
    size = 16
    while size < 2 * n:
        size *= 2
    firsts = np.full(size, -1, np.int32)  # a hash table of the buckets: the first row of each
    following = np.full(n, -1, np.int32)  # the next row of the bucket
    lasts, counts = np.empty(n, np.int32), np.zeros(n, np.int32)  # of the bucket whose first row it is
    places, numbers = np.empty((1024, 2), np.int64), np.empty((1024, 5), np.float32)
    n_found = 0
    for row in range(n):
        key = keys[row]
        if key == 0:
            continue
        slot = _spread(np.uint64(key)) & np.uint64(size - 1)
        while firsts[slot] >= 0 and keys[firsts[slot]] != key:
            slot = (slot + np.uint64(1)) & np.uint64(size - 1)
        first = firsts[slot]
        if first < 0:
            firsts[slot], lasts[row], counts[row] = row, row, 1
            continue
        twin = first
        while row >= n_settled and twin >= 0:
            if n_found == len(places):
                places, numbers = np.concatenate((places, places)), np.concatenate((numbers, numbers))
            a, b = order[row], order[twin]
            if _compared(q_starts, q_values, a_starts, a_values, a, b, min_similarity, numbers[n_found]):
                places[n_found, 0], places[n_found, 1] = row, twin
                n_found += 1
            twin = following[twin]
        if counts[first] < MAX_BUCKET:
            following[lasts[first]] = row
            lasts[first] = row
            counts[first] += 1
    return places[:n_found].copy(), numbers[:n_found].copy()


@kernel
def _compared(q_starts, q_values, a_starts, a_values, row, twin, min_similarity, numbers):
    """Writes the similarities of two rows; whether they are near. Gives up as soon as they cannot be."""
    q_row, q_twin = q_values[q_starts[row] : q_starts[row + 1]], q_values[q_starts[twin] : q_starts[twin + 1]]
    a_row, a_twin = a_values[a_starts[row] : a_starts[row + 1]], a_values[a_starts[twin] : a_starts[twin + 1]]
    most = min(len(q_row), len(q_twin)) + min(len(a_row), len(a_twin))
    total = len(q_row) + len(q_twin) + len(a_row) + len(a_twin)
    if most < min_similarity * (total - most):
        return False
    question, q_plain, q_marked = _shared(q_row, q_twin)
    shared = question + min(len(a_row), len(a_twin))
    if shared < min_similarity * (total - shared):
        return False
    answer, a_plain, a_marked = _shared(a_row, a_twin)
    shared = question + answer
    if shared < min_similarity * (total - shared):
        return False
    # A shingle with a mark in one row and none in the other, as a name that begins a sentence, tells nothing.
    mixed = shared - q_plain - a_plain - q_marked - a_marked
    all_marked = _n_marked(q_row) + _n_marked(q_twin) + _n_marked(a_row) + _n_marked(a_twin)
    numbers[0] = _jaccard(shared, total)
    numbers[1] = _jaccard(question, len(q_row) + len(q_twin))
    numbers[2] = _jaccard(answer, len(a_row) + len(a_twin))
    numbers[3] = _jaccard(q_plain + a_plain, total - all_marked - mixed)
    numbers[4] = _jaccard(q_marked + a_marked, all_marked - mixed)
    return True


@kernel
def _jaccard(shared, total):
    return shared / (total - shared) if total else 1.0


@kernel
def _n_marked(values):
    n = 0
    for value in values:
        n += value & MARK
    return n


@kernel
def _shared(one, other):
    """How many shingles two sets share, how many of them without a mark in both, and with one in both."""
    n, plain, marked, left, right = 0, 0, 0, 0, 0
    while left < len(one) and right < len(other):
        a, b = one[left] >> MARK, other[right] >> MARK
        if a == b:
            n += 1
            plain += (one[left] | other[right]) & MARK == 0
            marked += one[left] & other[right] & MARK
        left += a <= b
        right += b <= a
    return n, plain, marked
