"""List files of documents.

-> File, one each, or one a stretch of a large JSONL or Parquet file, in the order of the paths and names.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pydantic import AfterValidator

from pipeline.documents.documents import find_files
from pipeline.documents.places import published
from pipeline.records import File
from pipeline.stage import SourceStage


@dataclass(frozen=True, kw_only=True)
class ListFiles(SourceStage):
    writes: ClassVar[type] = File
    version: ClassVar[int] = 2  # 2: links are followed, names are told apart

    # Files, folders and globs, here or at URLs that fsspec opens; `$NAME` is a URL in the environment. Where
    # they lie is no part of a step's id: what is there is, by its state.
    paths: tuple[Annotated[str, AfterValidator(published)], ...] = field(
        default=(), metadata={"is_location": True}
    )
    state: str = ""  # a hash of names, sizes and times of the files; the recipe's own

    def read(self) -> Iterator[File]:
        yield from find_files(self.paths)
