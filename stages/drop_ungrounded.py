"""Drop tasks whose answer does not come from their passage, by the words that the two share.

Example -> Example. An answer that is a label, of a word or two, says nothing of its own and stays, as does a
row without a passage. Words are compared by their stems, so an answer in other words stays when it keeps the
names and things of the text; Chinese ones by their characters. Numbers are those of the passage, however they
are written (pipeline/synthesis/fidelity.py). A judge sees more: stages/judge_grounding.py. Linear in the row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from pipeline.records import Example
from pipeline.stage import FilterStage, Measure, Reject, first_broken
from pipeline.synthesis.fidelity import lacking, numbers_in
from pipeline.text.scripts import n_words_like
from pipeline.text.text import stems, words

LABEL_WORDS = 2


@dataclass(frozen=True, kw_only=True)
class DropUngrounded(FilterStage):
    reads: ClassVar[type] = Example
    writes: ClassVar[type] = Example
    version: ClassVar[int] = 3  # 3: numbers of several words; 2: one reader of numbers

    min_shared: Annotated[float, Field(ge=0, le=1)] = 0.5  # of the answer's stems, that the passage has
    new_numbers: bool = False  # whether an answer may have a number that its passage has not

    def judge(self, example: Example) -> Reject | None:
        if _says_something(example) and not self.new_numbers:
            numbers = lacking(example.answer, example.passage)
            if numbers:
                return Reject("answer_has_new_number", got=numbers, limit="numbers of the passage")
        return first_broken(self.measures(example))

    def measures(self, example: Example) -> Iterator[Measure]:
        if not _says_something(example):
            return
        told, given = (_stems(text) for text in (example.answer, example.passage))
        numbers = {number.text for number in numbers_in(example.answer)}
        lost = set(lacking(example.answer, example.passage))
        if told or numbers:
            share = (len(told & given) + len(numbers - lost)) / (len(told) + len(numbers))
            yield Measure("answer_not_grounded", share, self.min_shared, is_least=True)


def _says_something(example: Example) -> bool:
    return bool(example.passage) and n_words_like(example.answer) > LABEL_WORDS


def _stems(text: str) -> set[str]:
    """The stems of its words; numbers are read by themselves."""
    return {stem for stem in stems(words(text)) if not stem.isdecimal()}
