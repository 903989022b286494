"""Drop tasks whose answer does not come from their passage, by the words that the two share.

Example -> Example. An answer that is a label, of a word or two, says nothing of its own and stays, as does a
row without a passage. Words are compared by their stems, so an answer in other words stays when it keeps the
names and things of the text. A judge sees more: stages/judge_grounding.py. Linear in the row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from pipeline.records import Example
from pipeline.stage import FilterStage, Measure, Reject, first_broken
from pipeline.text.text import stems, words

LABEL_WORDS = 2


@dataclass(frozen=True, kw_only=True)
class DropUngrounded(FilterStage):
    reads: ClassVar[type] = Example
    writes: ClassVar[type] = Example
    version: ClassVar[int] = 2  # 2: one reader of numbers; marks belong to their letters

    min_shared: Annotated[float, Field(ge=0, le=1)] = 0.5  # of the answer's stems, that the passage has
    new_numbers: bool = False  # whether an answer may have a number that it has not

    def judge(self, example: Example) -> Reject | None:
        told, given = _stems(example)
        numbers = sorted(stem for stem in told - given if stem.isdigit())
        if numbers and not self.new_numbers:
            return Reject("answer_has_new_number", got=numbers, limit="numbers of the passage")
        return first_broken(self._shared(told, given))

    def measures(self, example: Example) -> Iterator[Measure]:
        return self._shared(*_stems(example))

    def _shared(self, told: set[str], given: set[str]) -> Iterator[Measure]:
        if told:
            yield Measure(
                "answer_not_grounded", len(told & given) / len(told), self.min_shared, is_least=True
            )


def _stems(example: Example) -> tuple[set[str], set[str]]:
    """Of the answer and of the passage; none of an answer that stays whatever the passage says."""
    answered = words(example.answer)
    if not example.passage or len(answered) <= LABEL_WORDS:
        return set(), set()
    return stems(answered), stems(words(example.passage))
