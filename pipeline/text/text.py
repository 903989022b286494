"""Pure functions on text."""

import itertools
import re
import unicodedata
from collections.abc import Iterable

# Scripts that put no space between words, as first and last code point: each character is a word.
ALONE = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x31FFF),
)
LONG = 4
STEM = 5  # letters by which words are told apart: "influence" is no news after "influencing"
OPERATORS = "+-*/^%<>=\u00d7\u00f7\u2212"  # "3 + 4" is not "3 * 4"

_ALONE = "".join(f"{chr(first)}-{chr(last)}" for first, last in ALONE)
_WORD = re.compile(rf"[^\W_{_ALONE}]+|(?!_)[{_ALONE}](?<=\w)|[{re.escape(OPERATORS)}](?=\s*\d)")


def normalised(text: str) -> str:
    """The words of `text` joined by single spaces."""
    return " ".join(words(text))


def words(text: str) -> list[str]:
    """The words of `text`, in Unicode NFKC and case folded: runs of letters and digits, single characters of
    scripts without spaces, and operators that stand before a digit. Other punctuation and white space go.
    """
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


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
    """The words of LONG letters or more by their first STEM, and numbers: what is told rather than how."""
    return {word[:STEM] for word in items if len(word) >= LONG or word.isdigit()}


def repeated_share(items: list[str]) -> float:
    """The share of items that were seen earlier in the list, 0..1."""
    return 1 - len(set(items)) / len(items) if items else 0.0


def repeated_ngram_share(text: str, n: int) -> float:
    """The share of word n-grams that were seen earlier in the text, 0..1."""
    items = words(text)
    return repeated_share([" ".join(items[start : start + n]) for start in range(len(items) - n + 1)])


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
    """Whether a word stands twice in a row."""
    items = words(text)
    return any(one == other for one, other in itertools.pairwise(items))


def loops(text: str, times: int) -> bool:
    """Whether a word of LONG letters or more stands so many times in a row."""
    runs = itertools.groupby(words(text))
    return any(len(word) >= LONG and word.isalpha() and len(list(run)) >= times for word, run in runs)


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
