"""The nouns: one typed row each, from a place in the taxonomy or a file to a finished example.

Ids are hashes of content: the same content has the same id in every run. Each record carries the id of its
parent and repeats its place in the taxonomy or in a document, so that one row alone can be traced.
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Protocol, TypeVar

PLACEHOLDER = "{{context}}"  # in a question: where its passage stands
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
class Worded:
    """A row that says something, for filters that read any such row."""

    id: str
    language: str = "und"  # ISO 639-1 code, "und" while undetermined

    @property
    def says(self) -> str:
        """All that the row says."""
        raise NotImplementedError


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
    description: str  # of the discipline, one line
    subject: str
    level: str
    subtopics: tuple[str, ...]
    # How much nearer it is to its discipline than to a broad subject, see stages/drop_stray_subjects.py; None
    # while not measured.
    belonging: float | None = None


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
class File:
    """A file of documents, or a stretch of a large one."""

    id: str
    address: str  # a path or URL, to open it
    name: str  # that documents are known by: a URL, or the path from the folder that was named on
    kind: str  # see pipeline/documents/documents.py
    size: int  # bytes of the whole file
    start: int  # of the stretch: bytes of a JSONL file, row groups of a Parquet file
    stop: int  # 0: to the end of the file


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(Worded):
    """A text that somebody wrote."""

    name: str  # of its file; of a file of many with "#" and the place of its row
    title: str  # empty where none is told
    text: str  # plain text or Markdown, never empty
    quality: int | None = None  # by a judge, 1 (poor) to 5 (excellent); None where none was asked

    @property
    def says(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk(Worded):
    """A stretch of a document that a model reads at once."""

    parent_id: str  # the document
    document: str  # its name
    title: str
    quality: int | None  # of the document
    start: int  # the place of its first character in the text of the document
    text: str  # letter for letter as there
    n_tokens: int  # as the model counts that will read it
    before: str  # the chunk before it, where it is to be read with that; else empty

    @property
    def says(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage(Worded):
    """A chunk as it stands, or in other words: one row of a set of texts."""

    parent_id: str  # the chunk
    document: str
    start: int  # of the chunk, in the document
    title: str
    text: str
    style: str  # that it was rephrased in; empty for the real text
    original: str  # what it rephrases; empty for the real text
    rephrased_from: str  # the id of the real passage; empty for that itself
    writer: str  # the model that wrote it; empty for a real text
    n_tokens: int | None  # of its text, as its model counts; None where it is a part of a reply
    likeness: float | None = None  # cosine of the embeddings of original and text; None while not measured

    @property
    def says(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction(Worded):
    """One task a user might ask, before anyone has answered it."""

    parent_id: str  # the syllabus or the chunk it was written for
    # Its place in the taxonomy, empty for one about a document.
    discipline_id: str = ""
    field: str = ""
    subfield: str = ""
    discipline: str = ""
    subject: str = ""
    level: str = ""
    sessions: tuple[str, ...] = ()  # the sessions it draws on: one, or two for a pair
    concepts: tuple[str, ...] = ()  # the key concepts it should use
    # Its place in a document, empty for one along the taxonomy.
    document: str = ""  # the name
    start: int | None = None  # of its chunk, in characters of the document's text
    passage: str = ""  # the chunk, where the question shows it
    task: str = ""  # a type of pipeline/synthesis/task_types.py
    question: str  # plain text, stripped, never empty; where the passage belongs stands PLACEHOLDER
    questioner: str  # the model that wrote it
    style: str = ""  # that it, or the text it was made of, was rephrased in
    original: str = ""  # what it rephrases
    rephrased_from: str = ""  # the id of the instruction that it says in other words; empty for an original
    likeness: float | None = None  # cosine of the embeddings of original and text; None while not measured
    embedding: str = ""  # of the question, see pipeline/embeddings/vectors.py; empty while unknown

    @property
    def asked(self) -> str:
        """The question with its passage, as a user sends it."""
        return self.question.replace(PLACEHOLDER, self.passage) if self.passage else self.question

    @property
    def bare(self) -> str:
        """The question without its passage, which stands on lines of its own."""
        return self.question.replace(PLACEHOLDER, "\n\n").strip() if self.passage else self.question

    @property
    def says(self) -> str:
        return self.asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Example(Instruction):
    """An instruction with its answer: one row of the dataset."""

    answer: str  # plain text, stripped, may be empty until filtered
    answer_finish: str  # "stop", or "length" when the model was cut off
    answerer: str  # the model that answered
    # As the server counted, None where it did not: where the answer is part of a reply, or was found.
    n_prompt_tokens: int | None = (
        None  # of the prompt that was answered, system message and template included
    )
    n_answer_tokens: int | None = None
    # What a judge gave, 1 (poor) to 5 (excellent); None where none was asked.
    clarity: int | None = None  # of the question
    relevance: int | None = None  # of the answer, as the next two
    correctness: int | None = None
    completeness: int | None = None
    difficulty: float | None = None  # see stages/measure_difficulty.py; None where it was not measured

    @property
    def says(self) -> str:
        return f"{self.asked}\n\n{self.answer}"
