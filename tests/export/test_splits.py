"""The test split: no row of it has a sibling in train, and there is one wherever there are two groups."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.export.splits import Siblings, place_of, template_of
from pipeline.records import Example, Passage
from tests.stages.make import example


def row(number: int, place: str = "", **changes: str) -> Example:
    letters = "abcdefghijkl"[number % 12] * (number // 12 + 1)
    made = {"question": f"question {letters} of many?", "discipline_id": "", **changes}
    return replace(example(id=f"{number:03}", **made), document=place or f"d{number}")


def chosen(rows: list[Example] | list[Passage], share: float = 0.5) -> set[str] | None:
    siblings = Siblings()
    for one in rows:
        siblings.add(one)
    return siblings.tested(share)


ASKED = "Why does ice float on a lake in winter?"
SIBLINGS = [
    (row(0, question=ASKED), row(1, question=ASKED)),
    (row(0, question=ASKED), row(1, question=ASKED.upper().replace(" ", "  "))),
    (row(0, question="compute 3 + 4"), row(1, question="compute 3 + 9")),
    (row(0, question="What is 12 * 3 in all?"), row(1, question="What is 12 - 7.5 in all?")),
    (
        row(0, question="Write a letter to the mayor of Berlin about noise."),
        row(1, question="Write a letter to the mayor of Madrid about noise."),
    ),
    (row(0), row(1, rephrased_from="000")),
    (row(0, rephrased_from="gone"), row(1, rephrased_from="gone")),
    (row(0, passage="One text."), row(1, passage="One  text")),
    (row(0, "one"), row(1, "one")),
    (row(0, "one.txt", discipline_id="d"), row(1, "two.txt", discipline_id="d")),
]


@pytest.mark.parametrize(("one", "other"), SIBLINGS)
def test_siblings_are_split_together(one: Example, other: Example) -> None:
    """Whatever else there is, and alone there is no test split."""
    assert chosen([one, other]) is None
    for seed in range(8):
        rows = [one, other, *(row(number) for number in range(2, 4 + seed))]
        found = chosen(random.Random(seed).sample(rows, len(rows)), 0.3)
        assert found is not None
        assert (place_of(one) in found) == (place_of(other) in found)


STRANGERS = [
    ("What is the capital of Austria?", "What is the climate of Austria?"),
    ("What is DNA?", "What is RNA?"),  # of so few words the rest says nothing
    ("Question 1?", "Question 2?"),
    ("Why is C faster than Python?", "Why does C++ have classes?"),
    ("3 + 4", "5 + 6"),
]


@pytest.mark.parametrize(("one", "other"), STRANGERS)
def test_rows_that_are_no_siblings_may_part(one: str, other: str) -> None:
    assert chosen([row(0, question=one), row(1, question=other)]) is not None


def test_the_same_wording_on_two_passages_is_no_sibling() -> None:
    task = "Write a question on this: {{context}}"
    rows = [row(number, question=task, passage=f"Passage {number}.") for number in range(4)]
    assert chosen(rows) is not None


def test_a_rephrasing_of_a_rephrasing_is_of_the_family() -> None:
    chain = [row(0)] + [row(number, rephrased_from=f"{number - 1:03}") for number in range(1, 6)]
    assert chosen(chain) is None


@pytest.mark.parametrize("share", [0.01, 0.1, 0.4, 0.5, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("n_groups", [2, 3, 5])
def test_two_groups_or_more_give_both_splits(n_groups: int, share: float) -> None:
    rows = [row(number, f"d{number % n_groups}") for number in range(30)]
    found = chosen(rows, share)
    assert found is not None
    assert 1 <= len(found) < n_groups
    assert abs(len(found) - share * n_groups) <= 1


def test_groups_of_any_size_come_near_the_share_of_rows() -> None:
    rows = [row(number, "great" if number < 90 else "") for number in range(100)]
    found = chosen(rows, 0.1)
    assert found is not None
    assert "great" not in found


def test_nothing_and_one_group_have_no_test_split() -> None:
    assert chosen([]) is None
    assert chosen([row(0, "one"), row(1, "one")]) is None


@given(st.integers(0, 9999), st.sampled_from([0.1, 0.3, 0.6, 0.9]))
def test_no_row_of_test_has_a_sibling_in_train(seed: int, share: float) -> None:
    rng = random.Random(seed)
    rows = [
        row(
            number,
            f"d{rng.randrange(12)}",
            question=rng.choice([ASKED, "compute 3 + 4", f"compute {number} + 9", f"w{number}"]),
            rephrased_from=rng.choice(["", "", "", f"{rng.randrange(30):03}"]),
        )
        for number in range(30)
    ]  # fmt: skip
    found = chosen(rows, share)
    assert found == chosen(rng.sample(rows, len(rows)), share)
    if found is None:
        return
    for one in rows:
        for other in rows:
            same = (
                one.question == other.question
                or template_of(one.question) == template_of(other.question) != ""
            )
            if same or one.rephrased_from == other.id or place_of(one) == place_of(other):
                assert (place_of(one) in found) == (place_of(other) in found)


def test_texts_hang_together_by_what_they_rephrase() -> None:
    made = {"start": 0, "title": "", "writer": "", "n_tokens": 9}
    texts = [
        Passage(id=f"{n}", parent_id=f"c{n}", document=f"d{n}", text=f"Text {n}.", style="", original="",
                rephrased_from="", **made)
        for n in range(4)
    ]  # fmt: skip
    easy = replace(
        texts[0], id="9", document="d9", text="Easy.", style="easy", original="Text 0.", rephrased_from="0"
    )
    assert len({place_of(text) for text in texts}) == 4
    for one, other in pairwise([*texts, easy]):
        assert place_of(one) != place_of(other)
    found = chosen([*texts, easy], 0.4)
    assert found is not None
    assert ("d0" in found) == ("d9" in found)
