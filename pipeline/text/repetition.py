"""How much a text says again: loops, sentences and list items that return, circular sentences.

A loop is not a parallel: "X is high in fibre, Y is high in protein" shares its words and says two things. So
runs of a few words are counted against a limit that grows with the length of the text, and what returns word
for word, as a whole sentence or item, against one that does not. Code, formulas and tables are no prose, and
numbers no words: they repeat by nature. Linear in the text.
"""

import itertools
import re
from collections import Counter

from pipeline.text.kinds import GAP, ITEM_MARK, runs, without
from pipeline.text.sentence_marks import SENTENCE_ENDS
from pipeline.text.text import LONG, repeated_share, words

SHORT, LENGTHY = 110, 260  # words, between which the limit of repeated n-grams grows
GROWTH = 0.16  # by this much; from answers of 200 to 400 words that a reader found sound (up to 0.29)
ENDS = re.escape(SENTENCE_ENDS)
SENTENCE = re.compile(rf"[^\n{ENDS}]+[{ENDS}]+")
MIN_SENTENCE = 6  # words of a sentence that does not return by chance
LONG_SENTENCE = 8
OFTEN = 3  # times that a long sentence makes a loop in a text of any length
LOOP = 3  # times in a row
LOOP_OF_SHORT = 6  # of one word or sign of fewer than LONG letters: "ha ha ha" is none
STRETCH = re.compile(rf"[\n{GAP}]")
MIN_ITEMS = 3
INLINE_MARK = re.compile(r"(?:(?<=\s)|\A)\(?\d{1,3}[.)](?=\s|\Z)")
MIN_BARE = 4
COMPARED = (
    r"(?:differs?|different|distinguished|separated?) from|(?:compares?|compared|related|relates?"
    r"|similar|equal|opposed) "
    r"(?:to|with)|versus|vs\.?|the same as|(?:affects?|influences?|impacts?|causes?|determines?|defines?)"
)
DEFINED = (
    r"(?:is|are|was|were|means?|refers? to|is defined as|can be defined as)(?: (?:also|simply|basically))?"
    r"(?: (?:a|an|the))?(?: (?:main|study|science|process|act|state|art|practice|concept|idea|field"
    r"|topic|type|kind|form|"
    r"method|use|field of study) of)?(?: (?:a|an|the))?"
)
NAME = r"(?P<x>[^\W\d_][\w'-]{2,}(?: [\w'-]+){0,3})"
CIRCULAR = re.compile(
    rf"\b{NAME}(?: (?:is|are))? (?:{COMPARED}) (?:the )?(?P=x)\b"
    rf"|\bbetween (?:the )?{NAME.replace('?P<x>', '?P<y>')} and (?:the )?(?P=y)\b(?! \w)"
    rf"|^\W*(?:a |an |the )?{NAME.replace('?P<x>', '?P<z>')} {DEFINED} (?P=z)\W*$",
    re.IGNORECASE,
)


def telling(text: str) -> str:
    """The text without what repeats by nature."""
    return without(text, "code", "math", "table")


def growing(limit: float, n_words: int) -> float:
    """The limit of repeated n-grams for a text of so many words, where `limit` is that of a short one."""
    return limit + GROWTH * min(1.0, max(0.0, (n_words - SHORT) / (LENGTHY - SHORT)))


def repeated_runs_share(items: list[str], n: int) -> float:
    """The share of the runs of `n` words that were seen earlier, 0..1. Runs that are numbers by half or more
    are counted as new.
    """
    told = [not word[0].isdigit() and (len(word) > 1 or word.isalpha()) for word in items]
    counts = [0, *itertools.accumulate(told)]
    seen: set[tuple[str, ...]] = set()
    again = 0
    for start in range(len(items) - n + 1):
        gram = tuple(items[start : start + n])
        if gram not in seen:
            seen.add(gram)
        elif 2 * (counts[start + n] - counts[start]) > n:
            again += 1
    return again / (len(items) - n + 1) if again else 0.0


def sentences_of(text: str) -> list[tuple[str, ...]]:
    """The words of each sentence that has an end, and of each list item, of MIN_SENTENCE words or more."""
    told = telling(text)
    found = SENTENCE.findall(told)
    found += [
        line for line in told.splitlines() if ITEM_MARK.match(line.lstrip()) and not SENTENCE.search(line)
    ]
    split = (tuple(words(ITEM_MARK.sub("", sentence.lstrip(), count=1))) for sentence in found)
    return [sentence for sentence in split if len(sentence) >= MIN_SENTENCE]


def said_again_share(text: str) -> float:
    """The share of the words of a text that stand in sentences said before, 0..1; 1 where a sentence of
    LONG_SENTENCE words is said OFTEN.
    """
    said = Counter(sentences_of(text))
    if any(n >= OFTEN and len(sentence) >= LONG_SENTENCE for sentence, n in said.items()):
        return 1.0
    again = sum((n - 1) * len(sentence) for sentence, n in said.items())
    return again / max(1, len(words(telling(text)))) if again else 0.0


def loop_in(text: str) -> str | None:
    """Words of one line that stand LOOP times in a row, joined; one short word LOOP_OF_SHORT times. Numbers
    are none.
    """
    found = (_loop_of(words(stretch)) for stretch in STRETCH.split(telling(text)))
    return next((loop for loop in found if loop), None)


def _loop_of(items: list[str]) -> str | None:
    seen: dict[str, int] = {}
    distance, run = 0, 0
    for place, word in enumerate(items):
        since = place - seen.get(word, place)
        seen[word] = place
        run = run + 1 if since == distance and since else 1
        distance = since
        if since and run >= (_times(items, place, since) - 1) * since:
            return " ".join(items[place - since + 1 : place + 1])
    return None


def _times(items: list[str], place: int, period: int) -> int:
    """How often the last `period` words must stand in a row to be a loop."""
    unit = items[place - period + 1 : place + 1]
    if not any(word[0].isalpha() for word in unit):
        return len(items) + 1
    if period > 1:
        return LOOP if sum(map(len, unit)) > LONG else LOOP_OF_SHORT
    return LOOP if len(unit[0]) >= LONG else LOOP_OF_SHORT


def repeated_item_share(text: str) -> float:
    """The greatest share, of the lists of a text, of items that were seen earlier in the list, 0..1."""
    lists = [[ITEM_MARK.sub("", line.strip(), count=1) for line in lines] for lines in runs(text, "item")]
    lists.append(INLINE_MARK.split(telling(text))[1:])
    shares = [0.0]
    for items in lists:
        named = [" ".join(words(item)) for item in items if not item.rstrip().endswith((":", "："))]  # noqa: RUF001
        named = [name for name in named if any(map(str.isalpha, name))]
        if len(named) >= MIN_ITEMS:
            shares.append(repeated_share(named))
    return max(shares)


def bare_marks_in(text: str) -> str | None:
    """A list of marks without items, or of items that are their own numbers."""
    marks = INLINE_MARK.split(telling(text))[1:]
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


def circular_in(text: str) -> str | None:
    """A sentence that compares a thing with itself, or says that it is what it is; the first one."""
    found = CIRCULAR.search(telling(text))
    return found.group().strip() if found else None
