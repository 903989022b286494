"""Read an annotated dataset as rows that teach a model to write tasks: Bonito's training data.

-> Example, at most `cap` in the order of the file: what is asked is a paragraph in Bonito's format, the
answer the task on it. Each row is put by one template, drawn evenly among those that show the paragraph. A
drawn row without a paragraph, or for which its template has no answer, is a reject. Source: Bonito
(https://arxiv.org/abs/2402.18334), section 3, whose cap and seed these are. Cost: two passes over the file.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from pipeline.io.row_files import rows
from pipeline.records import Example, content_id
from pipeline.stage import Reject, SourceStage, rng_for
from pipeline.synthesis.meta_templates import Template, Templates, Turned, load_templates, turned, usable


@dataclass(frozen=True, kw_only=True)
class ReadAnnotated(SourceStage):
    writes: ClassVar[type] = Example
    version: ClassVar[int] = 3  # 3: a document a paragraph; 2: rejects, and no tokens are None

    rows: Path  # JSONL (also .gz) or Parquet
    templates: Path  # YAML, see pipeline/synthesis/meta_templates.py
    cap: Annotated[int, Field(ge=1)] = 100_000  # rows that are drawn
    seed: int = 42

    def read(self) -> Iterator[Example]:
        return (outcome for outcome in self.outcomes() if isinstance(outcome, Example))

    def outcomes(self) -> Iterator[Example | tuple[Reject, Example]]:
        templates = load_templates(self.templates)
        n_rows = sum(1 for _ in rows(self.rows, "annotated set"))
        drawn = set(rng_for(self.seed, "rows").sample(range(n_rows), min(self.cap, n_rows)))
        for number, row in enumerate(rows(self.rows, "annotated set")):
            if number not in drawn:
                continue
            yield self._outcome(number, row, templates)

    def _outcome(
        self, number: int, row: Mapping[str, Any], templates: Templates
    ) -> Example | tuple[Reject, Example]:
        choices = usable(templates, row)
        if not choices:
            return Reject("no_template_shows_it"), self._example(number, None, None)
        template = rng_for(self.seed, "template", number).choice(choices)
        found = turned(template, row, templates.context)
        if isinstance(found, Reject):
            return found, self._example(number, template, None)
        return self._example(number, template, found)

    def _example(self, number: int, template: Template | None, found: Turned | None) -> Example:
        """The row as an example; one that was not turned round asks nothing."""
        name = template.name if template else ""
        given, target = (found.given, found.target) if found else ("", "")
        return Example(
            id=content_id(self.rows.name, number, name, given, target),
            parent_id=f"{self.rows.name}:{number}",
            document=f"{self.rows.name}#{content_id(found.paragraph)[:12]}" if found else self.rows.name,
            task=found.task if found else "",
            question=given,
            questioner=name,
            answer=target,
            answer_finish="stop",
            answerer=self.rows.name,
        )
