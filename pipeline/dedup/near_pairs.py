"""Keys and sets of rows -> the pairs of rows that are near, verified, in compiled code.

Rows that have a key in common lie in one bucket, and the first MAX_BUCKET of a bucket are compared with all
that follow in it. What two rows share is counted exactly, up to collisions of 31-bit hashes. Rows come in the
order of their precedence, and pairs by the later row, a block at a time: who reads them can settle a block
before the next is looked for, and rows that have gone by then are compared no more.

Cost: linear, for the worst input bands x MAX_BUCKET comparisons a row. Memory for the worst input: 12 bytes a
band and row, 8 while they are made, and one block.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.letters import kernel
from pipeline.dedup.minhash import Keys, Sets, spread
from pipeline.dedup.pairs import PAIRS, SIMILARITIES, Flags, Pairs
from pipeline.dedup.shingles import MARK

MAX_BUCKET = 64  # rows of one bucket, the first ones, that the others are compared with
BLOCK = 1 << 16  # pairs, 2.4 MB

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Buckets:
    """The buckets of two rows or more; rows by their places in the order of precedence."""

    of_row: NDArray[np.int32]  # shape (rows, bands); -1: in none
    starts: Places  # the first rows of bucket b are members[starts[b]:starts[b + 1]], ascending
    members: NDArray[np.int32]


def buckets(bands: range, keys: Keys, order: Places) -> Buckets:
    """The buckets of `bands`, of the rows in `order`."""
    found = [_buckets(keys[order, band]) for band in bands]
    return joined([Buckets(of_row[:, None], starts, members) for of_row, starts, members in found])


def joined(parts: list[Buckets]) -> Buckets:
    """The buckets of several ranges of bands of the same rows."""
    of_row = np.empty((len(parts[0].of_row), sum(part.of_row.shape[1] for part in parts)), np.int32)
    starts, members = [np.zeros(1, np.int64)], []
    band, n_buckets, n_members = 0, 0, 0
    for part in parts:
        for column in part.of_row.T:
            of_row[:, band] = np.where(column < 0, -1, column + n_buckets)
            band += 1
        starts.append(part.starts[1:] + n_members)
        members.append(part.members)
        n_buckets, n_members = n_buckets + len(part.starts) - 1, n_members + len(part.members)
    return Buckets(of_row, np.concatenate(starts), np.concatenate(members))


@dataclass(frozen=True)
class Rows:
    """What rows are compared by; those of `order[n_settled:]` with all before them."""

    questions: Sets
    answers: Sets
    order: Places
    n_settled: int
    shown: NDArray[np.uint64]  # only rows where it is equal are compared; in that order


def near_pairs(found: Buckets, rows: Rows, min_similarity: float, goes: Flags) -> Iterator[Pairs]:
    """The pairs that are at least `min_similarity` near, in blocks, each with all pairs of its rows. Twins
    that `goes` names when a block is looked for are left out.
    """
    most = found.of_row.shape[1] * MAX_BUCKET
    places = np.empty((max(BLOCK, most), 2), np.int64)
    numbers = np.empty((len(places), len(SIMILARITIES)), np.float32)
    seen = np.full(len(rows.order), -1, np.int32)  # the row that each was last compared with
    row = rows.n_settled
    while row < len(rows.order):
        row, n_found = _near_pairs(
            row,
            most,
            found.of_row,
            found.starts,
            found.members,
            rows.order,
            rows.shown,
            goes,
            seen,
            rows.questions.starts,
            rows.questions.values,
            rows.answers.starts,
            rows.answers.values,
            min_similarity,
            places,
            numbers,
        )
        pairs = np.empty(n_found, PAIRS)
        pairs["row"], pairs["twin"] = places[:n_found].T
        for number, name in enumerate(SIMILARITIES):
            pairs[name] = numbers[:n_found, number]
        yield pairs


@kernel
def _buckets(keys):
    """Of each row its bucket, where the first rows of each bucket begin, and those rows."""
    n = len(keys)
    size = 16
    while size < 2 * n:
        size *= 2
    table = np.full(size, -1, np.int32)  # the first row of each bucket
    of_row = np.full(n, -1, np.int32)
    counts = np.zeros(n, np.int32)  # of the bucket whose first row it is
    for row in range(n):
        key = keys[row]
        if key == 0:
            continue
        slot = spread(np.uint64(key)) & np.uint64(size - 1)
        while table[slot] >= 0 and keys[table[slot]] != key:
            slot = (slot + np.uint64(1)) & np.uint64(size - 1)
        if table[slot] < 0:
            table[slot] = row
        of_row[row] = table[slot]
        counts[table[slot]] += 1
    n_buckets, n_members = 0, 0
    for row in range(n):
        if counts[row] > 1:
            n_buckets += 1
            n_members += min(counts[row], MAX_BUCKET)
    starts, members = np.zeros(n_buckets + 1, np.int64), np.empty(n_members, np.int32)
    bucket, numbers, filled = 0, table[:n], np.zeros(n_buckets, np.int32)  # by the first row
    for row in range(n):
        first = of_row[row]
        if first < 0 or counts[first] < 2:
            of_row[row] = -1
            continue
        if first == row:
            numbers[row] = bucket
            starts[bucket + 1] = starts[bucket] + min(counts[row], MAX_BUCKET)
            bucket += 1
        of_row[row] = numbers[first]
        if filled[numbers[first]] < MAX_BUCKET:
            members[starts[numbers[first]] + filled[numbers[first]]] = row
            filled[numbers[first]] += 1
    return of_row, starts, members


@kernel
def _near_pairs(
    row,
    most,
    of_row,
    starts,
    members,
    order,
    shown,
    goes,
    seen,
    q_starts,
    q_values,
    a_starts,
    a_values,
    min_similarity,
    places,
    numbers,
):
    """Writes the near pairs of `row` and those after it, while those of one more row have room; the row that
    is next, and how many pairs there are.
    """
    n_found = 0
    while row < len(order) and n_found + most <= len(places):
        for bucket in of_row[row]:
            if bucket < 0:
                continue
            for member in range(starts[bucket], starts[bucket + 1]):
                twin = members[member]
                if twin >= row:
                    break
                if goes[twin] or seen[twin] == row or shown[twin] != shown[row]:
                    continue
                seen[twin] = row
                a, b, found = order[row], order[twin], numbers[n_found]
                if _compared(q_starts, q_values, a_starts, a_values, a, b, min_similarity, found):
                    places[n_found, 0], places[n_found, 1] = row, twin
                    n_found += 1
        row += 1
    return row, n_found


@kernel
def _compared(q_starts, q_values, a_starts, a_values, row, twin, min_similarity, numbers):
    """Writes the similarities of two rows; whether they are near. Gives up as soon as they cannot be."""
    q_row, q_twin = q_values[q_starts[row] : q_starts[row + 1]], q_values[q_starts[twin] : q_starts[twin + 1]]
    a_row, a_twin = a_values[a_starts[row] : a_starts[row + 1]], a_values[a_starts[twin] : a_starts[twin + 1]]
    most = min(len(q_row), len(q_twin)) + min(len(a_row), len(a_twin))
    total = len(q_row) + len(q_twin) + len(a_row) + len(a_twin)
    if most < min_similarity * (total - most):
        return False
    question, q_plain, q_marked = shared_by(q_row, q_twin)
    shared = question + min(len(a_row), len(a_twin))
    if shared < min_similarity * (total - shared):
        return False
    answer, a_plain, a_marked = shared_by(a_row, a_twin)
    shared = question + answer
    if shared < min_similarity * (total - shared):
        return False
    # A shingle with a mark in one row and none in the other, as a name that begins a sentence, tells nothing.
    mixed = shared - q_plain - a_plain - q_marked - a_marked
    all_marked = n_marked(q_row) + n_marked(q_twin) + n_marked(a_row) + n_marked(a_twin)
    numbers[0] = jaccard(shared, total)
    numbers[1] = jaccard(question, len(q_row) + len(q_twin))
    numbers[2] = jaccard(answer, len(a_row) + len(a_twin))
    numbers[3] = jaccard(q_plain + a_plain, total - all_marked - mixed)
    numbers[4] = jaccard(q_marked + a_marked, all_marked - mixed)
    return True


@kernel
def jaccard(shared, total):
    return shared / (total - shared) if total else 1.0


@kernel
def n_marked(values):
    n = 0
    for value in values:
        n += value & MARK
    return n


@kernel
def shared_by(one, other):
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
