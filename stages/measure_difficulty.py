"""Measure how much of an answer's surprise its question does not take away.

Example -> Example, one each, with `difficulty` as a column: the perplexity of the answer given the question
over that of the answer to an empty question. Near 0 the question says the answer, near 1 it hardly helps,
above 1 the two do not fit. Two requests an example, without output, to a server that gives
`prompt_logprobs` (vLLM does). Source: instruction-following difficulty (Li et al. 2023,
https://arxiv.org/abs/2308.12032); ours: both sides in the model's own chat template, so that the question
alone makes the difference.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import ClassVar

from pipeline.model import Model
from pipeline.records import Example
from pipeline.stage import Expected, ModelStage, Reject, settle

LARGEST_EXPONENT = 20.0  # a log-probability is as low as a server says: e^709 is no float any more


@dataclass(frozen=True, kw_only=True)
class MeasureDifficulty(ModelStage):
    reads: ClassVar[type] = Example
    writes: ClassVar[type] = Example
    version: ClassVar[int] = 1

    def expected(self) -> Expected:
        return Expected(requests=2, rows=1)

    async def map(self, example: Example, model: Model) -> list[Example | Reject]:
        found = await settle(
            [model.surprise(example.asked, example.answer), model.surprise("", example.answer)]
        )
        if (bad := next((one for one in found if isinstance(one, Reject)), None)) is not None:
            return [bad]
        asked, alone = found
        if asked is None or alone is None:
            return [Reject("answer_without_a_token", got=example.answer)]
        difficulty = math.exp(min(asked - alone, LARGEST_EXPONENT))
        return [dataclasses.replace(example, difficulty=round(difficulty, 4))]
