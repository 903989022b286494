"""Texts -> sets of hashed shingles, in compiled code over Arrow buffers.

A shingle is `n` words in a row (see pipeline/dedup/word_hashes.py), or `n` characters of the words joined by
single spaces; a text that has fewer is one shingle by itself. It becomes a 32-bit number: 31 bits of hash,
and a lowest bit that says whether it holds a mark.

Cost: about 2 microseconds a short text and core.
"""

from typing import Literal

import numpy as np
import pyarrow as pa

from pipeline.dedup.letters import GOLDEN, OFFSET, kernel, letter_tables, mixed
from pipeline.dedup.unit_hashes import MARK as MARKED
from pipeline.dedup.word_hashes import CHARACTERS, PROSE_UNITS, in_chunks, write_units

Kind = Literal["words", "characters"]
MARK = np.uint32(1)  # bits of a shingle that tell of a mark
MAX_BITS = 16  # of the counting sort


def shingled(texts: pa.Array | pa.ChunkedArray, n: int, kind: Kind = "words") -> pa.LargeListArray:
    """The shingles of each text, uint32, sorted and distinct; none for a text without a word."""
    found = in_chunks(texts, lambda *text: _shingle_chunk(*text, n, kind == "characters", letter_tables()[0]))
    counts, hashes = zip(*found, strict=True)
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(counts), dtype=np.int64)])
    return pa.LargeListArray.from_arrays(offsets, np.concatenate(hashes))


@kernel
def _shingle_chunk(data, starts, n, by_characters, table):
    kind = CHARACTERS if by_characters else PROSE_UNITS
    counts = np.zeros(len(starts) - 1, np.int64)
    # A word takes a byte at least, and a character one more for the blank that comes with it.
    found = np.empty((1 + by_characters) * (starts[-1] - starts[0]) + len(starts), np.uint32)
    longest = 2 * np.max(np.diff(starts)) + 2 if len(counts) else 0
    units, flags, values = (
        np.empty(longest, np.uint64),
        np.empty(longest, np.uint8),
        np.empty(longest, np.uint32),
    )
    counters = np.empty(1 << MAX_BITS, np.int64)
    filled = 0
    for row in range(len(counts)):
        n_units = write_units(data, starts[row], starts[row + 1], kind, table, units, flags)
        n_values = max(1, n_units - n + 1) if n_units else 0
        for first in range(n_values):
            value, marked = OFFSET, False
            for unit in range(first, min(first + n, n_units)):
                value = (value + units[unit]) * GOLDEN
                value ^= value >> np.uint64(32)
                marked = marked or flags[unit] & MARKED != 0
            values[first] = (np.uint32(mixed(value) >> np.uint64(33)) << MARK) | np.uint32(marked)
        begun, filled = filled, _write_distinct(values[:n_values], counters, found, filled)
        counts[row] = filled - begun
    return counts, found[:filled].copy()


@kernel
def _write_distinct(values, counters, found, start):
    """Writes the distinct of `values` in order to found[start:]; where they end. Hashes are spread evenly, so
    a counting sort by their highest bits leaves little for an insertion sort: linear for what is usual.
    """
    bits = 4
    while bits < MAX_BITS and (1 << bits) < len(values):
        bits += 1
    shift = np.uint32(32 - bits)
    counters[: (1 << bits)] = 0
    for value in values:
        counters[value >> shift] += 1
    place = start
    for bucket in range(1 << bits):
        place += counters[bucket]
        counters[bucket] = place
    for value in values:
        bucket = value >> shift
        counters[bucket] -= 1
        found[counters[bucket]] = value
    stop = start
    for place in range(start, start + len(values)):
        value, other = found[place], stop
        while other > start and found[other - 1] >> MARK > value >> MARK:
            other -= 1
        if other > start and found[other - 1] >> MARK == value >> MARK:
            found[other - 1] |= value  # a mark in one place
            continue
        for moved in range(stop, other, -1):
            found[moved] = found[moved - 1]
        found[other] = value
        stop += 1
    return stop
