"""Exact and near duplicates: against brute force, and the same whatever the parts and the workers."""

import itertools
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.engine.spread import in_tasks, in_threads
from pipeline.records import Example, Instruction, Passage
from pipeline.stage import DatasetStage, Each
from pipeline.storage.store import to_table
from pipeline.text.text import ngrams, normalised, words
from stages.drop_exact_duplicates import DropExactDuplicates
from stages.drop_near_duplicates import DropNearDuplicates
from tests.stages.make import example, instruction

BASE = "Why do two brown-eyed parents sometimes have a child with blue eyes instead of brown ones?"


def decided(
    stage: DatasetStage,
    records: Sequence[Instruction],
    n_parts: int = 1,
    seed: int = 0,
    each: Each = in_threads,
) -> list[dict[str, Any]]:
    """The verdicts, when the records come shuffled and in parts."""
    shuffled = random.Random(seed).sample(records, len(records))
    parts = [shuffled[start::n_parts] for start in range(n_parts)]
    sketches = [stage.sketch(to_table(part, type(records[0]))) for part in parts if part]
    rows: list[dict[str, Any]] = stage.decide(pa.concat_tables(sketches), each).verdicts.to_pylist()
    return sorted(rows, key=lambda row: row["id"])


def numbered(questions: Sequence[str]) -> list[Instruction]:
    return [instruction(text, id=f"{number:03}") for number, text in enumerate(questions)]


VOCABULARY = [
    "gene",
    "allele",
    "cell",
    "plant",
    "Parent",
    "trait",
    "3",
    "+ 4",
    "größe",
    "child",
    "遺伝",
    "pea.",
]
SENTENCE = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=12).map(" ".join)
SENTENCES = st.lists(SENTENCE, min_size=1, max_size=14)


@pytest.mark.parametrize("stage", [DropExactDuplicates(), DropNearDuplicates(min_alone=0.4)])
@given(sentences=SENTENCES, n_parts=st.integers(1, 5), seed=st.integers(0, 99))
def test_verdicts_do_not_depend_on_parts(
    stage: DatasetStage, sentences: list[str], n_parts: int, seed: int
) -> None:
    records = numbered(sentences)
    expected = decided(stage, records)
    assert decided(stage, records, n_parts, seed) == expected
    gone = {row["id"] for row in expected}
    assert not gone & {row["twin"] for row in expected}  # a record goes only for one that stays


@given(sentences=SENTENCES)
def test_exact_duplicates_equal_brute_force(sentences: list[str]) -> None:
    first: dict[str, str] = {}
    for number, text in enumerate(sentences):
        first.setdefault(normalised(text), f"{number:03}")
    kept = {record.id for record in numbered(sentences)}
    kept -= {row["id"] for row in decided(DropExactDuplicates(), numbered(sentences), 2, 1)}
    assert kept == set(first.values())


def test_exact_duplicates_of_examples_have_one_answer_too() -> None:
    rows = [example(id="a"), example("Another answer.", id="b"), example(id="c", question="Another?")]
    rows.append(replace(rows[0], id="d", question=rows[0].question.upper().replace(" ", "\n")))
    assert [(row["id"], row["twin"]) for row in decided(DropExactDuplicates(), rows)] == [("d", "a")]


def similarity(one: str, other: str, n: int) -> float:
    a, b = (ngrams(words(text), n) or {normalised(text)} - {""} for text in (one, other))
    return len(a & b) / len(a | b) if a | b else 0.0


# Of one piece each: of texts in several, what both have may be a context (tests/dedup/test_contexts.py).
PIECES = st.lists(SENTENCE.map(lambda text: text.replace(".", ",")), min_size=1, max_size=14)


@given(sentences=PIECES, n=st.integers(1, 3))
@settings(max_examples=50)
def test_near_duplicates_equal_brute_force(sentences: list[str], n: int) -> None:
    """With one row a band every pair that shares a least hash is a candidate: 256 bands miss none here."""
    stage = DropNearDuplicates(
        n=n, bands=256, rows=1, min_alone=0.5, drop_same_template=True, drop_same_question=True
    )
    stay: list[int] = []
    expected: dict[str, float] = {}
    for place, text in enumerate(sentences):
        near = [similarity(text, sentences[other], n) for other in stay]
        if max(near, default=0) >= 0.5:
            expected[f"{place:03}"] = max(near)
        else:
            stay.append(place)
    records = numbered(sentences)
    found = {row["id"]: json.loads(row["got"]) for row in decided(stage, records, 3, 1)}
    assert found == pytest.approx(expected, abs=0.001)

    stayed = [sentences[place] for place in stay]
    nearest = [
        max((similarity(one, other, n) for other in stayed[:i] + stayed[i + 1 :]), default=0)
        for i, one in enumerate(stayed)
    ]
    table = to_table([records[place] for place in stay], Instruction)
    measured = sorted(measure.got for measure in stage.measures(table))
    assert measured == pytest.approx(sorted(near for near in nearest if near >= 0.6 * 0.5), abs=0.001)
    assert all(got < 0.5 for got in measured)


