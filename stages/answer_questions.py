"""Answer a question in a call of its own.

Instruction -> Example, one each. One request a question.
Source: GLAN (https://arxiv.org/abs/2402.13064), section 2.4: the answerer sees the question alone, not the
syllabus; answers came out better than when question and answer were written together.
"""

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

from pipeline.model import Model, Prompt, Sampling
from pipeline.records import Example, Instruction
from pipeline.stage import Expected, ModelStage, Reject


@dataclass(frozen=True, kw_only=True)
class AnswerQuestions(ModelStage):
    reads: ClassVar[type] = Instruction
    writes: ClassVar[type] = Example
    version: ClassVar[int] = 2  # 2: tokens that nobody counted are None, were 0

    prompt: Prompt = Prompt("answer_questions/answer")
    sampling: Sampling = Sampling(temperature=0.7, top_p=0.95, max_tokens=2048)

    def expected(self) -> Expected:
        return Expected(requests=1, rows=1)

    async def map(self, instruction: Instruction, model: Model) -> list[Example | Reject]:
        turn = await model.write(self.prompt, self.sampling, question=instruction.asked)
        known = {item.name: getattr(instruction, item.name) for item in dataclasses.fields(instruction)}
        return [
            Example(
                **known,
                answer=turn.text,
                answer_finish=turn.finish,
                answerer=model.name,
                n_prompt_tokens=turn.n_prompt_tokens or None,
                n_answer_tokens=turn.n_output_tokens or None,
            )
        ]
