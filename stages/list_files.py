"""List files of documents.

-> File, one each, or one a stretch of a large JSONL or Parquet file, in the order of the paths and names.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pipeline.documents.documents import find_files
from pipeline.records import File
from pipeline.stage import SourceStage


@dataclass(frozen=True, kw_only=True)
class ListFiles(SourceStage):
    writes: ClassVar[type] = File
    version: ClassVar[int] = 1

    paths: tuple[str, ...] = ()  # files, folders and globs, here or at URLs that fsspec opens
    state: str = ""  # a hash of names, sizes and times of the files; the recipe's own

    def read(self) -> Iterator[File]:
        yield from find_files(self.paths)
