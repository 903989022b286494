"""Let a judge say how much there is to learn from a document.

Document -> Document, one each, with `quality` from 1 to 5. One request a document, of its start. Source: the
routing of Nemotron-CC (https://arxiv.org/abs/2412.02595), which uses trained classifiers.
"""

import dataclasses
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from pipeline.model import Model, Prompt, Sampling
from pipeline.records import Document
from pipeline.stage import Expected, ModelStage, Reject
from pipeline.text.text import enclosed


class Reply(BaseModel):
    """The reason comes first: what it says decides."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: Annotated[str, Field(min_length=4, max_length=300)]
    quality: Annotated[int, Field(ge=1, le=5)]


@dataclass(frozen=True, kw_only=True)
class RateDocuments(ModelStage):
    reads: ClassVar[type] = Document
    writes: ClassVar[type] = Document
    version: ClassVar[int] = 2  # 2: replies without thoughts, LaTeX whole

    prompt: Prompt = Prompt("rate_documents/rate")
    max_chars: Annotated[int, Field(ge=100)] = 3000  # of a document, from its start
    sampling: Sampling = Sampling(temperature=0.2, max_tokens=300)

    def expected(self) -> Expected:
        return Expected(requests=1, rows=1)

    async def map(self, document: Document, model: Model) -> list[Document | Reject]:
        text = document.text[: self.max_chars]
        reply = await model.ask(self.prompt, Reply, self.sampling, passage=enclosed(text))
        return [dataclasses.replace(document, quality=reply.quality)]
