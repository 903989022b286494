"""Questions that hold a text: what two of them ask apart from the text that both have, in compiled code.

A question is taken apart at the ends of its sentences and lines, at colons, quotation marks and brackets. The
pieces that two questions share are their context, where they are half of the longer question or more, and
MIN_SHARED words. Then the rest of the one is compared with the rest of the other by its pairs of words, start
and end of each piece among them: "Translate to French: ..." and "Translate to German: ..." are two tasks on
one text. Where one has no rest, or all words of the other's rest and few more, both are compared whole; so
are rows whose answer is longer than their question, as that tells them apart.

Memory: 4 bytes a word of the questions of MIN_SHARED words or more. Cost: a sort of the words, a near pair.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.letters import GOLDEN, OFFSET, decoded, kernel, letter_tables, mixed
from pipeline.dedup.minhash import Sets
from pipeline.dedup.near_pairs import jaccard, n_marked, shared_by
from pipeline.dedup.pairs import SIMILARITIES, Pairs
from pipeline.dedup.shingles import MARK
from pipeline.dedup.unit_hashes import MARK as MARKED
from pipeline.dedup.word_hashes import PROSE_UNITS, in_chunks, write_units

MIN_SHARED = 10  # words of a context
MORE = 3  # a third of its words at most are what one question says more than another that asks the same
END, ASKING_END = np.uint32(0), np.uint32(1)  # of a piece; words are greater
# Where a piece ends: by itself, before white space alone (as in "3.5" and "e.g.a" it does not), or as a
# question.
CUT, STOP, ASK = np.uint8(1), np.uint8(2), np.uint8(3)
PUNCTUATION = {
    CUT: '\n:;"()[]{}`\u201c\u201d\u201e\u00ab\u00bb\u3002\uff01\uff1a\uff1b\u300c\u300d\u0964',
    STOP: ".!\u2026",
    ASK: "?\uff1f\u061f\u037e",
}
ENDINGS = np.zeros(0x10000, np.uint8)  # by code point
for _kind, _chars in PUNCTUATION.items():
    ENDINGS[[ord(char) for char in _chars]] = _kind


def pieces(texts: pa.Array | pa.ChunkedArray) -> pa.LargeListArray:
    """The words of each text as 32-bit hashes with a MARK, each piece ended by END or ASKING_END; none of a
    text with fewer than MIN_SHARED words, or of one piece: it has no context and something beside it.
    An empty text is for a row that is compared whole.
    """
    found = in_chunks(texts, lambda *text: _pieces(*text, ENDINGS, letter_tables()[0]))
    counts, values = zip(*found, strict=True)
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(counts), dtype=np.int64)])
    return pa.LargeListArray.from_arrays(offsets, np.concatenate(values))


def apart(pairs: Pairs, order: NDArray[np.int64], asked: Sets, answers: Sets) -> Pairs:
    """The pairs with the similarities of what their questions say apart from a context that they share."""
    numbers = np.stack([pairs[name] for name in SIMILARITIES], axis=1)
    rows, twins = order[pairs["row"]], order[pairs["twin"]]
    _apart(rows, twins, asked.starts, asked.values, answers.starts, answers.values, numbers)
    found = pairs.copy()
    for number, name in enumerate(SIMILARITIES):
        found[name] = numbers[:, number]
    return found


@kernel
def _pieces(data, starts, endings, table):
    counts = np.zeros(len(starts) - 1, np.int64)
    longest = 2 * np.max(np.diff(starts)) + 2 if len(counts) else 2
    units, flags = np.empty(longest, np.uint64), np.empty(longest, np.uint8)
    found = np.empty(3 * (starts[-1] - starts[0]) + 2 * len(starts), np.uint32)
    filled = 0
    for row in range(len(counts)):
        first, begun, place, n_words = filled, starts[row], starts[row], 0
        if not _has_pieces(data, starts[row], starts[row + 1], endings):
            continue
        while place <= starts[row + 1]:
            ends, asking, after = place == starts[row + 1], False, place + 1
            if not ends:
                ending, after = _ending_at(data, place, endings)
                if not ending:
                    place = after
                    continue
                asking = ending == ASK
                at_stop = ending == STOP and (after >= starts[row + 1] or data[after] <= 32)
                ends = asking or at_stop or ending == CUT
            if ends:
                n = write_units(data, begun, place, PROSE_UNITS, table, units, flags)
                for unit in range(n):
                    value = np.uint32(mixed(units[unit]) >> np.uint64(33)) << MARK
                    found[filled] = max(value, np.uint32(2)) | np.uint32(flags[unit] & MARKED != 0)
                    filled += 1
                if n:
                    found[filled] = ASKING_END if asking else END
                    filled += 1
                n_words += n
                begun = after
            place = after
        filled = filled if n_words >= MIN_SHARED else first
        counts[row] = filled - first
    return counts, found[:filled].copy()


@kernel
def _ending_at(data, place, endings):
    """How a piece may end with the character there, 0 for not at all, and where the next one is."""
    if data[place] < 0x80:
        return endings[data[place]], place + 1
    point, after = decoded(data, place)
    return endings[point] if point < len(endings) else np.uint8(0), after


@kernel
def _has_pieces(data, start, stop, endings):
    """Whether something stands behind the first end of a piece: in most questions nothing does."""
    place, ended = start, False
    while place < stop:
        ending, after = _ending_at(data, place, endings)
        if ending == STOP and after < stop and data[after] > 32:
            ending = np.uint8(0)
        if ended and not ending and data[place] > 32:
            return True
        ended = ended or ending > 0
        place = after
    return False


@kernel
def _apart(rows, twins, starts, values, a_starts, a_values, numbers):
    for pair in range(len(rows)):
        one = values[starts[rows[pair]] : starts[rows[pair] + 1]]
        other = values[starts[twins[pair]] : starts[twins[pair] + 1]]
        if not len(one) or not len(other):
            continue
        rest_one, rest_other, is_apart = _rests(one, other)
        if not is_apart:
            continue
        a_one = a_values[a_starts[rows[pair]] : a_starts[rows[pair] + 1]]
        a_other = a_values[a_starts[twins[pair]] : a_starts[twins[pair] + 1]]
        question, q_plain, q_marked = shared_by(rest_one, rest_other)
        answer, a_plain, a_marked = shared_by(a_one, a_other)
        shared, n_both = question + answer, len(rest_one) + len(rest_other)
        total = n_both + len(a_one) + len(a_other)
        mixed_marks = shared - q_plain - a_plain - q_marked - a_marked
        marked = n_marked(rest_one) + n_marked(rest_other) + n_marked(a_one) + n_marked(a_other)
        numbers[pair, 0] = jaccard(shared, total)
        numbers[pair, 1] = jaccard(question, n_both)
        numbers[pair, 3] = jaccard(q_plain + a_plain, total - marked - mixed_marks)
        numbers[pair, 4] = jaccard(q_marked + a_marked, marked - mixed_marks)


@kernel
def _rests(one, other):
    """The shingles of what each says apart from the pieces that both have, and whether those are a context of
    them that leaves something of both.
    """
    hashes_one, hashes_other = _piece_hashes(one), _piece_hashes(other)
    shared_one, n_one = _which_are_in(one, hashes_one, np.sort(hashes_other))
    shared_other, n_other = _which_are_in(other, hashes_other, np.sort(hashes_one))
    longest = max(len(one) - len(hashes_one), len(other) - len(hashes_other))
    shared = min(n_one, n_other)
    if shared < MIN_SHARED or 2 * shared < longest:
        return one[:0], other[:0], False
    if _adds_little(_rest_words(one, shared_one), _rest_words(other, shared_other)):
        return one[:0], other[:0], False
    rest_one, rest_other = _rest(one, shared_one), _rest(other, shared_other)
    return rest_one, rest_other, len(rest_one) > 0 and len(rest_other) > 0


@kernel
def _adds_little(one, other):
    """Whether one has all words of the other and few more, none of them a number or name: "please find"."""
    few, many = (one, other) if len(one) < len(other) else (other, one)
    n_shared, _, _ = shared_by(few, many)
    n_more = len(many) - len(few)
    return n_shared == len(few) and n_more * MORE <= len(many) and n_marked(many) <= n_marked(few)


@kernel
def _rest_words(words, is_shared):
    """The words of the pieces that are not shared, sorted and distinct."""
    found, n, piece = np.empty(len(words), np.uint32), 0, 0
    for word in words:
        if word <= ASKING_END:
            piece += 1
        elif not is_shared[piece]:
            found[n] = word
            n += 1
    return _distinct(found[:n])


@kernel
def _piece_hashes(words):
    found, n, value = np.empty(len(words), np.uint64), 0, OFFSET
    for word in words:
        if word > ASKING_END:
            value = mixed((value ^ np.uint64(word >> MARK)) * GOLDEN)
            continue
        found[n] = value
        n += 1
        value = OFFSET
    return found[:n]


@kernel
def _which_are_in(words, hashes, others):
    """Which pieces are among the others, and how many words they have. The last question, where both have it,
    is what is asked.
    """
    found, n_words, last = np.zeros(len(hashes), np.bool_), 0, -1
    piece, begun = 0, 0
    for place in range(len(words)):
        if words[place] > ASKING_END:
            continue
        at = np.searchsorted(others, hashes[piece])
        found[piece] = at < len(others) and others[at] == hashes[piece]
        if found[piece]:
            n_words += place - begun
        if words[place] == ASKING_END:
            last = piece
        begun, piece = place + 1, piece + 1
    if last >= 0 and found[last]:
        found[last] = False
    return found, n_words


@kernel
def _rest(words, is_shared):
    """The pairs of words of the pieces that are not shared, sorted and distinct."""
    found, n, piece, before = np.empty(2 * len(words), np.uint32), 0, 0, np.uint32(0)
    for word in words:
        is_end = word <= ASKING_END
        if not is_shared[piece] and not (is_end and before == 0):
            after = np.uint32(0) if is_end else word
            value = mixed(np.uint64(before >> MARK) * GOLDEN + np.uint64(after >> MARK) + OFFSET)
            found[n] = (np.uint32(value >> np.uint64(33)) << MARK) | ((before | after) & MARK)
            n += 1
        before = np.uint32(0) if is_end else word
        piece += is_end
    return _distinct(found[:n])


@kernel
def _distinct(values):
    """In order; of equal ones with and without a mark, the marked."""
    values, kept = np.sort(values), 0
    for value in values:
        if kept and values[kept - 1] >> MARK == value >> MARK:
            values[kept - 1] |= value
            continue
        values[kept] = value
        kept += 1
    return values[:kept]
