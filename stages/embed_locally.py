"""Give each record the embedding of its question, by the packaged model and without a server.

Instruction -> Instruction, one each. See pipeline/embeddings/local_embedder.py for the model, its speed and
its memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from pipeline.embeddings.local_embedder import embed
from pipeline.embeddings.vectors import packed
from pipeline.records import Instruction
from pipeline.stage import FilterStage


@dataclass(frozen=True, kw_only=True)
class EmbedLocally(FilterStage):
    reads: ClassVar[type] = Instruction
    writes: ClassVar[type] = Instruction
    version: ClassVar[int] = 1
    fills: ClassVar[tuple[str, ...]] = ("embedding",)

    def judge_all(self, instructions: Sequence[Instruction]) -> list[Instruction]:
        vectors = embed([instruction.bare for instruction in instructions])
        return [
            replace(instruction, embedding=packed(vector))
            for instruction, vector in zip(instructions, vectors, strict=True)
        ]
