"""Ask for the same thing in other words.

Instruction -> Instruction, `per_question` each for a share of the questions, in styles drawn by their
weights; the new ones only, to stand beside their originals. One request each. DropPoorRephrasings checks that
nothing was lost on the way.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from pipeline.model import Model, Sampling
from pipeline.records import Instruction, content_id
from pipeline.stage import NOT_DRAWN, Expected, ModelStage, Reject, rng_for, settle
from pipeline.synthesis.draws import check_weights, draw_weighted
from pipeline.synthesis.lead_ins import without_announcements
from pipeline.synthesis.styles import Wording, wordings


class Reply(BaseModel):
    """The question alone."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    question: Annotated[str, Field(min_length=1, max_length=2000)]


@dataclass(frozen=True, kw_only=True)
class RephraseQuestions(ModelStage):
    reads: ClassVar[type] = Instruction
    writes: ClassVar[type] = Instruction
    version: ClassVar[int] = 4  # 4: in a last paragraph too; 3: what a reply says of itself goes

    styles: Mapping[str, Wording] = field(default_factory=lambda: wordings("rephrase_questions"))
    per_question: Annotated[int, Field(ge=1)] = 1  # rephrasings, of different styles
    share: Annotated[float, Field(ge=0, le=1)] = 0.5  # of the questions that are rephrased
    sampling: Sampling = Sampling(temperature=0.8, max_tokens=512)
    seed: int = 0

    def check(self) -> None:
        check_weights({name: style.weight for name, style in self.styles.items()}, "styles")

    def expected(self) -> Expected:
        return Expected(requests=self.per_question * self.share, rows=self.per_question * self.share)

    async def map(self, instruction: Instruction, model: Model) -> list[Instruction | Reject]:
        rng = rng_for(self.seed, "rephrased", instruction.id)
        if rng.random() >= self.share:
            return [Reject(NOT_DRAWN, limit=self.share)]
        weights = {name: style.weight for name, style in self.styles.items()}
        chosen = draw_weighted(weights, self.per_question, rng)
        return await settle([self._write(instruction, name, model) for name in chosen])

    async def _write(self, instruction: Instruction, style: str, model: Model) -> Instruction:
        prompt = self.styles[style].prompt
        reply = await model.ask(prompt, Reply, self.sampling, question=instruction.question)
        question = without_announcements(reply.question, instruction.question)
        return dataclasses.replace(
            instruction,
            id=content_id(instruction.id, style, question),
            question=question,
            questioner=model.name,
            style=style,
            original=instruction.question,
            rephrased_from=instruction.id,
            embedding="",
        )
