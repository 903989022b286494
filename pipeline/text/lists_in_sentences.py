"""Lists inside a sentence: an item, or a question, that one sentence holds twice."""

import re
from collections.abc import Callable

from pipeline.text.repetition import telling
from pipeline.text.sentence_marks import SENTENCE_ENDS
from pipeline.text.text import normalised

BETWEEN = re.compile(r"[,;?!]|\b(?:and|or)\b", re.IGNORECASE)
MARKED = re.compile(r"\"[^\"]*\"|“[^”]*”|`[^`]*`|\$[^$]*\$")
OPENINGS = re.compile(r"^(?:but|also|the|a|an|then) ")
NO_LETTERS = ".:)\"'*_"  # that may stand behind the last word of an item
MIN_WORDS = 2  # of an item: single words return in any sentence ("cats and dogs, cats or birds")
MIN_CHARS = 8
# An answer compares and tells what if: what begins with one of these, or is longer, is no item of a list.
NO_ITEM = re.compile(
    r"(?:if|when|while|where|because|since|that|which|who|whose|as|so|it|they|he|she|we|you|there|this|these"
    r"|by|in|on|at|of|for|from|with|to|about|the (?:same|other))\b"
)
MAX_WORDS = 5
MIN_COMMAS = 2  # of a sentence with a list in it
SENTENCE = re.compile(rf"[^\n{re.escape(SENTENCE_ENDS)}]+")


def listed_twice(sentence: str, is_item: Callable[[str], object] = bool) -> str | None:
    """The item that stands twice in a list ("Cloud Computing, and Cloud Computing"), or the question that is
    asked twice ("What is X, and what is X?"); None where there is none. Quotations and code may repeat.
    """
    last = sentence.rfind("”")  # an opening mark behind it opens nothing
    sentence = sentence[: last + 1] + sentence[last + 1 :].replace("“", " ")
    pieces = BETWEEN.split(MARKED.sub(" ", sentence))
    ends = [words_of[-1].strip(NO_LETTERS).casefold() for piece in pieces if (words_of := piece.split())]
    if len(set(ends)) == len(ends):
        return None  # as in most sentences
    seen: set[str] = set()
    for piece in pieces:
        item = OPENINGS.sub("", normalised(piece))
        if not _is_long(item) or not is_item(item):
            continue
        if item in seen:
            return item
        seen.add(item)
    return None


def _is_long(item: str) -> bool:
    return (
        len(item.split()) >= MIN_WORDS and len(item) >= MIN_CHARS and not any(char.isdigit() for char in item)
    )


def item_listed_twice(text: str) -> str | None:
    """The item that a list in a sentence of an answer holds twice: "the brain, the nervous system, the heart,
    and the nervous system". Linear in the text.
    """
    for sentence in SENTENCE.findall(telling(text)):
        if sentence.count(",") < MIN_COMMAS:
            continue
        twice = listed_twice(sentence, is_item=_is_item)
        if twice is not None:
            return twice
    return None


def _is_item(piece: str) -> bool:
    return piece.count(" ") < MAX_WORDS and not NO_ITEM.match(piece)
