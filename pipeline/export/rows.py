"""What a row of the dataset has: the columns, their meaning, and how a record becomes one.

Records of two kinds are published: an Example as a conversation, a Passage as a text.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from datasets import Features, List, Value

from pipeline.records import CRITERIA, Example, Passage

STRING, STRINGS, NUMBER = Value("string"), List(Value("string")), Value("int64")


@dataclass(frozen=True)
class Layout:
    """The columns of a kind of record."""

    features: Features
    row: Callable[[Any, str], dict[str, Any]]  # of a record and the id of the run
    what: str  # the rows, in a word or two
    shown: str  # the column to look at first

    @property
    def schema(self) -> pa.Schema:
        """Of the shards. Without the features in its metadata: they would be in the spelling of this version
        of `datasets`, which earlier ones cannot read; all of them read the types.
        """
        return self.features.arrow_schema.remove_metadata()


MEANINGS = {
    "id": "a hash of the row's content and place; the same in every run that makes the row",
    "messages": "the question (`user`) and its answer (`assistant`)",
    "text": "the text",
    "style": "the style that it, or the text it was made of, was rephrased in; else empty",
    "field": "the top of the taxonomy; empty, as what follows of it, for a row about a document",
    "subfield": "the level below it",
    "discipline": "the leaf of the taxonomy that the row was made for",
    "discipline_id": "the leaf's stable id",
    "subject": "a subject of the discipline, named by the questioner; or the title of the document",
    "level": "the subject's level",
    "sessions": "the class sessions of the subject's syllabus that the question draws on",
    "concepts": "the key concepts that the question was asked to use",
    "document": "the document that the row is about or was made of; empty along the taxonomy",
    "start": "where in the document's text its chunk begins, in characters; null along the taxonomy",
    "title": "the title of the document, where it tells one",
    "task": "the type of a task on a document: its short name with Bonito; else empty",
    "language": "ISO 639-1, or `und` for text too short to tell, or no prose",
    "generator": "the model that wrote the answer, or the text; empty for a text as it was found",
    "run": "the run that made the row: recipe, settings and prompts in one hash",
    "n_prompt_tokens": "tokens of the prompt that was answered, system message and chat template included, "
    "as the server counted; null where it did not",
    "n_answer_tokens": "tokens of the answer, as the server counted; null where it did not, and where the "
    "answer is part of a reply",
    "n_tokens": "tokens of the text, as the server counted; null where it is a part of a reply",
    "clarity": "of the question, by a judge, 1 (poor) to 5; null where none was asked, as in the next three",
    "relevance": "of the answer to the question",
    "correctness": "of the answer",
    "completeness": "of the answer",
    "difficulty": "perplexity of the answer given the question over that without; null where not measured",
    "metadata": "JSON: the syllabus or chunk (`parent_id`), the original of a rephrasing (`rephrased_from`), "
    "the models that asked and answered",
}


def _conversation(example: Example, run_id: str) -> dict[str, Any]:
    metadata = {
        "parent_id": example.parent_id,
        "rephrased_from": example.rephrased_from,
        "questioner": example.questioner,
        "answerer": example.answerer,
    }
    return {
        "id": example.id,
        "messages": [
            {"role": "user", "content": example.asked},
            {"role": "assistant", "content": example.answer},
        ],
        "field": example.field,
        "subfield": example.subfield,
        "discipline": example.discipline,
        "discipline_id": example.discipline_id,
        "subject": example.subject,
        "level": example.level,
        "sessions": list(example.sessions),
        "concepts": list(example.concepts),
        "document": example.document,
        "start": example.start,
        "task": example.task,
        "style": example.style,
        "language": example.language,
        "generator": example.answerer,
        "run": run_id,
        "n_prompt_tokens": example.n_prompt_tokens,
        "n_answer_tokens": example.n_answer_tokens,
        **{name: getattr(example, name) for name in CRITERIA},
        "difficulty": example.difficulty,
        "metadata": json.dumps(metadata, ensure_ascii=False),
    }


def _text(passage: Passage, run_id: str) -> dict[str, Any]:
    metadata = {"parent_id": passage.parent_id, "rephrased_from": passage.rephrased_from}
    return {
        "id": passage.id,
        "text": passage.text,
        "style": passage.style,
        "document": passage.document,
        "start": passage.start,
        "title": passage.title,
        "language": passage.language,
        "generator": passage.writer,
        "run": run_id,
        "n_tokens": passage.n_tokens,
        "metadata": json.dumps(metadata, ensure_ascii=False),
    }


# No `prompt` column: TRL takes a dataset that has one beside `messages` for another format and fails.
CONVERSATIONS = Layout(
    Features(
        {
            "id": STRING,
            "messages": List({"role": STRING, "content": STRING}),
            "field": STRING,
            "subfield": STRING,
            "discipline": STRING,
            "discipline_id": STRING,
            "subject": STRING,
            "level": STRING,
            "sessions": STRINGS,
            "concepts": STRINGS,
            "document": STRING,
            "start": NUMBER,
            "task": STRING,
            "style": STRING,
            "language": STRING,
            "generator": STRING,
            "run": STRING,
            "n_prompt_tokens": NUMBER,
            "n_answer_tokens": NUMBER,
            # Scores of a judge, and instruction-following difficulty; null where nothing measured them.
            **dict.fromkeys(CRITERIA, NUMBER),
            "difficulty": Value("float64"),
            "metadata": STRING,
        }
    ),
    _conversation,
    "synthetic instructions",
    "messages",
)
TEXTS = Layout(
    Features(
        {
            "id": STRING,
            "text": STRING,
            "style": STRING,
            "document": STRING,
            "start": NUMBER,
            "title": STRING,
            "language": STRING,
            "generator": STRING,
            "run": STRING,
            "n_tokens": NUMBER,
            "metadata": STRING,
        }
    ),
    _text,
    "texts, real and rephrased",
    "text",
)
LAYOUTS: dict[type, Layout] = {Example: CONVERSATIONS, Passage: TEXTS}
