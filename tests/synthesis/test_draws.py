"""Draws against brute force, and the formulas of the paper."""

import itertools
import random
from collections import Counter
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.synthesis.draws import draw_pairs, draw_singles, draw_weighted, n_pair, n_single

SHARES = {"a": 0.5, "b": 0.3, "c": 0.2}
COUNTS = st.lists(st.integers(1, 4), min_size=1, max_size=4)


def brute_pairs(m: int, n: int, size: int) -> int:
    concepts = [(0, i) for i in range(m)] + [(1, i) for i in range(n)]
    return sum(len({session for session, _ in c}) == 2 for c in itertools.combinations(concepts, size))


@given(st.integers(1, 6), st.integers(1, 6), st.integers(2, 5))
def test_pair_choices_equal_brute_force(m: int, n: int, size: int) -> None:
    assert n_pair(m, n, size) == brute_pairs(m, n, size)


def test_the_papers_numbers() -> None:
    assert sum(n_single(5, size) for size in range(1, 6)) == 31
    assert sum(comb(10, size) for size in range(2, 6)) == 627
    assert sum(n_pair(5, 5, size) for size in range(2, 6)) == 575


@given(COUNTS, st.integers(0, 2**32))
def test_all_draws_come_once_and_all_come(counts: list[int], seed: int) -> None:
    singles = list(draw_singles(counts, range(1, 4), random.Random(seed)))
    assert len(singles) == len(set(singles)) == sum(n_single(n, size) for n in counts for size in range(1, 4))
    pairs = list(draw_pairs(counts, range(2, 4), random.Random(seed)))
    expected = sum(n_pair(m, n, size) for m, n in itertools.combinations(counts, 2) for size in range(2, 4))
    assert len(pairs) == len(set(pairs)) == expected


@given(COUNTS, st.integers(0, 2**32))
def test_no_pair_draws_from_one_session_only(counts: list[int], seed: int) -> None:
    for draw in draw_pairs(counts, range(2, 5), random.Random(seed)):
        assert len(draw.sessions) == 2
        assert {session for session, _ in draw.concepts} == set(draw.sessions)
        assert all(concept < counts[session] for session, concept in draw.concepts)


@pytest.mark.parametrize("scale", [1e-300, 1e-9, 1e-3, 1, 1e3, 1e300])
def test_names_are_drawn_in_proportion_to_weights_of_any_size(scale: float) -> None:
    weights = {name: share * scale for name, share in SHARES.items()}
    rng = random.Random(0)
    drawn = Counter(draw_weighted(weights, 1, rng)[0] for _ in range(10_000))
    for name, share in SHARES.items():
        assert drawn[name] == pytest.approx(10_000 * share, abs=250)  # 5 standard deviations


def test_a_weighted_draw_has_each_name_once_and_none_of_weight_0() -> None:
    weights = {"a": 0.001, "b": 0.001, "c": 0.0, "d": 5e-324}
    assert sorted(draw_weighted(weights, 9, random.Random(1))) == ["a", "b", "d"]
    assert draw_weighted({"a": 0.0}, 3, random.Random(1)) == []
    assert draw_weighted({}, 3, random.Random(1)) == []


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.floats(0.2, 5), min_size=1),
    st.integers(1, 6),
    st.integers(0, 999),
)
def test_a_weighted_draw_is_that_of_the_powers(weights: dict[str, float], n: int, seed: int) -> None:
    """What was drawn before logarithms were compared, where the powers can be told apart."""
    rng = random.Random(seed)
    keys = {name: rng.random() ** (1 / weight) for name, weight in weights.items()}
    expected = sorted(keys, key=lambda name: -keys[name])[:n]
    assert draw_weighted(weights, n, random.Random(seed)) == expected
