"""Pure functions on text."""

import itertools
import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"[^\W_]+")


def normalised(text: str) -> str:
    """Unicode NFKC, case folded, nothing but words (runs of letters and digits) joined by single spaces."""
    return " ".join(words(text))


def words(text: str) -> list[str]:
    """The words of `text`: NFKC, case-folded runs of letters and digits; punctuation and white space go."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def ngrams(items: list[str], n: int) -> set[str]:
    """All runs of `n` consecutive items, each joined by spaces; empty when there are fewer."""
    return {" ".join(items[start : start + n]) for start in range(len(items) - n + 1)}


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
    """Whether a word stands twice in a row, as where a model loops."""
    items = words(text)
    return any(one == other for one, other in itertools.pairwise(items))


def one_line(text: str) -> str:
    """The text without control characters, its white space single spaces."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
