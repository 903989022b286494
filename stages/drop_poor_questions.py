"""Drop questions that nobody would ask, before an answer is paid for.

Instruction -> Instruction. Pure arithmetic on one text, linear in its length.
The limits were set on the labelled rows of tests/data: of 265 sound questions they drop 1 % (python -m
benchmarks.labelled). Of text that people wrote and no limit was set on, they drop 0.5 % of 1,319 questions
of GSM8K, and of the 175 seed tasks of Self-Instruct, 70 of which are among the labelled rows, 6 %.
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
from pipeline.text.faults import (
    LEAK_N,
    broken_markup_in,
    chat_marker_in,
    leak_in,
    mixed_scripts_in,
    refusal_in,
    template_in,
)
from pipeline.text.personal_data import personal_data_in
from pipeline.text.text import (
    loops,
    normalised,
    repeated_long_word_share,
    repeated_ngram_share,
    words,
)

# The prompt's own words: a question that speaks of its course leaks how it was made.
LEAKS = re.compile(
    r"\bsyllabus\b|\bkey concepts?\b|\bhomework question\b|\bthis (?:course|class|session)\b"
    r"|\banswer to (?:the|this) (?:text|question)\b|\btext about,? and what\b"
    r"|\bthe (?:course|class session)\b|\bsessions? \d|\bin (?:the )?sessions?\b"
    r"|\bstudents have (?:now )?studied\b|\bJSON\b.*\bobject\b|\"question\"",
    re.IGNORECASE,
)
TIMES = 3  # that a word in a row is a loop
SENTENCE_END = re.compile(r"[.?!;:]\s")

# Something to look at that was not given.
SEEN = r"(?:figure|diagram|image|picture|graph|chart|table|video|map|illustration)"
READ = r"(?:passage|text|excerpt|article|essay|paragraph|poem|story|document|dataset|code snippet)"
THINGS = rf"(?:{SEEN}|{READ})"
NOT_GIVEN = re.compile(
    rf"\b(?:the|this|following) {THINGS} (?:above|below|shown|provided|given)\b"
    rf"|\b(?:above|below|following) {THINGS}\b|\b(?:in|from|to|according to) the (?:text|passage|excerpt)\b"
    r"|\bthe (?:article|passage|text|author|story) (?:discuss|mention|describe|say|talk)"
    rf"|\b(?:in|from|of|on|see|to) (?:{SEEN}|fig\.|exercise|appendix|equation) \d"
    r"|\b(?:the|your) (?:answer to the )?previous (?:answer|exercise|passage|problem|question|section)\b"
    # The last sentence asks for what should follow it.
    r"|\bthe following (?!(?:day|week|month|year)s?\b|morning\b|night\b)[^:.\n]*\?\s*\Z"
    # One sentence is all there is.
    rf"|\A[^:.?\n]*\b(?:the given|this) (?:{THINGS}|code|function|list|question|sentence)\b[^:.\n]*\?\s*\Z"
    rf"|\A[^:.?\n]*\b(?:(?:in|on) the {SEEN} (?!of\b)|the {READ} about\b|author of the {READ})"
    r"[^:.\n]*\?\s*\Z",
    re.IGNORECASE,
)

# A choice, and what it would be made from.
CHOICE = re.compile(r"\b(?:one |which )(?:one )?of (?:these|the following)\b|\bwhich option\b", re.IGNORECASE)
OPTION = re.compile(r"(?:^|\s|\()[A-Da-d1-4][).:]\s", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class DropPoorQuestions(FilterStage):
    reads: ClassVar[type] = Instruction
    writes: ClassVar[type] = Instruction
    version: ClassVar[int] = 9  # 9: marks belong to their letters; questions of all scripts

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
        if loops(question, TIMES):
            return Reject("question_repeats_itself", got=f"a word {TIMES} times in a row")
        shared = leak_in(question, self.prompts)
        if shared is not None:
            return Reject(
                "question_leaks_prompt", got=shared, limit=f"no {LEAK_N} words in a row of a prompt"
            )
        return _fault(instruction) or self._markup_fault(question)

    def measures(self, instruction: Instruction) -> Iterator[Measure]:
        question = instruction.bare
        n_words = len(words(question))
        yield Measure("question_too_short", n_words, self.min_words, is_least=True)
        yield Measure("question_too_long", n_words, self.max_words)
        yield Measure("question_repeats_itself", repeated_ngram_share(question, 3), self.max_repeated)
        if not SENTENCE_END.search(question):
            share = repeated_long_word_share(question)
            yield Measure("question_repeats_words", share, self.max_repeated_words)

    def _markup_fault(self, question: str) -> Reject | None:
        faults: list[tuple[str, str | None]] = [
            ("question_has_broken_markup", broken_markup_in(question)),
            ("question_mixes_scripts", mixed_scripts_in(question, self.max_second_script)),
        ]
        if not self.keep_personal_data:
            faults.append(("question_has_personal_data", personal_data_in(question, self.phone_region)))
        return next((Reject(reason, got=got) for reason, got in faults if got is not None), None)


def _fault(instruction: Instruction) -> Reject | None:
    question = instruction.bare
    named = {normalised(text) for text in (instruction.subject, *instruction.sessions, *instruction.concepts)}
    if normalised(question) in named:
        return Reject("question_echoes_topic", got=question)
    given = instruction.passage or "\n" in question
    faults = (
        ("question_refused", refusal_in(question)),
        ("question_has_chat_marker", chat_marker_in(question)),
        ("question_has_template", template_in(question)),
        ("question_leaks_prompt", _found(LEAKS, question)),
        ("question_without_options", None if OPTION.search(question) else _found(CHOICE, question)),
        # Below a task, on lines of its own, stands what it needs.
        ("question_needs_what_is_not_given", None if given else _found(NOT_GIVEN, question)),
    )
    for reason, got in faults:
        if got is not None:
            return Reject(reason, got=got)
    if not has_task(question):
        return Reject(
            "no_question_asked", got=question[:200], limit="a question mark or a verb that sets a task"
        )
    return None


def _found(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found.group() if found else None
