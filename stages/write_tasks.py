"""Turn a chunk of a document into tasks that are solved by reading it.

Chunk -> Example, `per_chunk` each, of types drawn by their weights (pipeline/synthesis/task_types.py). One
request a task, one more a chunk where the model chooses the types. Each type has its prompt, its schema and
its checks; a task that does not hold is a reject with the reason. Source: Bonito (https://arxiv.org/abs/2402.18334),
emulated with any model; `bonito: true` is for the trained model itself, in its own format.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from pipeline.model import Model, Prompt, Sampling
from pipeline.records import PLACEHOLDER, Chunk, Example, content_id
from pipeline.stage import Expected, ModelStage, Reject, rng_for, settle
from pipeline.synthesis.bonito import filled, parsed, prompt_for
from pipeline.synthesis.draws import draw_weighted
from pipeline.synthesis.task_types import (
    N_WRONG,
    TASK_TYPES,
    TOPICS,
    Label,
    QuestionAndAnswer,
    Slots,
    TaskType,
    task_type,
)
from pipeline.text.endings import is_stop
from pipeline.text.plain_sentences import (
    ONE_SENTENCE,
    ONE_YES_NO_SENTENCE,
    PHRASE,
    phrase_at_limit,
    sentence_at_limit,
)
from pipeline.text.text import enclosed

LETTERS = "ABCD"


def _known(weights: Mapping[str, float]) -> dict[str, float]:
    """The weights by short name."""
    try:
        return {task_type(name).short: weight for name, weight in weights.items()}
    except KeyError as error:
        raise ValueError(error.args[0]) from error


Weights = Annotated[Mapping[str, Annotated[float, Field(ge=0)]], Field(min_length=1), AfterValidator(_known)]


@cache
def _choice(names: tuple[str, ...]) -> type[BaseModel]:
    """The schema of a choice of types."""
    tasks = list[Literal[names]]  # type: ignore[valid-type]
    return create_model("Choice", __config__=ConfigDict(extra="forbid"), tasks=(tasks, Field(min_length=1)))


@cache
def _labelled(labels: tuple[str, ...]) -> type[Slots]:
    """The schema of a label of these."""
    kind: Any = Literal[labels]
    return create_model("Label", __base__=Slots, answer=(kind, ...))


@cache
def _plain(slots: type[Slots], yes_or_no: bool) -> type[Slots]:
    """The same schema, its question in one plain sentence and a short answer in a few words."""
    question: Any = Annotated[str, Field(pattern=ONE_YES_NO_SENTENCE if yes_or_no else ONE_SENTENCE)]
    phrase: Any = Annotated[str, Field(pattern=PHRASE)]
    held: dict[str, Any] = {"question": (question, ...)} if "question" in slots.model_fields else {}
    if slots is QuestionAndAnswer:
        held["answer"] = (phrase, ...)
    return create_model(slots.__name__, __base__=slots, **held)


@dataclass(frozen=True, kw_only=True)
class WriteTasks(ModelStage):
    reads: ClassVar[type] = Chunk
    writes: ClassVar[type] = Example
    version: ClassVar[int] = 6  # 6: signs that are spoken of; 5: no task of Bonito's that was cut off

    types: Weights = dataclasses.field(default_factory=lambda: {one.short: 1.0 for one in TASK_TYPES})
    per_chunk: Annotated[int, Field(ge=1)] = 3  # tasks of different types
    model_chooses: bool = False  # which types suit a chunk, among those with a weight
    topics: Annotated[tuple[str, ...], Field(min_length=2)] = TOPICS  # labels of topic classification
    # hold questions to one plain English sentence, short answers to a few words: for small models
    plain: bool = False
    prompts: tuple[Prompt, ...] = tuple(Prompt(f"write_tasks/{one.short}") for one in TASK_TYPES)
    choice_prompt: Prompt = Prompt("write_tasks/choose")
    sampling: Sampling = Sampling(temperature=0.7, max_tokens=700)
    bonito: bool = False  # the model is Bonito: its own format, over the completions of the server
    bonito_sampling: Sampling = Sampling(temperature=0.5, top_p=0.95, max_tokens=256)  # of its README
    seed: int = 0

    def __post_init__(self) -> None:
        told = {prompt.rpartition("/")[2] for prompt in self.prompts}
        asked = {task_type(name).short for name, weight in self.types.items() if weight}
        missing = sorted(asked - told)
        if missing and not self.bonito:
            raise ValueError(f"prompts has none for the types {', '.join(missing)}")

    def expected(self) -> Expected:
        return Expected(requests=self.per_chunk + self.model_chooses, rows=self.per_chunk)

    async def map(self, chunk: Chunk, model: Model) -> list[Example | Reject]:
        chosen = await self._chosen(chunk, model)
        write = self._bonito if self.bonito else self._write
        return await settle([write(chunk, one, model) for one in chosen])

    async def _chosen(self, chunk: Chunk, model: Model) -> list[TaskType]:
        """The types for this chunk: by weight, without repeats."""
        weights = {name: weight for name, weight in self.types.items() if weight > 0}
        n = min(self.per_chunk, len(weights))
        if self.model_chooses:
            names = tuple(task_type(name).name for name in weights)
            reply: Any = await model.ask(
                self.choice_prompt,
                _choice(names),
                self.sampling,
                passage=enclosed(chunk.text),
                names=names,
                n=n,
            )
            return [task_type(name) for name in dict.fromkeys(reply.tasks)][:n]
        rng = rng_for(self.seed, "types", chunk.id)
        return [task_type(name) for name in draw_weighted(weights, n, rng)]

    async def _write(self, chunk: Chunk, one: TaskType, model: Model) -> Example | Reject:
        rng = rng_for(self.seed, one.short, chunk.id)
        labels = self.topics if one.short == "topic_class" else one.labels
        label = rng.choice(labels) if labels and not one.model_labels else None
        prompt = self._prompt(one)
        slots_of = _labelled(labels) if one.slots is Label else one.slots
        reply = await model.ask(
            prompt,
            _plain(slots_of, one.short == "ynqa") if self.plain else slots_of,
            self.sampling,
            passage=enclosed(chunk.text),
            label=label,
            labels=labels,
        )
        cut = self._cut(reply, one) if self.plain else None
        if cut is not None:
            return cut
        slots = _slots(reply, labels, rng.sample(range(N_WRONG + 1), N_WRONG + 1))
        fault = one.check(slots, chunk.text)
        if fault is not None:
            return Reject(fault.reason, got={"task": one.short, "found": fault.got}, limit=fault.limit)
        if any(PLACEHOLDER in text for text in slots.values()):
            return Reject(
                "placeholder_in_reply", got={"task": one.short}, limit=f"no {PLACEHOLDER} of its own"
            )
        answer = label or slots[one.answer]
        if one.short == "mcqa":
            answer = next(line for line in slots["options"].splitlines() if line[3:] == answer)
        return _example(chunk, one, one.put(rng.choice(one.wordings), slots), answer, model.name)

    def _cut(self, reply: Slots, one: TaskType) -> Reject | None:
        """The reject of a text that ran into the limit of the pattern that it was held to."""
        slots = reply.model_dump()
        checked = {
            "question": sentence_at_limit(slots.get("question", ""), one.short == "ynqa"),
            "answer": phrase_at_limit(slots["answer"]) if isinstance(reply, QuestionAndAnswer) else None,
        }
        for slot, found in checked.items():
            if found is not None:
                got = {"task": one.short, "found": found[0]}
                return Reject(f"{slot}_at_pattern_limit", got=got, limit=found[1])
        return None

    def _prompt(self, one: TaskType) -> Prompt:
        return next(prompt for prompt in self.prompts if prompt.rpartition("/")[2] == one.short)

    async def _bonito(self, chunk: Chunk, one: TaskType, model: Model) -> Example | Reject:
        reply = await model.complete(prompt_for(one.name, chunk.text), self.bonito_sampling)
        if not is_stop(reply.finish):
            return Reject("answer_cut_off", got=reply.text[-500:], limit="an end that the model chose")
        found = parsed(reply.text)
        if found is None:
            return Reject("not_one_pipe", got=reply.text[:500], limit="a task, one <|pipe|>, an answer")
        if not all(found):
            return Reject("half_of_a_task", got=reply.text[:500], limit="a task and an answer")
        return _example(chunk, one, found[0], filled(found[1], chunk.text.strip()), model.name)


def _slots(reply: Slots, labels: tuple[str, ...], order: Sequence[int]) -> dict[str, str]:
    """What the model wrote, the options in that order, and the labels to choose from."""
    slots = reply.model_dump()
    if "wrong" in slots:
        given = [slots["answer"], *slots.pop("wrong")]
        options = [given[place] for place in order]
        slots["options"] = "\n".join(
            f"{letter}) {text}" for letter, text in zip(LETTERS, options, strict=True)
        )
    return {**slots, "choices": f"{', '.join(labels[:-1])} or {labels[-1]}" if labels else ""}


def _example(chunk: Chunk, one: TaskType, question: str, answer: str, writer: str) -> Example:
    return Example(
        id=content_id(chunk.id, one.short, question, answer),
        language=chunk.language,
        parent_id=chunk.id,
        subject=chunk.title,
        document=chunk.document,
        start=chunk.start,
        passage=chunk.text.strip() if PLACEHOLDER in question else "",
        task=one.short,
        question=question,
        questioner=writer,
        answer=answer,
        answer_finish="stop",
        answerer=writer,
    )
