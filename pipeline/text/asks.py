"""What a question is: whether a text asks for something, by a question mark or by a verb that sets a task, in
the languages of pipeline/text/task_words.py; and the pattern of a plain one in English, for small models to
be held to.
"""

import re
import unicodedata
from collections import Counter
from functools import cache
from typing import NamedTuple

from pipeline.text.characters import MARKS, lowered
from pipeline.text.plain_sentences import YES_NO_OPENINGS
from pipeline.text.scripts import n_letters, script_of
from pipeline.text.sentence_marks import has_question_mark, is_question
from pipeline.text.task_words import ENGLISH_COMMON, LATIN, OTHER_SCRIPTS, TaskWords
from pipeline.text.text import words

UNSPACED = ("Han", "Kana", "Thai")
SUFFIXED = (*UNSPACED, "Hangul")  # what asks may stand at the end of a longer word
KANA_SHARE = 8  # a Japanese text has a kana for so many Han characters, or more
MAX_FRAGMENT = 7  # words of a text that may have no common word
CLAUSE = r"(?:^|[.:;!,\n\u3002\u0964\u060c\u061b\uff1a\uff0c(\"\u00bf\u00a1*-]\s*|\d[.)]\s*)"
SENTENCE = r"(?:^|[.:!\n\u3002\u0964\u061b\u00bf*]\s*|\d[.)]\s*)"


# A question asks by a question mark or tells by one of these at the start of a sentence or clause.
TASK_VERBS = (
    r"add|analyse|analyze|answer|apply|argue|arrange|assess|brainstorm|build|calculate|"
    r"categorise|categorize|change|check|choose|classify|come|compare|complete|compose|"
    r"compute|conduct|consider|construct|continue|contrast|convert|correct|count|create|"
    r"critique|decide|deduce|define|demonstrate|derive|describe|design|detect|determine|"
    r"develop|diagnose|differentiate|discuss|distinguish|draft|draw|edit|estimate|"
    r"evaluate|examine|expand|explain|explore|express|extend|extract|factor|fill|find|"
    r"formulate|generate|give|help|identify|illustrate|imagine|implement|infer|insert|"
    r"integrate|interpret|investigate|justify|label|link|list|locate|make|match|model|name|"
    r"organise|organize|outline|output|paraphrase|pick|plan|please|plot|predict|prepare|"
    r"present|pretend|propose|prove|provide|put|quote|rank|read|recite|recommend|reconstruct|"
    r"reflect|remove|reorder|rephrase|replace|reply|respond|return|review|rewrite|say|score|"
    r"select|shorten|show|simplify|sketch|solve|sort|specify|split|state|suggest|summarise|"
    r"summarize|suppose|tag|teach|tell|test|trace|transform|translate|try|turn|update|use|"
    r"using|verify|work|write"
)
ASKS = re.compile(
    rf"(?:^|[.:;,!?\n)\"]\s*|\s-\s|\b(?:and|then|to|please)\s+)(?:{TASK_VERBS})\b"
    r"|\bhow (?:much|many|far|long|old|often)\b"
    r"|\A(?:convert|calculat|comput|solv|simplify|evaluat|add|subtract|multiply|divid|round)ing \S*\d"
)
ASKING = frozenset(TASK_VERBS.split("|"))

YES_NO = re.compile(rf"(?:^|[.,:;]\s+|\b(?:and|or|but)\s+)(?:{YES_NO_OPENINGS})\b", re.IGNORECASE)


LONG_GAP = re.compile(r"\s{4,}")
MIN_LETTERS = 10  # of a language that has no words here: a text as long may ask


def asks_something(text: str) -> bool:
    """Whether the text is a question: it ends with a question mark, or is of a language but English that may
    ask without one ("...何ですか。") and does.
    """
    return is_question(text) or ("en" not in _spoken(text, closely=True) and has_task(text))


def asks_yes_or_no(text: str) -> bool:
    """Whether it can be answered with yes or no, as far as its form tells: in English by how it begins, in
    other languages by a word for it, or because it asks with no interrogative.
    """
    if not is_question(text):
        return False
    spoken = _spoken(text, closely=True)
    if "en" in spoken:
        return YES_NO.search(text) is not None
    known = [patterns for name in spoken if (patterns := _patterns().get(name)) is not None]
    return not known or any(_asks_for_yes(patterns, text) for patterns in known)


