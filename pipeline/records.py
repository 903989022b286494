"""The nouns: one typed row each, from a place in the taxonomy to a finished example.

Ids are hashes of content: the same content has the same id in every run. Each record carries the id of its
parent and repeats its place in the taxonomy, so that one row alone can be traced.
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Protocol, TypeVar

CRITERIA = ("clarity", "relevance", "correctness", "completeness")  # that a judge scores an example on


class Record(Protocol):
    """What the engine needs of a row: a dataclass with an id. Fields are str, int, float, bool, tuple,
    None.
    """

    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=Record)


def content_id(*parts: object) -> str:
    """A 128-bit hash of `parts` as 32 hex digits."""
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def as_json(record: Record) -> str:
    """The record as one JSON object, its fields in order."""
    return json.dumps(dataclasses.asdict(record), ensure_ascii=False)  # type: ignore[call-overload]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A place in a taxonomy that is being grown."""

    id: str
    path: tuple[str, ...]  # names from the top, this node's own name last; empty for the root
    description: str
    children: tuple[str, ...]  # names of those it has already
    proposals: int  # how many of the differently worded prompts named it; 0 when it was there before
    expanded: bool  # whether its children have been asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Discipline:
    """A leaf of the taxonomy: something that people study or can do."""

    id: str  # the stable id written in the taxonomy file
    field: str
    subfield: str
    discipline: str
    description: str  # one line


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One subject that a student of a discipline should learn."""

    id: str
    discipline_id: str
    field: str
    subfield: str
    discipline: str
    subject: str
    level: str
    subtopics: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Syllabus:
    """A subject's course: its text as the planner wrote it, and what it teaches in each session."""

    id: str
    subject_id: str
    discipline_id: str
    field: str
    subfield: str
    discipline: str
    subject: str
    level: str
    text: str
    sessions: tuple[str, ...]
    concepts: tuple[tuple[str, ...], ...]  # one tuple of key concepts a session, in the order of `sessions`


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One task a user might ask, before anyone has answered it."""

    id: str
    parent_id: str  # the syllabus it was written for
    discipline_id: str
    field: str
    subfield: str
    discipline: str
    subject: str
    level: str
    sessions: tuple[str, ...]  # the sessions it draws on: one, or two for a pair
    concepts: tuple[str, ...]  # the key concepts it should use
    question: str  # plain text, stripped, never empty
    questioner: str  # the model that wrote it
    rephrased_from: str = ""  # the id of the instruction that it says in other words; empty for an original
    language: str = "und"  # ISO 639-1 code, "und" while undetermined
    embedding: str = ""  # of the question, see pipeline/vectors.py; empty while unknown

    @property
    def text(self) -> str:
        """All that the row says, for filters that read whole rows."""
        return self.question


@dataclass(frozen=True, slots=True, kw_only=True)
class Example(Instruction):
    """An instruction with its answer: one row of the dataset."""

    answer: str  # plain text, stripped, may be empty until filtered
    answer_finish: str  # "stop", or "length" when the model was cut off
    answerer: str  # the model that answered
    n_question_tokens: int  # tokens of the question as sent, chat template included
    n_answer_tokens: int
    # What a judge gave, 1 (poor) to 5 (excellent); None where none was asked.
    clarity: int | None = None  # of the question
    relevance: int | None = None  # of the answer, as the next two
    correctness: int | None = None
    completeness: int | None = None
    difficulty: float | None = None  # see stages/measure_difficulty.py; None where it was not measured

    @property
    def text(self) -> str:
        return f"{self.question}\n\n{self.answer}"
