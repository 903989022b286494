"""How many rows of each cluster stay, and which: density-based pruning.

Source: Abbas et al., Effective pruning of web-scale datasets based on complexity of concept clusters, ICLR
2024 (https://arxiv.org/abs/2401.04578). We solve the quadratic program by bisection instead of a solver (it
is a projection, so that is exact) and round by largest remainders, so that the counts add up to the target.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
BISECTIONS = 200  # halvings of the multiplier's interval: past the last bit of a double


def complexities(inner: Floats, centroids: NDArray[np.floating], n_neighbours: int) -> Floats:
    """Of each cluster: its members' mean distance to the centroid, `inner`, times the mean distance of its
    centroid to its `n_neighbours` nearest others; what is not a number becomes the mean of the others. Cost:
    the square of the clusters.
    """
    if len(centroids) == 1:
        return np.ones(1)
    distances = 1 - centroids.astype(np.float64) @ centroids.T.astype(np.float64)
    np.fill_diagonal(distances, np.inf)
    nearest = np.sort(distances, axis=1)[:, : min(n_neighbours, len(centroids) - 1)]
    found = np.asarray(inner * nearest.mean(axis=1))
    known = found[~np.isnan(found)]
    return np.where(np.isnan(found), known.mean() if len(known) else 1.0, found)


def shares(complexity: Floats, temperature: float) -> Floats:
    """The softmax of complexity over temperature: each cluster's share of what stays."""
    scaled = (complexity - complexity.max()) / temperature
    weights = np.exp(scaled)
    return np.asarray(weights / weights.sum())


def budgets(share: Floats, sizes: Counts, target: int, balance: float) -> Floats:
    """The counts x nearest to target x share, in least squares, with sum `target` and between each cluster's
    bounds: at most its size, at least `balance` of an even part (1 when 0), and less than its size.

    target must be between 0 and the sum of sizes.
    """
    least = max(1.0, np.floor(balance * target / len(sizes)))
    lower = np.minimum(least, np.maximum(sizes - 1, 0)).astype(np.float64)
    if lower.sum() > target:
        lower = np.zeros(len(sizes))
    wanted = target * share
    low, high = -float(wanted.max()) - 1, float(sizes.max()) + 1
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if np.clip(wanted + middle, lower, sizes).sum() < target:
            low = middle
        else:
            high = middle
    return np.asarray(np.clip(wanted + high, lower, sizes))


def rounded(budget: Floats, sizes: Counts, target: int) -> Counts:
    """Whole numbers that add up to `target`: down, and one more for the largest remainders that have room."""
    counts = np.floor(budget + 1e-9).astype(np.int64)
    order = np.argsort(-(budget - counts), kind="stable")
    while (left := target - int(counts.sum())) > 0:
        room = order[counts[order] < sizes[order]][:left]
        counts[room] += 1
    return counts