def has_task(text: str) -> bool:
    """Whether a text asks or tells somebody to do something: by a question mark of any script, or by the
    words of its language (pipeline/text/task_words.py). Of another language, when it is of some length.
    """
    if has_question_mark(text):
        return True
    text = _with_short_gaps(text)
    if _has_task_in_english(text):
        return True
    spoken = _spoken(text)
    known = [patterns for name in spoken if (patterns := _patterns().get(name)) is not None]
    if not known and spoken != ("en",):
        return n_letters(text) >= MIN_LETTERS
    return any(_sets_task(patterns, text) for patterns in known)


def _with_short_gaps(text: str) -> str:
    """The text with its long runs of white space cut to two characters: patterns begin at each line end and
    look over all white space behind it.
    """
    return LONG_GAP.sub(lambda gap: "\n\n" if "\n" in gap.group() else "  ", text)


def _has_task_in_english(text: str) -> bool:
    if (
        text.isascii()
        and ASKING.isdisjoint(said := words(text))
        and "how" not in said
        and "ing " not in text.lower()
    ):
        return False
    return ASKS.search(lowered(text)) is not None


def _spoken(text: str, closely: bool = False) -> tuple[str, ...]:
    """The languages, or the script, whose words may say what the text asks: of Latin letters those with the
    most common words in it, or (unless `closely`) half as many and as many as English; or all where none is
    common in a fragment.
    """
    script = _script(text)
    if script is None:
        return ("en",)
    if script != "Latin":
        return (script,)
    said = set(words(text))
    shares = {name: len(said & common) for name, common in _common().items()}
    most = max(shares.values())
    if not most:
        if closely and text.isascii():
            return ("en",)
        return ("en", *LATIN) if len(said) <= MAX_FRAGMENT and not closely else ("",)
    least = most if closely else max(1, most / 2, shares["en"])
    return tuple(name for name, share in shares.items() if share >= least)


def _script(text: str) -> str | None:
    """The script of most letters; Kana where a text has some beside Han."""
    if text.isascii():
        return "Latin" if any(map(str.isalpha, text)) else None
    counts = Counter(script for char in text if (script := script_of(char)) is not None)
    if not counts:
        return None
    if counts["Kana"] * KANA_SHARE > counts["Han"]:
        counts["Kana"] += counts.pop("Han", 0)
    return counts.most_common(1)[0][0]


@cache
def _common() -> dict[str, frozenset[str]]:
    common = {"en": frozenset(ENGLISH_COMMON.split())}
    return common | {name: frozenset(spoken.common.split()) for name, spoken in LATIN.items()}


class Patterns(NamedTuple):
    """The words of a language, compiled."""

    asking: re.Pattern[str]
    sets: re.Pattern[str]
    yes_no: re.Pattern[str] | None


@cache
def _patterns() -> dict[str, Patterns]:
    return {name: _compiled(name, spoken) for name, spoken in (LATIN | OTHER_SCRIPTS).items()}


def _compiled(name: str, spoken: TaskWords) -> Patterns:
    left, right = ("", "") if name in UNSPACED else (rf"(?<![\w{MARKS}])", rf"(?![\w{MARKS}])")
    sets = [rf"{CLAUSE}(?:{spoken.first}){right}"] if spoken.first else []
    if name not in UNSPACED:
        sets.append(rf"{SENTENCE}(?:{spoken.asking}){right}")
    if spoken.anywhere:
        sets.append(rf"{'' if name in SUFFIXED else left}(?:{spoken.anywhere}){right}")
    yes_no = re.compile(rf"{left}(?:{spoken.yes_no}){right}", re.IGNORECASE) if spoken.yes_no else None
    asking = rf"{'' if name in SUFFIXED else left}(?:{spoken.asking}){'' if name in SUFFIXED else right}"
    return Patterns(re.compile(asking, re.IGNORECASE), re.compile("|".join(sets), re.IGNORECASE), yes_no)


def _sets_task(patterns: Patterns, text: str) -> bool:
    return patterns.sets.search(unicodedata.normalize("NFC", text)) is not None


def _asks_for_yes(patterns: Patterns, text: str) -> bool:
    plain = unicodedata.normalize("NFC", _with_short_gaps(text))
    if patterns.yes_no is not None and patterns.yes_no.search(plain):
        return True
    return patterns.asking.search(plain) is None
