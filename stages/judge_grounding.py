"""Ask a judge whether the answer of a task follows from its passage.

Example -> Example, those of which it does; rows without a passage stay unasked. One request an example.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from pipeline.model import Model, Prompt, Sampling
from pipeline.records import Example
from pipeline.stage import Expected, ModelStage, Reject
from pipeline.text.text import enclosed


class Reply(BaseModel):
    """The reason comes first: what it says decides."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: Annotated[str, Field(min_length=4, max_length=300)]
    follows: bool


@dataclass(frozen=True, kw_only=True)
class JudgeGrounding(ModelStage):
    reads: ClassVar[type] = Example
    writes: ClassVar[type] = Example
    version: ClassVar[int] = 2  # 2: replies without thoughts, LaTeX whole
    only_drops: ClassVar[bool] = True

    prompt: Prompt = Prompt("judge_grounding/judge")
    sampling: Sampling = Sampling(temperature=0.2, max_tokens=300)

    def expected(self) -> Expected:
        return Expected(requests=1, rows=1)

    async def map(self, example: Example, model: Model) -> list[Example | Reject]:
        if not example.passage:
            return [example]
        reply = await model.ask(
            self.prompt,
            Reply,
            self.sampling,
            passage=enclosed(example.passage),
            question=example.bare,
            answer=example.answer,
        )
        if not reply.follows:
            return [Reject("answer_does_not_follow", got=reply.reason, limit="an answer that the text gives")]
        return [example]
