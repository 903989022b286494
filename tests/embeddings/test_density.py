"""Density-based pruning against the formulas of its paper."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.embeddings.clusters import clustered, near_in_clusters, unit
from pipeline.embeddings.density import budgets, complexities, rounded, shares

CLUSTERS = st.lists(st.tuples(st.integers(1, 60), st.floats(0.0, 1.0)), min_size=1, max_size=12)


def projected(wanted: np.ndarray, lower: np.ndarray, upper: np.ndarray, target: float) -> np.ndarray:
    """The same quadratic program by its active sets: those at a bound leave, until none does."""
    order = np.sort(np.concatenate([lower - wanted, upper - wanted]))  # where the sum bends
    sums = np.array([np.clip(wanted + bend, lower, upper).sum() for bend in order])
    place = int(np.searchsorted(sums, target))
    if place == 0:
        return np.clip(wanted + order[0], lower, upper)
    step = sums[place] - sums[place - 1]
    part = (target - sums[place - 1]) / step if step else 0.0
    return np.clip(wanted + order[place - 1] + part * (order[place] - order[place - 1]), lower, upper)


@given(clusters=CLUSTERS, part=st.floats(0.0, 1.0), temperature=st.sampled_from([0.05, 0.1, 0.2, 0.5]))
def test_density_1_counts_add_up_within_their_bounds(
    clusters: list[tuple[int, float]], part: float, temperature: float
) -> None:
    """Acceptance check 1: the sum is the target, bounds hold, and it solves the quadratic program."""
    sizes = np.array([size for size, _ in clusters])
    target = round(part * sizes.sum())
    share = shares(np.array([complexity for _, complexity in clusters]), temperature)
    budget = budgets(share, sizes, target, 0)
    lower = np.minimum(1.0, sizes - 1)
    if lower.sum() > target:
        lower = np.zeros(len(sizes))
    np.testing.assert_allclose(
        budget, projected(target * share, lower, sizes.astype(float), target), atol=1e-6
    )
    counts = rounded(budget, sizes, target)
    assert counts.sum() == target
    assert (counts >= np.floor(lower)).all()
    assert (counts <= sizes).all()
    assert (np.abs(counts - budget) < 1 + 1e-6).all()


def test_density_2_equal_clusters_get_equal_counts_and_a_surplus_is_spread_evenly() -> None:
    """Acceptance check 2."""
    even = shares(np.full(4, 0.3), 0.1)
    assert rounded(budgets(even, np.array([50] * 4), 40, 0), np.array([50] * 4), 40).tolist() == [10] * 4
    small = budgets(even, np.array([4, 50, 50, 50]), 40, 0)
    assert small == pytest.approx([4, 12, 12, 12])  # what the small one lacks, a third each: additive
    uneven = np.array([0.1, 0.2, 0.3, 0.4])
    assert budgets(uneven, np.array([1, 50, 50, 50]), 40, 0) == pytest.approx([1, 9, 13, 17])


@given(st.lists(st.floats(0, 1), min_size=2, max_size=10))
def test_density_3_more_complex_clusters_never_get_less(complexity: list[float]) -> None:
    """Acceptance check 3, and of a high temperature that it tends to even shares."""
    sizes = np.full(len(complexity), 1000)
    counts = rounded(budgets(shares(np.array(complexity), 0.1), sizes, 500, 0), sizes, 500)
    by_complexity = counts[np.argsort(complexity, kind="stable")]
    assert (np.diff(by_complexity) >= -1).all()  # rounding may give one to either of two
    assert shares(np.array(complexity), 1e6) == pytest.approx(
        np.full(len(complexity), 1 / len(complexity)), rel=1e-5
    )


def test_balance_is_a_lower_bound() -> None:
    share, sizes = shares(np.array([0.0, 0.0, 1.0]), 0.05), np.array([100, 100, 100])
    assert budgets(share, sizes, 90, 0.5)[:2] == pytest.approx([15, 15])
    assert budgets(share, sizes, 90, 0)[:2] == pytest.approx([1, 1], abs=0.01)


def test_complexity_is_inner_times_outer_distance() -> None:
    centroids = unit(np.array([[1.0, 0, 0], [0, 1, 0], [1, 1, 0]]))
    found = complexities(np.array([0.2, 0.4, np.nan]), centroids, 1)
    near = 1 - np.sqrt(0.5)
    assert found == pytest.approx([0.2 * near, 0.4 * near, 0.3 * near])


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), k=st.integers(1, 8))
def test_clusters_are_seeded_and_near_pairs_equal_brute_force(seed: int, k: int) -> None:
    vectors = unit(np.random.default_rng(seed).normal(size=(60, 3)))
    one, other = clustered(vectors, k, 7), clustered(vectors, k, 7)
    np.testing.assert_array_equal(one.of_row, other.of_row)
    assert len(one.centroids) <= k
    np.testing.assert_allclose(one.distance, 1 - (vectors * one.centroids[one.of_row]).sum(axis=1), atol=1e-5)
    found = {
        (int(row), int(twin))
        for rows, twins, _ in near_in_clusters(
            vectors,
            one,
            0.95,
            lambda rows, others: np.ones((len(rows), len(others)), bool),
            np.zeros(60, bool),
        )
        for row, twin in zip(rows, twins, strict=True)
    }
    cosines = vectors @ vectors.T
    expected = {
        (row, twin)
        for row in range(60)
        for twin in range(row)
        if cosines[row, twin] >= 0.95 and one.of_row[row] == one.of_row[twin]
    }
    assert found == expected


def test_rows_that_lie_apart_are_clusters_of_their_own() -> None:
    rng = np.random.default_rng(0)
    centres = np.eye(4)
    vectors = unit(np.repeat(centres, 50, axis=0) + 0.05 * rng.normal(size=(200, 4)))
    of_row = clustered(vectors, 4, 0).of_row.reshape(4, 50)
    assert all(len(set(group.tolist())) == 1 for group in of_row)
    assert len({int(group[0]) for group in of_row}) == 4
