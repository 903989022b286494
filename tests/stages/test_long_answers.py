"""Limits of repetition on long texts: an able teacher's parallels stay, its circles and planted loops go."""

import random

import pytest

from benchmarks.long_texts import able_answers, of_people, with_loops
from stages.drop_poor_answers import DropPoorAnswers
from tests.stages.make import example


def reason(answer: str) -> str:
    verdict = DropPoorAnswers(keep_personal_data=True).judge(example(answer, question="What is it?"))
    return verdict.reason if verdict else ""


@pytest.mark.parametrize("answer", able_answers("sound in form"))
def test_a_comparison_in_parallel_sentences_stays(answer: str) -> None:
    assert reason(answer) == ""


@pytest.mark.parametrize("answer", able_answers("circles"))
def test_an_answer_that_goes_in_circles_goes(answer: str) -> None:
    assert reason(answer).startswith("answer_repeats")


def test_few_texts_of_people_are_taken_for_loops() -> None:
    texts = list(of_people(random.Random(1)))
    assert len(texts) > 100
    assert sum(reason(text).startswith("answer_repeats") for text in texts) <= 0.05 * len(texts)


def test_loops_are_found_in_texts_of_any_length() -> None:
    rng = random.Random(2)
    texts = [loop for text in able_answers("sound in form") for loop in with_loops(text, rng)]
    assert len(texts) >= 30
    missed = [loop.planted for loop in texts if not reason(loop.text).startswith("answer_repeats")]
    assert len(missed) <= 0.03 * len(texts), missed
