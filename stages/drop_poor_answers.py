"""Drop examples whose answer is none: too short, cut off, refused, repeating itself or the question.

Example -> Example. Pure arithmetic on one text, linear in its length.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from pipeline.faults import (
    broken_markup_in,
    chat_marker_in,
    contact_in,
    has_end,
    mixed_scripts_in,
    refusal_in,
    template_in,
)
from pipeline.records import Example
from pipeline.stage import FilterStage, Reject
from pipeline.text import ngrams, repeated_line_share, repeated_ngram_share, words

OVERLAP_N = 3  # words an n-gram, for what an answer takes over from its question


@dataclass(frozen=True, kw_only=True)
class DropPoorAnswers(FilterStage):
    reads: ClassVar[type] = Example
    writes: ClassVar[type] = Example
    version: ClassVar[int] = 2  # 2: broken markup, contact data, mixed scripts

    min_words: Annotated[int, Field(ge=0)] = 8
    max_words: Annotated[int, Field(ge=1)] = 3000
    max_repeated_ngrams: Annotated[float, Field(ge=0, le=1)] = 0.25  # share of word 4-grams seen earlier
    max_repeated_lines: Annotated[float, Field(ge=0, le=1)] = 0.3  # share of non-empty lines seen earlier
    max_from_question: Annotated[float, Field(ge=0, le=1)] = (
        0.6  # share of the answer's 3-grams that the question has
    )
    max_second_script: Annotated[float, Field(ge=0, le=1)] = 0.05  # share of letters of another script
    keep_contacts: bool = False  # keep e-mail and web addresses, and phone numbers
    keep_cut_off: bool = False  # keep answers that ended at max_tokens

    def judge(self, example: Example) -> Reject | None:
        answer = example.answer
        n_words = len(words(answer))
        if n_words < self.min_words:
            return Reject("answer_too_short", got=n_words, limit=self.min_words)
        if n_words > self.max_words:
            return Reject("answer_too_long", got=n_words, limit=self.max_words)
        if not self.keep_cut_off and example.answer_finish == "length":
            return Reject("answer_cut_off", got=example.n_answer_tokens, limit="an end before max_tokens")
        if not has_end(answer):
            return Reject(
                "answer_without_end", got=answer[-80:], limit="an end like a sentence, a list or a number"
            )
        return self._repetition(example) or self._fault(answer)

    def _repetition(self, example: Example) -> Reject | None:
        measured = (
            ("answer_repeats_itself", repeated_ngram_share(example.answer, 4), self.max_repeated_ngrams),
            ("answer_repeats_lines", repeated_line_share(example.answer), self.max_repeated_lines),
            ("answer_repeats_question", _share_from_question(example), self.max_from_question),
        )
        for reason, got, limit in measured:
            if got > limit:
                return Reject(reason, got=round(got, 3), limit=limit)
        return None

    def _fault(self, answer: str) -> Reject | None:
        faults = (
            ("answer_refused", refusal_in(answer)),
            ("answer_has_chat_marker", chat_marker_in(answer)),
            ("answer_has_template", template_in(answer)),
            ("answer_has_broken_markup", broken_markup_in(answer)),
            ("answer_mixes_scripts", mixed_scripts_in(answer, self.max_second_script)),
            ("answer_has_contact_data", None if self.keep_contacts else contact_in(answer)),
        )
        return next((Reject(reason, got=got) for reason, got in faults if got is not None), None)


def _share_from_question(example: Example) -> float:
    answered = ngrams(words(example.answer), OVERLAP_N)
    asked = ngrams(words(example.question), OVERLAP_N)
    return len(answered & asked) / len(answered) if answered else 0.0
