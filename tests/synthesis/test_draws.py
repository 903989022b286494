"""Draws against brute force, and the formulas of the paper."""

import itertools
import random
from math import comb

from hypothesis import given
from hypothesis import strategies as st

from pipeline.synthesis.draws import draw_pairs, draw_singles, n_pair, n_single

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
