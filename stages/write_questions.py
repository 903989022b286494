"""Write homework questions on chosen sessions and key concepts of a syllabus.

Syllabus -> Instruction, `per_syllabus` each, or as many as the syllabus has different choices. One request
a question.
Source: GLAN (https://arxiv.org/abs/2402.13064), section 2.4. The prompt starts with the whole syllabus, so
that all questions of a syllabus share their prefix. The paper leaves open how many questions a syllabus
gets and the ratio of single to pair; half and half is ours.
"""

import itertools
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pipeline.model import Model, Prompt, Sampling
from pipeline.records import Instruction, Syllabus, content_id
from pipeline.stage import Expected, ModelStage, Reject, rng_for, settle
from pipeline.synthesis.draws import Draw, draw_pairs, draw_singles
from pipeline.text.plain_sentences import ONE_SENTENCE, sentence_at_limit


class Reply(BaseModel):
    """The question alone."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    question: Annotated[str, Field(min_length=1, max_length=2000)]


class OneSentence(Reply):
    """A question of one sentence in plain words, for small models: they write statements, or run on."""

    question: Annotated[str, Field(pattern=ONE_SENTENCE)]


def _ascending(bounds: tuple[int, int]) -> tuple[int, int]:
    if bounds[0] > bounds[1]:
        raise ValueError("the fewest come first, then the most")
    return bounds


ASCENDING = AfterValidator(_ascending)


@dataclass(frozen=True, kw_only=True)
class WriteQuestions(ModelStage):
    reads: ClassVar[type] = Syllabus
    writes: ClassVar[type] = Instruction
    version: ClassVar[int] = 4  # 4: with `one_sentence` a question that ran into the limit of its form goes

    prompt: Prompt = Prompt("write_questions/write")
    per_syllabus: Annotated[int, Field(ge=1)] = 530  # 10 million over 126 disciplines of 150 subjects
    pair_share: Annotated[float, Field(ge=0, le=1)] = 0.5  # of questions that draw on two sessions
    # the fewest and the most concepts of one session
    single_concepts: Annotated[tuple[Annotated[int, Field(ge=1)], int], ASCENDING] = (1, 5)
    # of two sessions, at least one of each
    pair_concepts: Annotated[tuple[Annotated[int, Field(ge=2)], int], ASCENDING] = (2, 5)
    max_syllabus_chars: Annotated[int, Field(ge=500)] = (
        24_000  # what of its text fits the prompt, from the start
    )
    # hold the model to a single English sentence that ends with a question mark
    one_sentence: bool = False
    seed: int = 0
    sampling: Sampling = Sampling(temperature=1.0, top_p=0.95, max_tokens=1024)

    def expected(self) -> Expected:
        return Expected(requests=self.per_syllabus, rows=self.per_syllabus)

    async def map(self, syllabus: Syllabus, model: Model) -> list[Instruction | Reject]:
        draws = self._draws(syllabus)
        return await settle([self._write(syllabus, draw, model) for draw in draws])

    def _draws(self, syllabus: Syllabus) -> list[Draw]:
        """Pairs and singles in their shares; where one kind runs out, the other fills up."""
        counts = [len(concepts) for concepts in syllabus.concepts]
        rng = rng_for(self.seed, "draws", syllabus.id)
        pairs = draw_pairs(counts, _sizes(self.pair_concepts), rng)
        singles = draw_singles(counts, _sizes(self.single_concepts), rng)
        n_pairs = round(self.pair_share * self.per_syllabus)
        chosen = list(itertools.islice(pairs, n_pairs))
        chosen += itertools.islice(singles, self.per_syllabus - len(chosen))
        if self.pair_share > 0:
            chosen += itertools.islice(pairs, self.per_syllabus - len(chosen))
        return chosen

    async def _write(self, syllabus: Syllabus, draw: Draw, model: Model) -> Instruction | Reject:
        sessions = tuple(syllabus.sessions[session] for session in draw.sessions)
        concepts = tuple(syllabus.concepts[session][concept] for session, concept in draw.concepts)
        reply = await model.ask(
            self.prompt,
            OneSentence if self.one_sentence else Reply,
            self.sampling,
            syllabus=syllabus.text[: self.max_syllabus_chars],
            discipline=syllabus.discipline,
            subject=syllabus.subject,
            level=syllabus.level,
            sessions=sessions,
            concepts=concepts,
        )
        cut = sentence_at_limit(reply.question) if self.one_sentence else None
        if cut is not None:
            return Reject("question_at_pattern_limit", got=cut[0], limit=cut[1])
        return Instruction(
            # Of the draw, not of the text: a question that the model repeats is a record of its own until a
            # filter says so.
            id=content_id(syllabus.id, draw.concepts, reply.question),
            parent_id=syllabus.id,
            discipline_id=syllabus.discipline_id,
            field=syllabus.field,
            subfield=syllabus.subfield,
            discipline=syllabus.discipline,
            subject=syllabus.subject,
            level=syllabus.level,
            sessions=sessions,
            concepts=concepts,
            question=reply.question,
            questioner=model.name,
        )


def _sizes(bounds: tuple[int, int]) -> range:
    return range(bounds[0], bounds[1] + 1)
