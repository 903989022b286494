"""The units of a text as hashes: `units` and `prose_units` of pipeline/text/text.py, in compiled code."""

import numpy as np

from pipeline.dedup.letters import (
    CAPITAL,
    CLASS_BITS,
    CLASSES,
    COMBINING,
    DIGIT,
    ENDS,
    GLUES,
    LAYS_OUT,
    LETTER,
    OFFSET,
    OPERATOR,
    PRIME,
    PUNCTUATION,
    QUOTES_IT,
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
BANG, QUOTE, OPENS, CLOSES, STAR, PLUS, COMMA, MINUS = (np.uint32(ord(char)) for char in "!'()*+,-")
POINT, SLASH, COLON, LESS, EQUAL, MORE, ASKS = (np.uint32(ord(char)) for char in "./:<=>?")
AMPERSAND, UNDERSCORE, BRACKET, POWER = (np.uint32(ord(char)) for char in "&_]^")
PRIMED = np.array([ord(char) for char in characters.PRIMED], np.uint32)
JOINER = np.uint32(ord(characters.JOINER))
NOTHING, NO_HASH = np.uint32(0), np.uint64(0)


@kernel
def write_all(data, start, stop, prose, table, units, flags):
    """Writes the units of a text and what each is; how many there are. `prose`: those of `prose_units`."""
    n, place, fresh, dashes = 0, start, True, False  # fresh: a sentence may begin
    before, point_before, quotes_before = SPACE, NOTHING, False
    while place < stop:
        entry, after = entry_at(data, place, table)
        kind = entry & CLASSES
        value, prefixed = OFFSET, False
        if kind < LETTER:
            fresh = fresh or entry & STOP != 0
            found, more, last, is_unit = NO_HASH, after, entry, False
            if entry & GLUES and after < stop:
                more, found, last = _spoken_of(data, after, stop, before, point_before, entry, table)
                is_unit = found != NO_HASH
                if not is_unit:
                    more, found, last = _glued(
                        data, after, stop, before, point_before, quotes_before, entry, table
                    )
                    is_unit = more > after
            if found != NO_HASH and not is_unit:
                value, prefixed, place = found, True, after
            else:
                if is_unit:
                    units[n], flags[n] = found, MARK
                    n += 1
                elif kind >= SYMBOL:
                    units[n], flags[n] = (OFFSET ^ np.uint64(entry >> CLASS_BITS)) * PRIME, _sign(entry)
                    dashes = dashes or flags[n] & DASH != 0
                    n += 1
                before, point_before, place = last & CLASSES, last >> CLASS_BITS, more
                quotes_before = last & QUOTES_IT != 0
                continue
        if prefixed:
            before, point_before = PUNCTUATION, NOTHING
        units[n], flags[n], place, before, point_before, ended = _word(
            data, place, stop, value, prefixed, fresh, before, point_before, table
        )
        fresh, quotes_before = ended, point_before == QUOTE
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
def _spoken_of(data, after, stop, before, point_before, entry, table):
    """Signs in quotation marks, or by themselves in a sentence: where the unit ends, its hash and its last
    character; or 0 for its hash.
    """
    quoted = entry & QUOTES_IT and (before == SPACE or point_before == OPENS)
    point = entry >> CLASS_BITS
    if not quoted and (before != SPACE or point not in (POINT, COMMA, ASKS)):
        return after, NO_HASH, entry
    value, place, last = (OFFSET ^ np.uint64(point)) * PRIME, after, entry
    next_entry, end = entry_at(data, place, table)
    if point == ASKS and next_entry >> CLASS_BITS != POINT:
        return after, NO_HASH, entry
    while _goes_on(next_entry, point, quoted, place == after):
        value, place, last = (value ^ np.uint64(next_entry >> CLASS_BITS)) * PRIME, end, next_entry
        if place >= stop:
            return after, NO_HASH, entry
        next_entry, end = entry_at(data, place, table)
    if quoted:
        value = (value ^ np.uint64(next_entry >> CLASS_BITS)) * PRIME
        is_whole = place > after and next_entry & QUOTES_IT
        return (end, value, next_entry) if is_whole else (after, NO_HASH, entry)
    begun = place
    while next_entry & CLASSES == SPACE and end < stop:
        place = end
        next_entry, end = entry_at(data, place, table)
    goes_on = place > begun and next_entry & CLASSES >= LETTER
    return (begun, value, last) if goes_on else (after, NO_HASH, entry)


@kernel
def _goes_on(entry, first, quoted, is_second):
    """Whether a sign belongs to those that are spoken of, after the first of them."""
    if quoted:
        return entry & (ENDS | LAYS_OUT) != 0
    point = entry >> CLASS_BITS
    return (point == POINT and is_second) if first == ASKS else point in (POINT, COMMA)


@kernel
def _glued(data, after, stop, before, point_before, quotes_before, entry, table):
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
        if kind == DIGIT:
            blocked = point_before == POINT or (is_letter and before != DIGIT)
        else:
            opened = before == SPACE or point_before in (OPENS, SLASH) or quotes_before
            blocked = not opened or kind not in (LETTER, CAPITAL)
        return after, nothing if blocked else value, entry
    if point in (BANG, ASKS) and following == EQUAL:
        return end, both, next_entry
    if point == ASKS and following == POINT and end < stop:
        third, _ = entry_at(data, end, table)
        goes_on = third & CLASSES in (LETTER, CAPITAL, SINGLE)
        is_called = before >= LETTER or point_before in (UNDERSCORE, CLOSES, BRACKET)
        return (end, both, next_entry) if goes_on and is_called else (after, nothing, entry)
    negates = point == BANG and kind >= LETTER and (before in (SPACE, SYMBOL, OPERATOR) or quotes_before)
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
def _word(data, place, stop, value, prefixed, fresh, before, point_before, table):
    """A word and what stands with it: hash, flags, where it ends, its last character, and whether a sentence
    may begin after it.
    """
    entry, after = entry_at(data, place, table)
    kind, point = entry & CLASSES, entry >> CLASS_BITS
    is_single, is_mark, digits = kind == SINGLE, kind == CAPITAL and not fresh, kind == DIGIT
    flag, n_points, last = NUMBER if digits and not prefixed else np.uint8(0), 0, np.uint32(before)
    alone, last_point = False, point_before  # alone: no letter and no apostrophe stands before the last
    while True:
        digits = digits or kind == DIGIT
        value = (value ^ np.uint64(point)) * PRIME
        alone = last not in (LETTER, CAPITAL, SINGLE) and last_point != QUOTE
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
    if place < stop and point == QUOTE and alone and last in (LETTER, CAPITAL):
        n_primes, after = _primes(data, after, stop, last_point, table)
        for _ in range(n_primes):
            value = (value ^ np.uint64(QUOTE)) * PRIME
        if n_primes:
            return value, flag | MARK, after, np.int64(PUNCTUATION), QUOTE, False
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
def _primes(data, after, stop, letter, table):
    """How many apostrophes behind a letter are derivatives, and where they end; `after` the first of them."""
    n, point, kind, end = 1, NOTHING, SPACE, after
    while end < stop:
        entry, further = entry_at(data, end, table)
        point, kind = entry >> CLASS_BITS, entry & CLASSES
        if point != QUOTE:
            break
        n, end, point, kind = n + 1, further, NOTHING, SPACE
    if kind >= LETTER:
        return 0, after
    if n > 1 or np.any(letter == PRIMED):
        return n, end
    place = end
    while kind == SPACE and place < stop:
        entry, place = entry_at(data, place, table)
        point, kind = entry >> CLASS_BITS, entry & CLASSES
    return (n, end) if point in (EQUAL, PLUS, STAR, SLASH, POWER, LESS, MORE) else (0, after)


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
