"""What a character is: letter, mark, symbol or punctuation; of which script; and how texts are folded before
they are compared. The one place that says so, for Python (pipeline/text/text.py) and for compiled code
(pipeline/dedup/word_hashes.py).

Facts are those of Unicode (https://www.unicode.org/reports/tr44, UTS 51 for emoji), as Python's unicodedata
has them.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

LAST = 0x20000  # no mark and no symbol above it, but for the tags and selectors at 0xE0000
# Scripts that put no space between words, as first and last code point: each letter is a word. Their digits
# are none of them: they make numbers.
ALONE = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19FF),  # Tai Le, New Tai Lue, Khmer symbols
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x1B00, 0x1B7F),  # Balinese
    (0x3005, 0x3007),  # Han iteration mark and zero
    (0x3031, 0x3035),
    (0x303B, 0x303C),
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x3105, 0x312F),  # Bopomofo
    (0x31A0, 0x31BF),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xA000, 0xA4CF),  # Yi
    (0xA980, 0xA9DF),  # Javanese
    (0xA9E0, 0xA9FF),  # Burmese
    (0xAA00, 0xAADF),  # Cham, Burmese, Tai Viet
    (0xF900, 0xFAFF),
    (0x1B000, 0x1B16F),
    (0x20000, 0x323AF),
)
OPERATORS = "+-*/^%<>=\u00d7\u00f7"  # "3 + 4" is not "3 * 4"
# Punctuation of Unicode that says something: in names, formulas and code.
SIGNS = "#%&*/@\\_-()[]{}\u00a7\u2020\u2021\u2030\u2031\u2032\u2033\u2034\u2308\u2309\u230a\u230b\u27e6\u27e7"
NO_SIGNS = "`\u00b4\u00a8\u00af\u00b8"  # symbols of Unicode that quote, or are accents by themselves
# They tell texts apart where they are what is spoken of.
SENTENCE_SIGNS = ".,;:!?\u3001\u3002\u0964\u0965\u061f\u061b\u060c"
QUOTES = "\"'`\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a\u300c\u300d"  # after folding
PRIMED = "fghuvy"  # names of functions: an apostrophe behind one is a derivative
LAYOUT = "()[]{}*_|~\\/-"  # signs that also lay out a text: they tell texts apart, not what they are about
JOINER = "\u200d"  # joins emoji to one; it counts before a symbol
TAGS = (0xE0020, 0xE007E)  # of the flags of regions
LAST_OF_ASCII = 0x7F
LAST_OF_BMP = 0xFFFF  # sets of characters up to here are tables to `re`, and lists of ranges beyond
LAST_OF_ALL = 0x3FFFF  # no letter above it
NOBODY = "\U0010ffff"  # a noncharacter: the inside of a set that has no member
# One for another, after NFKC: variants that are written for one sign.
VARIANTS = {
    "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2212": "-",
    "\u2044": "/", "\u2215": "/", "\u2217": "*", "\u2223": "|", "\u223c": "~", "\u301c": "~",
    "\u2018": "'", "\u2019": "'", "\u201b": "'", "\u02bc": "'",
}  # fmt: skip


def charset(ranges: Iterable[tuple[int, int]]) -> str:
    """The ranges of code points as the inside of a regular expression's set."""
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


def _ranges(chars: Iterable[str]) -> list[tuple[int, int]]:
    """Runs of code points, of characters in their order."""
    found: list[tuple[int, int]] = []
    for point in map(ord, chars):
        if found and found[-1][1] == point - 1:
            found[-1] = (found[-1][0], point)
        else:
            found.append((point, point))
    return found


def is_transparent(char: str) -> bool:
    """Whether the character changes nothing that is read: a format character, a soft hyphen, a selector of
    variants. Joiners and tags of emoji are none.
    """
    point = ord(char)
    if point == ord(JOINER) or TAGS[0] <= point <= TAGS[1]:
        return False
    selects = point in (0x034F, 0x180B, 0x180C, 0x180D, 0x180F) or 0xFE00 <= point <= 0xFE0F
    return selects or 0xE0100 <= point <= 0xE01EF or unicodedata.category(char) == "Cf"


def is_mark(char: str) -> bool:
    """Whether it belongs to the letter before it: a vowel sign, an accent, a tone."""
    return unicodedata.category(char).startswith("M") and not is_transparent(char)


def is_symbol(char: str) -> bool:
    """Whether it says something without being a letter: an operator, a currency, an emoji."""
    if char in SIGNS or TAGS[0] <= ord(char) <= TAGS[1]:
        return True
    return unicodedata.category(char).startswith("S") and char not in NO_SIGNS and not char.isalnum()


