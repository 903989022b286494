"""Runs of words that texts share with a set of items, in compiled code.

A run is `n` words in a row, or all words of an item that has fewer, down to `min_words`; an item below that
is found only where a text is nothing else. Runs are 64-bit hashes in one table of open addresses, so a text
costs a look a word and length of run (at most n - min_words + 1 lengths), whatever the number of items: the
hash rolls (Karp and Rabin 1987). Memory: 24 to 48 bytes a run, in files that the processes of a machine
share.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.dedup.letters import GOLDEN, kernel, letter_tables, mixed
from pipeline.dedup.word_hashes import in_chunks, write_units

BASE = np.uint64(0x5851F42D4C957F2D)  # of the rolling hash; odd, from Knuth's MMIX generator
WHOLE = np.uint64(0xD6E8FEB86659FD93)  # sets apart the items that only count as whole texts
FILES = ("slots", "owners", "sizes")


@dataclass(frozen=True)
class Index:
    """The runs of a set of items."""

    slots: NDArray[np.uint64]  # hashes of runs, 0 where free
    owners: NDArray[np.int32]  # the first item that each belongs to
    sizes: NDArray[np.int64]  # the lengths of runs, in words
    items: pa.Table  # the columns given, and `runs`: how many each has

    @classmethod
    def of(cls, items: pa.Table, n: int, min_words: int) -> "Index":
        """Of the items in the column `text`, whose other columns are kept."""
        found = in_chunks(items["text"], lambda *text: _item_runs(*text, n, min_words, letter_tables()[0]))
        keys, runs, lengths = (np.concatenate(column) for column in zip(*found, strict=True))
        owners = np.repeat(np.arange(len(runs), dtype=np.int32), runs)
        sizes = np.unique(np.minimum(lengths[lengths >= min_words], n))
        return cls(*_table(keys, owners), sizes, items.drop(["text"]).append_column("runs", pa.array(runs)))

    def save(self, folder: Path) -> None:
        for name in FILES:
            np.save(folder / f"{name}.npy", getattr(self, name))
        pq.write_table(self.items, folder / "items.parquet")

    @classmethod
    def load(cls, folder: Path) -> "Index":
        """The index in `folder`, as memory that is read when it is used and shared by all that load it."""
        slots, owners, sizes = (np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in FILES)
        return cls(slots, owners, sizes, pq.ParquetFile(folder / "items.parquet").read())

    def find(self, texts: Sequence[str], whole: Sequence[str]) -> list["Found | None"]:
        """Of each text, the item that it has the greatest share of. `whole`: one string a text, that may be
        an item by itself.
        """
        runs = self.items["runs"].to_numpy()
        looked = self._look(texts, runs, False), self._look(whole, runs, True)
        return [
            next((Found(*(int(number) for number in row)) for row in rows if row[0] >= 0), None)
            for rows in zip(*looked, strict=True)
        ]

    def _look(self, texts: Sequence[str], runs: Any, whole: bool) -> NDArray[np.int64]:
        strings = pa.array(texts, pa.string())
        table = letter_tables()[0]
        found = in_chunks(
            strings, lambda *text: _find(*text, self.slots, self.owners, self.sizes, runs, whole, table)
        )
        return np.concatenate(found)


@dataclass(frozen=True)
class Found:
    """What a text shares with an item."""

    item: int
    runs: int  # of the item's, that the text has
    start: int  # of the first stretch that they share, in words of the text
    stop: int


def _table(keys: NDArray[np.uint64], owners: NDArray[np.int32]) -> tuple[Any, Any]:
    slots = np.zeros(1 << max(4, int(2 * len(keys)).bit_length()), np.uint64)
    slot_owners = np.zeros(len(slots), np.int32)
    _fill(keys, owners, slots, slot_owners)
    return slots, slot_owners


@kernel
def _fill(keys, owners, slots, slot_owners):
    for run in range(len(keys)):
        slot = _slot(keys[run], slots)
        if slots[slot] == 0:
            slots[slot], slot_owners[slot] = keys[run], owners[run]


@kernel
def _slot(key, slots):
    """Where the key is, or would be."""
    last = np.uint64(len(slots) - 1)
    slot = key & last
    while slots[slot] != 0 and slots[slot] != key:
        slot = (slot + np.uint64(1)) & last
    return slot


@kernel
def _key(value, size, whole):
    found = mixed(value + np.uint64(size) * GOLDEN)
    return max(found ^ WHOLE if whole else found, np.uint64(1))


@kernel
def _write_runs(units, n_units, size, whole, keys):
    """Writes the keys of all runs of `size` words; how many there are."""
    value, highest = np.uint64(0), np.uint64(1)
    for _ in range(size - 1):
        highest *= BASE
    for unit in range(n_units):
        if unit >= size:
            value -= units[unit - size] * highest
        value = value * BASE + units[unit]
        if unit >= size - 1:
            keys[unit - size + 1] = _key(value, size, whole)
    return max(0, n_units - size + 1)


@kernel
def _scratch(starts):
    longest = 1
    for row in range(len(starts) - 1):
        longest = max(longest, starts[row + 1] - starts[row])
    # A word takes a byte at least.
    return np.empty(2 * longest + 2, np.uint64), np.empty(2 * longest + 2, np.bool_)


@kernel
def _item_runs(data, starts, n, min_words, table):
    units, marks = _scratch(starts)
    keys = np.empty(starts[-1] - starts[0] + 1, np.uint64)
    runs, lengths = np.zeros(len(starts) - 1, np.int64), np.zeros(len(starts) - 1, np.int64)
    filled = 0
    for item in range(len(runs)):
        lengths[item] = write_units(data, starts[item], starts[item + 1], False, table, units, marks)
        if lengths[item]:
            whole = lengths[item] < min_words
            size = lengths[item] if whole else min(n, lengths[item])
            runs[item] = _write_runs(units, lengths[item], size, whole, keys[filled:])
        filled += runs[item]
    return keys[:filled].copy(), runs, lengths


@kernel
def _find(data, starts, slots, owners, sizes, item_runs, whole, table):
    """Of each text the item (-1: none), how many of its runs, where the first stretch starts and stops."""
    units, marks = _scratch(starts)
    keys = np.empty(len(units), np.uint64)
    found = np.full((len(starts) - 1, 4), -1, np.int64)
    for row in range(len(found)):
        n_units = write_units(data, starts[row], starts[row + 1], False, table, units, marks)
        if whole:
            n_found = _write_runs(units, n_units, n_units, True, keys) if n_units else 0
            _note(keys, n_found, n_units, slots, owners, item_runs, found[row])
            continue
        for size in sizes:
            n_found = _write_runs(units, n_units, size, False, keys)
            _note(keys, n_found, size, slots, owners, item_runs, found[row])
    return found


@kernel
def _note(keys, n_keys, size, slots, owners, item_runs, best):
    """Puts into `best` the item with the greatest share among those that the keys find."""
    items, n_items = np.empty(0, np.int32), 0
    for place in range(n_keys):
        slot = _slot(keys[place], slots)
        if slots[slot] != keys[place]:
            continue
        if not len(items):
            items = np.empty(n_keys, np.int32)
        items[n_items] = owners[slot]
        n_items += 1
    items = np.sort(items[:n_items])
    start = 0
    while start < n_items:
        item, stop = items[start], start
        while stop < n_items and items[stop] == item:
            stop += 1
        count, start = min(stop - start, item_runs[item]), stop
        if best[0] >= 0 and count * item_runs[best[0]] <= best[1] * item_runs[item]:
            continue
        best[0], best[1], best[2] = item, count, -1
        for place in range(n_keys):  # the first stretch
            slot = _slot(keys[place], slots)
            if slots[slot] == keys[place] and owners[slot] == item:
                best[2] = place if best[2] < 0 else best[2]
                best[3] = place + size
            elif best[2] >= 0:
                break
