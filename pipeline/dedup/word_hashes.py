"""Texts -> the words or the units of each as 64-bit hashes, in compiled code over Arrow buffers.

Words and units are those of `words` and `units` in pipeline/text/text.py, hash for string; see there. What
only Python can compose (accents that stand by themselves, sharp s, powers, soft hyphens) is composed there
first, text by text. A word is a mark when it is a number or a name (a capital inside a sentence); so is an
operator or another symbol.

Cost: about 1 microsecond a short text and core, 5 more where Python composes it, after 10 s of compilation
that are kept on disk.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.dedup.letters import (
    BY_ARROW,
    BY_PYTHON,
    CAPITAL,
    CLASS_BITS,
    CLASSES,
    COMBINING,
    DIGIT,
    GOLDEN,
    LETTER,
    N_POINTS,
    OFFSET,
    OPERATOR,
    PRIME,
    SHARP_S,
    SINGLE,
    SPACE,
    STOP,
    decoded,
    entry_at,
    kernel,
    letter_tables,
    mixed,
    two_fold,
)
from pipeline.dedup.unit_hashes import MARK, write_all
from pipeline.text import characters

CHUNK_ROWS = 4_096  # per call: bounds the scratch memory
THREADS = 2  # a task has one core; more threads help where it runs alone
# What a text is taken apart into.
WORDS, CHARACTERS, UNITS, PROSE_UNITS = range(4)
BLANK = np.uint64(32)


def hashed(texts: pa.Array | pa.ChunkedArray) -> pa.FixedSizeBinaryArray:
    """A 128-bit hash of the units of each text in their order."""
    found = in_chunks(texts, lambda *text: _hash_chunk(*text, letter_tables()[0]))
    hashes = np.concatenate(found)
    return pa.Array.from_buffers(pa.binary(16), len(hashes), [None, pa.py_buffer(hashes)])


def in_chunks(texts: pa.Array | pa.ChunkedArray, work: Any) -> list[Any]:
    """What `work` makes of (data, offsets) of CHUNK_ROWS texts at a time, in order."""
    if isinstance(texts, pa.Array):
        texts = pa.chunked_array([texts])
    pieces = [
        chunk.slice(start, CHUNK_ROWS) for chunk in texts.chunks for start in range(0, len(chunk), CHUNK_ROWS)
    ] or [pa.array([], pa.string())]

    def run(piece: pa.Array) -> Any:
        return work(*_buffers(piece))

    if len(pieces) == 1:
        return [run(pieces[0])]
    with ThreadPoolExecutor(THREADS) as pool:  # the kernels let go of the interpreter
        return list(pool.map(run, pieces))


def _buffers(piece: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes of the texts, composed, and where each begins."""
    whole = piece.cast(pa.large_string())
    data, starts = _layout(whole)
    if not len(data) or data[starts[0] : starts[-1]].max(initial=0) < 0x80:
        return data, starts
    changes = _changed(data, starts, letter_tables()[1])
    by_python = changes & BY_PYTHON != 0
    for mask, made in (
        (~by_python & (changes & SHARP_S != 0), lambda texts: pc.replace_substring(texts, "\u00df", "ss")),
        (~by_python & (changes & BY_ARROW != 0), lambda texts: pc.utf8_normalize(texts, "NFKC")),
        (by_python, lambda texts: pa.array(map(_composed, texts.to_pylist()), pa.large_string())),
    ):
        if mask.any():
            whole = pc.replace_with_mask(whole, pa.array(mask), made(whole.filter(pa.array(mask))))
            data, starts = _layout(whole)
    return data, starts


def _composed(text: str | None) -> str | None:
    """The text in which every letter folds to one; of what is rare, or Arrow may not know."""
    if text is None:
        return None
    made = text
    for _ in range(2):  # what it folds to may be composed in turn
        made = characters.composed(made)
        for char in two_fold() & set(made):
            made = made.replace(char, char.casefold())
    return made


def _layout(texts: pa.LargeStringArray) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    _, offsets, data = texts.buffers()
    return np.frombuffer(data or b"", np.uint8), np.frombuffer(
        offsets, np.int64, len(texts) + 1, 8 * texts.offset
    )


@kernel
def _changed(data, starts, changes):
    """How each text is composed."""
    found = np.zeros(len(starts) - 1, np.uint8)
    for row in range(len(found)):
        place, stop = starts[row], starts[row + 1]
        while place < stop and not found[row] & BY_PYTHON:
            if data[place] < 0x80:
                place += 1
                continue
            point, place = decoded(data, place)
            found[row] |= changes[point] if point < N_POINTS else BY_PYTHON
    return found


@kernel
def write_units(data, start, stop, kind, table, units, flags):
    """Writes what the text is taken apart into as hashes, and what each is; how many there are. `flags` may
    be of bool where only MARK is wanted.
    """
    if kind >= UNITS:
        return write_all(data, start, stop, kind == PROSE_UNITS, table, units, flags)
    return _write_words(data, start, stop, kind == CHARACTERS, table, units, flags)


@kernel
def _write_words(data, start, stop, by_characters, table, units, flags):
    n, place = 0, start
    sentence_starts, pending = True, np.uint32(0)
    while place < stop:
        entry, after = entry_at(data, place, table)
        kind = entry & CLASSES
        sentence_starts = sentence_starts or (kind < LETTER and entry & STOP != 0)
        if kind < LETTER:
            place = after
            if kind != SPACE:
                pending = entry >> CLASS_BITS if kind == OPERATOR else np.uint32(0)
            continue
        if kind == DIGIT and pending:
            n = _begun(units, flags, n, by_characters)
            units[n], flags[n] = np.uint64(pending), MARK
            n += 1
        pending = np.uint32(0)
        n = _begun(units, flags, n, by_characters)
        first, value, is_mark = n, OFFSET, kind == CAPITAL and not sentence_starts
        is_single = kind == SINGLE
        sentence_starts = False
        while True:
            is_mark = is_mark or kind == DIGIT
            letter = np.uint64(entry >> CLASS_BITS)
            if by_characters:
                units[n] = letter
                n += 1
            value = (value ^ letter) * PRIME
            place = after
            if place >= stop:
                break
            entry, after = entry_at(data, place, table)
            kind = entry & CLASSES
            if kind != COMBINING and (is_single or kind < LETTER or kind > DIGIT):
                break
        if not by_characters:
            units[n] = value
            n += 1
        for unit in range(first, n):
            flags[unit] = MARK if is_mark else 0
    return n


@kernel
def _begun(units, flags, n, by_characters):
    """Room for a new word: after a blank, when characters are wanted."""
    if by_characters and n:
        units[n], flags[n] = BLANK, 0
        return n + 1
    return n


@kernel
def _hash_chunk(data, starts, table):
    hashes = np.zeros((len(starts) - 1, 2), np.uint64)
    longest = 0
    for row in range(len(hashes)):
        longest = max(longest, starts[row + 1] - starts[row])
    units, flags = np.empty(longest + 2, np.uint64), np.empty(longest + 2, np.uint8)
    for row in range(len(hashes)):
        n_units = write_units(data, starts[row], starts[row + 1], UNITS, table, units, flags)
        low, high = OFFSET, GOLDEN
        for unit in units[:n_units]:
            low = mixed(low ^ unit) + GOLDEN
            high = mixed(high + unit) ^ low
        hashes[row, 0], hashes[row, 1] = low, high
    return hashes
