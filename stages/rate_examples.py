"""Have a judge score each example on four criteria.

Example -> Example, one each, with the scores as columns; DropLowRated filters by them. `votes` requests an
example, or one. Source: the additive rubrics of LLM judges (Zheng et al. 2023, https://arxiv.org/abs/2306.05685);
ours: a short reason before the scores, one number a criterion, and the lower median of several votes.
"""

import asyncio
import dataclasses
import statistics
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, Field

from pipeline.model import Model, Prompt, Sampling
from pipeline.records import CRITERIA, Example
from pipeline.stage import Expected, ModelStage, Reject

Score = Literal[1, 2, 3, 4, 5]


class Reply(BaseModel):
    reason: str = Field(min_length=1, max_length=300)
    clarity: Score
    relevance: Score
    correctness: Score
    completeness: Score


@dataclass(frozen=True, kw_only=True)
class RateExamples(ModelStage):
    reads: ClassVar[type] = Example
    writes: ClassVar[type] = Example
    version: ClassVar[int] = 1

    prompt: Prompt = Prompt("rate_examples/rate")
    votes: Annotated[int, Field(ge=1)] = 1
    sampling: Sampling = Sampling(temperature=0.2, max_tokens=200)

    def expected(self) -> Expected:
        return Expected(requests=self.votes, rows=1)

    async def map(self, example: Example, model: Model) -> list[Example | Reject]:
        votes = await asyncio.gather(*(self._vote(example, model, sample) for sample in range(self.votes)))
        scores = {name: statistics.median_low(getattr(vote, name) for vote in votes) for name in CRITERIA}
        return [dataclasses.replace(example, **scores)]

    async def _vote(self, example: Example, model: Model, sample: int) -> Reply:
        return await model.ask(
            self.prompt,
            Reply,
            self.sampling,
            sample=sample,
            question=example.question,
            answer=example.answer,
        )
