"""What a text says: its words, and its units where equality decides. Pure functions.

Two lists of one text. `words` counts and finds: letters, digits and their marks, so that a change of
punctuation changes nothing. `units` tells texts apart: symbols and operators are units too, so that C, C++
and C# are three, and == is not !=. Case, width, form of Unicode, white space, quotation marks, kinds of
dashes and the punctuation of sentences count in neither, but for signs that a text speaks of ("what does `.`
match?"), which are units. The compiled copy: pipeline/dedup/word_hashes.py.
"""

import re
from collections.abc import Iterable
from functools import cache, lru_cache

from pipeline.text.characters import (
    JOINER,
    LAST_OF_ALL,
    LAST_OF_ASCII,
    LAST_OF_BMP,
    LAYOUT,
    MARKS,
    OPERATORS,
    PRIMED,
    QUOTES,
    SENTENCE_SIGNS,
    SINGLES,
    Sets,
    folded,
    sets_up_to,
)

LONG = 4
FIRST_HAN, LAST_HAN = "\u4e00", "\u9fff"  # a character means as much as a word
SHORT_NAME = 6  # letters from which a word in capitals, said twice, is no doubled name
STEM = 5  # letters by which words are told apart: "influence" is no news after "influencing"

HANGUL = re.compile("[\uac00-\ud7a3]+")
MAX_KEPT = 20_000  # characters of a text whose words are kept for the next who asks
PARTICLE = 3  # syllables of a Korean particle, at most, behind a word

_OPERATOR = rf"[{re.escape(OPERATORS)}](?=\s*\d)"
_AFTER_ONE = r"!(?!=)|(?<!\d)\?(?=\s+[^\W_])"
# Apostrophes behind a letter that stands by itself, or behind a number: y'' + 2y'.
_PRIMES = rf"(?<=[^\W\d_])(?<![^\W\d_].)(?<!'.)(?:''++|'(?<=[{PRIMED}]')|'(?=\s*[=+*/^<>]))(?![^\W_]|')"
# Signs that are spoken of: in quotation marks, or with white space around them inside a sentence.
_QUOTED = rf"(?<![^\s(])[{QUOTES}][{SENTENCE_SIGNS}{re.escape(LAYOUT)}]++[{QUOTES}]"
_STANDING = r"(?<!\S)(?:[.,]++|\?\.)(?=\s++[^\W_])"  # before ":", "?" and "!" French has a space
_BEYOND_BMP = re.compile("[\U00010000-\U0001f2ff\U0001fb00-\U0010ffff]")  # between them emoji, no letters
_ASCII_OPERATOR = re.compile(f"({_OPERATOR})", re.ASCII)
_SPACED = {point: chr(point).lower() if chr(point).isalnum() else " " for point in range(128)}


def _patterns_of(sets: Sets) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Those of a word and of a unit, in texts of these characters. Alternatives begin with different
    characters: their order is that of how often they are found.
    """
    letters, singles, marks, symbols = sets
    word = rf"[{letters}][{letters}{marks}]*|[{singles}][{marks}]*|{_OPERATOR}"
    # What ordinary punctuation is not: a decimal point, a negation, a factorial, an optional letter.
    point = rf"\.(?=\d)(?<![^\W\d_]\.)(?<![{marks}.]\.)"
    negation = rf"!(?=[^\W_])(?<![^\s{symbols}{QUOTES}]!)"
    dotted = rf"\.(?!\d)(?<![^\s(/{QUOTES}]\.)"  # .NET, .env
    run = rf"[{letters}](?:[{letters}{marks}]+(?:(?<=\d)!(?!=)|{_PRIMES})?|(?:{_AFTER_ONE}|{_PRIMES})?)"
    unit = (
        rf"{run}|[{singles}][{marks}]*|{JOINER}?[{symbols}]|(?:{point}|{negation}|{dotted}){run}"
        rf"|{negation}[{singles}][{marks}]*|{_QUOTED}|{_STANDING}|::+|[!?:]=|\?\.(?<=[\w)\]]..)(?=[^\W\d_])"
        rf"|\.(?<![^\W_]\.)(?<![{marks}]\.)[=+<>&*]|'(?<!'')'*\(|[{marks}]"
    )
    return re.compile(word), re.compile(unit)


@cache
def _patterns(last: int) -> tuple[re.Pattern[str], re.Pattern[str]]:
    return _patterns_of(sets_up_to(last))


def _patterns_for(text: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The quickest that know all letters of the text."""
    if text.isascii():
        return _patterns(LAST_OF_ASCII)
    return _patterns(LAST_OF_ALL if _BEYOND_BMP.search(text) else LAST_OF_BMP)


