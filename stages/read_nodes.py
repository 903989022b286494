"""Read the inner nodes of a taxonomy file, to be asked what is missing below them.

-> Node: the whole, its fields and its subfields, or one of them with what is below it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pipeline.records import Node, content_id
from pipeline.stage import SourceStage
from pipeline.taxonomy.taxonomy import DEPTH, load_taxonomy


@dataclass(frozen=True, kw_only=True)
class ReadNodes(SourceStage):
    writes: ClassVar[type] = Node
    version: ClassVar[int] = 1

    path: Path = Path("knowledge")  # a YAML file; recipes also take the name of one under taxonomy/
    under: str | None = None  # the id of a field or subfield; None reads from the top

    def read(self) -> Iterator[Node]:
        taxonomy = load_taxonomy(self.path)
        places = [((), None), *taxonomy.places()]
        top = next(path for path, place in places if (place.id if place else None) == self.under)
        for path, place in places:
            if len(path) < DEPTH and path[: len(top)] == top:
                children = [other[-1] for other, _ in places if other[:-1] == path and other]
                yield Node(
                    id=content_id(path),
                    path=path,
                    description=place.description if place else "All of human knowledge and capability.",
                    children=tuple(children),
                    proposals=0,
                    expanded=False,
                )
