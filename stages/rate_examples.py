"""Have a judge score each example on four criteria.

Example -> Example, one each, with the scores as columns; DropLowRated filters by them. `votes` requests an
example, or one. A vote that cannot be read is left out, and an example with none that can stays unrated: a
judge's slip is no fault of the example, and gates.max_bad_replies ends a run whose judge slips often.
Source: LLM judges (Zheng et al. 2023, https://arxiv.org/abs/2306.05685); ours: a short reason before the
scores, one number a criterion, and the lower median of several votes. A judge's number depends on the place
where it is asked for, so every second vote has the criteria in the opposite order; how much it does, and
whether length alone is paid, `python -m benchmarks.judge` says of a judge.
"""

import asyncio
import dataclasses
import math
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model, model_validator

from pipeline.errors import BadReply, RequestFailed, RequestRefused
from pipeline.model import Model, Prompt, Sampling
from pipeline.records import CRITERIA, Example
from pipeline.stage import Expected, ModelStage, Reject

LONGEST_REASON = 300
# 4, 4.5, "4", "4/5", "4 out of 5"; of a judge whose server does not hold it to the schema
NUMBER = re.compile(r"\W*([1-5](?:\.\d+)?)\s*(?:(?:/|out of)\s*5(?:\.0)?)?\W*")


def _rounded(score: object) -> object:
    """The score as a whole number, halves up; what is none stays, for the schema to refuse."""
    if isinstance(score, bool):
        return None
    if isinstance(score, str) and (number := NUMBER.fullmatch(score)) is not None:
        score = float(number[1])
    return math.floor(score + 0.5) if isinstance(score, float) and math.isfinite(score) else score


def _shortened(reason: object) -> object:
    return reason[:LONGEST_REASON] if isinstance(reason, str) else reason


Score = Annotated[Literal[1, 2, 3, 4, 5], BeforeValidator(_rounded)]
Reason = Annotated[str, Field(min_length=1, max_length=LONGEST_REASON), BeforeValidator(_shortened)]


def _reply(criteria: Sequence[str]) -> type[BaseModel]:
    """The scores in that order, after their reason; what else a judge says is left out."""

    def known(said: object) -> object:
        if not isinstance(said, dict):
            return said
        named = {str(name).lower(): value for name, value in said.items()}
        return {name: named[name] for name in ("reason", *criteria) if name in named}

    fields: dict[str, Any] = dict.fromkeys(criteria, (Score, ...))
    validators: dict[str, Any] = {"known": model_validator(mode="before")(known)}
    return create_model(
        "Reply",
        __config__=ConfigDict(extra="forbid"),
        __validators__=validators,
        reason=(Reason, ...),
        **fields,
    )


ORDERS = (CRITERIA, CRITERIA[::-1])  # of the votes by turns
REPLIES = tuple(_reply(order) for order in ORDERS)


@dataclass(frozen=True, kw_only=True)
class RateExamples(ModelStage):
    reads: ClassVar[type] = Example
    writes: ClassVar[type] = Example
    version: ClassVar[int] = 3  # 3: votes that cannot be read are left out

    prompt: Prompt = Prompt("rate_examples/rate")
    votes: Annotated[int, Field(ge=1)] = 1
    sampling: Sampling = Sampling(temperature=0.2, max_tokens=400)  # a reason takes up to 300

    def expected(self) -> Expected:
        return Expected(requests=self.votes, rows=1)

    async def map(self, example: Example, model: Model) -> list[Example | Reject]:
        asked = (self._vote(example, model, sample) for sample in range(self.votes))
        # All are waited for, whatever one raises: their replies are counted in one tally.
        votes = await asyncio.gather(*asked, return_exceptions=True)
        read = [vote for vote in votes if isinstance(vote, BaseModel)]
        for vote in votes:
            slipped = isinstance(vote, BadReply) and not isinstance(vote, RequestRefused | RequestFailed)
            if isinstance(vote, BaseException) and not slipped:
                raise vote
        if not read:
            return [example]
        scores = {name: statistics.median_low(getattr(vote, name) for vote in read) for name in CRITERIA}
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
