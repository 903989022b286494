"""Rows with duplicates planted among them, and rows that only look like duplicates.

Each row is a question of 25 words and an answer of 105, walked word by word through the 2-grams of Python's
own reference pages (`pydoc_data.topics`, on every machine). Of all rows

    20 %  are near duplicates: one other row with 5 to 20 % of its words replaced, left out or added to
     5 %  are templates: one other row with other numbers and names in its ten places for them
     5 %  ask the question of one other row and answer it otherwise

`group` is the same for rows that are duplicates of one another, and for no others.
"""

import pydoc_data.topics
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.records import Example

QUESTION, ROW = 25, 130  # words
NEAR, TEMPLATES, ANSWERS = 0.20, 0.05, 0.05  # shares of the rows
SLOTS = 10  # of a template
MIN_EDITS, MAX_EDITS = 0.05, 0.20  # shares of the words
BATCH = 50_000
NAMES = (
    "Alice", "Boris", "Chen", "Dana", "Emre", "Fatou", "Goran", "Hana", "Ivan", "Jorge",
    "Kofi", "Lena", "Mona", "Nils", "Olga", "Priya", "Omar", "Rosa",
)  # fmt: skip

Words = NDArray[np.int64]


class Chain:
    """Words, and which ones follow which."""

    def __init__(self) -> None:
        text = " ".join(" ".join(page.split()) for page in pydoc_data.topics.topics.values())
        found = [word for word in text.split(" ") if word.isascii() and any(map(str.isalpha, word))]
        self.words, numbers = np.unique([*found, *NAMES], return_inverse=True)
        self.names = numbers[-len(NAMES) :]
        tokens = numbers[: len(found)]
        order = np.argsort(tokens[:-1], kind="stable")
        self._after = tokens[1:][order]
        self._starts = np.searchsorted(tokens[:-1][order], np.arange(len(self.words) + 1))

    def walk(self, n: int, rng: np.random.Generator) -> Words:
        """`n` rows of ROW words."""
        rows = np.empty((n, ROW), np.int64)
        rows[:, 0] = self._after[rng.integers(0, len(self._after), n)]
        for place in range(1, ROW):
            starts, stops = self._starts[rows[:, place - 1]], self._starts[rows[:, place - 1] + 1]
            many = stops > starts
            drawn = starts + (rng.random(n) * (stops - starts)).astype(np.int64)
            rows[:, place] = self._after[np.where(many, drawn, rng.integers(0, len(self._after), n))]
        return rows


def planted(n: int, seed: int = 0) -> pa.Table:
    """`n` rows in random order: id, question, answer, group. About 2 s for 100,000."""
    rng = np.random.default_rng(seed)
    chain = Chain()
    batches = [_batch(chain, min(BATCH, n - start), start, rng) for start in range(0, n, BATCH)]
    table = pa.concat_tables(batches).take(pa.array(rng.permutation(n)))
    ids = pa.array([f"{number:032x}" for number in range(n)])
    return table.append_column("id", ids)


def _batch(chain: Chain, n: int, first_group: int, rng: np.random.Generator) -> pa.Table:
    n_near, n_templates, n_answers = int(NEAR * n), int(TEMPLATES * n), int(ANSWERS * n)
    rows = chain.walk(n - n_near - n_templates - n_answers, rng)
    groups = np.arange(len(rows)) + first_group
    near, template, answered = np.split(
        rows[: n_near + n_templates + n_answers], [n_near, n_near + n_templates]
    )
    words = [[chain.words[token] for token in row] for row in rows]
    places = np.stack([rng.permutation(ROW)[:SLOTS] for _ in range(n_templates)])
    for number in range(n_templates):
        _fill(words[n_near + number], places[number], rng)
    made = [_edited(words[number], chain, rng) for number in range(len(near))]
    for number in range(len(template)):
        copy = list(words[n_near + number])
        _fill(copy, places[number], rng)
        made.append(copy)
    others = chain.walk(len(answered), rng)
    for number in range(len(answered)):
        same = words[n_near + n_templates + number][:QUESTION]
        made.append([*same, *chain.words[others[number, QUESTION:]]])
    new_groups = np.arange(n_templates + n_answers) + first_group + len(rows)
    return pa.table(
        {
            "question": [" ".join(row[:QUESTION]) for row in (*words, *made)],
            "answer": [" ".join(row[QUESTION:]) for row in (*words, *made)],
            "group": np.concatenate([groups, groups[:n_near], new_groups]),
        }
    )


def _fill(row: list[Any], places: NDArray[np.int64], rng: np.random.Generator) -> None:
    """Puts new numbers and names in the places of a template."""
    for turn, place in enumerate(places):
        row[place] = NAMES[rng.integers(len(NAMES))] if turn % 2 else str(rng.integers(2, 1000))


def _edited(row: list[Any], chain: Chain, rng: np.random.Generator) -> list[Any]:
    """The row with some of its words replaced (most), left out, or another put before them."""
    copy = list(row)
    n_edits = max(1, round(rng.uniform(MIN_EDITS, MAX_EDITS) * len(row)))
    kinds, drawn = rng.random(n_edits), rng.integers(0, len(chain.words), n_edits)
    for place, kind, token in zip(rng.permutation(len(row))[:n_edits], kinds, drawn, strict=True):
        word = chain.words[token]
        copy[place] = word if kind < 0.7 else "" if kind < 0.85 else f"{word} {row[place]}"
    return copy


def score(table: pa.Table, dropped: pa.Array) -> dict[str, float]:
    """Precision and recall of dropping the ids `dropped`: of a group of k rows, k - 1 are to go."""
    goes = pc.is_in(table["id"], value_set=dropped)
    sizes = table.group_by("group").aggregate([("id", "count")])
    gone = table.filter(goes).group_by("group").aggregate([("id", "count")])
    most = sizes["id_count"].take(pc.index_in(gone["group"], sizes["group"]))
    right = pc.sum(pc.min_element_wise(gone["id_count"], pc.subtract(most, 1))).as_py() or 0
    there = pc.sum(pc.subtract(sizes["id_count"], 1)).as_py()
    n_gone = pc.sum(goes).as_py()
    return {"recall": right / there, "precision": right / n_gone if n_gone else 1.0}


def as_example(row: dict[str, Any]) -> Example:
    """A row of `planted` as the record that steps read."""
    return Example(
        id=row["id"],
        question=row["question"],
        answer=row["answer"],
        parent_id="p",
        discipline_id="d",
        field="f",
        subfield="s",
        discipline="d",
        subject="s",
        level="l",
        sessions=(),
        concepts=(),
        questioner="q",
        answer_finish="stop",
        answerer="a",
        n_prompt_tokens=30,
        n_answer_tokens=130,
    )
