"""How much a text says again: loops, sentences and list items that return.

A loop is not a parallel: "X is high in fibre, Y is high in protein" shares its words and says two things. So
runs of a few words are counted against a limit that grows with the length of the text, and what returns word
for word, as a whole sentence or item, against one that does not. Code, formulas and tables are no prose, and
numbers no words: they repeat by nature. Linear in the text.
"""

import operator
import re
from collections import Counter
from functools import lru_cache

from pipeline.text.kinds import GAP, ITEM_MARK, runs, without
from pipeline.text.sentence_marks import SENTENCE_ENDS
from pipeline.text.text import LONG, repeated_share, words

SHORT, LENGTHY = 110, 260  # words, between which more runs of a few words return
GROWTH = (
    0.16  # of all, in sound texts; from answers of 200 to 400 words that a reader found sound (up to 0.29)
)
ENDS = re.escape(SENTENCE_ENDS)
WRAPPED = re.compile(rf"\n(?<![{ENDS}:\n]\n)(?=[^\W\d_]{{2}}|[(\"'])")  # a line that goes on in the next
BREAK = re.compile(rf"[\n{ENDS}]+")
ASCII_BREAK = re.compile(r"[\n.!?]+")
MARK_ENDS = re.compile(r"[-*•+–.)、．](?:\s|\Z)")  # noqa: RUF001  as every item mark does
MIN_SENTENCE = 6  # words of a sentence that does not return by chance
LONG_SENTENCE = 8
OFTEN = 3  # times that a long sentence makes a loop in a text of any length
SAID_TWICE = 8  # words in a row that no short text says twice
LOOP = 3  # times in a row
LOOP_OF_SHORT = 6  # of one word or sign of fewer than LONG letters: "ha ha ha" is none
STRETCH = re.compile(rf"[\n{GAP}]")
MIN_ITEMS = 3
INLINE_MARK = re.compile(r"(?:(?<=\s)|\A)\(?\d{1,3}[.)](?=\s|\Z)")
NUMBERED = re.compile(r"\d[.)](?:\s|$)")
MIN_BARE = 4


@lru_cache(maxsize=8)  # the measures of a filter ask for the same text in turn
def telling(text: str) -> str:
    """The text without what repeats by nature."""
    return without(text, "code", "math", "table")


def beyond_length(share: float, n_words: int) -> float:
    """The share of repeated runs without what the length of a text explains, not below 0."""
    return max(0.0, share - GROWTH * min(1.0, max(0.0, (n_words - SHORT) / (LENGTHY - SHORT))))


def repeated_runs_share(items: list[str], n: int) -> float:
    """The share of the runs of `n` words that were seen earlier, 0..1. Runs that are numbers by half or more
    are counted as new.
    """
    grams = [*zip(*(items[start:] for start in range(n)), strict=False)]
    if len(set(grams)) == len(grams):
        return 0.0
    seen: set[tuple[str, ...]] = set()
    again = 0
    for gram in grams:
        if gram not in seen:
            seen.add(gram)
        elif 2 * sum(map(_is_word, gram)) > n:
            again += 1
    return again / len(grams)


def _is_word(item: str) -> bool:
    return not item[0].isdigit() and (len(item) > 1 or item.isalpha())


def said_again_share(text: str) -> float:
    """The share of the words of a text that stand in sentences, or list items, said before, 0..1; 1 where a
    sentence of LONG_SENTENCE words is said OFTEN. Shorter ones than MIN_SENTENCE words return by chance.
    """
    told = telling(text)
    sentences = _sentences(told)
    if len(sentences) < 2:
        return 0.0
    said = Counter(" ".join(_unmarked(one).split()).casefold() for one in sentences)
    lengths = {one: len(words(one)) for one, n in said.items() if n > 1}
    if any(said[one] >= OFTEN and n >= LONG_SENTENCE for one, n in lengths.items()):
        return 1.0
    again = sum((said[one] - 1) * n for one, n in lengths.items() if n >= MIN_SENTENCE)
    return again / len(words(told)) if again else 0.0


def _unmarked(sentence: str) -> str:
    """The sentence without the first item mark in it."""
    return ITEM_MARK.sub("", sentence, count=1) if MARK_ENDS.search(sentence) else sentence


def _sentences(told: str) -> list[str]:
    """The sentences that have an end, and the list items."""
    told = WRAPPED.sub(" ", told)
    found, start = [], 0
    for end in (ASCII_BREAK if told.isascii() else BREAK).finditer(told):
        one = told[start : end.start()].strip()
        if one and (end.group().strip("\n") or ITEM_MARK.match(one)):
            found.append(one)
        start = end.end()
    rest = told[start:].strip()
    return [*found, rest] if ITEM_MARK.match(rest) else found


