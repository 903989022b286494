"""Drop rows so that what stays is a mixture of sources in given proportions.

Example -> Example and Passage -> Passage. A row's source is `style/` and the style it was rephrased in, else
`task/` and the type of its task, else `taxonomy` for a question along the taxonomy and `real` for a passage
as it stands. The mixture is the largest that has the proportions exactly, to within a row, and none of its
sources above its cap. Real texts without `weights` all stay, whatever there is beside them: of each style go
the rows beyond its share, and none where they are fewer; `drop_real` asks for the shares exactly. Which rows
of a source stay is drawn by their ids. The result does not depend on
sharding. Memory in `decide`: the ids, and four numbers a row. Source: WRAP (https://arxiv.org/abs/2401.16380)
mixes real and synthetic texts 1:1; FinePhrase (https://arxiv.org/abs/2604.13977) has shares of each style.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from pipeline.dedup.word_hashes import hashed
from pipeline.records import Worded
from pipeline.stage import DatasetStage, Decision, Each, verdicts
from pipeline.synthesis.mixing import beside_real, mixed, with_all_real

REAL, TAXONOMY = "real", "taxonomy"


@dataclass(frozen=True, kw_only=True)
class DropToMix(DatasetStage):
    reads: ClassVar[type] = Worded
    writes: ClassVar[type] = Worded
    version: ClassVar[int] = 4  # 4: signs that are spoken of; 3: symbols tell texts apart

    weights: Mapping[str, Annotated[float, Field(ge=0)]] = field(default_factory=dict)  # of each source
    caps: Mapping[str, Annotated[int, Field(ge=0)]] = field(default_factory=dict)  # rows of a source at most
    total: Annotated[int, Field(ge=1)] | None = None  # rows at most
    # The share of each style in a mix with real texts, for a mixture without `weights`; the recipe's own
    shares: Mapping[str, Annotated[float, Field(gt=0, le=1)]] = field(default_factory=dict)
    drop_real: bool = False  # whether real texts go where rephrasings are too few for `shares`
    seed: int = 0

    def sketch(self, rows: pa.Table) -> pa.Table:
        default = REAL if "text" in rows.column_names else TAXONOMY
        kinds = [kind for kind in ("style", "task") if kind in rows.column_names]
        found = pc.coalesce(*(_named(kind, rows[kind]) for kind in kinds), default)
        seeded = pc.binary_join_element_wise(rows["id"], str(self.seed), " ")
        drawn = np.frombuffer(b"".join(hashed(seeded).to_pylist()), np.uint64)[::2]
        return pa.table({"id": rows["id"], "source": found.dictionary_encode(), "drawn": drawn})

    def decide(self, sketches: pa.Table, each: Each) -> Decision:
        sources = sketches["source"].combine_chunks()
        names = sources.dictionary.to_pylist()
        codes = sources.indices.to_numpy()
        there = dict(zip(names, np.bincount(codes, minlength=len(names)).tolist(), strict=True))
        available = {name: min(n, self.caps.get(name, n)) for name, n in there.items()}
        counts = self._counts(available)
        order = np.lexsort((sketches["id"].to_numpy(), sketches["drawn"].to_numpy(), codes))
        starts = np.searchsorted(codes[order], np.arange(len(names)))
        rank = np.empty(len(codes), np.int64)
        rank[order] = np.arange(len(codes)) - starts[codes[order]]
        limits = np.array([counts[name] for name in names], np.int64)
        goes = rank >= limits[codes]
        table = verdicts(
            sketches["id"].filter(pa.array(goes)),
            "not_in_the_mixture",
            got=pa.array(rank[goes] + 1),
            limit=pa.array(limits[codes][goes]),
        )
        report = {name: {"rows": there[name], "kept": counts[name]} for name in sorted(names)}
        return Decision(table, {"mixture": report})

    def _counts(self, available: Mapping[str, int]) -> dict[str, int]:
        """How many rows of each source stay."""
        if self.weights:
            return mixed(available, self.weights, self.total)
        if REAL not in available:
            return mixed(available, dict(available), self.total)
        shares = {name: self.shares.get(name, 1.0) for name in available}
        if self.drop_real:
            return mixed(available, beside_real(available, REAL, shares), self.total)
        return with_all_real(available, REAL, shares, self.total)


def _named(kind: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The names of sources of that kind, null where a row is of none."""
    return pc.if_else(pc.equal(column, ""), None, pc.binary_join_element_wise(kind, column, "/"))


def source(kind: str, name: str) -> str:
    """The source of rows of that style, or task."""
    return f"{kind}/{name}"
