"""Records for stage tests, each with one thing of its own."""

from typing import Any

from pipeline.records import Discipline, Example, Instruction, Subject, Syllabus

PLACE = {
    "discipline_id": "genetics",
    "field": "Life sciences",
    "subfield": "Biology",
    "discipline": "Genetics",
}
COURSE = {**PLACE, "subject": "Heredity", "level": "introductory"}
QUESTION = "Why do two brown-eyed parents sometimes have a child with blue eyes?"
ANSWER = (
    "Both parents can carry a recessive allele for blue eyes, and a child who gets it from each shows it."
)


def discipline(name: str = "Genetics") -> Discipline:
    return Discipline(
        id=name.lower(), field="Life sciences", subfield="Biology", discipline=name, description="Genes."
    )


def subject(**changes: Any) -> Subject:
    return Subject(
        **{"id": "subject", **COURSE, "description": "Genes.", "subtopics": ("genes", "alleles"), **changes}
    )


def syllabus(**changes: Any) -> Syllabus:
    made = {
        "id": "syllabus",
        "subject_id": "subject",
        **COURSE,
        "text": "Session 1. Genes. Session 2. Alleles.",
        "sessions": ("Genes", "Alleles"),
        "concepts": (("locus", "chromosome", "mutation"), ("dominance", "recessive trait")),
    }
    return Syllabus(**{**made, **changes})


def instruction(question: str = QUESTION, **changes: Any) -> Instruction:
    made = {
        "id": "instruction",
        "parent_id": "syllabus",
        **COURSE,
        "sessions": ("Alleles",),
        "concepts": ("dominance",),
        "question": question,
        "questioner": "fake",
    }
    return Instruction(**{**made, **changes})


def example(answer: str = ANSWER, **changes: Any) -> Example:
    made = {
        "id": "example",
        "parent_id": "syllabus",
        **COURSE,
        "sessions": ("Alleles",),
        "concepts": ("dominance",),
        "question": QUESTION,
        "questioner": "fake",
        "answer": answer,
        "answer_finish": "stop",
        "answerer": "fake",
        "n_prompt_tokens": 20,
        "n_answer_tokens": 30,
    }
    return Example(**{**made, **changes})
