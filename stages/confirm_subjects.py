"""Ask the planner whether a subject belongs to its discipline.

Subject -> Subject, those that do. One request a subject: of a run as published less than 0.2 % of all. For
planners that can tell, and for names in languages that the packaged embedding model does not read; a model
that is too small to tell needs stages/drop_stray_subjects.py.
"""

from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from pipeline.model import Model, Prompt, Sampling
from pipeline.records import Subject
from pipeline.stage import Expected, ModelStage, Reject


class Reply(BaseModel):
    """The verdict alone."""

    model_config = ConfigDict(extra="forbid")

    belongs: bool


@dataclass(frozen=True, kw_only=True)
class ConfirmSubjects(ModelStage):
    reads: ClassVar[type] = Subject
    writes: ClassVar[type] = Subject
    version: ClassVar[int] = 1
    only_drops: ClassVar[bool] = True

    prompt: Prompt = Prompt("confirm_subjects/confirm")
    sampling: Sampling = Sampling(temperature=0.0, top_p=1, max_tokens=20)

    def expected(self) -> Expected:
        return Expected(requests=1, rows=1)

    async def map(self, subject: Subject, model: Model) -> list[Subject | Reject]:
        reply = await model.ask(
            self.prompt,
            Reply,
            self.sampling,
            discipline=subject.discipline,
            description=subject.description,
            subject=subject.subject,
            subtopics=subject.subtopics,
        )
        if reply.belongs:
            return [subject]
        limit = f"a subject of {subject.discipline}"
        return [Reject("subject_outside_discipline", got=subject.subject, limit=limit)]
