"""Sentences that tell a thing by itself: what differs from itself, consists of itself, is what it is. Pure
functions, linear in the text.
"""

import itertools
import re

from pipeline.text.characters import lowered
from pipeline.text.repetition import telling
from pipeline.text.text import words

# Between a thing and another one, which may not be the same.
COMPARED = re.compile(
    r"\b(?:(?:differs?|different|distinguished|separated?) from|(?:compares?|compared|related"
    r"|relates?|similar|equal"
    r"|opposed) (?:to|with)|versus|vs\.?|the same as|affects?|influences?|impacts?|causes?"
    r"|determines?|defines?)\s"
)
COMPARING = (  # one of these is in all that it finds
    " from", " to", " with", "versus", "vs", "the same as", "affect", "influence", "impact", "cause",
    "determine", "define",
)  # fmt: skip
DEFINED = re.compile(
    r"\A\W*(?:(?:a|an|the) )?([^\W\d_][\w' -]{2,60}?) (?:is|are|was|were|means?|refers? to"
    r"|is defined as|can be defined as)"
    r"(?: (?:also|simply|basically))?(?: (?:a|an|the))?(?: (?:main|study|science|process|act|state"
    r"|art|practice|concept|idea"
    r"|field|topic|type|kind|form|method|use|field of study) of)?(?: (?:a|an|the))? \1\W*\Z",
    re.IGNORECASE,
)
# A name ends before one of these, or before a mark; before another word it may be a part of a longer one:
# "machine learning and machine learning engineers".
AFTER = "[\\s.,;:?!)\"'\u201d\u2019*]*"
ENDS = (
    rf"(?={AFTER}\Z|[,.;:?!)](?!\w)| (?:and|or|in|on|of|for|with|as|that|which|who|to|from|at|by|an?|the)\b)"
)
AT_END = rf"(?={AFTER}\Z|[,.;:?!)](?!\w))"
# ... and begins after one of these: "reinforcement learning and deep reinforcement learning" are two.
BEGINS = (
    r"(?:\A\W*|[.,;:?!(\n] ?|\b(?:a|an|the|of|to|in|on|for|with|from|by|about|as|at|between|and|or|is|are|was"
    r"|were|does|do|how|what|why|term|concept|topic|subject|field|word|than|like|including) )"
)
NAME = r"([^\W\d_][\w'-]{2,30}(?: [\w'-]{1,30}){0,4})"
BETWEEN = re.compile(rf"\bbetween (?:the )?([\w' -]{{3,60}}?) and (?:the )?(\1){ENDS}", re.IGNORECASE)
ACTS = re.compile(r"affect|influence|impact|cause|determine|define")  # a thing may act on others of its kind
MADE_OF = re.compile(
    rf"{BEGINS}{NAME}s?(?:, [^,.\n]{{3,30}},)?"
    r" (?:consists? of|(?:is|are) (?:composed|made(?: up)?) of|comprises?"
    r"|(?:is|are) (?:an?|the|one) (?:\w+ )?(?:field|branch|study|subset|form|kind|type|part|area) of)"
    rf" (?:an? |the )?\1s?{ENDS}",
    re.IGNORECASE,
)
WITHIN = re.compile(  # "the main topic of biology in biology", "the art of art"; "hand in hand" is an idiom
    rf"{BEGINS}(?!(?:hand|arm|cheek|face) ){NAME} in \1{ENDS}"
    rf"|\bwhat (?:is|are) the ([^\W\d_][\w'-]{{2,30}}) of \2{ENDS}",
    re.IGNORECASE,
)
MAKING = (
    "consist", "composed of", "made of", "made up of", "comprise", "field of", "branch of", "study of",
    "subset of", "form of", "kind of", "type of", "part of", "area of",
)  # fmt: skip
# "What is X, and how does it differ from X?", "..., and how does it apply to the field of X?"
ASKED_BACK = re.compile(
    rf"{BEGINS}{NAME},? and (?:how|why|when|where|what) (?:do|does|did|is|are|can|could|may|might|will|would)"
    r" (?:it|they|this|that) (?:\w+ )?"
    r"(?:(?:differs?|different|distinguished|separated?) from|(?:compares?|compared|related|relates?"
    r"|similar|equal|opposed|connects?|connected|contributes?|appl(?:y|ies)|applied) (?:to|with)"
    r"|affect|influence|impact|cause|determine|define|shape)"
    r" (?:the (?:field|study|world|area|subject|concept|topic|context) of |[\w'-]+,? and )?"
    rf"(?:an? |the )?\1{ENDS}",
    re.IGNORECASE,
)
# "Ancient Egypt and Ancient Egypt": names of two words or more; single ones return ("more and more").
PAIRED = re.compile(
    rf"{BEGINS}([^\W\d_][\w'-]{{2,30}}(?: [\w'-]{{2,30}}){{1,4}}),? (?:and|or) (?:the )?\1{ENDS}",
    re.IGNORECASE,
)
# "biology, and biology"; what is said of going on is no thing.
ON_AND_ON = r"(?:again|more|further|over|after|better|faster|larger|louder|years|days|hours|miles)\b"
PAIRED_IN_LIST = re.compile(
    rf", (?:the )?(?!{ON_AND_ON})"
    rf"([^\W\d_]\w{{3,30}}), (?:and|or) (?:the )?\1{ENDS}",
    re.IGNORECASE,
)
# "Human genetics and genetics in humans"
TURNED = re.compile(
    rf"\b([^\W\d_]{{3,30}}) ([^\W\d_]{{3,30}}),? (?:and|or) (?:the )?\2 (?:in|of) (?:the )?\1s?{ENDS}",
    re.IGNORECASE,
)
ASKING = re.compile(r"(?:how|why|when|where|what) ")
# "derivatives, derivatives, and options", "both awe and awe"
AT_ONCE = re.compile(
    rf"\b(?!\w+ly\b|{ON_AND_ON})([^\W\d_]{{5,30}}), \1,? (?:and|or)\b"
    rf"|\bboth ([^\W\d_]{{3,30}}) and \2{ENDS}",
    re.IGNORECASE,
)
JOINED = re.compile(r" (?:and|or) ")
EDGES = " .,;:?!(\n"
WITH_CAPITALS = {  # words that are others with a capital: types of programs, names
    "string", "boolean", "integer", "double", "float", "long", "object", "number", "symbol", "character",
    "list", "set", "map", "tuple", "null", "none", "polish", "march", "may", "august", "turkey", "china",
    "earth", "moon", "sun", "god", "mercury", "mass", "orient", "reading", "nice", "mark", "bill",
}  # fmt: skip
HEAD = 300  # characters
NEAR = 60  # characters before and after a word that compares, in which the names stand
FAR = 150  # characters after an "and", in which a name comes again
ARTICLES = {"the", "a", "an"}
MAX_NAME, MIN_NAME = 4, 3  # words, letters


