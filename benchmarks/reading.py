"""Documents read: files/s and memory by kind, beside the bare library in a loop.

    python -m benchmarks.reading [--files 10000] [--json]      about two minutes

Text and Markdown, HTML pages of 300 words with menus and scripts, PDF files of a page, and JSONL of as many
rows, in the shares 50, 20, 10 and 20 %. The stages list and read them in one process, as a task on one core
does; HTML and PDF are parsed in a process of their own, whose cost is the ratio to trafilatura or PDFium
called in a loop. `peak_mb`: the most that the process held, without the parser's.
"""

import json
import random
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pypdfium2
import trafilatura

from benchmarks.report import argument_parser, print_machine
from pipeline.records import Document, File
from stages.list_files import ListFiles
from stages.read_documents import ReadDocuments

SHARES = {"text": 0.5, "html": 0.2, "pdf": 0.1, "jsonl": 0.2}
WORDS = (
    "water",
    "stone",
    "river",
    "light",
    "paper",
    "field",
    "engine",
    "music",
    "winter",
    "garden",
    "letter",
)
PDF = Path(__file__).parent.parent / "examples" / "documents" / "bridges.pdf"


def sentences(rng: random.Random, n_words: int) -> str:
    return " ".join(f"{' '.join(rng.choices(WORDS, k=11)).capitalize()}." for _ in range(n_words // 11))


def page(text: str) -> str:
    menu = "".join(f'<li><a href="/{word}">{word}</a></li>' for word in WORDS)
    return (
        f"<html><head><title>A page</title><script>run()</script></head><body><ul>{menu}</ul>"
        f"<article><h1>A page</h1><p>{text[:900]}</p><p>{text[900:]}</p></article></body></html>"
    )


def write_files(folder: Path, n: int) -> None:
    rng = random.Random(0)
    for number in range(int(n * SHARES["text"])):
        (folder / f"{number}.{'md' if number % 2 else 'txt'}").write_text(sentences(rng, 300))
    for number in range(int(n * SHARES["html"])):
        (folder / f"{number}.html").write_text(page(sentences(rng, 300)))
    for number in range(int(n * SHARES["pdf"])):
        (folder / f"{number}.pdf").write_bytes(PDF.read_bytes())
    with (folder / "rows.jsonl").open("w") as file:
        for _ in range(int(n * SHARES["jsonl"])):
            file.write(json.dumps({"text": sentences(rng, 300)}) + "\n")


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def bare_page(path: Path) -> None:
    tree = trafilatura.load_html(path.read_bytes())
    trafilatura.metadata.extract_metadata(tree)
    trafilatura.extract(tree, output_format="markdown", include_comments=False, include_tables=True)


def bare_pdf(path: Path) -> None:
    document = pypdfium2.PdfDocument(path.read_bytes())
    [one.get_textpage().get_text_bounded() for one in document]
    document.get_metadata_dict()


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    options = parser.parse_args()
    print_machine("trafilatura", "pypdfium2")
    stage = ReadDocuments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder, options.files)
        listed_s = timed(lambda: list(ListFiles(paths=(name,)).read()))
        found, seconds = Counter[str](), Counter[str]()
        for file in ListFiles(paths=(name,)).read():
            seconds[file.kind] += timed(lambda file=file: count(stage.map(file), file, found))
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        bare = {
            "html": timed(lambda: [bare_page(path) for path in folder.glob("*.html")]),
            "pdf": timed(lambda: [bare_pdf(path) for path in folder.glob("*.pdf")]),
        }
    result = {
        "files": options.files,
        "listed_per_s": options.files / listed_s,
        "documents": dict(found),
        "documents_per_s": {kind: found[kind] / seconds[kind] for kind in SHARES},
        "ratio_to_bare": {kind: seconds[kind] / bare[kind] for kind in bare},
        "peak_mb": peak_mb,
    }
    for kind, rate in result["documents_per_s"].items():
        beside = f", {result['ratio_to_bare'][kind]:.2f} times the bare library" if kind in bare else ""
        print(f"{kind:<6} {rate:>9,.0f} documents/s{beside}")
    print(f"peak memory {peak_mb:,.0f} MB")
    if options.json:
        print(json.dumps(result))


def count(made: Iterator[object], file: File, found: Counter[str]) -> None:
    found[file.kind] += sum(isinstance(one, Document) for one in made)


if __name__ == "__main__":
    main()
