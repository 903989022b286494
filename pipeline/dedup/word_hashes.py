"""Texts -> the words of each as 64-bit hashes, in compiled code over Arrow buffers.

A word is what `pipeline.text.words` says: NFKC, folded, a run of letters and digits, a character of a
script without spaces, or an operator before a digit. (Letters that fold to two, as the German sharp s, stay
as they are.) A word is a mark when it is a number, an operator or a name (a capital inside a sentence).

Cost: about 1 microsecond a short text and core, after 5 s of compilation that are kept on disk.
"""

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import config, njit
from numpy.typing import NDArray

from pipeline.io.cache import cache_folder
from pipeline.text.text import ALONE, OPERATORS

# By default beside the source, which cannot always be written.
config.CACHE_DIR = config.CACHE_DIR or str(cache_folder() / "numba")
kernel = njit(nogil=True, cache=True)  # other threads go on while it runs
CHUNK_ROWS = 4_096  # per call: bounds the scratch memory
THREADS = 2  # a task has one core; more threads help where it runs alone

# Classes of code points.
SPACE, PUNCTUATION, STOP, LETTER, CAPITAL, DIGIT, SINGLE, OPERATOR = range(8)
STOPS = '.!?:;"\n\u201c#\u2022'  # a capital after these may be no name
JOINING = ((0x1100, 0x11FF), (0x0B3E, 0x0DDF), (0x102E, 0x102E), (0x1B35, 0x1B35))  # with what stands before
KIND_BITS, KINDS = np.uint32(3), np.uint32(7)
NO_LETTER = np.uint32(PUNCTUATION)
N_POINTS = 0x32000  # above are no letters
OFFSET, PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)  # FNV-1a
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
BLANK, LINE_BREAK = np.uint64(32), np.uint32(10)


def hashed(texts: pa.Array | pa.ChunkedArray) -> pa.FixedSizeBinaryArray:
    """A 128-bit hash of the words of each text in their order."""
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
    """The bytes of the texts in NFKC, and where each begins."""
    whole = piece.cast(pa.large_string())
    data, starts = _layout(whole)
    if not len(data) or data[starts[0] : starts[-1]].max(initial=0) < 0x80:
        return data, starts
    changes = pa.array(_changed(data, starts, letter_tables()[1]))
    if pc.any(changes).as_py():  # few texts, though many have letters beyond ASCII
        whole = pc.replace_with_mask(whole, changes, pc.utf8_normalize(whole.filter(changes), "NFKC"))
        data, starts = _layout(whole)
    return data, starts


def _layout(texts: pa.LargeStringArray) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    _, offsets, data = texts.buffers()
    return np.frombuffer(data or b"", np.uint8), np.frombuffer(
        offsets, np.int64, len(texts) + 1, 8 * texts.offset
    )


@cache
def letter_tables() -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """Of each code point below N_POINTS: what it folds to, above its class in the lowest bits; and whether
    NFKC may change a text that has it. 0.2 s.
    """
    classes = np.full(N_POINTS, PUNCTUATION, np.uint8)
    folded = np.arange(N_POINTS, dtype=np.uint32)
    changes = np.zeros(N_POINTS, np.bool_)
    for point in range(N_POINTS):
        char = chr(point)
        joins = unicodedata.combining(char) or any(first <= point <= last for first, last in JOINING)
        changes[point] = joins or not unicodedata.is_normalized("NFKC", char)
        if char.isalnum():
            fold = char.casefold()
            if len(fold) == 1:
                folded[point] = ord(fold)
            classes[point] = DIGIT if char.isdecimal() else CAPITAL if char.isupper() else LETTER
        elif char.isspace():
            classes[point] = SPACE
    for first, last in ALONE:
        alone = slice(first, last + 1)
        classes[alone] = np.where(classes[alone] >= LETTER, SINGLE, classes[alone])
    classes[[ord(char) for char in STOPS]] = STOP
    classes[[ord(char) for char in OPERATORS]] = OPERATOR
    return (folded << KIND_BITS) | classes, changes


@kernel
def _changed(data, starts, changes):
    """Which texts NFKC may change."""
    found = np.zeros(len(starts) - 1, np.bool_)
    for row in range(len(found)):
        place, stop = starts[row], starts[row + 1]
        while place < stop and not found[row]:
            if data[place] < 0x80:
                place += 1
                continue
            point, place = _decoded(data, place)
            found[row] = point >= N_POINTS or changes[point]
    return found


@kernel
def write_units(data, start, stop, by_characters, table, units, marks):
    """Writes the text's words as hashes, or its characters, and which belong to marks; how many there are."""
    n, place = 0, start
    sentence_starts, pending = True, np.uint32(0)
    while place < stop:
        point, after = _decoded(data, place)
        entry = table[point] if point < N_POINTS else NO_LETTER
        kind = entry & KINDS
        if kind < LETTER:
            place = after
            if kind != SPACE and point != LINE_BREAK:
                pending = np.uint32(0)
            sentence_starts = sentence_starts or kind == STOP
            continue
        if kind == OPERATOR:
            place, pending = after, point
            continue
        if kind == DIGIT and pending:
            n = _begun(units, marks, n, by_characters)
            units[n], marks[n] = np.uint64(pending), True
            n += 1
        pending = np.uint32(0)
        n = _begun(units, marks, n, by_characters)
        first, value, is_mark = n, OFFSET, kind == CAPITAL and not sentence_starts
        sentence_starts = False
        while True:
            is_mark = is_mark or kind == DIGIT
            letter = np.uint64(entry >> KIND_BITS)
            if by_characters:
                units[n] = letter
                n += 1
            value = (value ^ letter) * PRIME
            place = after
            if kind == SINGLE or place >= stop:
                break
            point, after = _decoded(data, place)
            entry = table[point] if point < N_POINTS else NO_LETTER
            kind = entry & KINDS
            if kind < LETTER or kind > DIGIT:
                break
        if not by_characters:
            units[n] = value
            n += 1
        for unit in range(first, n):
            marks[unit] = is_mark
    return n


@kernel
def _begun(units, marks, n, by_characters):
    """Room for a new word: after a blank, when characters are wanted."""
    if by_characters and n:
        units[n], marks[n] = BLANK, False
        return n + 1
    return n


@kernel
def _decoded(data, place):
    """The code point at `place` of UTF-8, and where the next begins."""
    byte = np.uint32(data[place])
    if byte < 0x80:
        return byte, place + 1
    n_more = 1 if byte < 0xE0 else 2 if byte < 0xF0 else 3
    point = byte & np.uint32(0x3F >> n_more)
    for more in range(1, n_more + 1):
        point = (point << np.uint32(6)) | (np.uint32(data[place + more]) & np.uint32(0x3F))
    return point, place + n_more + 1


@kernel
def mixed(value):
    """The finaliser of MurmurHash3 (Appleby, public domain): every bit of the result depends on all."""
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))


@kernel
def _hash_chunk(data, starts, table):
    hashes = np.zeros((len(starts) - 1, 2), np.uint64)
    longest = 0
    for row in range(len(hashes)):
        longest = max(longest, starts[row + 1] - starts[row])
    units, marks = np.empty(2 * longest + 2, np.uint64), np.empty(2 * longest + 2, np.bool_)
    for row in range(len(hashes)):
        n_units = write_units(data, starts[row], starts[row + 1], False, table, units, marks)
        low, high = OFFSET, GOLDEN
        for unit in units[:n_units]:
            low = mixed(low ^ unit) + GOLDEN
            high = mixed(high + unit) ^ low
        hashes[row, 0], hashes[row, 1] = low, high
    return hashes