_LETTER = rf"[^\W_{SINGLES}]"
# Of at most 100 letters: a word of marks is looked at from behind each of them.
_NAME = rf"{_LETTER}[{MARKS}]*+{_LETTER}(?:{_LETTER}|[{MARKS}]){{0,98}}+"
_TWICE = re.compile(rf"(?<!\w)({_NAME})[\s,;:.]+(\1)(?![\w{MARKS}-])", re.IGNORECASE)
_THRICE = re.compile(rf"(?<!\w)({_NAME})(?:[^\w{MARKS}]+\1){{2,}}(?![\w{MARKS}])", re.IGNORECASE)
_LETTERS_ONLY = re.compile(rf"[^\W\d_](?:[^\W\d_]|[{MARKS}])*")
_GOES_ON = re.compile(r"[+#]+(?!\w)|[.,]\d")
_CAME_BEFORE = re.compile(r"(?:\d[.,]|(?:^|[^\w)])-)\d$")
_LAYOUT = frozenset(LAYOUT)
_BEGINS_WITH_DIGIT = re.compile(r"\d")
_ONE_LETTER = re.compile(rf"[^\W\d_{SINGLES}]")


def normalised(text: str) -> str:
    """The units of `text` joined by single spaces: equal for texts that say the same, letter for letter and
    sign for sign.
    """
    return " ".join(units(text))


def words(text: str) -> list[str]:
    """The words of `text`, folded (see pipeline/text/characters.py): runs of letters and digits with their
    marks, single letters of scripts without spaces, and operators that stand before a digit.
    """
    return list(_words(text) if len(text) <= MAX_KEPT else _words_of(text))


@lru_cache(maxsize=16)  # the functions of a filter ask for the same texts in turn
def _words(text: str) -> tuple[str, ...]:
    return tuple(_words_of(text))


def _words_of(text: str) -> list[str]:
    shown = folded(text)
    if not text.isascii():
        return _patterns_for(shown)[0].findall(shown)
    # Four times as fast as to look for words.
    start, *rest = _ASCII_OPERATOR.split(shown)  # operators, and what stands behind each
    found = start.translate(_SPACED).split()
    for operator, behind in zip(rest[::2], rest[1::2], strict=True):
        found.append(operator)
        found += behind.translate(_SPACED).split()
    return found


def units(text: str) -> list[str]:
    """What tells `text` from others: its words, its symbols each by itself, and punctuation that is part of a
    number, a name or code ("3", ".14"; "!="; "a?"; "5!"; "::"; ".net"; "y'"), or spoken of ("`.`"). A hyphen
    between words is none.
    """
    shown = folded(text)
    found = _patterns_for(shown)[1].findall(shown)
    return _without_hyphens(found) if "-" in found else found


def prose_units(text: str) -> list[str]:
    """The units without the signs that also lay out a text (brackets, stars, bars, dashes), unless they stand
    before a number: what near duplicates are compared by.
    """
    found = units(text)
    return [unit for unit, after in zip(found, [*found[1:], ""], strict=False) if _says(unit, after)]


def _says(unit: str, after: str) -> bool:
    return unit not in _LAYOUT or (unit in OPERATORS and _BEGINS_WITH_DIGIT.match(after) is not None)


def stands_in(text: str, other: str) -> bool:
    """Whether the prose units of `text` stand in `other`, in a row, and are whole there: C does not stand in
    "C++", nor 3 in "3.5", nor 5 in "-5". A text without units stands nowhere. In Korean a particle may follow
    the last word without a space.
    """
    wanted, shown = prose_units(text), folded(other)
    found = [*_patterns_for(shown)[1].finditer(shown)]
    after = [*(match.group() for match in found[1:]), ""]
    placed = [match for match, unit in zip(found, after, strict=False) if _says(match.group(), unit)]
    names = [match.group() for match in placed]
    return bool(wanted) and any(
        names[start : start + len(wanted) - 1] == wanted[:-1]
        and _is_word(wanted[-1], names[start + len(wanted) - 1])
        and _is_whole(shown, placed[start].start(), placed[start + len(wanted) - 1].end())
        for start in range(len(names) - len(wanted) + 1)
        if names[start].startswith(wanted[0])
    )


