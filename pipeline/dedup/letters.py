"""Characters as compiled code sees them: a table of what each folds to and is, and reading UTF-8.

The facts are those of pipeline/text/characters.py.
"""

import inspect
import unicodedata
from functools import cache
from pathlib import Path

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.dedup.kernel_cache import SOURCES, keep_kernels
from pipeline.identity import digest
from pipeline.io.cache import cached
from pipeline.text import characters, sentence_marks
from pipeline.text.characters import LAYOUT, OPERATORS, QUOTES, SENTENCE_SIGNS, VARIANTS
from pipeline.text.sentence_marks import SENTENCE_ENDS

keep_kernels()
kernel = njit(nogil=True, cache=True)  # other threads go on while it runs

FACTS = inspect.getsource(characters) + inspect.getsource(sentence_marks)  # that the tables are made from
# Classes of code points; those from LETTER to DIGIT make words.
SPACE, PUNCTUATION, SYMBOL, OPERATOR, COMBINING, LETTER, CAPITAL, DIGIT, SINGLE = range(9)
STOPS = SENTENCE_ENDS + ':;"\n\u201c#\u2022'  # a capital after these may be no name
# Beside the class: the last three are of punctuation that may be part of a unit.
STOP, LAYS_OUT, GLUES, ENDS, QUOTES_IT = (np.uint32(1 << bit) for bit in range(4, 9))
GLUING = SENTENCE_SIGNS + QUOTES + characters.JOINER
CLASS_BITS, CLASSES = np.uint32(9), np.uint32(15)
# How a text that has a character is composed, beside not at all.
SHARP_S, BY_ARROW, BY_PYTHON = (np.uint8(1 << bit) for bit in range(3))
NO_LETTER, TAG = np.uint32(PUNCTUATION), np.uint32(SYMBOL)
N_POINTS = 0x32400  # above are no letters
FIRST_TAG, LAST_TAG = np.uint32(characters.TAGS[0]), np.uint32(characters.TAGS[1])
OFFSET, PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)  # FNV-1a
GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@cache
def letter_tables() -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """Of each code point below N_POINTS: what it folds to, above its class in the lowest bits; and how
    a text that has it is composed. 0.8 s once on a machine, then they are kept on disk.
    """
    facts = digest((SOURCES, FACTS, unicodedata.unidata_version)).hex()
    folder = cached(f"letters-{facts}", _write_tables)
    return np.load(folder / "entries.npy"), np.load(folder / "changes.npy")


def _write_tables(folder: Path) -> None:
    entries = np.full(N_POINTS, NO_LETTER, np.uint32)
    changes = np.zeros(N_POINTS, np.uint8)
    joining = _joining()
    for point in range(N_POINTS):
        char = chr(point)
        changes[point] = _may_change(char, joining)
        fold = VARIANTS.get(char, char.casefold())
        shown = fold if len(fold) == 1 else char
        flags = (STOP if char in STOPS else 0) | (LAYS_OUT if shown in LAYOUT else 0)
        flags |= (GLUES if shown in GLUING else 0) | (ENDS if shown in SENTENCE_SIGNS else 0)
        flags |= QUOTES_IT if shown in QUOTES else 0
        entries[point] = (np.uint32(ord(shown)) << CLASS_BITS) | flags | np.uint32(_class_of(char, shown))
    np.save(folder / "entries.npy", entries)
    np.save(folder / "changes.npy", changes)


def _joining() -> set[str]:
    """The characters that may be composed with what stands before them."""
    parts = (unicodedata.decomposition(chr(point)).split() for point in range(N_POINTS))
    seconds = {chr(int(both[1], 16)) for both in parts if len(both) == 2 and not both[0].startswith("<")}
    return seconds | {chr(point) for point in range(0x1160, 0x1200)}  # Hangul is composed by a rule


def _may_change(char: str, joining: set[str]) -> int:
    if char == "\u00df":
        return int(SHARP_S)
    if char in characters.REWRITTEN or len(char.casefold()) > 1 or unicodedata.category(char) == "Cn":
        return int(BY_PYTHON)
    composes = char in joining or unicodedata.combining(char) > 0
    return int(BY_ARROW) if composes or not unicodedata.is_normalized("NFKC", char) else 0


def _class_of(char: str, shown: str) -> int:
    """The class of a character that is `shown` when it is folded."""
    if shown.isalnum():
        if characters.is_alone(shown):
            return SINGLE
        return DIGIT if shown.isdecimal() else CAPITAL if char.isupper() else LETTER
    if shown.isspace():
        return SPACE
    if characters.is_symbol(shown):
        return OPERATOR if shown in OPERATORS else SYMBOL
    return COMBINING if characters.is_mark(shown) else PUNCTUATION


@cache
def two_fold() -> frozenset[str]:
    """The letters that fold to more than one, as the German sharp s."""
    return frozenset(char for char in map(chr, range(N_POINTS)) if len(char.casefold()) > 1)


@kernel
def entry_at(data, place, table):
    """What the table says of the character at `place`, and where the next begins."""
    point, after = decoded(data, place)
    if point < N_POINTS:
        return table[point], after
    return (point << CLASS_BITS) | TAG if FIRST_TAG <= point <= LAST_TAG else NO_LETTER, after


@kernel
def decoded(data, place):
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
