"""Say an answer, or question and answer, in other words.

Example -> Example, one each for a share of the examples, in a style drawn by weight; the new ones only, to
stand beside their originals. One request each. DropPoorRephrasings checks that nothing was lost on the way.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from pipeline.model import Model, Sampling
from pipeline.records import Example, content_id
from pipeline.stage import NOT_DRAWN, Expected, ModelStage, Reject, rng_for
from pipeline.synthesis.draws import check_weights, draw_weighted
from pipeline.synthesis.lead_ins import without_announcements
from pipeline.synthesis.styles import Wording, wordings


class Answer(BaseModel):
    """The answer alone."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    answer: Annotated[str, Field(min_length=1, max_length=8000)]


class Both(BaseModel):
    """Question and answer."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    question: Annotated[str, Field(min_length=1, max_length=2000)]
    answer: Annotated[str, Field(min_length=1, max_length=8000)]


@dataclass(frozen=True, kw_only=True)
class RephraseAnswers(ModelStage):
    reads: ClassVar[type] = Example
    writes: ClassVar[type] = Example
    version: ClassVar[int] = 4  # 4: in a last paragraph too; 3: what a reply says of itself goes

    styles: Mapping[str, Wording] = field(default_factory=lambda: wordings("rephrase_answers"))
    with_question: bool = False  # whether the question is rephrased too
    share: Annotated[float, Field(ge=0, le=1)] = 0.5  # of the examples that are rephrased
    sampling: Sampling = Sampling(temperature=0.8, max_tokens=2048)
    seed: int = 0

    def check(self) -> None:
        check_weights({name: style.weight for name, style in self.styles.items()}, "styles")

    def expected(self) -> Expected:
        return Expected(requests=self.share, rows=self.share)

    async def map(self, example: Example, model: Model) -> list[Example | Reject]:
        rng = rng_for(self.seed, "restyled", example.id)
        if rng.random() >= self.share:
            return [Reject(NOT_DRAWN, limit=self.share)]
        (style,) = draw_weighted({name: one.weight for name, one in self.styles.items()}, 1, rng)
        reply: Answer | Both = await model.ask(
            self.styles[style].prompt,
            Both if self.with_question else Answer,
            self.sampling,
            question=example.question,
            answer=example.answer,
            both=self.with_question,
        )
        question = example.question
        if isinstance(reply, Both):
            question = without_announcements(reply.question, example.question)
        answer = without_announcements(reply.answer, example.answer)
        original = f"{example.question}\n\n{example.answer}" if self.with_question else example.answer
        return [
            dataclasses.replace(
                example,
                id=content_id(example.id, style, question, answer),
                question=question,
                answer=answer,
                answerer=model.name,
                style=style,
                original=original,
                rephrased_from=example.id,
                n_prompt_tokens=None,
                n_answer_tokens=None,
            )
        ]