def _is_word(wanted: str, found: str) -> bool:
    """Whether the found word is the wanted one, or has a Korean particle behind it."""
    if wanted == found:
        return True
    particle = found[len(wanted) :] if found.startswith(wanted) else ""
    return HANGUL.fullmatch(wanted[-1] + particle) is not None and 0 < len(particle) <= PARTICLE


def _is_whole(text: str, start: int, stop: int) -> bool:
    return not _GOES_ON.match(text, stop) and not _CAME_BEFORE.search(text[max(0, start - 2) : start + 1])


def _without_hyphens(found: list[str]) -> list[str]:
    """Without each single dash that has words or nothing on both sides; between two letters it is a minus."""
    around = ["", *found, ""]
    return [
        unit
        for before, unit, after in zip(around, found, around[2:], strict=False)
        if unit != "-" or not _is_hyphen(before, after)
    ]


def _is_hyphen(before: str, after: str) -> bool:
    if not all(not unit or unit.isalpha() or _LETTERS_ONLY.fullmatch(unit) for unit in (before, after)):
        return False
    if len(before) != 1 or len(after) != 1:
        return True
    return not (_ONE_LETTER.match(before) and _ONE_LETTER.match(after))


def ngrams(items: list[str], n: int) -> set[str]:
    """All runs of `n` consecutive items, each joined by spaces; empty when there are fewer."""
    return {" ".join(items[start : start + n]) for start in range(len(items) - n + 1)}


def copied_share(text: str, source: str, n: int = 5) -> float:
    """The share of the word n-grams of `text` that `source` has too, 0..1; of a shorter text all its words
    are the one.
    """
    items = words(text)
    n = min(n, len(items))
    grams = ngrams(items, n) if n else set()
    return len(grams & ngrams(words(source), n)) / len(grams) if grams else 0.0


def stems(items: Iterable[str]) -> set[str]:
    """The words of LONG letters or more by their first STEM, Han characters, and numbers: what is told rather
    than how.
    """
    return {
        word[:STEM] for word in items if len(word) >= LONG or word.isdigit() or FIRST_HAN <= word <= LAST_HAN
    }


def repeated_share(items: list[str]) -> float:
    """The share of items that were seen earlier in the list, 0..1."""
    return 1 - len(set(items)) / len(items) if items else 0.0


def repeated_line_share(text: str) -> float:
    """The share of non-empty lines that were seen earlier in the text, 0..1."""
    return repeated_share([line.strip() for line in text.splitlines() if line.strip()])


def distinct(texts: Iterable[str]) -> tuple[str, ...]:
    """The first of each group that is equal when normalised, in order; texts without a word go."""
    first: dict[str, str] = {}
    for text in texts:
        first.setdefault(normalised(text), text)
    return tuple(text for key, text in first.items() if key)


def stutters(text: str) -> bool:
    """Whether a name says one word again at once, as a model in a loop does: "Maths Maths Maths", "gene
    gene", "Genetics, genetics". Short names that are doubled do not ("Bora Bora", "Baden-Baden", "Boutros
    Boutros-Ghali"), nor do single letters and scripts without spaces.
    """
    if _THRICE.search(text):
        return True
    return any(
        len(found.group(1)) >= SHORT_NAME or not found.group(2)[0].isupper()
        for found in _TWICE.finditer(text)
    )


def repeated_long_word_share(text: str) -> float:
    """The share of words of LONG letters or more that were seen earlier in the text, 0..1; 0 when there are
    fewer than LONG such words.
    """
    items = [word for word in words(text) if len(word) >= LONG]
    return repeated_share(items) if len(items) >= LONG else 0.0


def one_line(text: str) -> str:
    """The text without control characters, its white space single spaces."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def enclosed(text: str) -> str:
    """The text for a prompt that has it between <text> and </text>, which it cannot end by itself."""
    return text.replace("</text>", "< /text>")
