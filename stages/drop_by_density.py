"""Keep a given number of records, most from where they differ most, and of each cluster those least typical.

Instruction -> Instruction (or Example -> Example), with embeddings and without duplicates, which would pass
for density. Records are clustered; a cluster's complexity, the distance between clusters times the distance
within, gives its budget, and its records that are farthest from the centroid stay, outliers first left out
as junk. Source: density-based pruning (https://arxiv.org/abs/2401.04578; see pipeline/density.py); ours:
temperature 0.1, no balance, the outlier clip. Memory in `decide`: 4 bytes a dimension and record.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from pipeline.clusters import Clusters, clustered
from pipeline.density import budgets, complexities, rounded, shares
from pipeline.records import Instruction
from pipeline.stage import DatasetStage, Decision, Each, verdicts
from pipeline.vectors import as_matrix, unpacked

MIN_CLUSTERS, MAX_CLUSTERS = 20, 500  # of the square root of the rows, halved
EXAMPLES = 3  # ids of each cluster in the report

Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, kw_only=True)
class DropByDensity(DatasetStage):
    reads: ClassVar[type] = Instruction
    writes: ClassVar[type] = Instruction
    version: ClassVar[int] = 1

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
        members = [self._by_distance(rows, clusters) for rows in clusters.members()]
        sizes = np.array([len(rows) for rows in members])
        target = min(round(self.keep * n) if self.keep <= 1 else round(self.keep), int(sizes.sum()))
        inner = np.array([clusters.distance[rows].mean() if len(rows) > 2 else np.nan for rows in members])
        complexity = complexities(inner, clusters.centroids, self.n_neighbours)
        counts = rounded(
            budgets(shares(complexity, self.temperature), sizes, target, self.balance), sizes, target
        )
        stays = np.zeros(n, bool)
        for rows, count in zip(members, counts, strict=True):
            stays[rows[:count]] = True
        goes = np.flatnonzero(~stays)
        table = verdicts(
            ids.take(pa.array(goes)),
            "typical_of_its_cluster",
            got=pa.array(np.round(clusters.distance[goes].astype(float), 4)),
            limit=pa.array([f"{counts[cluster]}" for cluster in clusters.of_row[goes]]),
        )
        return Decision(table, self._report(ids, members, complexity, counts))

    def _by_distance(self, rows: NDArray[np.int64], clusters: Clusters) -> NDArray[np.int64]:
        """A cluster's records, the hardest first, without its outliers."""
        order = rows[np.argsort(-clusters.distance[rows], kind="stable")]
        return order[int(self.outliers * len(order)) :]

    def _report(
        self, ids: pa.ChunkedArray, members: list[NDArray[np.int64]], complexity: Any, counts: Any
    ) -> dict[str, Any]:
        rows = zip(members, complexity, counts, strict=True)
        return {
            "clusters": [
                {
                    "size": len(own),
                    "complexity": round(float(weight), 5),
                    "kept": int(count),
                    "examples": ids.take(pa.array(own[:EXAMPLES])).to_pylist(),
                }
                for own, weight, count in rows
            ]
        }
