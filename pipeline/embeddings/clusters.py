"""Unit vectors -> clusters, and the pairs in each that are near. Pure numpy, seeded.

Spherical k-means (Dhillon and Modha 2001): cosine distance, centroids of unit length. The centroids are
learnt on at most SAMPLE rows; n rows of d dimensions in k clusters cost n x k x d multiplications, and n x
s / k x d to find what is near in clusters of even size, when s rows stay. Near pairs are looked for inside a
cluster alone, as SemDeDup does (Abbas et al. 2023, https://arxiv.org/abs/2303.09540).
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLE = 100_000  # rows that centroids are learnt on
ROUNDS = 20  # of k-means, at most
BLOCK = 4_096  # rows that are compared with others at a time
FEW = 512  # rows whose pairs with one another are told at once: 130,000 at most
Vectors = NDArray[np.float32]  # shape (rows, dimensions), each of length 1, or 0 where nothing is known
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Clusters:
    """Which cluster each row belongs to."""

    centroids: Vectors
    of_row: Places
    distance: NDArray[np.float32]  # of each row to its centroid, 1 - cosine: 0..2

    def members(self) -> Iterator[Places]:
        """The rows of each cluster, in order."""
        order = np.argsort(self.of_row, kind="stable")
        cuts = np.searchsorted(self.of_row[order], np.arange(len(self.centroids) + 1))
        return (order[start:stop] for start, stop in itertools.pairwise(cuts))


def clustered(vectors: Vectors, k: int, seed: int) -> Clusters:
    """At most `k` clusters; those that end up empty are left out."""
    rng = np.random.default_rng(seed)
    n = len(vectors)
    sample = vectors[np.sort(rng.choice(n, SAMPLE, replace=False))] if n > SAMPLE else vectors
    centroids = _first_centroids(sample, min(k, n), rng)
    before = None
    for _ in range(ROUNDS):
        nearest, _ = _nearest(sample, centroids)
        if before is not None and np.array_equal(nearest, before):
            break
        before = nearest
        centroids = _centroids(sample, nearest, len(centroids))
    nearest, cosine = _nearest(vectors, centroids)
    used, of_row = np.unique(nearest, return_inverse=True)
    return Clusters(centroids[used], of_row.astype(np.int64), 1 - cosine)


# Of two lists of rows, whether each of the first is compared with each of the second.
Compared = Callable[[Places, Places], NDArray[np.bool_]]


def near_in_clusters(
    vectors: Vectors, clusters: Clusters, min_cosine: float, compared: Compared, goes: NDArray[np.bool_]
) -> Iterator[tuple[Places, Places, Vectors]]:
    """Pairs (later row, earlier row, cosine) inside clusters, from `min_cosine` on: of each row those with
    the rows of its block, and the nearest one before that (of equals the first).

    Rows that `goes` names when a block is looked for are left out, so who settles a block before the next
    compares with what stays alone: rows that are all near one another cost linear time, and memory for one
    block, whatever there is.
    """
    for members in clusters.members():
        staying = members[:0]
        for start in range(0, len(members), FEW):
            rows = members[start : start + FEW]
            yield from _near_before(vectors, rows, staying, min_cosine, compared)
            staying = np.concatenate([staying, rows[~goes[rows]]])


def _near_before(
    vectors: Vectors, rows: Places, staying: Places, min_cosine: float, compared: Compared
) -> Iterator[tuple[Places, Places, Vectors]]:
    own = vectors[rows]
    cosines = np.where(compared(rows, rows), np.tril(own @ own.T, -1), 0)
    later, earlier = np.nonzero(cosines >= min_cosine)
    best, twins = np.zeros(len(rows), np.float32), np.zeros(len(rows), np.int64)
    for start in range(0, len(staying), BLOCK):
        before = staying[start : start + BLOCK]
        with_before = np.where(compared(rows, before), own @ vectors[before].T, 0)
        nearest = with_before.argmax(axis=1)
        nearer = with_before[np.arange(len(rows)), nearest]
        twins = np.where(nearer > best, before[nearest], twins)
        best = np.maximum(best, nearer)
    near = np.nonzero(best >= min_cosine)[0]
    yield (
        np.concatenate([rows[later], rows[near]]),
        np.concatenate([rows[earlier], twins[near]]),
        np.concatenate([cosines[later, earlier], best[near]]),
    )


def unit(vectors: NDArray[np.floating]) -> Vectors:
    """The vectors at length 1; those of no length stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Vectors = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32, copy=False)
    return found


def _first_centroids(sample: Vectors, k: int, rng: np.random.Generator) -> Vectors:
    """Rows that are far from one another (k-means++, Arthur and Vassilvitskii 2007)."""
    chosen = [int(rng.integers(len(sample)))]
    distance = np.full(len(sample), 2.0)
    while len(chosen) < k:
        distance = np.minimum(distance, np.maximum(0, 1 - sample @ sample[chosen[-1]]))
        total = distance.sum()
        if total <= 0:
            break  # fewer different rows than clusters
        chosen.append(int(np.searchsorted(np.cumsum(distance), rng.random() * total, side="right")))
        chosen[-1] = min(chosen[-1], len(sample) - 1)
    first: Vectors = sample[chosen]
    return first


def _nearest(vectors: Vectors, centroids: Vectors) -> tuple[Places, NDArray[np.float32]]:
    nearest, cosine = np.empty(len(vectors), np.int64), np.empty(len(vectors), np.float32)
    for start in range(0, len(vectors), BLOCK):
        block = slice(start, start + BLOCK)
        cosines = vectors[block] @ centroids.T
        nearest[block] = cosines.argmax(axis=1)
        cosine[block] = cosines.max(axis=1)
    return nearest, cosine


def _centroids(vectors: Vectors, nearest: Places, k: int) -> Vectors:
    sums = np.zeros((k, vectors.shape[1]), np.float64)
    order = np.argsort(nearest, kind="stable")
    used, starts = np.unique(nearest[order], return_index=True)
    sums[used] = np.add.reduceat(vectors[order], starts, axis=0, dtype=np.float64)
    return unit(sums)
