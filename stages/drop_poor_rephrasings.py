"""Drop rephrasings that copy their original, or do not say what it says.

Passage -> Passage, Instruction -> Instruction, Example -> Example: those that are rephrasings (`style`);
others stay. Reasons: `rephrasing_refused`, `leaks_prompt`, `lead_in`, `rephrasing_is_damaged`,
`rephrasing_too_short` and `_too_long`, `rephrasing_repeats_itself` and `_repeats_sentences`, `copied`,
`meaning_lost` (where a likeness was measured, see stages/compare_locally.py), `number_lost`, `number_added`,
`name_lost`, `question_lost`. Linear in the row. Sources: the checks are ours; the limits are those of the
methods' authors where they give any.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pipeline.records import Example, Instruction, Passage, Worded
from pipeline.stage import FilterStage, Measure, Reject, first_broken
from pipeline.synthesis.fidelity import lacking, lost_names, names_in
from pipeline.synthesis.reply_forms import MARKERS
from pipeline.synthesis.styles import Style
from pipeline.text.asks import has_task
from pipeline.text.circular import circular_in
from pipeline.text.damage import damage_in, unseen_in
from pipeline.text.faults import chat_marker_in, leak_in
from pipeline.text.lists_in_sentences import item_listed_twice
from pipeline.text.markup import broken_markup_in
from pipeline.text.refusals import refusal_in
from pipeline.text.repetition import (
    beyond_length,
    loop_in,
    repeated_runs_share,
    said_again_share,
    said_twice_in,
    telling,
)
from pipeline.text.text import copied_share, words

Share = Annotated[float, Field(ge=0, le=1)]
RUN = 4  # words, of which a text says a share again
Of = Literal["question", "answer", "both"]


@dataclass(frozen=True, kw_only=True)
class DropPoorRephrasings(FilterStage):
    reads: ClassVar[type] = Worded
    writes: ClassVar[type] = Worded
    version: ClassVar[int] = 5  # 5: more things told by themselves; 4: an item twice in a list

    min_ratio: Annotated[float, Field(ge=0)] = 0.3  # words of the rephrasing to those of the original
    max_ratio: Annotated[float, Field(gt=0)] = 3.0
    max_repeated_ngrams: Share = 0.2  # of word 4-grams seen earlier, beyond the original's share
    max_said_again: Share = 0.05  # of words in sentences said before, beyond the original's share
    max_copied: Share = 0.75  # of its word 5-grams, that the original has
    min_likeness: Annotated[float, Field(ge=-1, le=1)] = 0.6  # cosine; below it the meaning is another
    max_likeness: Annotated[float, Field(ge=-1, le=1)] = 0.97  # above it, a likely copy: half of `max_copied`
    min_names: Share = 0.7  # of the original's names, in a style that keeps them
    styles: Mapping[str, Style] = field(default_factory=dict)  # what each keeps; the recipe's own
    of: Of = "question"  # what was rephrased in rows of questions; likewise

    def judge(self, row: Worded) -> Reject | None:
        if not isinstance(row, Passage | Instruction) or not row.style:
            return None
        text, original = self._said(row), row.original
        return (
            self._form(row, text, original)
            or first_broken(self.measures(row))
            or self._facts(text, original, self.styles.get(row.style))
            or self._question(row)
        )

    def measures(self, row: Worded) -> Iterator[Measure]:
        if not isinstance(row, Passage | Instruction) or not row.style:
            return
        text, original, likeness = self._said(row), row.original, row.likeness
        ratio = len(words(text)) / max(1, len(words(original)))
        yield Measure("rephrasing_too_short", ratio, self.min_ratio, is_least=True)
        yield Measure("rephrasing_too_long", ratio, self.max_ratio)
        share = _repeated(text)
        yield Measure(
            "rephrasing_repeats_itself",
            share - _repeated(original) if share else share,
            self.max_repeated_ngrams,
        )
        again = said_again_share(text)
        again = again - said_again_share(original) if again else again
        yield Measure("rephrasing_repeats_sentences", again, self.max_said_again)
        if likeness is not None:
            yield Measure("meaning_lost", likeness, self.min_likeness, is_least=True)
        is_like = likeness is not None and likeness > self.max_likeness
        limit = self.max_copied / 2 if is_like else self.max_copied
        yield Measure("copied", copied_share(text, original), limit)

    def _said(self, row: Passage | Instruction) -> str:
        """What stands for the original."""
        if isinstance(row, Passage):
            return row.text
        answer = row.answer if isinstance(row, Example) else ""
        return {"question": row.question, "answer": answer, "both": f"{row.question}\n\n{answer}"}[self.of]

    def _form(self, row: Passage | Instruction, text: str, original: str) -> Reject | None:
        refused = refusal_in(text) or chat_marker_in(text, asked=row.style)
        if refused is not None and refused.casefold() not in original.casefold():
            return Reject("rephrasing_refused", got=refused)
        leak = leak_in(text, tuple(style.prompt for style in self.styles.values()))
        if leak is not None and leak not in " ".join(words(original)):
            return Reject("leaks_prompt", got=leak)
        lead = MARKERS.search(text)
        if lead is not None and lead.group().casefold() not in original.casefold():
            return Reject("lead_in", got=lead.group())
        damage = damage_in(text) or unseen_in(text) or broken_markup_in(text) or loop_in(text)
        if damage is not None and not (broken_markup_in(original) or loop_in(original)):
            return Reject("rephrasing_is_damaged", got=damage)
        twice = circular_in(text) or item_listed_twice(text) or said_twice_in(text, original)
        if twice is not None and not (circular_in(original) or item_listed_twice(original)):
            return Reject(
                "rephrasing_repeats_itself",
                got=twice,
                limit="nothing twice in a list, a pair or a short text",
            )
        return None

    def _facts(self, text: str, original: str, style: Style | None) -> Reject | None:
        """Of a style that is not known, numbers and names are those of the original."""
        kept = "same" if style is None else style.numbers
        lost_numbers, added = lacking(original, text), lacking(text, original)
        if kept == "same" and lost_numbers:
            return Reject("number_lost", got=lost_numbers, limit="the numbers of the original")
        if kept != "any" and added:
            return Reject("number_added", got=added, limit="the numbers of the original")
        names = names_in(original)
        if names and (style is None or style.names):
            lost = lost_names(text, original)
            if 1 - len(lost) / len(names) < self.min_names:
                return Reject("name_lost", got=lost, limit=self.min_names)
        return None

    def _question(self, row: Worded) -> Reject | None:
        if self.of == "answer" or not isinstance(row, Instruction):
            return None
        if has_task(row.original) and not has_task(row.question):
            return Reject("question_lost", got=row.question, limit="a question, as the original is")
        return None


def _repeated(text: str) -> float:
    told = words(telling(text))
    return beyond_length(repeated_runs_share(told, RUN), len(told))
