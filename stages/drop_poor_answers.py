"""Drop examples whose answer is none: too short, cut off, refused, repeating itself or the question.

Example -> Example. Pure arithmetic on one text, linear in its length. The limits were set on the labelled
rows of tests/data: of 193 sound answers they drop 1.6 % (python -m benchmarks.labelled); of the 1,319 answers
of GSM8K, on which none was set, 0.1 %. Limits of repetition were set on long texts too (`--by-length`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from pipeline.model import Prompt
from pipeline.records import Example
from pipeline.stage import FilterStage, Measure, Reject, first_broken
from pipeline.text.circular import circular_in
from pipeline.text.damage import damage_in, unseen_in
from pipeline.text.endings import has_end, is_stop
from pipeline.text.faults import chat_marker_in, leak_in
from pipeline.text.lists_in_sentences import item_listed_twice
from pipeline.text.markup import broken_markup_in
from pipeline.text.mixed_scripts import mixed_scripts_in
from pipeline.text.personal_data import personal_data_in
from pipeline.text.refusals import own_life_in, refusal_in
from pipeline.text.repetition import (
    bare_marks_in,
    beyond_length,
    loop_in,
    repeated_item_share,
    repeated_runs_share,
    said_again_share,
    telling,
)
from pipeline.text.slots import template_in
from pipeline.text.text import STEM, ngrams, repeated_line_share, stems, words

OVERLAP_N = 3  # words an n-gram, for what an answer takes over from its question
NOTHING_NEW = {
    "also",
    "both",
    "from",
    "have",
    "such",
    "that",
    "these",
    "they",
    "this",
    "those",
    "which",
    "with",
}
OTHER_LANGUAGE = re.compile(r"\b(?:translat\w*|dialects?|alphabets?|pronounce\w*|transliterat\w*)\b", re.I)
# A question whose answer may be words of it: one of two, the one that is, yes or no.
OFFERS = re.compile(
    r"\b(?:or|whether|true|false)\b"
    r"|\A\W*(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|which|if)\b",
    re.IGNORECASE,
)
START = 40  # words, one of which is nearly always new
RUN = 4  # words, of which an answer says a share again
SCHEMA = re.compile(r'"(?:answer|response|properties|type)"\s*:')


@dataclass(frozen=True, kw_only=True)
class DropPoorAnswers(FilterStage):
    reads: ClassVar[type] = Example
    writes: ClassVar[type] = Example
    version: ClassVar[int] = 7  # 7: more of what adds nothing; 6: an item twice in a list

    min_words: Annotated[int, Field(ge=0)] = 1
    max_words: Annotated[int, Field(ge=1)] = 3000
    max_repeated_ngrams: Annotated[float, Field(ge=0, le=1)] = (
        0.2  # share of word 4-grams seen earlier, less what the length explains (up to 0.16)
    )
    max_said_again: Annotated[float, Field(ge=0, le=1)] = 0.1  # share of words in sentences said before
    max_repeated_items: Annotated[float, Field(ge=0, le=1)] = (
        0.2  # share of a list's items seen earlier in it
    )
    max_repeated_lines: Annotated[float, Field(ge=0, le=1)] = 0.3  # share of non-empty lines seen earlier
    max_from_question: Annotated[float, Field(ge=0, le=1)] = (
        0.5  # share of 3-grams that the question has, in an answer that adds no word to it
    )
    prompts: tuple[Prompt, ...] = ()  # templates that must not shine through; the recipe names its own
    system: str | None = None  # the model's system message, which must not either
    max_second_script: Annotated[float, Field(ge=0, le=1)] = 0.05  # share of letters of another script
    keep_personal_data: bool = False  # addresses of mail and web, numbers of phones, accounts and cards
    phone_region: str = "US"  # the country whose phone numbers are known without a country code
    keep_cut_off: bool = False  # keep answers that ended otherwise than by a stop, as at max_tokens

    def judge(self, example: Example) -> Reject | None:
        answer = example.answer
        broken = first_broken(self._lengths(example))
        if broken is not None:
            return broken
        if not self.keep_cut_off and not is_stop(example.answer_finish):
            return Reject("answer_cut_off", got=example.answer_finish, limit="an end that the model chose")
        if not has_end(answer):
            return Reject(
                "answer_without_end", got=answer[-80:], limit="an end like a sentence, a list or a number"
            )
        broken = first_broken(self._repetitions(example))
        if broken is not None:
            return broken
        loop = loop_in(answer)
        if loop is not None:
            return Reject("answer_repeats_itself", got=loop, limit="no words three times in a row")
        twice = item_listed_twice(answer)
        if twice is not None:
            return Reject("answer_repeats_itself", got=twice, limit="no item twice in a list")
        return self._fault(example)

    def measures(self, example: Example) -> Iterator[Measure]:
        yield from self._lengths(example)
        yield from self._repetitions(example)

    def _lengths(self, example: Example) -> Iterator[Measure]:
        n_words = len(words(example.answer))
        yield Measure("answer_too_short", n_words, self.min_words, is_least=True)
        yield Measure("answer_too_long", n_words, self.max_words)

    def _repetitions(self, example: Example) -> Iterator[Measure]:
        answer = example.answer
        told = words(telling(answer))
        share = beyond_length(repeated_runs_share(told, RUN), len(told))
        yield Measure("answer_repeats_itself", share, self.max_repeated_ngrams)
        yield Measure("answer_repeats_sentences", said_again_share(answer), self.max_said_again)
        yield Measure("answer_repeats_items", repeated_item_share(answer), self.max_repeated_items)
        yield Measure("answer_repeats_lines", repeated_line_share(telling(answer)), self.max_repeated_lines)
        yield Measure("answer_repeats_question", _share_from_question(example), self.max_from_question)

    def _mixed_scripts_in(self, example: Example) -> str | None:
        """None where another language was asked for."""
        found = mixed_scripts_in(example.answer, self.max_second_script)
        return None if found and OTHER_LANGUAGE.search(example.question) else found

    def _fault(self, example: Example) -> Reject | None:
        answer = example.answer
        faults = [
            ("answer_refused", refusal_in(answer)),
            ("answer_has_chat_marker", chat_marker_in(answer, example.question)),
            ("answer_has_template", template_in(answer)),
            ("answer_leaks_prompt", leak_in(answer, self.prompts, self.system) or _schema_in(example)),
            ("answer_has_broken_markup", broken_markup_in(answer)),
            ("answer_is_damaged", damage_in(answer) or unseen_in(answer)),
            ("answer_tells_own_life", own_life_in(answer, example.question)),
            ("answer_has_bare_list", bare_marks_in(answer)),
            ("answer_is_circular", circular_in(answer)),
            ("answer_mixes_scripts", self._mixed_scripts_in(example)),
        ]
        if not self.keep_personal_data:
            faults.append(("answer_has_personal_data", personal_data_in(answer, self.phone_region)))
        return next((Reject(reason, got=got) for reason, got in faults if got is not None), None)


def _share_from_question(example: Example) -> float:
    """0 for an answer with a word of its own, and where a question gives a text to work on or a choice."""
    asked, answered = words(example.bare), words(example.answer)
    if example.passage or "\n" in example.question or OFFERS.search(example.question):
        return 0.0
    known = stems(asked) | {f"{word}s" for word in asked if len(word) < STEM} | NOTHING_NEW
    if any(stems(some) - known for some in (answered[:START], answered)):
        return 0.0
    grams = ngrams(answered, OVERLAP_N)
    return len(grams & ngrams(asked, OVERLAP_N)) / len(grams) if grams else 0.0


def _schema_in(example: Example) -> str | None:
    """The reply to another request: a schema, or an answer in JSON where the question says nothing of it."""
    answer = example.answer.strip()
    if not answer.startswith("{") or "json" in example.question.casefold():
        return None
    found = SCHEMA.search(answer)
    return found.group() if found else None
