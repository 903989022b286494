"""Runs of words that texts share with a set of items, in compiled code.

A run is `n` words in a row, or all words of an item that has fewer, down to `min_words`; an item below that
is found only where a text is nothing else. Runs are 64-bit hashes in one table of open addresses, each with
the items that have it, so a text costs a look a word and length of run (at most n - min_words + 1 lengths),
whatever the number of items: the hash rolls (Karp and Rabin 1987). Memory: 32 to 56 bytes a run and 4 an item
that has it, in files that the processes of a machine share.
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
from pipeline.dedup.word_hashes import CHUNK_ROWS, WORDS, in_chunks, write_units

BASE = np.uint64(0x5851F42D4C957F2D)  # of the rolling hash; odd, from Knuth's MMIX generator
WHOLE = np.uint64(0xD6E8FEB86659FD93)  # sets apart the items that only count as whole texts
FILES = ("slots", "runs", "starts", "owners", "sizes")
MANY, MANY_SHARE = 3, 0.1  # rows of a benchmark, and share of them, that have a run which tells of none


@dataclass(frozen=True)
class Index:
    """The runs of a set of items."""

    slots: NDArray[np.uint64]  # hashes of runs, 0 where free
    runs: NDArray[np.int64]  # the number of each run; which items have run r, ascending:
    starts: NDArray[np.int64]  # owners[starts[r]:starts[r + 1]]
    owners: NDArray[np.int32]
    sizes: NDArray[np.int64]  # the lengths of runs, in words
    items: pa.Table  # the columns given, and `runs`: how many different ones each has

    @classmethod
    def of(cls, items: pa.Table, n: int, min_words: int) -> "Index":
        """Of the items in the column `text`, whose other columns are kept. Where they have a `least` it
        stands for `min_words`, and a `run` for `n`, item by item; where they have a `benchmark` and a `row`,
        runs that many of a benchmark's rows have are left out.
        """
        counts = len(items)
        n_words, least = (
            np.asarray(items[name]) if name in items.column_names else np.full(counts, default)
            for name, default in (("run", n), ("least", min_words))
        )
        found = _runs_of(items["text"], n_words, least)
        keys, runs, lengths = (np.concatenate(column) for column in zip(*found, strict=True))
        pairs = _distinct(keys, np.repeat(np.arange(counts, dtype=np.int32), runs))
        if {"benchmark", "row"} <= set(items.column_names):
            pairs = _telling(*pairs, items)
        keys, owners = pairs
        firsts = np.concatenate([[True], keys[1:] != keys[:-1]]) if len(keys) else np.zeros(0, np.bool_)
        starts = np.append(np.nonzero(firsts)[0], len(keys)).astype(np.int64)
        sizes = np.unique(np.minimum(lengths, n_words)[lengths >= least])
        own = np.bincount(owners, minlength=counts)
        kept = items.drop([name for name in ("text", "run", "least") if name in items.column_names])
        table = kept.append_column("runs", pa.array(own, pa.int64()))
        return cls(*_table(keys[firsts]), starts, owners, sizes.astype(np.int64), table)

    def save(self, folder: Path) -> None:
        for name in FILES:
            np.save(folder / f"{name}.npy", getattr(self, name))
        pq.write_table(self.items, folder / "items.parquet")

    @classmethod
    def load(cls, folder: Path) -> "Index":
        """The index in `folder`, as memory that is read when it is used and shared by all that load it."""
        arrays = {name: np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in FILES}
        return cls(**arrays, items=pq.ParquetFile(folder / "items.parquet").read())

    def find(self, texts: Sequence[str], whole: Sequence[str]) -> list["Found | None"]:
        """Of each text, the item that it has the greatest share of, the first of equals. `whole`: one string
        a text, that may be an item by itself.
        """
        looked = self._look(texts, False), self._look(whole, True)
        return [
            next((Found(*(int(number) for number in row)) for row in rows if row[0] >= 0), None)
            for rows in zip(*looked, strict=True)
        ]

    def _look(self, texts: Sequence[str], whole: bool) -> NDArray[np.int64]:
        table, item_runs = letter_tables()[0], self.items["runs"].to_numpy()
        arrays = self.slots, self.runs, self.starts, self.owners, self.sizes, item_runs
        found = in_chunks(pa.array(texts, pa.string()), lambda *text: _find(*text, *arrays, whole, table))
        return np.concatenate(found)


@dataclass(frozen=True)
class Found:
    """What a text shares with an item."""

    item: int
    runs: int  # of the item's, that the text has
    start: int  # of the first stretch that they share, in words of the text
    stop: int


def _runs_of(texts: pa.ChunkedArray, n_words: Any, least: Any) -> list[Any]:
    """Of each piece of the texts: the keys of their runs, how many each has, and how many words."""
    table, found = letter_tables()[0], []
    for start in range(0, len(texts), CHUNK_ROWS):
        piece = slice(start, start + CHUNK_ROWS)
        limits = n_words[piece].astype(np.int64), least[piece].astype(np.int64)
        found += in_chunks(
            texts.slice(start, CHUNK_ROWS).combine_chunks(),
            lambda *text, limits=limits: _item_runs(*text, *limits, table),
        )
    return found or [(np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.int64))]


def _distinct(keys: NDArray[np.uint64], owners: NDArray[np.int32]) -> tuple[Any, Any]:
    """Each run of each item once, by run and item."""
    order = np.lexsort((owners, keys))
    keys, owners = keys[order], owners[order]
    is_new = np.ones(len(keys), np.bool_)
    is_new[1:] = (keys[1:] != keys[:-1]) | (owners[1:] != owners[:-1])
    return keys[is_new], owners[is_new]


def _telling(keys: NDArray[np.uint64], owners: NDArray[np.int32], items: pa.Table) -> tuple[Any, Any]:
    """Without the runs that many rows of a benchmark have: its instructions, not its items."""
    benchmark = np.asarray(items["benchmark"].combine_chunks().dictionary_encode().indices, np.int64)
    rows = np.stack([benchmark, np.asarray(items["row"], np.int64)], axis=1)
    known, row = np.unique(rows, axis=0, return_inverse=True)
    row = row.ravel()
    n_rows = np.bincount(known[:, 0])
    order = np.lexsort((row[owners], keys))
    is_new = np.ones(len(keys), np.bool_)
    is_new[1:] = (keys[order][1:] != keys[order][:-1]) | (row[owners][order][1:] != row[owners][order][:-1])
    _, place, counts = np.unique(keys[order][is_new], return_inverse=True, return_counts=True)
    of_run = n_rows[benchmark[owners[order][is_new]]]
    too_many = counts[place] >= np.maximum(MANY, MANY_SHARE * of_run)
    stays = ~np.isin(keys, keys[order][is_new][too_many])
    return keys[stays], owners[stays]


def _table(keys: NDArray[np.uint64]) -> tuple[Any, Any]:
    slots = np.zeros(1 << max(4, int(2 * len(keys)).bit_length()), np.uint64)
    runs = np.zeros(len(slots), np.int64)
    _fill(keys, slots, runs)
    return slots, runs


@kernel
def _fill(keys, slots, runs):
    for run in range(len(keys)):
        slot = _slot(keys[run], slots)
        slots[slot], runs[slot] = keys[run], run


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
def _item_runs(data, starts, n_words, least, table):
    units, marks = _scratch(starts)
    keys = np.empty(starts[-1] - starts[0] + 1, np.uint64)
    runs, lengths = np.zeros(len(starts) - 1, np.int64), np.zeros(len(starts) - 1, np.int64)
    filled = 0
    for item in range(len(runs)):
        lengths[item] = write_units(data, starts[item], starts[item + 1], WORDS, table, units, marks)
        if lengths[item]:
            whole = lengths[item] < least[item]
            size = lengths[item] if whole else min(n_words[item], lengths[item])
            runs[item] = _write_runs(units, lengths[item], size, whole, keys[filled:])
        filled += runs[item]
    return keys[:filled].copy(), runs, lengths


@kernel
def _find(data, text_starts, slots, runs, starts, owners, sizes, item_runs, whole, table):
    """Of each text the item (-1: none), how many of its runs, where the first stretch starts and stops."""
    units, marks = _scratch(text_starts)
    keys = np.empty(len(units), np.uint64)
    found = np.full((len(text_starts) - 1, 4), -1, np.int64)
    for row in range(len(found)):
        n_units = write_units(data, text_starts[row], text_starts[row + 1], WORDS, table, units, marks)
        if whole:
            n_keys = _write_runs(units, n_units, n_units, True, keys) if n_units else 0
            _note(keys[:n_keys], n_units, slots, runs, starts, owners, item_runs, found[row])
            continue
        for size in sizes:
            n_keys = _write_runs(units, n_units, size, False, keys)
            _note(keys[:n_keys], size, slots, runs, starts, owners, item_runs, found[row])
    return found


@kernel
def _note(keys, size, slots, runs, starts, owners, item_runs, best):
    """Puts into `best` the item with the greatest share among those that have one of the runs."""
    known, n_known = np.empty(0, np.int64), 0  # the numbers of the runs that items have
    for place in range(len(keys)):
        slot = _slot(keys[place], slots)
        if slots[slot] == keys[place]:
            if not len(known):
                known = np.empty(len(keys), np.int64)
            known[n_known] = runs[slot]
            n_known += 1
    if not n_known:
        return
    known = np.unique(known[:n_known])  # a run that is said again counts once
    n_items = 0
    for run in known:
        n_items += starts[run + 1] - starts[run]
    items, filled = np.empty(n_items, np.int32), 0
    for run in known:
        for owner in range(starts[run], starts[run + 1]):
            items[filled] = owners[owner]
            filled += 1
    items.sort()
    start, before = 0, best[0]
    while start < n_items:
        item, stop = items[start], start
        while stop < n_items and items[stop] == item:
            stop += 1
        count, start = stop - start, stop
        ours, theirs = count * item_runs[best[0]], best[1] * item_runs[item]
        if best[0] < 0 or ours > theirs or (ours == theirs and item < best[0]):
            best[0], best[1] = item, count
    if best[0] != before:
        _first_stretch(keys, size, slots, runs, starts, owners, best)


@kernel
def _first_stretch(keys, size, slots, runs, starts, owners, best):
    best[2] = -1
    for place in range(len(keys)):
        slot = _slot(keys[place], slots)
        has = False
        if slots[slot] == keys[place]:
            for owner in range(starts[runs[slot]], starts[runs[slot] + 1]):
                has = has or owners[owner] == best[0]
        if has:
            best[2] = place if best[2] < 0 else best[2]
            best[3] = place + size
        elif best[2] >= 0:
            return
