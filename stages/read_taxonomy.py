"""Read the disciplines of a taxonomy file.

-> Discipline, one a leaf, in the order of the file.
Source: GLAN (https://arxiv.org/abs/2402.13064), section 2.1.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pipeline.records import Discipline
from pipeline.stage import SourceStage
from pipeline.taxonomy.taxonomy import load_taxonomy


@dataclass(frozen=True, kw_only=True)
class ReadTaxonomy(SourceStage):
    writes: ClassVar[type] = Discipline
    version: ClassVar[int] = 1

    path: Path = Path("knowledge")  # a YAML file; recipes also take the name of one under taxonomy/
    only: tuple[str, ...] = ()  # ids of fields, subfields or disciplines; empty reads all

    def read(self) -> Iterator[Discipline]:
        for field, subfield, place in load_taxonomy(self.path).leaves():
            if not self.only or {field.id, subfield.id, place.id} & set(self.only):
                yield Discipline(
                    id=place.id,
                    field=field.name,
                    subfield=subfield.name,
                    discipline=place.name,
                    description=place.description,
                )
