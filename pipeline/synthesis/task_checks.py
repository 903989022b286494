"""What must hold of a task that a model wrote on a passage: pure functions of its slots and the passage."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline.text.asks import asks_something, asks_yes_or_no
from pipeline.text.scripts import n_words_like
from pipeline.text.text import copied_share, normalised, stands_in

MAX_COPIED = 0.8  # share of word 5-grams that a text in other words may take over
MAX_SUMMARY = 0.7  # of the words of its source
# The request said back: a question about the question, of which no text speaks.
OF_THE_TASK = re.compile(
    r"\banswers? to (?:the|this|that|your)(?: \w+)? question\b|\bquestions? (?:about|on) (?:the|this) text\b"
    r"|\b(?:above|following|previous) (?:question|text|passage)\b|\b(?:question|text|passage) above\b"
    r"|\b(?:asks?|write|requested) (?:for )?a question\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Fault:
    """What does not hold of a task."""

    reason: str
    got: object
    limit: object = None


Check = Callable[[Mapping[str, str], str], Fault | None]  # of the slots, and the passage


def stands_there(slot: str, reason: str) -> Check:
    """What stands in the slot stands in the passage."""

    def check(slots: Mapping[str, str], passage: str) -> Fault | None:
        return None if stands_in(slots[slot], passage) else Fault(reason, slots[slot], "words of the passage")

    return check


def asks(slots: Mapping[str, str], passage: str) -> Fault | None:
    """Its question is one."""
    question = slots["question"]
    if not asks_something(question):
        return Fault("no_question_asked", question, "a question")
    return _said_back(question, passage)


def asks_for_yes_or_no(slots: Mapping[str, str], passage: str) -> Fault | None:
    """Its question can be answered with yes or no."""
    question = slots["question"]
    if not asks_yes_or_no(question):
        return Fault("no_yes_no_question", question, "Is, does, can, ... ?, or the like of its language")
    return _said_back(question, passage)


def _said_back(question: str, passage: str) -> Fault | None:
    """Its question is about the passage, not about the task."""
    found = OF_THE_TASK.search(question)
    if found is None or found.group().casefold() in passage.casefold():
        return None
    return Fault("question_about_its_task", question, "a question about the passage")


def has_options(slots: Mapping[str, str], passage: str) -> Fault | None:
    """Its options are different ones, and the answer is one of them."""
    options = [option.partition(") ")[2] for option in slots["options"].splitlines()]
    if len({normalised(option) for option in options}) < len(options):
        return Fault("options_not_distinct", options, "four different options")
    if slots["answer"] not in options:
        return Fault("answer_not_an_option", slots["answer"], options)
    return None


def refers(slots: Mapping[str, str], passage: str) -> Fault | None:
    """The mention stands in a sentence of the passage, and what it stands for elsewhere in that."""
    if not stands_in(slots["sentence"], passage):
        return Fault("sentence_not_in_passage", slots["sentence"], "words of the passage")
    if not stands_in(slots["mention"], slots["sentence"]):
        return Fault("mention_not_in_sentence", slots["mention"], slots["sentence"])
    if not stands_in(slots["answer"], passage) or normalised(slots["answer"]) == normalised(slots["mention"]):
        return Fault("answer_not_in_passage", slots["answer"], "other words of the passage")
    return None


def in_other_words(slots: Mapping[str, str], passage: str) -> Fault | None:
    """It takes few runs of words over from the passage."""
    share = copied_share(slots["text"], passage)
    return Fault("copied", round(share, 3), MAX_COPIED) if share > MAX_COPIED else None


def is_shorter(slots: Mapping[str, str], passage: str) -> Fault | None:
    """It is shorter than the passage."""
    share = n_words_like(slots["text"]) / max(1, n_words_like(passage))
    return Fault("summary_too_long", round(share, 3), MAX_SUMMARY) if share > MAX_SUMMARY else None


def is_a_pair(slots: Mapping[str, str], passage: str) -> Fault | None:
    """A sentence of the passage, and another one."""
    if not stands_in(slots["sentence"], passage):
        return Fault("sentence_not_in_passage", slots["sentence"], "words of the passage")
    if normalised(slots["sentence"]) == normalised(slots["other"]):
        return Fault("sentences_equal", slots["other"], "another sentence")
    return None


def goes_on(slots: Mapping[str, str], passage: str) -> Fault | None:
    """Beginning and end are one sentence of the passage."""
    whole = f"{slots['beginning'].rstrip(' .…')} {slots['answer']}"
    return (
        None if stands_in(whole, passage) else Fault("sentence_not_in_passage", whole, "words of the passage")
    )


def has_the_word(slots: Mapping[str, str], passage: str) -> Fault | None:
    """The word stands in the passage and in the other sentence."""
    for where, text in (("passage", passage), ("sentence", slots["other"])):
        if not stands_in(slots["word"], text):
            return Fault(f"word_not_in_{where}", slots["word"], text[:200])
    return None


def all_of(*checks: Check) -> Check:
    """The first fault that one of them finds."""

    def check(slots: Mapping[str, str], passage: str) -> Fault | None:
        return next((fault for one in checks if (fault := one(slots, passage)) is not None), None)

    return check


def nothing(slots: Mapping[str, str], passage: str) -> Fault | None:
    """Nothing that could be told without a judge."""
    return None
