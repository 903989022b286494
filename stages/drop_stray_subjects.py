"""Drop subjects that belong to another discipline, by what their names mean to the packaged embedding model.

Subject -> Subject, with `belonging`. Asked for the subjects of Genetics, a small model lists Math, English
and Science: 58 of 153 rows of the laptop preset were about such subjects. A subject that belongs to two
disciplines stays in both (GLAN, https://arxiv.org/abs/2402.13064), and a verdict depends on no other
discipline, so that one that is added changes nothing for the rest.

Measured on tests/data/subjects.tsv: of 240 subjects of their discipline 2 % go, of 256 subjects of another
one 99 %; of 160 more that were written after the limit was chosen, 4 % and 96 %. The area under the ROC curve
is 0.999 (laptop) and 0.996 (knowledge); compared with all other disciplines of the taxonomy instead, which
are often neighbours, 0.94 and 0.99; by the similarity to the discipline alone 0.98 and 0.97. About 300
names/s a core. The model reads English: names without a Latin letter stay.
"""

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from pipeline.embeddings.local_embedder import check_packaged, embed
from pipeline.records import Subject
from pipeline.stage import FilterStage, Measure, Reject
from pipeline.taxonomy.broad_subjects import BROAD_SUBJECTS

LATIN = re.compile("[A-Za-z]")
# Of the similarity to a broad subject: all of it would drop Calculus from Classical mechanics.
WEIGHT = 0.5


@dataclass(frozen=True, kw_only=True)
class DropStraySubjects(FilterStage):
    reads: ClassVar[type] = Subject
    writes: ClassVar[type] = Subject
    version: ClassVar[int] = 1

    # The similarity (cosine) of a subject's name to its discipline, the nearer of name and name with
    # description, less half of that to the broad school subject that it is nearest to.
    min_belonging: Annotated[float, Field(ge=-1, le=1)] = 0.04

    def check(self) -> None:
        check_packaged()

    def judge(self, subject: Subject) -> Reject | Subject | None:
        return self.judge_all([subject])[0]

    def judge_all(self, subjects: Sequence[Subject]) -> list[Reject | Subject | None]:
        judged = [subject for subject in subjects if LATIN.search(subject.subject)]
        measured = iter(_belongings(judged))
        return [self._verdict(one, next(measured)) if LATIN.search(one.subject) else None for one in subjects]

    def _verdict(self, subject: Subject, belonging: float) -> Reject | Subject:
        measured = dataclasses.replace(subject, belonging=belonging)
        broken = next(iter(self.measures(measured))).reject()
        return broken or measured

    def measures(self, subject: Subject) -> Sequence[Measure]:
        if subject.belonging is None:
            return ()
        limit = self.min_belonging
        return (Measure("subject_outside_discipline", subject.belonging, limit, is_least=True),)


def _belongings(subjects: Sequence[Subject]) -> list[float]:
    if not subjects:
        return []
    places = {(one.discipline, f"{one.discipline}: {one.description}") for one in subjects}
    texts = sorted(
        {*(one.subject for one in subjects), *BROAD_SUBJECTS, *(text for pair in places for text in pair)}
    )
    vectors = dict(zip(texts, embed(texts), strict=True))
    broad = np.stack([vectors[name] for name in BROAD_SUBJECTS])
    found = []
    for one in subjects:
        name, of = vectors[one.subject], (one.discipline, f"{one.discipline}: {one.description}")
        own = max(float(name @ vectors[text]) for text in of)
        found.append(round(own - WEIGHT * float((broad @ name).max()), 4))
    return found
