"""Take chunks as they stand: the real texts beside rephrased ones.

Chunk -> Passage, one each.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pipeline.records import Chunk, Passage, content_id
from pipeline.stage import MapStage


@dataclass(frozen=True, kw_only=True)
class KeepChunks(MapStage):
    reads: ClassVar[type] = Chunk
    writes: ClassVar[type] = Passage
    version: ClassVar[int] = 1
    batch: ClassVar[int] = 5000

    def map(self, chunk: Chunk) -> Iterator[Passage]:
        yield Passage(
            id=content_id(chunk.id, ""),
            language=chunk.language,
            parent_id=chunk.id,
            document=chunk.document,
            start=chunk.start,
            title=chunk.title,
            text=chunk.text.strip(),
            style="",
            original="",
            rephrased_from="",
            writer="",
            n_tokens=chunk.n_tokens,
        )
