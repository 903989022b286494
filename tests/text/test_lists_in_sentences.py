"""Items and questions that stand twice in one sentence, and sentences where words return for a reason."""

import pytest

from pipeline.text.lists_in_sentences import listed_twice
from stages.drop_poor_questions import DropPoorQuestions
from tests.stages.make import instruction


@pytest.mark.parametrize(
    ("question", "twice"),
    [
        ("What is System Administration, Cloud Computing, and Cloud Computing?", "cloud computing"),
        ("What is Cell Biology, who does it, and what is Cell Biology?", "what is cell biology"),
        ("What is climate change and what is climate change, a global issue?", "what is climate change"),
        ("What are flying cars, flying machines, flying boats, or flying machines?", "flying machines"),
        ("What is the heart rate; what is the pulse; what is the heart rate?", "what is the heart rate"),
        ("How do air pressure and temperature change, and how do wind and air pressure?", None),
        ("How do civil law and criminal law differ from common law?", None),
        ("What is the largest number and what is the smallest number?", None),
        ("What is the difference between a gene and an allele, and between an allele and a locus?", None),
        ("Does the rain in Spain, or the rain in France, fall on the plain?", None),
        ("If apples cost 3.00 per pound and pears cost 2.00 per pound, what do both cost?", None),
        ("What do cats and dogs, and what do dogs and birds, fear?", None),
        ('Is it "to be, to be" or "not to be, not to be"?', None),
    ],
)  # fmt: skip
def test_what_a_sentence_lists_twice(question: str, twice: str | None) -> None:
    assert listed_twice(question) == twice
    verdict = DropPoorQuestions().judge(instruction(question))
    if twice:
        assert verdict is not None
        assert verdict.reason.startswith("question_repeats_") or verdict.reason == "question_is_circular"
    else:
        assert verdict is None, verdict
