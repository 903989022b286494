"""Ask a judge the question of a task whose answer was chosen before its text was written; the task stays if
the judge gives the same answer.

Example -> Example. One request an example of the types ynqa, paraphrase_id, wsd, te and nli, for which a
model writes towards a label that was drawn (pipeline/synthesis/task_types.py): of 12 yes-no questions that a
small model wrote so, 10 had the wrong label. The judge sees the task as it is published, and not the label.
Rows of other types, and rows without a passage, stay unasked: the labels of sentiment and topic_class are a
model's answer to that very question.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, create_model

from pipeline.model import Model, Prompt, Sampling
from pipeline.records import Example
from pipeline.stage import Expected, ModelStage, Reject
from pipeline.synthesis.task_types import drawn_labels
from pipeline.text.text import enclosed

UNCLEAR = "unclear"  # what the text does not tell, or makes no sense


@cache
def _reply(labels: tuple[str, ...]) -> type[BaseModel]:
    """The schema of one of the labels."""
    kind: Any = Literal[(*labels, UNCLEAR)]
    return create_model("Reply", __config__=ConfigDict(extra="forbid"), answer=(kind, ...))


@dataclass(frozen=True, kw_only=True)
class ConfirmLabels(ModelStage):
    reads: ClassVar[type] = Example
    writes: ClassVar[type] = Example
    version: ClassVar[int] = 1
    only_drops: ClassVar[bool] = True

    prompt: Prompt = Prompt("confirm_labels/confirm")
    sampling: Sampling = Sampling(temperature=0.0, top_p=1, max_tokens=20)

    def expected(self) -> Expected:
        return Expected(requests=0.3, rows=0.9)  # of all sixteen types five have such labels

    async def map(self, example: Example, model: Model) -> list[Example | Reject]:
        labels = drawn_labels(example.task)
        if example.answer not in labels or not example.passage:
            return [example]
        reply: Any = await model.ask(
            self.prompt,
            _reply(labels),
            self.sampling,
            passage=enclosed(example.passage),
            question=example.bare,
            labels=labels,
        )
        if reply.answer == example.answer:
            return [example]
        return [Reject("label_not_confirmed", got=reply.answer, limit=example.answer)]
