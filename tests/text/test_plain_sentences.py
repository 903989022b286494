"""Texts that ran into the limits of the pattern that they were held to, and texts that ended before."""

import re

import pytest

from pipeline.text.plain_sentences import (
    MAX_MIDDLE_WORDS,
    MAX_PHRASE_WORDS,
    MAX_WORD_CHARS,
    ONE_SENTENCE,
    ONE_YES_NO_SENTENCE,
    PHRASE,
    phrase_at_limit,
    sentence_at_limit,
)

WORDS = (
    "of the heart and the lungs in a body that has to move blood round to all of its parts by day and night"
)


def longest(opening: str, last: str = "thesumeable") -> str:
    return f"{opening} {' '.join(WORDS.split()[:MAX_MIDDLE_WORDS])} {last}?"


@pytest.mark.parametrize(
    ("question", "at_limit"),
    [
        (longest("What are"), True),
        (longest("How many"), True),
        (longest("What kind", "blood"), True),  # whole or not: nobody can tell
        (longest("Can you explain"), True),
        ("What is the role of organsofthedigestingsyst?", True),
        ("What is the role of the organsofthedigestingsyst, in food?", True),
        ("How does the body use an electroencephalogram in tests?", False),
        ("What is the role of the digestive organs?", False),
        ("What are the differences between telecommunications and broadcasting?", False),
        (longest("What are").replace(" of the heart", ""), False),
        ("How do counterintuitive results come about in physics?", False),
    ],
)
def test_a_question_that_reached_a_limit_is_told(question: str, at_limit: bool) -> None:
    assert re.search(ONE_SENTENCE, question), "decoding could not have made it"
    assert (sentence_at_limit(question) is not None) is at_limit


@pytest.mark.parametrize(
    ("question", "at_limit"),
    [
        (longest("Is"), True),
        (longest("Can"), True),
        ("Does the heart pump electroencephalog?", False),
        ("Does the heart beat intercommunication?", False),
        ("Can the body live on foodofalltheothersortsof?", True),
        ("Is the heart a muscle of the body?", False),
    ],
)
def test_a_yes_no_question_that_reached_a_limit_is_told(question: str, at_limit: bool) -> None:
    assert re.search(ONE_YES_NO_SENTENCE, question)
    assert (sentence_at_limit(question, yes_or_no=True) is not None) is at_limit


@pytest.mark.parametrize(
    ("phrase", "at_limit"),
    [
        ("on high cliffs", False),
        (" ".join(["word"] * (MAX_PHRASE_WORDS - 1)), False),
        (" ".join(["word"] * MAX_PHRASE_WORDS), True),
        ("a" * MAX_WORD_CHARS, True),
        ("a" * (MAX_WORD_CHARS - 1), False),
        ("", False),
    ],
)
def test_a_phrase_that_reached_a_limit_is_told(phrase: str, at_limit: bool) -> None:
    assert not phrase or re.search(PHRASE, phrase)
    assert (phrase_at_limit(phrase) is not None) is at_limit
