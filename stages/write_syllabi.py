"""Write a syllabus for a subject and extract its sessions and key concepts.

Subject -> Syllabus, one each. Two requests a subject.
Source: GLAN (https://arxiv.org/abs/2402.13064), section 2.3: free text first, then its sessions and key
concepts as data. We ask for the data in the same conversation, where the text is already in the prefix cache.
A concept belongs to the first session that names it, so that no question draws one twice. Dropped, each a
reject, are concepts named again, that only name the form, stutter or string school subjects together, or
whose longest word does not occur in the text (small models make them up), and sessions left without any.
Sessions of one name are united.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from pipeline.model import NAME_PATTERN, PLAIN_NAME_PATTERN, Model, Prompt, Sampling
from pipeline.records import Subject, Syllabus, content_id
from pipeline.stage import Expected, ModelStage, Reject
from pipeline.taxonomy.broad_subjects import lists_subjects
from pipeline.text.endings import is_cut_name, is_stop
from pipeline.text.text import normalised, stutters, words

# The form of a syllabus, not its content: a name of such words alone is no concept.
FORM = frozenset(
    [
        "session",
        "sessions",
        "concept",
        "concepts",
        "syllabus",
        "description",
        "keyword",
        "keywords",
        "summary",
    ]
)
ABOUT_FORM = FORM | {
    "key",
    "class",
    "course",
    "main",
    "term",
    "terms",
    "list",
    "of",
    "the",
    "and",
    "this",
    "for",
}


class Session(BaseModel):
    """One class session as the model extracts it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    session_name: Annotated[str, Field(max_length=120, pattern=NAME_PATTERN)]
    key_concepts: list[Annotated[str, Field(max_length=100, pattern=NAME_PATTERN)]] = Field(
        min_length=1, max_length=8
    )


class Reply(BaseModel):
    """The sessions of a syllabus."""

    model_config = ConfigDict(extra="forbid")

    sessions: Sequence[Session] = Field(min_length=1, max_length=40)


PlainName = Annotated[str, Field(max_length=60, pattern=PLAIN_NAME_PATTERN)]


class PlainSession(Session):
    """The same in plain words."""

    session_name: PlainName
    key_concepts: list[PlainName] = Field(min_length=3, max_length=4)


class PlainReply(Reply):
    """Sessions for small models."""

    sessions: Sequence[PlainSession] = Field(min_length=2, max_length=4)


@dataclass(frozen=True, kw_only=True)
class WriteSyllabi(ModelStage):
    reads: ClassVar[type] = Subject
    writes: ClassVar[type] = Syllabus
    version: ClassVar[int] = 5  # 5: ".NET" is not "NET"; 4: names, and texts, that stop before their end go

    prompt: Prompt = Prompt("write_syllabi/write")
    json_prompt: Prompt = Prompt("write_syllabi/to_json")
    min_chars: Annotated[int, Field(ge=1)] = 200  # a shorter syllabus is a refusal or an empty list
    plain_names: bool = False  # hold a small model to names of one to five plain words
    max_sessions: Annotated[int, Field(ge=1)] = 40  # kept, in order
    sampling: Sampling = Sampling(temperature=1.0, top_p=0.95, max_tokens=4096)
    json_sampling: Sampling = Sampling(temperature=1.0, top_p=0.95, max_tokens=4096)

    def expected(self) -> Expected:
        return Expected(requests=2, rows=1)

    async def map(self, subject: Subject, model: Model) -> list[Syllabus | Reject]:
        about: dict[str, Any] = {
            "discipline": subject.discipline,
            "subject": subject.subject,
            "level": subject.level,
            "subtopics": subject.subtopics,
        }
        turn = await model.write(self.prompt, self.sampling, **about)
        # Of one that was cut off the last line is none.
        written = turn.text if is_stop(turn.finish) else turn.text.rpartition("\n")[0].rstrip()
        if len(written) < self.min_chars:
            return [Reject("syllabus_too_short", got=turn.text, limit=self.min_chars)]
        kind = PlainReply if self.plain_names else Reply
        reply = await model.ask(self.json_prompt, kind, self.json_sampling, after=turn)
        sessions, rejects = _taught(reply.sessions, normalised(written))
        rejects += [
            Reject("session_beyond_limit", got=name, limit=self.max_sessions)
            for name, _ in sessions[self.max_sessions :]
        ]
        if not sessions:
            return [Reject("syllabus_without_concepts", got=turn.text), *rejects]
        return [_syllabus(subject, written, sessions[: self.max_sessions]), *rejects]


def _taught(sessions: Sequence[Session], text: str) -> tuple[list[tuple[str, tuple[str, ...]]], list[Reject]]:
    """Names and concepts of the sessions, in order, and what is left out."""
    taught: dict[str, tuple[str, list[str]]] = {}
    seen: set[str] = set()
    rejects: list[Reject] = []
    for session in sessions:
        _, concepts = taught.setdefault(normalised(session.session_name), (session.session_name, []))
        for concept in session.key_concepts:
            key = normalised(concept)
            reason = "concept_repeated" if key in seen else _fault(concept, key, text)
            if reason is None:
                seen.add(key)
                concepts.append(concept)
            else:
                rejects.append(Reject(reason, got=concept))
    empty = [name for name, concepts in taught.values() if not concepts]
    rejects += [Reject("session_without_concepts", got=name) for name in empty]
    return [(name, tuple(concepts)) for name, concepts in taught.values() if concepts], rejects


def _fault(concept: str, key: str, text: str) -> str | None:
    """Why a name is no concept of the text."""
    said = set(words(concept))
    if lists_subjects(concept) or (
        said & FORM and all(word in ABOUT_FORM or word.isdigit() for word in said)
    ):
        return "not_a_concept"
    if stutters(concept):
        return "concept_stutters"
    if is_cut_name(concept):
        return "concept_cut_off"
    return None if max(key.split(), key=len, default=" ") in text else "concept_not_in_text"


def _syllabus(subject: Subject, text: str, sessions: list[tuple[str, tuple[str, ...]]]) -> Syllabus:
    return Syllabus(
        id=content_id(subject.id, text),
        subject_id=subject.id,
        discipline_id=subject.discipline_id,
        field=subject.field,
        subfield=subject.subfield,
        discipline=subject.discipline,
        subject=subject.subject,
        level=subject.level,
        text=text,
        sessions=tuple(name for name, _ in sessions),
        concepts=tuple(concepts for _, concepts in sessions),
    )