def said_twice_in(text: str, source: str) -> str | None:
    """SAID_TWICE words in a row that a short text says twice and its source at most once."""
    items = words(telling(text))
    if len(items) > SHORT:
        return None
    grams = Counter(zip(*(items[start:] for start in range(SAID_TWICE)), strict=False))
    again = [" ".join(gram) for gram, n in grams.items() if n > 1]
    told = " ".join(words(source)) if again else ""
    return next((one for one in again if told.count(one) < 2), None)


def loop_in(text: str) -> str | None:
    """Words of one line that stand LOOP times in a row, joined; one short word LOOP_OF_SHORT times. Numbers
    are none.
    """
    told = telling(text)
    every = words(told)
    if not _returns_at_once(every) or not _loop_of(every):
        return None  # a loop of a line is one of all words, which are counted already
    return next((loop for line in STRETCH.split(told) if (loop := _loop_of(words(line)))), None)


def _returns_at_once(items: list[str]) -> bool:
    """Whether a word stands twice in a row, or three in a row return: else there is no loop."""
    after = items[1:]
    if any(map(operator.eq, items, after)):
        return True
    triples = [*zip(items, after, items[2:], strict=False)]
    return len(set(triples)) < len(triples)


def _loop_of(items: list[str]) -> str | None:
    seen: dict[str, int] = {}
    distance, run, last_named = 0, 0, -1  # the last: the place of a word that begins with a letter
    for place, word in enumerate(items):
        since = place - seen.get(word, place)
        seen[word] = place
        run = run + 1 if since == distance and since else 1
        distance = since
        if word[0].isalpha():
            last_named = place
        if not since or run < (LOOP - 1) * since or last_named <= place - since:
            continue  # numbers are no loop
        if run >= (_times(items[max(0, place - min(since, LONG + 1) + 1) : place + 1]) - 1) * since:
            return " ".join(items[place - since + 1 : place + 1])
    return None


def _times(unit: list[str]) -> int:
    """How often these words, or as many as tell, must stand in a row to be a loop."""
    if len(unit) > 1:
        return LOOP if sum(map(len, unit)) > LONG else LOOP_OF_SHORT
    return LOOP if len(unit[0]) >= LONG else LOOP_OF_SHORT


def repeated_item_share(text: str) -> float:
    """The greatest share, of the lists of a text, of items that were seen earlier in the list, 0..1."""
    lists = [*_lists(telling(text).splitlines()), _inline_items(text)]
    shares = [0.0]
    for items in lists:
        named = [" ".join(words(item)) for item in items if not item.rstrip().endswith((":", "："))]  # noqa: RUF001
        named = [name for name in named if any(map(str.isalpha, name))]
        if len(named) >= MIN_ITEMS:
            shares.append(repeated_share(named))
    return max(shares)


def _lists(lines: list[str]) -> list[list[str]]:
    """The items of each list, without their marks; a list in an item of another is one by itself."""
    found: list[list[str]] = []
    open_lists: dict[int, list[str]] = {}  # by indentation
    for line in filter(str.strip, lines):
        bare = line.lstrip()
        indent = len(line) - len(bare)
        mark = ITEM_MARK.match(bare)
        open_lists = {depth: items for depth, items in open_lists.items() if depth < indent + bool(mark)}
        if mark:
            if indent not in open_lists:
                open_lists[indent] = []
                found.append(open_lists[indent])
            open_lists[indent].append(bare[mark.end() :])
    return found


@lru_cache(maxsize=8)
def _inline_items(text: str) -> tuple[str, ...]:
    """What stands behind the numbers of a list, in one line or in many."""
    return tuple(INLINE_MARK.split(telling(text))[1:]) if NUMBERED.search(text) else ()


def bare_marks_in(text: str) -> str | None:
    """A list of marks without items, or of items that are their own numbers."""
    marks = _inline_items(text)
    bare = sum(not body.strip(" \n.,;()") for body in marks)
    lists = [
        [(match.group().strip("(). \t"), line.strip()[match.end() :].strip(" .")) for line in lines
         if (match := ITEM_MARK.match(line.strip()))]
        for lines in runs(text, "item")
    ]  # fmt: skip
    own = max((sum(mark == body for mark, body in pairs) for pairs in lists), default=0)
    if max(bare, own) >= MIN_BARE and 2 * max(bare, own) >= max(len(marks), own):
        return f"{max(bare, own)} marks without items"
    return None
