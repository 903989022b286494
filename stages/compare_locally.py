"""Measure how near in meaning a rephrasing is to its original, by the packaged model and without a server.

Passage -> Passage, Instruction -> Instruction, one each, with `likeness`; rows that are no rephrasings stay
as they are. See pipeline/embeddings/local_embedder.py for the model, its speed (two texts a row) and its
memory. It reads the first 256 tokens of a text: of longer ones it compares the starts.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipeline.embeddings.local_embedder import embed
from pipeline.records import Instruction, Passage, Worded
from pipeline.stage import FilterStage


@dataclass(frozen=True, kw_only=True)
class CompareLocally(FilterStage):
    reads: ClassVar[type] = Worded
    writes: ClassVar[type] = Worded
    version: ClassVar[int] = 1

    def judge_all(self, rows: Sequence[Passage | Instruction]) -> list[Worded | None]:
        styled = [row for row in rows if row.style]
        texts, originals = embed([row.says for row in styled]), embed([row.original for row in styled])
        cosines = iter(np.einsum("ij,ij->i", texts, originals).tolist())
        return [
            dataclasses.replace(row, likeness=round(next(cosines), 4)) if row.style else None for row in rows
        ]
