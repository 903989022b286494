"""The units of a text as hashes: `units` and `prose_units` of pipeline/text/text.py, in compiled code."""

import numpy as np

from pipeline.dedup.letters import (
    CAPITAL,
    CLASS_BITS,
    CLASSES,
    COMBINING,
    DIGIT,
    GLUES,
    LAYS_OUT,
    LETTER,
    OFFSET,
    OPERATOR,
    PRIME,
    SINGLE,
    SPACE,
    STOP,
    SYMBOL,
    entry_at,
    kernel,
)
from pipeline.text import characters

# What a unit is, beside its hash: MARK as in word_hashes.py; letters alone; one letter; begins with a digit;
# a sign that lays out a text, and is an operator before a number; a dash.
MARK, LETTERS_ONLY, ONE_LETTER, NUMBER, WEAK, OPERATES, DASH = (np.uint8(1 << bit) for bit in range(7))
BANG, QUOTE, OPENS, STAR, PLUS, MINUS, POINT, COLON, LESS, EQUAL, MORE, ASKS, AMPERSAND = (
    np.uint32(ord(char)) for char in "!'(*+-.:<=>?&"
)
JOINER = np.uint32(ord(characters.JOINER))
NOTHING, NO_HASH = np.uint32(0), np.uint64(0)


@kernel
def write_all(data, start, stop, prose, table, units, flags):
    """Writes the units of a text and what each is; how many there are. `prose`: those of `prose_units`."""
    n, place, fresh, dashes = 0, start, True, False  # fresh: a sentence may begin
    before, point_before = SPACE, NOTHING
    while place < stop:
        entry, after = entry_at(data, place, table)
        kind = entry & CLASSES
        value, prefixed = OFFSET, False
        if kind < LETTER:
            fresh = fresh or entry & STOP != 0
            found, more, last = NO_HASH, after, entry
            if entry & GLUES and after < stop:
                more, found, last = _glued(data, after, stop, before, point_before, entry, table)
            if more == after and found != NO_HASH:
                value, prefixed, place = found, True, after
            else:
                if more > after:  # two or more characters that are one unit
                    units[n], flags[n] = found, MARK
                    n += 1
                elif kind >= SYMBOL:
                    units[n], flags[n] = (OFFSET ^ np.uint64(entry >> CLASS_BITS)) * PRIME, _sign(entry)
                    dashes = dashes or flags[n] & DASH != 0
                    n += 1
                before, point_before, place = last & CLASSES, last >> CLASS_BITS, more
                continue
        units[n], flags[n], place, before, point_before, ended = _word(
            data, place, stop, value, prefixed, fresh, table
        )
        fresh = ended
        n += 1
    n = _without_hyphens(units, flags, n) if dashes else n
    return _without_layout(units, flags, n) if prose else n


@kernel
def _sign(entry):
    flag = MARK
    if entry & LAYS_OUT:
        flag |= WEAK
    if entry & CLASSES == OPERATOR:
        flag |= OPERATES
    if entry >> CLASS_BITS == MINUS:
        flag |= DASH
    return flag


@kernel
def _glued(data, after, stop, before, point_before, entry, table):
    """Punctuation that is part of a unit: where the unit ends, its hash and its last character; or, with the
    same end, the hash that the word after it goes on from; or 0.
    """
    point, nothing = entry >> CLASS_BITS, NO_HASH
    value = (OFFSET ^ np.uint64(point)) * PRIME
    if point == COLON or (point == QUOTE and point_before != QUOTE):
        return _run(data, after, stop, value, entry, table)
    next_entry, end = entry_at(data, after, table)
    kind, following = next_entry & CLASSES, next_entry >> CLASS_BITS
    both = (value ^ np.uint64(following)) * PRIME
    is_sign = kind in (SYMBOL, OPERATOR)
    is_letter = before >= LETTER or before == COMBINING
    if point == JOINER:
        return (end, both, next_entry) if is_sign else (after, nothing, entry)
    if point == POINT:
        if not is_letter and following in (EQUAL, PLUS, LESS, MORE, AMPERSAND, STAR):
            return end, both, next_entry
        blocked = point_before == POINT or (is_letter and before != DIGIT)
        return after, value if kind == DIGIT and not blocked else nothing, entry
    if point != QUOTE and following == EQUAL:
        return end, both, next_entry
    negates = point == BANG and kind >= LETTER and before in (SPACE, SYMBOL, OPERATOR)
    return after, value if negates else nothing, entry


