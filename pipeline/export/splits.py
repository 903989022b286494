"""Which rows are the test split: whole groups, so that no row of test has a sibling in train.

Siblings are rows of one discipline or document (else of one parent), rows that ask the same question or fill
the same template with other numbers and names, rows that show the same passage, and a text and its
rephrasings. What hangs together by siblings is one group. Memory: 100 bytes a row, and the names of
disciplines and documents; cost: a sort.
"""

import re
from array import array
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.identity import digest
from pipeline.records import Example, Passage
from pipeline.text.text import normalised

# Plain words from which rows share a template: around a number, around names. Around two numbers one will do.
LEAST, LEAST_NAMED = 3, 4
TOKEN = re.compile(r"\d[\d.,]*\w*|\w+")


class Siblings:
    """Takes in records, then says what the test split holds."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}  # of each place in the taxonomy, or document
        self._of_row = array("q")
        self._keys = array("Q")  # of every kind of sibling, and in the same order
        self._key_rows = array("q")

    def add(self, record: Example | Passage) -> None:
        place = self._places.setdefault(place_of(record), len(self._places))
        for key in _keys(record):
            self._keys.append(key)
            self._key_rows.append(len(self._of_row))
        self._of_row.append(place)

    def tested(self, share: float) -> set[str] | None:
        """The places whose rows are the test split: groups in the order of their hashes, while that brings
        the split nearer to its share of the rows, one at least, and not all. None where all rows are one
        group.
        """
        sizes: dict[int, int] = {}
        names: dict[int, list[str]] = {}
        groups = self._groups()
        n_rows = np.bincount(np.frombuffer(self._of_row, np.int64), minlength=len(groups))
        for name, place in self._places.items():
            names.setdefault(groups[place], []).append(name)
            sizes[groups[place]] = sizes.get(groups[place], 0) + int(n_rows[place])
        if len(names) < 2:
            return None
        order = sorted(names, key=lambda group: digest(("test", min(names[group]))))
        wanted, chosen, n_tested = share * len(self._of_row), set[int](), 0
        for group in order:
            if (
                abs(n_tested + sizes[group] - wanted) < abs(n_tested - wanted)
                and len(chosen) < len(order) - 1
            ):
                chosen.add(group)
                n_tested += sizes[group]
        chosen = chosen or {min(order, key=sizes.__getitem__)}
        return {name for group in chosen for name in names[group]}

    def _groups(self) -> list[int]:
        """The group of each place: places whose rows have a key in common are one."""
        keys = np.frombuffer(self._keys, np.uint64)
        places = np.frombuffer(self._of_row, np.int64)[np.frombuffer(self._key_rows, np.int64)]
        order = np.argsort(keys)
        keys, places = keys[order], places[order]
        meet = np.nonzero((keys[1:] == keys[:-1]) & (places[1:] != places[:-1]))[0]
        found = list(range(len(self._places)))
        for one, other in _distinct_pairs(places[meet], places[meet + 1]):
            found[_root(found, one)] = _root(found, other)
        return [_root(found, place) for place in range(len(found))]


def place_of(record: Example | Passage) -> str:
    """What is not split: a discipline, a document, or what has one parent."""
    discipline = record.discipline_id if isinstance(record, Example) else ""
    return discipline or record.document or record.parent_id


def _keys(record: Example | Passage) -> Iterator[int]:
    """What siblings have in common with the record."""
    family = {record.id, record.rephrased_from or record.id}
    texts: Iterable[tuple[str, str]] = [("family", name) for name in family]
    if isinstance(record, Passage):
        texts = [*texts, ("text", normalised(record.original or record.text))]
    elif record.passage:
        texts = [*texts, ("passage", normalised(record.passage))]
    else:
        asked = normalised(record.question)
        texts = [*texts, ("question", asked), ("template", template_of(record.question))]
    for kind, text in texts:
        if text:
            yield int.from_bytes(digest((kind, text), 8))


def template_of(question: str) -> str:
    """The words of a question with places for its numbers and names; empty where it has none of these, or
    too few words for the rest to tell.
    """
    tokens = TOKEN.findall(question)
    numbers = [any(map(str.isdigit, token)) for token in tokens]
    names = [place > 0 and token[0].isupper() for place, token in enumerate(tokens)]
    n_plain = sum(not (number or name) for number, name in zip(numbers, names, strict=True))
    n_least = 1 if sum(token[0].isdigit() for token in tokens) > 1 else LEAST if any(numbers) else LEAST_NAMED
    if n_plain < n_least or not any((*numbers, *names)):
        return ""
    slots = zip(tokens, numbers, names, strict=True)
    return " ".join("_" if number or name else token.lower() for token, number, name in slots)


def _distinct_pairs(ones: NDArray[np.int64], others: NDArray[np.int64]) -> list[tuple[int, int]]:
    return [(int(one), int(other)) for one, other in np.unique(np.stack([ones, others], axis=1), axis=0)]


def _root(found: list[int], place: int) -> int:
    while found[place] != place:
        found[place] = found[found[place]]
        place = found[place]
    return place
