"""Near duplicates a block at a time: the verdicts of all pairs at once, in memory that does not grow with
what is alike.
"""

import random
import tracemalloc
from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedup import near_pairs
from pipeline.dedup.near_rows import near_rows
from pipeline.dedup.pairs import PAIRS
from pipeline.engine.spread import in_threads
from pipeline.records import Example
from pipeline.storage.store import to_table
from stages.drop_near_duplicates import REASONS, DropNearDuplicates
from tests.stages.make import example

WORDS = ["gene", "allele", "cell", "plant", "Parent", "trait", "3", "4", "child", "pea", "seed", "leaf"]


def made(rng: random.Random, n: int) -> list[Example]:
    """Rows with chains of edits, families, passages and templates among them."""
    rows: list[Example] = []
    for number in range(n):
        words = rng.choices(WORDS, k=14)
        if rows and rng.random() < 0.7:  # an edit of an earlier one, and so on: a chain
            other = rng.choice(rows)
            words = f"{other.question} {other.answer}".split()
            for _ in range(rng.randint(0, 3)):
                words[rng.randrange(len(words))] = rng.choice(WORDS)
        row = example(" ".join(words[6:]), id=f"{rng.random():.9f}", question=" ".join(words[:6]))
        if rows and rng.random() < 0.2:
            row = replace(row, rephrased_from=rng.choice(rows).id)
        if rng.random() < 0.3:
            row = replace(row, passage=f"Passage {number % 2}.")
        rows.append(row)
    return rows


def jaccard(one: list[int], other: list[int]) -> float:
    a, b = ({value >> 1 for value in values} for values in (one, other))
    return len(a & b) / len(a | b) if a | b else 1.0


def all_pairs(sketches: pa.Table, stage: DropNearDuplicates) -> list[tuple[int, int]]:
    """Each row with the first rows of its buckets, band by band, as it once was: all pairs are held."""
    order = near_rows(sketches, 0, in_threads).order
    keys = sketches["keys"].to_pylist()
    found = []
    for band in range(stage.bands):
        first = defaultdict[int, list[int]](list)
        for place, row in enumerate(order):
            key = keys[row][band]
            if key:
                found += [(place, twin) for twin in first[key]]
                if len(first[key]) < near_pairs.MAX_BUCKET:
                    first[key].append(place)
    return sorted(set(found))


def by_brute_force(sketches: pa.Table, stage: DropNearDuplicates) -> dict[str, tuple[str, str]]:
    near = near_rows(sketches, 0, in_threads)
    rows = sketches.to_pylist()
    pairs = []
    for row, twin in all_pairs(sketches, stage):
        a, b = rows[near.order[row]], rows[near.order[twin]]
        sides = [(a[side], b[side]) for side in ("question", "answer")]
        both = [
            [*question, *(value | 1 << 40 for value in answer)]
            for question, answer in zip(*sides, strict=True)
        ]
        whole = jaccard(*both)
        if a["passage"] == b["passage"] and whole >= stage.min_similarity - 1e-9:
            plain, marked = (
                jaccard(*([value for value in values if mark_of(value, both) == mark] for values in both))
                for mark in (0, 1)
            )
            similar = (whole, jaccard(*sides[0]), jaccard(*sides[1]), plain, marked)
            pairs.append((row, twin, *similar))
    table = np.array(pairs, PAIRS)
    kinds, drops = stage._kinds(table, near.family)
    goes: dict[int, tuple[int, int]] = {}
    order = np.lexsort((table["twin"], -table["whole"], table["row"]))
    for pair in order:
        row, twin = int(table["row"][pair]), int(table["twin"][pair])
        if drops[pair] and row not in goes and twin not in goes:
            goes[row] = (kinds[pair], twin)
    ids = sketches["id"].to_pylist()
    return {
        ids[near.order[row]]: (REASONS[kind], ids[near.order[twin]]) for row, (kind, twin) in goes.items()
    }


def mark_of(value: int, rows: list[list[int]]) -> int:
    """Whether a shingle has a mark; 2 where two rows differ in that, which tells nothing."""
    found = {other & 1 for row in rows for other in row if other >> 1 == value >> 1}
    return found.pop() if len(found) == 1 else 2


def decided(sketches: pa.Table, stage: DropNearDuplicates) -> dict[str, tuple[str, str]]:
    rows: list[dict[str, Any]] = stage.decide(sketches, in_threads).verdicts.to_pylist()
    return {row["id"]: (row["reason"], row["twin"]) for row in rows}


STAGES = [
    DropNearDuplicates(n=1, bands=8, rows=1),
    DropNearDuplicates(n=2, bands=16, rows=2, min_similarity=0.4),
    DropNearDuplicates(
        n=1, bands=8, rows=1, drop_same_template=True, drop_same_question=True, drop_same_answer=True,
        drop_rephrasings=True,
    ),
]  # fmt: skip


@pytest.mark.parametrize("block", [1, 1 << 16])
@pytest.mark.parametrize("stage", STAGES)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 9999))
def test_verdicts_are_those_of_all_pairs_at_once(stage: DropNearDuplicates, block: int, seed: int) -> None:
    rng = random.Random(seed)
    rows = made(rng, 60)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near_pairs, "BLOCK", block)
        sketches = stage.sketch(to_table(rows, Example))
        expected = by_brute_force(sketches, stage)
        assert decided(sketches, stage) == expected
        order = rng.sample(range(len(rows)), len(rows))
        assert decided(sketches.take(pa.array(order)), stage) == expected


def test_only_the_first_rows_of_a_bucket_are_compared_with() -> None:
    """Of 200 rows that are all near and stay, the later are compared with the first 64."""
    rows = [
        example(f"It is {n}.", id=f"{n:04}", question=f"What is 3 + {n}, and no more?") for n in range(200)
    ]
    stage = DropNearDuplicates(bands=4, rows=1, min_similarity=0.1, drop_same_template=True)
    sketches = stage.sketch(to_table(rows, Example))
    assert decided(sketches, stage) == by_brute_force(sketches, stage)


@pytest.mark.parametrize("word", ["numbers", "words"])
def test_rows_that_are_all_alike_take_little_memory(word: str) -> None:
    """238 kB a row once: each with 64 others in each of 32 bands. Beside one block, whatever the rows."""
    n = 4_000
    assert peak_of(word, 3 * n) - peak_of(word, n) < 2 * n * 2_000


def peak_of(word: str, n: int) -> int:
    """The bytes that deciding on `n` rows takes at most, which differ in a number or a word."""
    text = " ".join("abcdefg"[number * number % 7] * (number % 5 + 1) for number in range(100))
    names = [
        str(number) if word == "numbers" else "".join(chr(97 + int(d)) for d in str(number))
        for number in range(n)
    ]
    table = pa.table(
        {
            "id": [f"{number:05}" for number in range(n)],
            "question": [f"Say why {name} is so." for name in names],
            "answer": [f"{text} {name}" for name in names],
        }
    )  # fmt: skip
    stage = DropNearDuplicates()
    sketches = stage.sketch(table)
    stage.decide(stage.sketch(table.slice(0, 9)), in_threads)
    tracemalloc.start()
    gone = stage.decide(sketches, in_threads).verdicts.num_rows
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert gone == (0 if word == "numbers" else n - 1)
    return peak