def test_near_duplicates_are_named_with_their_twin() -> None:
    far = "How does photosynthesis in a leaf store the energy of light?"
    (row,) = decided(DropNearDuplicates(), numbered([BASE, BASE.replace("sometimes", "often"), far]))
    assert (row["id"], row["reason"], row["twin"], row["limit"]) == ("001", "near_duplicate", "000", "0.7")
    assert 0.7 <= json.loads(row["got"]) < 1


def test_a_chain_of_likenesses_loses_only_its_middle() -> None:
    first = "one two three four five six seven eight nine ten eleven twelve"
    middle = "one two three four five six seven eight nine ten north south"
    last = "east west three four five six seven eight nine ten north south"
    assert similarity(first, middle, 2) > 0.6 < similarity(middle, last, 2)
    assert similarity(first, last, 2) < 0.6
    rows = decided(DropNearDuplicates(min_alone=0.6), numbered([first, middle, last]))
    assert [(row["id"], row["twin"]) for row in rows] == [("001", "000")]


KINDS = [
    ("compute 3 + 4", "compute 3 + 9", "7", "12", "same_template"),
    (
        "What is 12 * 3 in all?",
        "What is 12 - 3 in all?",
        ANY := "It is what it is, and no more.",
        ANY,
        "same_template",
    ),
    (
        "Write a short letter to the mayor of Berlin about the noise in the streets at night.",
        "Write a short letter to the mayor of Madrid about the noise in the streets at night.",
        ANY,
        ANY,
        "same_template",
    ),
    (
        "What does . match in a regular expression, and why?",
        "What does , match in a regular expression, and why?",
        ANY,
        ANY,
        "same_template",
    ),
    (BASE, BASE, ANY, "Because each of them carries one recessive allele.", "same_question"),
    (BASE, "How are you, and what do you say of life?", ANY * 9, ANY * 9 + "No?", "same_answer"),
    (BASE, BASE.replace("sometimes", "often"), ANY, ANY, "near_duplicate"),
]


@pytest.mark.parametrize(("one", "other", "answer", "other_answer", "reason"), KINDS)
def test_kinds_of_near_pairs(one: str, other: str, answer: str, other_answer: str, reason: str) -> None:
    rows = [example(answer, id="a", question=one), example(other_answer, id="b", question=other)]
    near = DropNearDuplicates(bands=128, rows=1, min_similarity=0.2)
    assert [row["reason"] for row in decided(near, rows)] == ["near_duplicate"] * (reason == "near_duplicate")
    every = replace(near, drop_same_template=True, drop_same_question=True, drop_same_answer=True)
    assert [row["reason"] for row in decided(every, rows)] == [reason]
    report = near.decide(near.sketch(to_table(rows, type(rows[0]))), in_threads).report
    assert report["records_near_another"][reason] == 1


def test_a_rephrasing_goes_only_as_a_copy() -> None:
    original = example(id="z", question=BASE)
    said = replace(
        original, id="b", question="Why may a child of two brown-eyed parents have blue eyes instead?"
    )
    copy = replace(original, id="c", question=BASE.replace("sometimes", "often"))
    rows = [*(replace(row, rephrased_from="z") for row in (said, copy)), original]

    def gone(stage: DropNearDuplicates) -> dict[str, tuple[str, str, str]]:
        return {row["id"]: (row["reason"], row["twin"], row["limit"]) for row in decided(stage, rows, 2)}

    near = DropNearDuplicates(min_copy=0.7)
    assert gone(near) == {"c": ("copied_rephrasing", "z", "0.7")}
    every = replace(near, drop_rephrasings=True)
    assert gone(every) == {"b": ("rephrasing", "z", "0.5"), "c": ("copied_rephrasing", "z", "0.7")}


