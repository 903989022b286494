"""Make rows of questions and answers out of rephrased passages.

Passage -> Example. Of questions and answers (qa, faq) and of a problem with its solution each is a row by
itself, which must stand without the passage; any other style is a row in which a user asks for the passage in
that style. Real passages give none.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from string import Template
from typing import ClassVar

from pipeline.records import PLACEHOLDER, Example, Passage, content_id
from pipeline.stage import MapStage
from pipeline.synthesis.reply_forms import pairs_in
from pipeline.synthesis.styles import Style


@dataclass(frozen=True, kw_only=True)
class MakeExamples(MapStage):
    reads: ClassVar[type] = Passage
    writes: ClassVar[type] = Example
    version: ClassVar[int] = 2  # 2: tokens that nobody counted are None, were 0
    batch: ClassVar[int] = 1000

    styles: Mapping[str, Style] = field(default_factory=dict)  # those of the passages; the recipe's own

    def map(self, passage: Passage) -> Iterator[Example]:
        style = self.styles[passage.style]
        if style.form in ("pairs", "problem"):
            for pair in pairs_in(passage.text, style.form):
                yield _example(passage, pair.question, pair.answer, "")
        else:
            question = Template(style.request).substitute(context=PLACEHOLDER)
            yield _example(passage, question, passage.text, passage.original.strip())


def _example(passage: Passage, question: str, answer: str, shown: str) -> Example:
    return Example(
        id=content_id(passage.id, question, answer),
        language=passage.language,
        parent_id=passage.parent_id,
        subject=passage.title,
        document=passage.document,
        start=passage.start,
        passage=shown,
        style=passage.style,
        question=question,
        questioner=passage.writer,
        answer=answer,
        answer_finish="stop",
        answerer=passage.writer,
        n_answer_tokens=passage.n_tokens if shown else None,
    )
