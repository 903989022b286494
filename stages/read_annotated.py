"""Read an annotated dataset as rows that teach a model to write tasks: Bonito's training data.

-> Example, at most `cap` in the order of the file: what is asked is a paragraph in Bonito's format, the
answer the task on it. Each row is put by one template, drawn evenly among those that show the paragraph; rows
for which it has no answer are left out. Source: Bonito (https://arxiv.org/abs/2402.18334), section 3, whose
cap and seed these are. Cost: two passes over the file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from pipeline.io.row_files import rows
from pipeline.records import Example, content_id
from pipeline.stage import SourceStage, rng_for
from pipeline.synthesis.meta_templates import load_templates, turned, usable


@dataclass(frozen=True, kw_only=True)
class ReadAnnotated(SourceStage):
    writes: ClassVar[type] = Example
    version: ClassVar[int] = 2  # 2: tokens that nobody counted are None, were 0

    rows: Path  # JSONL (also .gz) or Parquet
    templates: Path  # YAML, see pipeline/synthesis/meta_templates.py
    cap: Annotated[int, Field(ge=1)] = 100_000  # rows that are drawn
    seed: int = 42

    def read(self) -> Iterator[Example]:
        templates = load_templates(self.templates)
        n_rows = sum(1 for _ in rows(self.rows, "annotated set"))
        drawn = set(rng_for(self.seed, "rows").sample(range(n_rows), min(self.cap, n_rows)))
        for number, row in enumerate(rows(self.rows, "annotated set")):
            if number not in drawn:
                continue
            choices = usable(templates, row)
            if not choices:
                continue
            template = rng_for(self.seed, "template", number).choice(choices)
            found = turned(template, row, templates.context)
            if found is not None:
                yield Example(
                    id=content_id(self.rows.name, number, template.name, found.given, found.target),
                    parent_id=f"{self.rows.name}:{number}",
                    document=self.rows.name,
                    task=found.task,
                    question=found.given,
                    questioner=template.name,
                    answer=found.target,
                    answer_finish="stop",
                    answerer=self.rows.name,
                )
