"""Keep a given number of records, most from where they differ most, and of each cluster those least typical.

Instruction -> Instruction (or Example -> Example), with embeddings and without duplicates, which would pass
for density. Records are clustered; a cluster's complexity, the distance between clusters times the distance
within, gives its budget, and its records that are farthest from the centroid stay, outliers first left out
as junk. The same distinct records give the same selection: copies must go before, as steps of exact
duplicates see to. Source: density-based pruning (https://arxiv.org/abs/2401.04578; see
pipeline/embeddings/density.py); ours: temperature 0.1, no balance, the outlier clip. Memory in `decide`: 4
bytes a dimension and record.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from pipeline.embeddings.clusters import Places, clustered
from pipeline.embeddings.density import Floats, budgets, complexities, rounded, shares
from pipeline.embeddings.vectors import as_matrix, unpacked
from pipeline.records import Instruction
from pipeline.stage import DatasetStage, Decision, Each, verdicts

MIN_CLUSTERS, MAX_CLUSTERS = 20, 500  # of the square root of the rows, halved
REASONS = ("typical_of_its_cluster", "outlier_of_its_cluster")
EXAMPLES = 3  # ids of each kind, of each cluster in the report

Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, kw_only=True)
class DropByDensity(DatasetStage):
    reads: ClassVar[type] = Instruction
    writes: ClassVar[type] = Instruction
    version: ClassVar[int] = 1
    needs: ClassVar[tuple[str, ...]] = ("embedding",)

    keep: Annotated[float, Field(gt=0)] = 0.8  # up to 1 a share of the records, above it their number
    n_clusters: Annotated[int, Field(ge=0)] = 0  # 0: half the root of the records, 20 to 500
    n_neighbours: Annotated[int, Field(ge=1)] = 20  # clusters that the distance between clusters looks at
    temperature: Annotated[float, Field(gt=0)] = 0.1  # the lower, the more the complex clusters get
    balance: Share = 0.0  # of an even part, that each cluster gets at least
    outliers: Share = 0.01  # share of a cluster, farthest from its centroid, that goes first
    seed: int = 0

    def sketch(self, rows: pa.Table) -> pa.Table:
        return pa.table({"id": rows["id"], "vector": unpacked(rows["embedding"])})

    def decide(self, sketches: pa.Table, each: Each) -> Decision:
        ordered = sketches.sort_by("id")  # what follows does not depend on the parts
        ids, vectors = ordered["id"], as_matrix(ordered["vector"])
        n = len(ids)
        usual = int(np.clip(round(np.sqrt(n) / 2), MIN_CLUSTERS, MAX_CLUSTERS))
        clusters = clustered(vectors, min(self.n_clusters or usual, n), self.seed)
        parted = [self._parted(rows, clusters.distance) for rows in clusters.members()]
        members = [inside for _, inside in parted]
        sizes = np.array([len(rows) for rows in members])
        target = min(round(self.keep * n) if self.keep <= 1 else round(self.keep), int(sizes.sum()))
        inner = np.array([clusters.distance[rows].mean() if len(rows) > 2 else np.nan for rows in members])
        complexity = complexities(inner, clusters.centroids, self.n_neighbours)
        counts = rounded(
            budgets(shares(complexity, self.temperature), sizes, target, self.balance), sizes, target
        )
        rejects = [
            _rejects(outside, inside[int(count) :], _limits(inside, int(count), clusters.distance))
            for (outside, inside), count in zip(parted, counts, strict=True)
        ]
        goes, reasons, limits = (np.concatenate(column) for column in zip(*rejects, strict=True))
        table = verdicts(
            ids.take(pa.array(goes)),
            pa.array(REASONS).take(pa.array(reasons)),
            got=pa.array(clusters.distance[goes].astype(float).round(4)),
            limit=pa.array(limits.round(4), from_pandas=True),  # not a number: null
        )
        return Decision(table, self._report(ids, members, complexity, counts))

    def _parted(self, rows: Places, distance: NDArray[np.floating]) -> tuple[Places, Places]:
        """A cluster's outliers, and its other records, both the hardest first."""
        order: Places = rows[np.argsort(-distance[rows], kind="stable")]
        n_outside = int(self.outliers * len(order))
        return order[:n_outside], order[n_outside:]

    def _report(
        self, ids: pa.ChunkedArray, members: list[Places], complexity: Any, counts: Any
    ) -> dict[str, Any]:
        rows = zip(members, complexity, counts, strict=True)
        return {
            "clusters": [
                {
                    "size": len(own),
                    "complexity": round(float(weight), 5),
                    "kept": int(count),
                    "typical": ids.take(pa.array(own[::-1][:EXAMPLES])).to_pylist(),
                    "strangest": ids.take(pa.array(own[:EXAMPLES])).to_pylist(),
                }
                for own, weight, count in rows
            ]
        }


def _limits(inside: Places, count: int, distance: NDArray[np.floating]) -> tuple[float, float]:
    """The least and the most distance to the centroid of the `count` that stay; of none, no numbers."""
    if not count:
        return np.nan, np.nan
    return float(distance[inside[count - 1]]), float(distance[inside[0]])


def _rejects(outside: Places, typical: Places, limits: tuple[float, float]) -> tuple[Places, Places, Floats]:
    """What goes of a cluster: records, reasons (places in REASONS), and the distance that they are beyond."""
    n = [len(typical), len(outside)]
    return np.concatenate([typical, outside]), np.repeat([0, 1], n), np.repeat(limits, n)
