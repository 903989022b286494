"""Lists inside a sentence: an item, or a question, that one sentence holds twice."""

import re

from pipeline.text.text import normalised

BETWEEN = re.compile(r"[,;?!]|\b(?:and|or)\b", re.IGNORECASE)
OPENINGS = re.compile(r"^(?:but|also|the|a|an|then) ")
MIN_WORDS = 2  # of an item: single words return in any sentence ("cats and dogs, cats or birds")
MIN_CHARS = 8


def listed_twice(sentence: str) -> str | None:
    """The item that stands twice in a list ("Cloud Computing, and Cloud Computing"), or the question that is
    asked twice ("What is X, and what is X?"); None where there is none. Quotations and code may repeat.
    """
    last = sentence.rfind("”")  # an opening mark behind it opens nothing
    sentence = sentence[: last + 1] + sentence[last + 1 :].replace("“", " ")
    seen: set[str] = set()
    for piece in BETWEEN.split(re.sub(r"\"[^\"]*\"|“[^”]*”|`[^`]*`|\$[^$]*\$", " ", sentence)):
        item = OPENINGS.sub("", normalised(piece))
        if len(item.split()) >= MIN_WORDS and len(item) >= MIN_CHARS and not any(map(str.isdigit, item)):
            if item in seen:
                return item
            seen.add(item)
    return None
