"""Have a judge score each example on four criteria.

Example -> Example, one each, with the scores as columns; DropLowRated filters by them. `votes` requests an
example, or one. Source: LLM judges (Zheng et al. 2023, https://arxiv.org/abs/2306.05685); ours: a short
reason before the scores, one number a criterion, and the lower median of several votes. A judge's number
depends on the place where it is asked for, so every second vote has the criteria in the opposite order; how
much it does, and whether length alone is paid, `python -m benchmarks.judge` says of a judge.
"""

import asyncio
import dataclasses
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from pipeline.model import Model, Prompt, Sampling
from pipeline.records import CRITERIA, Example
from pipeline.stage import Expected, ModelStage, Reject

Score = Literal[1, 2, 3, 4, 5]


Reason = Annotated[str, Field(min_length=1, max_length=300)]


def _reply(criteria: Sequence[str]) -> type[BaseModel]:
    """The scores in that order, after their reason."""
    fields: dict[str, Any] = dict.fromkeys(criteria, (Score, ...))
    return create_model("Reply", __config__=ConfigDict(extra="forbid"), reason=(Reason, ...), **fields)


ORDERS = (CRITERIA, CRITERIA[::-1])  # of the votes by turns
REPLIES = tuple(_reply(order) for order in ORDERS)


@dataclass(frozen=True, kw_only=True)
class RateExamples(ModelStage):
    reads: ClassVar[type] = Example
    writes: ClassVar[type] = Example
    version: ClassVar[int] = 2  # 2: every second vote in the opposite order

    prompt: Prompt = Prompt("rate_examples/rate")
    votes: Annotated[int, Field(ge=1)] = 1
    sampling: Sampling = Sampling(temperature=0.2, max_tokens=400)  # a reason takes up to 300

    def expected(self) -> Expected:
        return Expected(requests=self.votes, rows=1)

    async def map(self, example: Example, model: Model) -> list[Example | Reject]:
        votes = await asyncio.gather(*(self._vote(example, model, sample) for sample in range(self.votes)))
        scores = {name: statistics.median_low(getattr(vote, name) for vote in votes) for name in CRITERIA}
        return [dataclasses.replace(example, **scores)]

    async def _vote(self, example: Example, model: Model, sample: int) -> BaseModel:
        turn = sample % len(ORDERS)
        return await model.ask(
            self.prompt,
            REPLIES[turn],
            self.sampling,
            sample=sample,
            criteria=ORDERS[turn],
            question=example.asked,
            answer=example.answer,
        )
