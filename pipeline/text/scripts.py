"""Scripts: which one a letter belongs to, and how long a text is in each.

A limit in words can be asked of any script: `n_words_like` counts words where spaces part them, and letters
by the usual length of a word where they do not.
"""

import math
import re
import unicodedata
from functools import lru_cache

from pipeline.text.characters import is_alone, is_mark
from pipeline.text.text import words

# Letters a word, of scripts without spaces. Chinese: 1.6 in the Penn Chinese Treebank; Japanese: 2.3 in BCCWJ
# (short unit words: 1.8; with particles joined: 3); Thai: about 4.5 in BEST I2R, without its marks 4; of the
# others, which have no such count, that of Thai.
WORD_LETTERS = {"Han": 1.6, "Kana": 2.3}
OTHER_WORD_LETTERS = 4.0
LATIN_WORD_CHARS = 6.0  # of English, with the space
ENGLISH_WORD_LETTERS = 5
SYLLABLE_LETTERS = 2  # of a syllable of Hangul, which has 2 or 3
_ASCII_NO_LETTERS = bytes(point for point in range(128) if not chr(point).isalpha())
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_SYLLABLES = re.compile("[\uac00-\ud7a3]")
# Scripts whose sentences end without a mark.
UNMARKED = ("Thai", "Lao")
_NAMED = {
    "Cjk": "Han",
    "Hiragana": "Kana",
    "Katakana": "Kana",
    "Ideographic": "Han",
    "Katakana-hiragana": "Kana",
}
_PREFIXES = re.compile(r"^(?:FULLWIDTH|HALFWIDTH|MATHEMATICAL|MODIFIER LETTER|SMALL|DOUBLE-STRUCK) ")


@lru_cache(maxsize=65_536)
def script_of(char: str) -> str | None:
    """The script of a letter or mark by its name in Unicode ("Latin", "Han", "Kana", "Hangul", "Arabic",
    "Devanagari", "Thai", "Myanmar", ...); None for what has none, as digits, signs and common accents.
    """
    if not (char.isalpha() or is_mark(char)):
        return None
    name = _PREFIXES.sub("", unicodedata.name(char, ""))
    first = name.partition(" ")[0].capitalize()
    if first in ("", "Combining", "Vedic", "Variation", "Feminine", "Masculine"):
        return None
    return _NAMED.get(first, first)


def n_letters(text: str) -> int:
    """How many letters a text has, marks that belong to them included."""
    if text.isascii():
        return len(text.encode().translate(None, _ASCII_NO_LETTERS))
    return sum(map(str.isalpha, text)) + sum(map(is_mark, _BEYOND_ASCII.findall(text)))


def n_words_like(text: str) -> int:
    """How many words the text would have in a language that puts spaces between them."""
    spaced, alone = 0, 0.0
    for word in words(text):
        if is_alone(word[0]):
            alone += 1 / WORD_LETTERS.get(script_of(word[0]) or "", OTHER_WORD_LETTERS)
        else:
            spaced += 1
    return spaced + math.ceil(alone - 1e-9)


def n_words_said(text: str) -> int:
    """How many words the text says: its words, or as many as its letters would make in English, whose words
    are short. One word of Turkish, Finnish, Tamil or Korean is several of English.
    """
    letters = n_letters(text)
    if not text.isascii():
        letters += (SYLLABLE_LETTERS - 1) * len(_SYLLABLES.findall(text))
    return max(len(words(text)), letters // ENGLISH_WORD_LETTERS)


def n_chars_like(text: str) -> float:
    """How many characters the text would have in Latin letters."""
    return len(text) + sum(
        LATIN_WORD_CHARS / WORD_LETTERS.get(script_of(char) or "", OTHER_WORD_LETTERS) - 1
        for char in text
        if not char.isascii() and char.isalpha() and is_alone(char)
    )
