"""Drop records whose question means what the question of one that stays means.

Instruction -> Instruction, with embeddings (see stages/embed_questions.py). Records are clustered by
k-means, and compared inside their cluster; of two that are near the one with the higher score of a judge
stays, without scores the one with the smaller id, and a record goes only for one that stays. Source: SemDeDup
(Abbas et al. 2023, https://arxiv.org/abs/2303.09540); ours: no chains, one cluster a few thousand records,
and neither rephrasings of one instruction nor questions on two passages are duplicates. Cost: rows x rows
that stay, a cluster, so linear where all mean the same. Memory in `decide`, also there: 6 bytes a dimension
and record, 16 more of the 100,000 records that centroids are learnt on, and 200 bytes a record: 8.4 kB of 384
dimensions up to there (benchmarks/alike.py).

The limit is for all-MiniLM-L6-v2. Questions that a small model wrote about one topic are near without asking
the same: of 78 pairs from 0.75 on 41 % did when read, of those from 0.85 on 74 %, from 0.88 on 92 %. Of 40
questions and the same in other words 0.88 finds 35 %, 0.85 50 %, 0.75 72 %, and among questions on all kinds
of topics even 0.75 gives none a false twin (benchmarks/paraphrases.py).
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from pipeline.dedup.families import ORIGINAL, PASSAGE, families, originals, passages
from pipeline.dedup.pairs import PAIRS, Flags, Pairs, first_staying
from pipeline.embeddings.clusters import BLOCK, Places, clustered, near_in_clusters
from pipeline.embeddings.vectors import as_matrix, unpacked
from pipeline.records import CRITERIA, Instruction
from pipeline.stage import DatasetStage, Decision, Each, Measure, verdicts

REASON = "semantic_duplicate"


@dataclass(frozen=True, kw_only=True)
class DropSemanticDuplicates(DatasetStage):
    reads: ClassVar[type] = Instruction
    writes: ClassVar[type] = Instruction
    version: ClassVar[int] = 6  # 6: signs that are spoken of; 5: symbols tell passages apart
    needs: ClassVar[tuple[str, ...]] = ("embedding",)

    min_cosine: Annotated[float, Field(gt=0, le=1)] = 0.88  # of two embeddings, from which they mean the same
    cluster_rows: Annotated[int, Field(ge=1)] = 2_000  # records a cluster has, on average
    seed: int = 0

    def sketch(self, rows: pa.Table) -> pa.Table:
        scores = [pc.fill_null(rows[name], 0) for name in CRITERIA if name in rows.column_names]
        total = functools.reduce(pc.add, scores) if scores else pa.repeat(pa.scalar(0), len(rows))
        columns = {"id": rows["id"], "score": total, ORIGINAL: originals(rows), PASSAGE: passages(rows)}
        return pa.table({**columns, "vector": unpacked(rows["embedding"])})

    def decide(self, sketches: pa.Table, each: Each) -> Decision:
        precedence = [("score", "descending"), ("id", "ascending")]
        ordered = sketches.sort_by(precedence)  # what follows does not depend on the parts
        ids, vectors = ordered["id"], as_matrix(ordered["vector"])
        clusters = clustered(vectors, -(-len(ids) // self.cluster_rows), self.seed)
        family = families(ids, ordered[ORIGINAL])
        shown = ordered[PASSAGE].to_numpy()

        def compared(rows: Places, others: Places) -> Flags:
            is_other: Flags = family[rows, None] != family[others]
            is_other &= shown[rows, None] == shown[others]
            return is_other

        goes, found = np.zeros(len(ids), np.bool_), [np.empty(0, PAIRS)]
        for near in near_in_clusters(vectors, clusters, self.min_cosine, compared, goes):
            found.append(first_staying(_pairs(*near), goes))
        chosen = np.concatenate(found)
        table = verdicts(
            ids.take(pa.array(chosen["row"])),
            REASON,
            got=pc.round(pa.array(chosen["whole"].astype(float)), 3),
            limit=self.min_cosine,
            twin=ids.take(pa.array(chosen["twin"])),
        )
        return Decision(table, {"clusters": len(clusters.centroids)})

    def measures(self, rows: pa.Table) -> Iterator[Measure]:
        """How near the nearest other record comes to each. Cost: rows x rows."""
        sketches = self.sketch(rows)
        vectors, shown = as_matrix(sketches["vector"]), sketches[PASSAGE].to_numpy()
        family = families(sketches["id"], sketches[ORIGINAL])
        for start in range(0, len(vectors), BLOCK):
            block = slice(start, start + BLOCK)
            is_other = family[block, None] != family  # nor the record itself
            is_other &= shown[block, None] == shown
            nearest = np.where(is_other, vectors[block] @ vectors.T, 0).max(axis=1)
            yield from (Measure(REASON, float(cosine), self.min_cosine) for cosine in nearest)


def _pairs(rows: Places, twins: Places, cosines: np.ndarray) -> Pairs:
    pairs = np.zeros(len(rows), PAIRS)
    pairs["row"], pairs["twin"], pairs["whole"] = rows, twins, cosines
    return pairs
