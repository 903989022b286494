"""The bins of a report's charts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.bins import BINS, counted, edges_of

SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=50)
COUNTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=50)


@given(went=SHARES | COUNTS, stayed=SHARES | COUNTS)
def test_every_value_is_in_a_bin_and_few_are_far_from_theirs(went: list[float], stayed: list[float]) -> None:
    groups = np.array(went), np.array(stayed)
    edges = edges_of(*groups)
    assert edges == sorted(set(edges))
    assert len(edges) <= BINS + 3
    for numbers in groups:
        assert sum(counted(numbers, edges)) == len(numbers)
        low, high = np.quantile(numbers, (0.01, 0.99))
        assert edges[0] - 1e-3 <= low <= high <= edges[-1] + 1e-3


def test_shares_that_are_all_nothing_are_in_the_first_bin() -> None:
    edges = edges_of(np.zeros(5), np.array([]))
    assert counted(np.zeros(5), edges) == [5, *[0] * (BINS - 1)]
    assert edges[1] < 0.1
