"""Drop examples that a judge gave less than is asked for.

Example -> Example, after RateExamples. The criterion that falls shortest is the reason. An example that was
not rated stays.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from pipeline.records import CRITERIA, Example
from pipeline.stage import FilterStage, Reject

Score = Annotated[int, Field(ge=1, le=5)]


@dataclass(frozen=True, kw_only=True)
class DropLowRated(FilterStage):
    reads: ClassVar[type] = Example
    writes: ClassVar[type] = Example
    version: ClassVar[int] = 1

    min_clarity: Score = 3  # 1 keeps all
    min_relevance: Score = 3
    min_correctness: Score = 3
    min_completeness: Score = 3

    def judge(self, example: Example) -> Reject | None:
        rated = ((name, getattr(example, name), getattr(self, f"min_{name}")) for name in CRITERIA)
        short = [(limit - got, f"low_{name}", got, limit) for name, got, limit in rated if got is not None]
        lack, reason, got, limit = max(short, key=lambda item: item[0], default=(0, "", 0, 0))
        return Reject(reason, got=got, limit=limit) if lack > 0 else None
