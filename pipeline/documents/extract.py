"""The readable text of HTML and PDF, made in a process of its own.

Such files come from anywhere, and their parsers are large: what they could do to a worker, hang, take all
memory or crash, they do to this process, which is started anew. Nothing in a document is run, and nothing it
names is fetched.

trafilatura (Apache-2.0) because it is what the field cleans web pages with, and is kept up; pypdfium2
(Apache-2.0, BSD-3) because PDFium is what Chromium trusts with hostile files.
"""

import json
import re
import resource
import struct
import subprocess
import sys
import threading
from functools import cache
from typing import Any, NamedTuple

from pipeline.documents.html_formulas import put_in
from pipeline.documents.pdf_lines import joined

MEMORY_BYTES = 3 * 2**30  # address space, most of which the libraries only map
HEADER = struct.Struct("<4sQ")
CPU_S = 900  # that a process may use for one file, should nobody be left to end it
FORMULA = re.compile(r"Formula\d+Q")  # of `put_in`
MAX_INDENT = 40  # blanks


class Extracted(NamedTuple):
    """A title and a text, or the fault that kept them from us."""

    title: str = ""
    text: str = ""
    fault: str = ""
    got: str = ""


def extract(kind: str, data: bytes, timeout_s: float) -> Extracted:
    """What is readable in `data`, a file of kind html or pdf."""
    return _extractor().extract(kind, data, timeout_s)


class _Extractor:
    """The process, started when it is first needed. One caller at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def extract(self, kind: str, data: bytes, timeout_s: float) -> Extracted:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.documents.extract"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        process = self._process
        late = threading.Event()

        def give_up() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(timeout_s, give_up)
        timer.start()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(HEADER.pack(kind.encode().ljust(4), len(data)) + data)
            process.stdin.flush()
            answer = process.stdout.readline()
        except BrokenPipeError:
            answer = b""
        finally:
            timer.cancel()
        if answer.endswith(b"\n"):
            return Extracted(**json.loads(answer))
        with process:
            process.kill()
        self._process = None
        return Extracted(fault="too_slow" if late.is_set() else "parser_crashed", got=kind)


@cache
def _extractor() -> _Extractor:
    """One a worker."""
    return _Extractor()


def _html(data: bytes) -> Extracted:
    import trafilatura
    from trafilatura.metadata import extract_metadata

    tree = trafilatura.load_html(data)
    if tree is None:
        return Extracted(fault="broken", got="no HTML")
    title = extract_metadata(tree).title or ""
    formulas = put_in(tree)
    text = trafilatura.extract(tree, output_format="markdown", include_comments=False, include_tables=True)
    if not text:
        return Extracted(fault="no_text", got="html")
    return Extracted(title=title, text=FORMULA.sub(lambda found: formulas.get(found[0], found[0]), text))


def _pdf(data: bytes) -> Extracted:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
        pages = [_lines(page.get_textpage()) for page in document]
    except pypdfium2.PdfiumError as error:
        fault = "encrypted" if "password" in str(error).lower() else "broken"
        return Extracted(fault=fault, got=str(error)[:200])
    text = joined(pages)
    if not text.strip():
        return Extracted(fault="no_text", got=f"pdf of {len(pages)} pages, without a text layer")
    return Extracted(title=document.get_metadata_dict().get("Title", ""), text=text)


def _lines(page: Any) -> str:
    """The lines of a page of PDFium; those that begin with a blank with as many as they are indented by."""
    lines, place = [], 0
    for line in page.get_text_range().split("\r\n"):
        start = place + len(line) - len(line.lstrip(" "))
        indent = _indent(page, start, line) if line.startswith(" ") and line.strip() else 0
        lines.append(" " * indent + line.strip())
        place += len(line) + 2
    return "\n".join(lines)


def _indent(page: Any, start: int, line: str) -> int:
    """The blanks before a line that begins at this character, by its place and the width of its letters."""
    n_more = max(1, len(line.strip()) - 1)
    first, last = page.get_charbox(start)[0], page.get_charbox(start + len(line.strip()) - 1)[0]
    width = (last - first) / n_more
    return min(MAX_INDENT, max(1, round((first - _left(page)) / width))) if width > 0 else 1


def _left(page: Any) -> float:
    """Where the leftmost letter of a page stands."""
    rectangles = (page.get_rect(number)[0] for number in range(page.count_rects()))
    return float(min(rectangles, default=0.0))


def _serve() -> None:
    """Answers one line of JSON a file, until there are no more."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = sys.stdout.buffer
    sys.stdout = sys.stderr
    parsers = {"html": _html, "pdf": _pdf}
    while header := sys.stdin.buffer.read(HEADER.size):
        kind, size = HEADER.unpack(header)
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime) + CPU_S
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        data = sys.stdin.buffer.read(size)
        try:
            found = parsers[kind.decode().strip()](data)
        except MemoryError:
            found = Extracted(fault="too_large_unpacked", got=f"more than {MEMORY_BYTES >> 20} MB of memory")
        except Exception as error:  # whatever a parser raises is the file's fault
            found = Extracted(fault="broken", got=f"{type(error).__name__}: {error}"[:200])
        answers.write(json.dumps(found._asdict()).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    _serve()