def circular_in(text: str) -> str | None:
    """A sentence that compares a thing with itself, names it twice as if it were two, or says that it is, or
    consists of, what it is; the first one, near the start of a text, where it says what it is about.
    """
    told = telling(text)
    if len(told) > HEAD:  # the last name of what is looked at may go on
        told = f"{told[:HEAD].rpartition(' ')[0]} x"
    folded = lowered(told)
    return _said_of_itself(told, folded) or _compared_with_itself(told, folded) or _named_twice(told, folded)


def _said_of_itself(told: str, folded: str) -> str | None:
    found = BETWEEN.search(told) if "between" in folded else None
    found = found if found and not (found[1] != found[2] and lowered(found[1]) in WITH_CAPITALS) else None
    found = found or (DEFINED.match(told) if len(told) < 2 * NEAR + NEAR else None)
    found = found or (MADE_OF.search(told) if any(map(folded.__contains__, MAKING)) else None)
    found = found or (WITHIN.search(told) if _comes_again(folded) else None)
    return found.group().strip(EDGES) if found else None


def _comes_again(folded: str) -> bool:
    """Whether the word before an "in" or "of" stands behind it too, soon."""
    return any(
        len(last := before.rpartition(" ")[2]) >= MIN_NAME and last in after[:NEAR]
        for word in (" in ", " of ")
        for before, after in itertools.pairwise(folded.split(word))
    )


def _compared_with_itself(told: str, folded: str) -> str | None:
    for match in COMPARED.finditer(folded) if any(map(folded.__contains__, COMPARING)) else ():
        before = words(told[max(0, match.start() - NEAR) : match.start()])
        after = words(told[match.end() : match.end() + NEAR])
        after = after[1:] if after[:1] and after[0] in ARTICLES else after
        before = before[:-1] if before[-1:] and before[-1] in ("is", "are") else before
        for n in range(1, MAX_NAME + 1):
            name = " ".join(after[:n])
            is_same = len(before) >= n <= len(after) and before[-n:] == after[:n] and len(name) >= MIN_NAME
            is_same = is_same and not _written_apart(name, told, match)
            if is_same and _is_whole(name, folded[match.end() :], AT_END if ACTS.match(match[0]) else ENDS):
                return f"{name} {told[match.start() : match.end()].strip()} {name}"
    return None


def _written_apart(name: str, told: str, match: re.Match[str]) -> bool:
    """Whether the name has other capitals before and after a word that compares: Polish and polish."""
    before = told[: match.start()].rstrip()
    after = told[match.end() :].removeprefix("the ").removeprefix("a ").removeprefix("an ")[: len(name)]
    is_written = lowered(before).endswith(name) and lowered(after) == name
    return name in WITH_CAPITALS and is_written and len(before) > len(name) and before[-len(name) :] != after


def _is_whole(name: str, folded: str, ends: str) -> bool:
    """Whether a text begins with the name, not with a longer one."""
    return re.match(rf"(?:(?:an?|the) )?{re.escape(name)}{ends}", folded) is not None


def _named_twice(told: str, folded: str) -> str | None:
    if found := AT_ONCE.search(told):
        return found.group().strip(EDGES)
    for match in JOINED.finditer(folded):
        start = max(0, match.start() - NEAR)
        last = folded[start : match.start()].rstrip(",").rpartition(" ")[2]
        after = folded[match.end() : match.end() + FAR]
        again = after.find(last) if len(last) >= MIN_NAME else -1
        if again < 0:
            continue  # patterns are slow, and a name that comes again ends as it did before
        patterns = [PAIRED, PAIRED_IN_LIST, TURNED] if again < NEAR else []
        for pattern in [ASKED_BACK, *patterns] if ASKING.match(after) else patterns:
            if found := pattern.search(told, start):
                return found.group().strip(EDGES)
    return None
