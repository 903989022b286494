"""Give each record the embedding of its question.

Instruction -> Instruction, one each. One request a question, to a server with `/v1/embeddings`: vLLM with
`vllm_args: {runner: pooling}`, or any other that speaks the OpenAI protocol. A server refuses a text that is
longer than its model takes, so of a long question the start alone is embedded.
"""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from pydantic import Field

from pipeline.model import Model
from pipeline.records import Instruction
from pipeline.stage import Expected, ModelStage, Reject


@dataclass(frozen=True, kw_only=True)
class EmbedQuestions(ModelStage):
    reads: ClassVar[type] = Instruction
    writes: ClassVar[type] = Instruction
    version: ClassVar[int] = 1
    fills: ClassVar[tuple[str, ...]] = ("embedding",)

    max_chars: Annotated[int, Field(ge=1)] = 800  # 200 tokens of English; all-MiniLM-L6-v2 takes 256

    def expected(self) -> Expected:
        return Expected(requests=1, rows=1)

    async def map(self, instruction: Instruction, model: Model) -> list[Instruction | Reject]:
        return [replace(instruction, embedding=await model.embed(instruction.bare[: self.max_chars]))]