def is_alone(char: str) -> bool:
    """Whether a letter is of a script without spaces, and a word by itself."""
    return any(first <= ord(char) <= last for first, last in ALONE) and not char.isdecimal()


def _letters(first: int, last: int) -> Iterator[str]:
    return (chr(point) for point in range(first, last + 1) if not chr(point).isdecimal())


def _set_apart() -> tuple[list[str], list[str], list[str]]:
    """The marks, the symbols and what is transparent."""
    marks, symbols, unread = [], [], []
    for char in map(chr, (*range(LAST), *range(TAGS[0], TAGS[1] + 1), *range(0xE0100, 0xE01F0))):
        category = unicodedata.category(char)
        if category[0] not in "MS" and category != "Cf" and char not in SIGNS:
            continue  # nearly all
        if is_transparent(char):
            unread.append(char)
        elif is_symbol(char):
            symbols.append(char)
        elif is_mark(char):
            marks.append(char)
    return marks, symbols, unread


_MARKS, _SYMBOLS, _UNREAD = _set_apart()
MARKS, SYMBOLS = charset(_ranges(_MARKS)), charset(_ranges(_SYMBOLS))
SINGLES = charset(
    part
    for first, last in ALONE
    for part in ([(first, last)] if last - first > 1_000 else _ranges(_letters(first, last)))
)


class Sets(NamedTuple):
    """Kinds of characters, each as the inside of a regular expression's set. Naming the letters one by one
    makes patterns three times as fast as saying what they are not.
    """

    letters: str  # and digits, but for `singles`
    singles: str  # letters of scripts without spaces
    marks: str
    symbols: str


def sets_up_to(last: int) -> Sets:
    """The sets of the characters up to a code point; of the symbols beyond ASCII, which may be emoji, all."""
    every = "".join(map(chr, range(last + 1)))
    alone = re.compile(f"[{SINGLES}]")
    words = "".join(re.findall(r"[^\W_]+", every))
    marks = "".join(re.findall(f"[{MARKS}]+", every))
    symbols = "".join(re.findall(f"[{SYMBOLS}]+", every)) if last == LAST_OF_ASCII else _SYMBOLS
    found = (alone.sub("", words), "".join(alone.findall(words)), marks, symbols)
    return Sets(*(charset(_ranges(chars)) or NOBODY for chars in found))


_TRANSPARENT = re.compile(f"[{charset(_ranges(_UNREAD))}]")
_LONE_JOINER = re.compile(f"{JOINER}(?![{SYMBOLS}])")
_RAISED = [*map(chr, (0xB2, 0xB3, 0xB9, 0x2070, 0x2071, *range(0x2074, 0x2080)))]
_RAISED_RUN = re.compile(f"[{''.join(_RAISED)}]+")  # before NFKC, which makes "210" of a power of two
_FRACTIONS = [*map(chr, (*range(0xBC, 0xBF), *range(0x2150, 0x215F), 0x2189))]
_FRACTION = re.compile(rf"(?<=\d)(?=[{''.join(_FRACTIONS)}])")
REWRITTEN = frozenset([*_UNREAD, *_RAISED, *_FRACTIONS, JOINER])
_MAY_BE_REWRITTEN = re.compile(
    f"[{charset(_ranges(sorted(char for char in REWRITTEN if ord(char) <= LAST_OF_BMP)))}\U00010000-{NOBODY}]"
)


def composed(text: str) -> str:
    """The text in NFKC, without what is not read, and powers as "^"."""
    if _MAY_BE_REWRITTEN.search(text):
        text = _LONE_JOINER.sub("", _TRANSPARENT.sub("", text))
        text = _RAISED_RUN.sub(lambda found: "^" + found.group(), _FRACTION.sub(" ", text))
    return unicodedata.normalize("NFKC", text)


def lowered(text: str) -> str:
    """The text in lower case, a character for a character: a pattern of ASCII letters finds in it what it
    finds in the text with re.IGNORECASE, in a third of the time.
    """
    if text.isascii():
        return text.lower()
    for char, plain in (("\u0130", "i"), ("\u0131", "i"), ("\u017f", "s")):
        text = text.replace(char, plain)
    return text.lower()


def folded(text: str) -> str:
    """The text as it is compared: composed, case folded, variants of a sign as one."""
    if text.isascii():
        return text.lower()
    once = composed(text).casefold()
    text = unicodedata.normalize("NFKC", once)
    if text != once:  # what it folds to is composed in turn
        text = text.casefold()
    for char, plain in VARIANTS.items():
        if char in text:
            text = text.replace(char, plain)
    return text
