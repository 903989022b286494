"""The readable text of HTML and PDF, made in a process of its own.

Such files come from anywhere, and their parsers are large: what they could do to a worker, hang, take all
memory or crash, they do to this process, which is started anew. Nothing in a document is run, and nothing it
names is fetched.

trafilatura (Apache-2.0) because it is what the field cleans web pages with, and is kept up; pypdfium2
(Apache-2.0, BSD-3) because PDFium is what Chromium trusts with hostile files.
"""

import itertools
import json
import re
import resource
import struct
import subprocess
import sys
import threading
from functools import cache
from typing import NamedTuple

MEMORY_BYTES = 3 * 2**30  # address space, most of which the libraries only map
HEADER = struct.Struct("<4sQ")
CPU_S = 900  # that a process may use for one file, should nobody be left to end it
HYPHEN = re.compile("[\ufffe\u00ad\x02-]\n(?=[a-z])")  # a word that a line end cuts
FULL_LINE = 0.75  # of the longest line of a page, from which a line is one that goes on in the next
ITEM = re.compile(r"(?:[-*•–]|\d+[.)]|\(?[a-z]\))\s")  # noqa: RUF001


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
    text = trafilatura.extract(tree, output_format="markdown", include_comments=False, include_tables=True)
    return Extracted(title=title, text=text) if text else Extracted(fault="no_text", got="html")


def _pdf(data: bytes) -> Extracted:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
        pages = [page.get_textpage().get_text_bounded() for page in document]
    except pypdfium2.PdfiumError as error:
        fault = "encrypted" if "password" in str(error).lower() else "broken"
        return Extracted(fault=fault, got=str(error)[:200])
    text = "\n\n".join(_paragraphs(page) for page in pages)
    if not text.strip():
        return Extracted(fault="no_text", got=f"pdf of {len(pages)} pages, without a text layer")
    return Extracted(title=document.get_metadata_dict().get("Title", ""), text=text)


def _paragraphs(page: str) -> str:
    """The page with the lines joined that only its width had cut."""
    lines = [line.strip() for line in HYPHEN.sub("", page.replace("\r\n", "\n")).split("\n")]
    longest = max(map(len, lines))
    text = lines[0]
    for before, line in itertools.pairwise(lines):
        goes_on = before and line and len(before) >= FULL_LINE * longest and not ITEM.match(line)
        text += f" {line}" if goes_on else f"\n{line}"
    return text


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
