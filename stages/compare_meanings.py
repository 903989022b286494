"""Measure how near in meaning a rephrasing is to its original, by a served embedding model.

Passage -> Passage, Instruction -> Instruction, one each, with `likeness`. Two requests a rephrasing, see
stages/embed_questions.py for the server. Of a long text the start alone is embedded.
"""

import dataclasses
from dataclasses import dataclass
from typing import Annotated, ClassVar

import pyarrow as pa
from pydantic import Field

from pipeline.embeddings.vectors import as_matrix, unpacked
from pipeline.model import Model
from pipeline.records import Instruction, Passage, Worded
from pipeline.stage import Expected, ModelStage, Reject, settle


@dataclass(frozen=True, kw_only=True)
class CompareMeanings(ModelStage):
    reads: ClassVar[type] = Worded
    writes: ClassVar[type] = Worded
    version: ClassVar[int] = 1

    max_chars: Annotated[int, Field(ge=1)] = 800  # 200 tokens of English; all-MiniLM-L6-v2 takes 256

    def expected(self) -> Expected:
        return Expected(requests=2, rows=1)

    async def map(self, row: Passage | Instruction, model: Model) -> list[Worded | Reject]:
        if not row.style:
            return [row]
        texts = (row.says, row.original)
        found = await settle([model.embed(text[: self.max_chars]) for text in texts])
        if (bad := next((one for one in found if isinstance(one, Reject)), None)) is not None:
            return [bad]
        text, original = as_matrix(pa.chunked_array([unpacked(pa.chunked_array([found]))]))
        return [dataclasses.replace(row, likeness=round(float(text @ original), 4))]
