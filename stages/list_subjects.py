"""List the subjects that a student of a discipline should learn.

Discipline -> Subject, merged over several independent queries. `2 * queries` requests a discipline.
Source: GLAN (https://arxiv.org/abs/2402.13064), section 2.2. Two turns: a free list, then the same as JSON,
because the authors saw worse lists when the first prompt held format rules. The paper does not say how the
queries are united; we merge equal names (normalised) and keep the union of their subtopics. The same subject
in two disciplines stays two subjects, on purpose. Names that stutter or are cut off go, and those beyond
`max_subjects`. What goes or is merged is a reject.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.model import NAME_PATTERN, PLAIN_NAME_PATTERN, Model, Prompt, Sampling
from pipeline.records import Discipline, Subject, content_id
from pipeline.stage import Expected, ModelStage, Reject, settle
from pipeline.text.endings import is_cut_name
from pipeline.text.text import distinct, normalised, stutters

Name = Annotated[str, Field(max_length=80, pattern=NAME_PATTERN)]


class Entry(BaseModel):
    """One subject as the model lists it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    subject_name: Name
    level: Literal["introductory", "intermediate", "advanced"]
    subtopics: list[Name] = Field(min_length=1, max_length=12)


class Reply(BaseModel):
    """The list as JSON."""

    model_config = ConfigDict(extra="forbid")

    subjects: Sequence[Entry] = Field(min_length=1, max_length=60)


PlainName = Annotated[str, Field(max_length=60, pattern=PLAIN_NAME_PATTERN)]


class PlainEntry(Entry):
    """The same in plain words."""

    subject_name: PlainName
    subtopics: list[PlainName] = Field(min_length=2, max_length=4)


class PlainReply(Reply):
    """A list for small models."""

    subjects: Sequence[PlainEntry] = Field(min_length=4, max_length=5)


@dataclass(frozen=True, kw_only=True)
class ListSubjects(ModelStage):
    reads: ClassVar[type] = Discipline
    writes: ClassVar[type] = Subject
    version: ClassVar[int] = 5  # 5: ".NET" is not "NET"; 4: names that stop before their last word go

    list_prompt: Prompt = Prompt("list_subjects/list")
    json_prompt: Prompt = Prompt("list_subjects/to_json")
    queries: Annotated[int, Field(ge=1)] = 10  # independent lists a discipline
    two_turns: bool = True  # off: one query asks for the list as JSON at once
    plain_names: bool = False  # hold a small model to names of one to five plain words
    max_subjects: Annotated[int, Field(ge=1)] = 1000  # kept a discipline, in the order they were first named
    sampling: Sampling = Sampling(temperature=1.0, top_p=0.95, max_tokens=4096)

    def expected(self) -> Expected:
        turns = 2 if self.two_turns else 1
        return Expected(requests=turns * self.queries, rows=min(self.max_subjects, 15.0 * self.queries))

    async def map(self, discipline: Discipline, model: Model) -> list[Subject | Reject]:
        results = await settle([self._query(discipline, model, n) for n in range(self.queries)])
        named = [entry for result in results if not isinstance(result, Reject) for entry in result]
        merged: dict[str, Entry] = {}
        rejects = [result for result in results if isinstance(result, Reject)]
        for entry in named:
            key = normalised(entry.subject_name)
            fault = self._fault(discipline, entry, key, merged)
            rejects += filter(None, map(_subtopic_fault, entry.subtopics))
            if fault is None or fault.reason == "subject_listed_again":
                merged[key] = _united(merged.get(key), entry)
            if fault is not None:
                rejects.append(fault)
        return [*(_subject(discipline, entry) for entry in merged.values()), *rejects]

    def _fault(
        self, discipline: Discipline, entry: Entry, key: str, merged: Mapping[str, Entry]
    ) -> Reject | None:
        name = entry.subject_name
        if not key:
            return Reject("subject_without_name", got=name)
        if stutters(name):
            return Reject("subject_stutters", got=name)
        if is_cut_name(name):
            return Reject("subject_cut_off", got=name)
        if key in merged:
            return Reject("subject_listed_again", got=name, twin=_id(discipline, name))
        if len(merged) >= self.max_subjects:
            return Reject("subject_beyond_limit", got=name, limit=self.max_subjects)
        return None

    async def _query(self, discipline: Discipline, model: Model, sample: int) -> Sequence[Entry]:
        about: dict[str, Any] = {"discipline": discipline.discipline, "description": discipline.description}
        turn = None
        if self.two_turns:
            turn = await model.write(self.list_prompt, self.sampling, sample=sample, **about)
        kind = PlainReply if self.plain_names else Reply
        reply = await model.ask(self.json_prompt, kind, self.sampling, after=turn, sample=sample, **about)
        return reply.subjects


def _subtopic_fault(name: str) -> Reject | None:
    if is_cut_name(name):
        return Reject("subtopic_cut_off", got=name)
    return Reject("subtopic_stutters", got=name) if stutters(name) else None


def _united(first: Entry | None, other: Entry) -> Entry:
    named = [*(first.subtopics if first else ()), *other.subtopics]
    subtopics = [topic for topic in distinct(named) if _subtopic_fault(topic) is None]
    return (first or other).model_copy(update={"subtopics": subtopics})


def _id(discipline: Discipline, name: str) -> str:
    return content_id(discipline.id, normalised(name))


def _subject(discipline: Discipline, entry: Entry) -> Subject:
    return Subject(
        id=_id(discipline, entry.subject_name),
        discipline_id=discipline.id,
        field=discipline.field,
        subfield=discipline.subfield,
        discipline=discipline.discipline,
        description=discipline.description,
        subject=entry.subject_name,
        level=entry.level,
        subtopics=tuple(entry.subtopics),
    )
