"""Read the documents in a file.

File -> Document: one of text, Markdown, HTML (its main text) or PDF (its text layer), one a row of JSONL and
Parquet. What cannot be read is a reject: `unknown_kind`, `wrong_kind`, `wrong_encoding`, `empty`, `no_text`,
`encrypted`, `broken`, `unreadable`, `file_too_large`, `document_too_long`, `line_too_long`,
`too_large_unpacked`, `too_slow`, `parser_crashed`, `no_file`, `name_is_no_text`. See
pipeline/documents/reading.py, and pipeline/documents/extract.py for the libraries. Cost: 7 ms a page of
HTML, 3 ms one of PDF (benchmarks/reading.py). Memory: BATCH files, or stretches of 8 MB.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from pipeline.documents.reading import Fault, Limits, read
from pipeline.records import Document, File, content_id
from pipeline.stage import MapStage, Reject


@dataclass(frozen=True, kw_only=True)
class ReadDocuments(MapStage):
    reads: ClassVar[type] = File
    writes: ClassVar[type] = Document
    version: ClassVar[int] = 2  # 2: see pipeline/documents: PDF lines, formulas, encodings of rows
    batch: ClassVar[int] = 16

    text_column: str = "text"  # of JSONL and Parquet
    title_column: str = "title"  # likewise; it may be missing
    encodings: tuple[str, ...] = ("utf-8",)  # tried in turn, where a file has no byte order mark
    max_mb: Annotated[float, Field(gt=0)] = 64.0  # of a file that is one document
    max_chars: Annotated[int, Field(ge=1)] = 5_000_000  # of a document
    timeout_s: Annotated[float, Field(gt=0)] = 60.0  # for one file of HTML or PDF

    def map(self, file: File) -> Iterator[Document | Reject]:
        limits = Limits(
            self.max_mb,
            self.max_chars,
            self.timeout_s,
            self.encodings,
            self.text_column,
            self.title_column,
        )
        for found in read(file, limits):
            if isinstance(found, Fault):
                yield Reject(found.reason, got=found.got, limit=found.limit)
                continue
            name = f"{file.name}#{found.place}" if found.place else file.name
            yield Document(
                id=content_id(name, found.text), name=name, title=found.title[:500], text=found.text
            )
