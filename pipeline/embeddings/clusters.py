"""Unit vectors -> clusters, and the pairs in each that are near. Pure numpy, seeded.

Spherical k-means (Dhillon and Modha 2001): cosine distance, centroids of unit length. The centroids are
learnt on at most SAMPLE rows; n rows of d dimensions in k clusters cost n x k x d multiplications, and n x
n / k x d to find what is near in clusters of even size. Near pairs are looked for inside a cluster alone,
as SemDeDup does (Abbas et al. 2023, https://arxiv.org/abs/2303.09540).
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLE = 100_000  # rows that centroids are learnt on
ROUNDS = 20  # of k-means, at most
BLOCK = 4_096  # rows that are compared with others at a time: 64 MB of similarities
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


def near_in_clusters(
    vectors: Vectors, clusters: Clusters, min_cosine: float, block: int = BLOCK
) -> Iterator[tuple[Places, Places, Vectors]]:
    """Pairs (later row, earlier row, cosine) inside clusters, from `min_cosine` on."""
    for members in clusters.members():
        own = vectors[members]
        for start in range(0, len(members), block):
            for before in range(0, start + 1, block):
                cosines = own[start : start + block] @ own[before : before + block].T
                if before == start:
                    cosines = np.tril(cosines, -1)
                rows, twins = np.nonzero(cosines >= min_cosine)
                yield members[rows + start], members[twins + before], cosines[rows, twins]


def unit(vectors: NDArray[np.floating]) -> Vectors:
    """The vectors at length 1; those of no length stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Vectors = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
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
