"""Drop questions that nobody would ask, before an answer is paid for.

Instruction -> Instruction. Pure arithmetic on one text, linear in its length.
The limits were set on the labelled rows of tests/data: of 265 sound questions they drop 1 % (python -m
benchmarks.labelled). Of text that people wrote and no limit was set on, they drop 0.5 % of 1,319 questions
of GSM8K, and of the 175 seed tasks of Self-Instruct, 70 of which are among the labelled rows, 1 %.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from pipeline.model import Prompt
from pipeline.records import Instruction
from pipeline.stage import FilterStage, Measure, Reject, first_broken
from pipeline.text.asks import has_task
from pipeline.text.circular import circular_in
from pipeline.text.damage import damage_in, unseen_in
from pipeline.text.faults import LEAK_N, chat_marker_in, leak_in
from pipeline.text.kinds import without
from pipeline.text.lists_in_sentences import listed_twice
from pipeline.text.markup import broken_markup_in
from pipeline.text.mixed_scripts import mixed_scripts_in
from pipeline.text.personal_data import personal_data_in
from pipeline.text.question_faults import (
    choice_without_options_in,
    leak_of_course_in,
    not_given_in,
    of_one_word,
)
from pipeline.text.refusals import refusal_in
from pipeline.text.repetition import (
    bare_marks_in,
    beyond_length,
    loop_in,
    repeated_runs_share,
    telling,
)
from pipeline.text.scripts import n_words_said
from pipeline.text.slots import template_in
from pipeline.text.text import normalised, repeated_long_word_share, words

SENTENCE_END = re.compile(r"[.?!;:]\s")


@dataclass(frozen=True, kw_only=True)
class DropPoorQuestions(FilterStage):
    reads: ClassVar[type] = Instruction
    writes: ClassVar[type] = Instruction
    version: ClassVar[int] = 13  # 13: more things told by themselves; 12: a thing named twice

    min_words: Annotated[int, Field(ge=0)] = 3
    max_words: Annotated[int, Field(ge=1)] = 1500
    prompts: tuple[Prompt, ...] = ()  # templates that must not shine through; the recipe names its own
    max_repeated: Annotated[float, Field(ge=0, le=1)] = (
        0.2  # share of word 3-grams seen earlier in the question
    )
    max_repeated_words: Annotated[float, Field(ge=0, le=1)] = (
        0.45  # the same of words of 4 letters or more, in a question of one sentence
    )
    max_second_script: Annotated[float, Field(ge=0, le=1)] = 0.3  # share of letters of another script
    keep_personal_data: bool = False  # addresses of mail and web, numbers of phones, accounts and cards
    phone_region: str = "US"  # the country whose phone numbers are known without a country code

    def judge(self, instruction: Instruction) -> Reject | None:
        question = instruction.bare
        broken = first_broken(self.measures(instruction))
        if broken is not None:
            return broken
        loop = loop_in(question)
        if loop is not None:
            return Reject("question_repeats_itself", got=loop, limit="no words three times in a row")
        twice = None if SENTENCE_END.search(question) else listed_twice(question)
        if twice is not None:
            return Reject("question_repeats_itself", got=twice, limit="no item twice in one sentence")
        shared = leak_in(question, self.prompts)
        if shared is not None:
            return Reject(
                "question_leaks_prompt", got=shared, limit=f"no {LEAK_N} words in a row of a prompt"
            )
        return _fault(instruction) or self._markup_fault(question)

    def measures(self, instruction: Instruction) -> Iterator[Measure]:
        question = instruction.bare
        items = words(question)
        n_words = len(items)
        yield Measure("question_too_short", n_words_said(question), self.min_words, is_least=True)
        yield Measure("question_too_long", n_words, self.max_words)
        # Below a task, on lines of its own, stands what it is about.
        asked = telling(question.partition("\n")[0] if _is_given(question) else question)
        asked = without(asked, "quotation")  # what is quoted may repeat: "ha ha ha ha"
        share = beyond_length(repeated_runs_share(items if asked == question else words(asked), 3), n_words)
        yield Measure("question_repeats_itself", share, self.max_repeated)
        if not SENTENCE_END.search(question):
            share = repeated_long_word_share(asked)
            yield Measure("question_repeats_words", share, self.max_repeated_words)

    def _markup_fault(self, question: str) -> Reject | None:
        faults: list[tuple[str, str | None]] = [
            ("question_has_broken_markup", broken_markup_in(question)),
            ("question_is_damaged", damage_in(question) or unseen_in(question)),
            ("question_mixes_scripts", mixed_scripts_in(question, self.max_second_script)),
        ]
        if not self.keep_personal_data:
            faults.append(("question_has_personal_data", personal_data_in(question, self.phone_region)))
        return next((Reject(reason, got=got) for reason, got in faults if got is not None), None)


def _fault(instruction: Instruction) -> Reject | None:
    question = instruction.bare
    names = (instruction.subject, *instruction.sessions, *instruction.concepts)
    near = [name for name in names if len(question) < 2 * len(name)]  # no need to look at others closely
    if near and normalised(question) in map(normalised, near):
        return Reject("question_echoes_topic", got=question)
    given = instruction.passage or _is_given(question)
    faults = (
        ("question_refused", refusal_in(question)),
        ("question_has_chat_marker", chat_marker_in(question)),
        ("question_has_template", template_in(question)),
        ("question_leaks_prompt", leak_of_course_in(question)),
        ("question_without_options", choice_without_options_in(question)),
        ("question_needs_what_is_not_given", None if given else not_given_in(question)),
        (
            "question_is_circular",
            None if given else circular_in(question) or of_one_word(words(telling(question))),
        ),
        ("question_has_bare_list", bare_marks_in(question)),
    )
    for reason, got in faults:
        if got is not None:
            return Reject(reason, got=got)
    if not has_task(question):
        return Reject(
            "no_question_asked", got=question[:200], limit="a question mark or a verb that sets a task"
        )
    return None


def _is_given(question: str) -> bool:
    """Whether more than the task is there."""
    return "\n" in question