@kernel
def _run(data, place, stop, value, entry, table):
    """Two colons or more, a colon before "=", or apostrophes before a bracket; as `_glued`."""
    point, start = entry >> CLASS_BITS, place
    while place < stop:
        next_entry, after = entry_at(data, place, table)
        following = next_entry >> CLASS_BITS
        if following != point:
            closes = following == (OPENS if point == QUOTE else EQUAL)
            if closes and (point == QUOTE or place == start):
                return after, (value ^ np.uint64(following)) * PRIME, next_entry
            break
        value, place = (value ^ np.uint64(point)) * PRIME, after
    if point == COLON and place > start:
        return place, value, entry
    return start, NO_HASH, entry


@kernel
def _word(data, place, stop, value, prefixed, fresh, table):
    """A word and what stands with it: hash, flags, where it ends, its last character, and whether a sentence
    may begin after it.
    """
    entry, after = entry_at(data, place, table)
    kind, point = entry & CLASSES, entry >> CLASS_BITS
    is_single, is_mark, digits = kind == SINGLE, kind == CAPITAL and not fresh, kind == DIGIT
    flag, n_points, last = NUMBER if digits and not prefixed else np.uint8(0), 0, kind
    while True:
        digits = digits or kind == DIGIT
        value = (value ^ np.uint64(point)) * PRIME
        n_points, place, last, last_point = n_points + 1, after, kind, point
        if place >= stop:
            break
        entry, after = entry_at(data, place, table)
        kind, point = entry & CLASSES, entry >> CLASS_BITS
        if kind != COMBINING and (is_single or kind < LETTER or kind > DIGIT):
            break
    if is_mark or digits:
        flag |= MARK
    is_one = n_points == 1 and not is_single
    if place < stop and not is_single and _goes_with(data, after, stop, point, is_one, last == DIGIT, table):
        value = (value ^ np.uint64(point)) * PRIME
        return value, flag | MARK, after, np.int64(entry & CLASSES), point, True
    if not digits and not prefixed:
        flag |= LETTERS_ONLY
        if is_one:
            flag |= ONE_LETTER
    return value, flag, place, np.int64(last), last_point, False


@kernel
def _goes_with(data, after, stop, point, is_one, is_digit, table):
    """Whether the punctuation after a word belongs to it: a factorial, or "?" of one letter in a sentence."""
    if point == BANG and (is_one or is_digit):
        if after >= stop:
            return True
        entry, _ = entry_at(data, after, table)
        return entry >> CLASS_BITS != EQUAL
    if point != ASKS or not is_one or is_digit:
        return False
    n_spaces = 0
    while after < stop:
        entry, after = entry_at(data, after, table)
        if entry & CLASSES != SPACE:
            return n_spaces > 0 and entry & CLASSES >= LETTER
        n_spaces += 1
    return False


@kernel
def _without_hyphens(units, flags, n):
    """Closes the gaps of single dashes that have words on both sides, or nothing."""
    kept, before = 0, LETTERS_ONLY
    for unit in range(n):
        flag = flags[unit]
        after = flags[unit + 1] if unit + 1 < n else LETTERS_ONLY
        both = before & after
        if not flag & DASH or not both & LETTERS_ONLY or both & ONE_LETTER:
            units[kept], flags[kept] = units[unit], flag
            kept += 1
        before = flag
    return kept


@kernel
def _without_layout(units, flags, n):
    """Closes the gaps of signs that lay out the text; before a number they are operators."""
    kept = 0
    for unit in range(n):
        flag = flags[unit]
        operates = flag & OPERATES and unit + 1 < n and flags[unit + 1] & NUMBER
        if not flag & WEAK or operates:
            units[kept], flags[kept] = units[unit], flag
            kept += 1
    return kept
