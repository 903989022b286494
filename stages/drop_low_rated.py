"""Drop examples that a judge gave less than is asked for.

Example -> Example, after RateExamples. The criterion that falls shortest is the reason. An example that was
not rated stays.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from pipeline.records import CRITERIA, Example
from pipeline.stage import FilterStage, Measure, Reject

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
        shortest = max(self.measures(example), key=lambda measure: measure.lack, default=None)
        return shortest.reject() if shortest is not None else None

    def measures(self, example: Example) -> Iterator[Measure]:
        for name in CRITERIA:
            if (score := getattr(example, name)) is not None:
                yield Measure(f"low_{name}", score, getattr(self, f"min_{name}"), is_least=True)
