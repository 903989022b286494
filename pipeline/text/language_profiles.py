"""How likely the letters of a word are in each language: langdetect's profiles of n-grams, summed exactly.

langdetect (https://github.com/Mimino666/langdetect) draws n-grams at random, seven times, until it is sure,
in Python: 700 texts/s. A sum over all n-grams is deterministic, and words are remembered. Memory: 220 bytes
an n-gram, 18 MB, and MAX_WORDS words; loaded once a process, in a second.
"""

import json
from functools import cache, lru_cache
from pathlib import Path

import langdetect
import numpy as np

SMOOTHING = 5e-5  # langdetect's ALPHA_DEFAULT / BASE_FREQ: the probability of an n-gram that was never seen
MAX_N = 3
MAX_WORDS = 2**14

Scores = np.ndarray[tuple[int], np.dtype[np.float32]]  # natural log-likelihoods, one a language


@cache
def _profiles() -> tuple[tuple[str, ...], dict[str, int], np.ndarray[tuple[int, int], np.dtype[np.float32]]]:
    """The languages; the row of each n-gram; the log-probability of each n-gram (rows) in each language."""
    folder = Path(langdetect.__file__).parent / "profiles"
    names = tuple(sorted(path.name for path in folder.iterdir()))
    rows: dict[str, int] = {}
    places, columns, shares = [], [], []
    for column, name in enumerate(names):
        profile = json.loads((folder / name).read_text(encoding="utf-8"))
        for gram, count in profile["freq"].items():
            places.append(rows.setdefault(gram.casefold(), len(rows)))
            columns.append(column)
            shares.append(count / profile["n_words"][len(gram) - 1])
    table = np.zeros((len(rows), len(names)), np.float32)
    np.add.at(table, (places, columns), shares)
    return names, rows, np.log(table + np.float32(SMOOTHING))


def languages() -> tuple[str, ...]:
    """The languages in the order of the scores: langdetect's names, which are ISO 639-1 but for Chinese."""
    return _profiles()[0]


@cache
def letters_of(language: str) -> frozenset[str]:
    """The letters that the profile of a language has."""
    names, rows, table = _profiles()
    column = table[:, names.index(language)]
    unseen = np.log(np.float32(SMOOTHING))
    return frozenset(gram for gram, row in rows.items() if len(gram) == 1 and column[row] > unseen)


@lru_cache(MAX_WORDS)
def scores_of(word: str) -> tuple[Scores, int]:
    """The scores of a word in lower case, and the n-grams that they are the sum of."""
    names, rows, table = _profiles()
    padded = f" {word} "
    grams = (padded[at : at + n] for n in range(1, MAX_N + 1) for at in range(len(padded) - n + 1))
    found = [rows[gram] for gram in grams if gram != " " and gram in rows]
    return table[found].sum(axis=0) if found else np.zeros(len(names), np.float32), len(found)