ONE, OTHER = "A first passage, of cells and how they divide. " * 9, "Another one, of tides and the Moon. " * 9


def on_passages() -> list[Example]:
    """Three tasks on two passages: the same one on both, and a copy of it on the first."""
    task = example(question="What does the text say? {{context}}", answer="It says how it is.")
    return [
        replace(task, id="a", passage=ONE),
        replace(task, id="b", passage=OTHER),
        replace(task, id="c", passage=ONE, answer="It says how it is!"),
        replace(task, id="d", passage=ONE, question="Is this true: cells divide? {{context}}", answer="Yes"),
    ]


@pytest.mark.parametrize("stage", [DropExactDuplicates(), DropNearDuplicates()])
def test_the_same_task_on_two_passages_is_no_duplicate(stage: DatasetStage) -> None:
    for n_parts in (1, 3):
        assert [(row["id"], row["twin"]) for row in decided(stage, on_passages(), n_parts)] == [("c", "a")]


def test_many_tasks_on_many_passages_are_not_quadratic() -> None:
    tasks = [
        replace(
            one, id=f"{number}", passage=f"Passage {number}.", answer=f"Answer {number % 7} of a few words"
        )
        for number in range(20_000)
        for one in on_passages()[:1]
    ]
    assert decided(DropNearDuplicates(), tasks) == []


def passage(number: str, text: str, **changes: str) -> Passage:
    made = {
        "parent_id": "c", "document": "d", "start": 0, "title": "", "style": "", "original": "", "writer": "",
        "rephrased_from": "", "n_tokens": 9,
    }  # fmt: skip
    return Passage(**{**made, "id": number, "text": text, **changes})


def test_texts_are_compared_as_they_stand() -> None:
    rows = [
        passage("a", BASE * 3),
        passage("b", BASE.upper() * 3),
        passage("c", BASE.replace("brown", "green") * 3),
        passage("d", BASE.replace("blue", "grey") * 3, style="easy", rephrased_from="a"),
        passage("e", ONE),
    ]
    assert [(row["id"], row["twin"]) for row in decided(DropExactDuplicates(), rows)] == [("b", "a")]
    near = [(row["id"], row["reason"]) for row in decided(DropNearDuplicates(), [rows[0], *rows[2:]])]
    assert near[0] == ("c", "near_duplicate")
    assert "e" not in dict(near)


def test_a_bucket_of_many_rows_is_not_quadratic() -> None:
    """A template with 20,000 numbers: every pair of rows is near, and none is a duplicate."""
    records = numbered(
        [f"What is the square root of {n}, rounded to the nearest integer?" for n in range(20_000)]
    )
    assert decided(DropNearDuplicates(), records) == []


def test_characters_as_shingles() -> None:
    typed = BASE.replace("brown", "borwn").replace("parents", "parnets")
    stage = DropNearDuplicates(shingle="characters", n=3)
    assert [row["id"] for row in decided(stage, numbered([BASE, typed]))] == ["001"]


@pytest.mark.parametrize("pair", list(itertools.combinations(["", "?!", "..."], 2)))
def test_texts_without_a_word_are_no_duplicates_of_others(pair: tuple[str, str]) -> None:
    assert decided(DropNearDuplicates(), numbered(pair)) == []


@pytest.mark.ray
@pytest.mark.usefixtures("cluster")
def test_tasks_of_a_cluster_decide_as_threads_do() -> None:
    rng = random.Random(0)
    records = numbered([" ".join(rng.choices(VOCABULARY, k=12)) for _ in range(3_000)])
    stage = DropNearDuplicates(min_alone=0.4)
    expected = decided(stage, records, 4)
    assert len(expected) > 100
    assert decided(stage, records, 3, seed=1, each=in_tasks) == expected


def test_a_restyled_answer_of_a_rephrasing_is_of_the_family() -> None:
    original = example("word " * 3 + "about it all and no more", id="a", question=BASE)
    said = replace(original, id="b", question=BASE.replace("brown", "dark"), rephrased_from="a")
    restyled = [
        replace(one, id=f"{one.id}2", answer="word word word about all of it, no more", rephrased_from=one.id)
        for one in (original, said)
    ]
    stage = DropNearDuplicates(min_copy=1)
    assert decided(stage, [original, said, *restyled], 2) == []
    every = decided(replace(stage, drop_rephrasings=True), [original, said, *restyled])
    assert {row["reason"] for row in every} == {"rephrasing"}
