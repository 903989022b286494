"""What is read of files, good ones and hostile ones: a text, or a fault with its reason; never a crash."""

import gzip
import itertools
import json
import os
import resource
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.documents.documents import STRETCH_BYTES, find_files, kind_of, state_of
from pipeline.documents.reading import Fault, Limits, Text, read
from pipeline.errors import RecipeError
from pipeline.records import Document, File
from pipeline.stage import Reject
from pipeline.storage.store import to_table
from stages.list_files import ListFiles
from stages.read_documents import ReadDocuments
from tests.conftest import ROOT

LIMITS = Limits(
    max_mb=1.0,
    max_chars=100_000,
    timeout_s=20.0,
    encodings=("utf-8",),
    text_column="text",
    title_column="title",
)
EXAMPLES = ROOT / "examples" / "documents"
PAGE = (
    "<html><head><title>Cells</title></head><body><nav>Menu</nav><article><p>{}</p></article></body></html>"
)
SENTENCES = (
    "Cells divide by mitosis, which has several phases that can be seen under a microscope. "
    "Meiosis is another kind of division, which halves the number of chromosomes."
)


def read_path(path: Path, limits: Limits = LIMITS) -> list[Text | Fault]:
    return [found for file in find_files([str(path)]) for found in read(file, limits)]


def one(path: Path) -> Text | Fault:
    (found,) = read_path(path)
    return found


def test_every_kind_of_file_is_read() -> None:
    found = {
        name: read_path(EXAMPLES / name) for name in ("bees.md", "tides.txt", "printing.html", "bridges.pdf")
    }
    assert all(isinstance(texts[0], Text) and len(texts) == 1 for texts in found.values())
    titles = {name: texts[0].title for name, texts in found.items()}
    assert titles["printing.html"] == "The printing press"
    assert titles["bridges.pdf"] == "How bridges carry weight"
    assert titles["bees.md"] == "Honey bees"
    page = found["printing.html"][0].text
    assert "Gutenberg" in page
    assert "not to be read" not in page
    assert "About" not in page  # the menu
    assert "Under a load its upper side is pressed together" in found["bridges.pdf"][0].text
    bridges = found["bridges.pdf"][0].text.splitlines()
    assert bridges[0] == "How bridges carry weight"
    assert any("Tacoma Narrows in the United States began" in line for line in bridges)  # over a line's end
    rows = read_path(EXAMPLES / "water.jsonl")
    assert [row.title for row in rows] == ["Drinking water", "Why ice floats", "Canals and locks"]
    assert len({row.place for row in rows}) == 3


def encrypted(pdf: bytes) -> bytes:
    """The file as one that only opens with a password: the check of no password can succeed."""
    keys = f"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{'ab' * 32}> /U <{'cd' * 32}> >> "
    keys += f"/ID [<{'01' * 16}> <{'01' * 16}>] "
    return pdf.replace(b"trailer\n<< ", b"trailer\n<< " + keys.encode())


HOSTILE = {
    "empty.txt": (b"", "empty"),
    "blank.md": (b" \n\t\n", "empty"),
    "invisible.txt": ("\u202e\ufeff\u2066".encode(), "empty"),
    "latin.txt": ("caf\xe9 au lait".encode("latin-1"), "wrong_encoding"),
    "picture.txt": (b"\x89PNG\r\n\x1a\n" + bytes(100), "wrong_kind"),
    "nulls.txt": (b"text with \0 a null byte", "wrong_kind"),
    "archive.md": (b"PK\x03\x04" + bytes(100), "wrong_kind"),
    "program.html": (b"\x7fELF" + bytes(100), "wrong_kind"),
    "page.pdf": (b"<html><body>no pdf</body></html>", "wrong_kind"),
    "cut.pdf": ((EXAMPLES / "bridges.pdf").read_bytes()[:300], "broken"),
    "noise.pdf": (b"%PDF-1.7\n" + bytes(range(256)) * 20, "broken"),
    "locked.pdf": (encrypted((EXAMPLES / "bridges.pdf").read_bytes()), "encrypted"),
    "menu.html": (b"<html><body></body></html>", "no_text"),
    "long.txt": (b"word " * 30_000, "document_too_long"),
    "large.txt": (b"x" * (2 * 2**20), "file_too_large"),
    "table.parquet": (b"PAR1 no table", "unreadable"),
    "packed.jsonl.gz": (b"\x1f\x8b no gzip", "unreadable"),
    "film.mp4": (b"....", "unknown_kind"),
    "no_ending": (b"text", "unknown_kind"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_read_is_told_with_its_reason(name: str, tmp_path: Path) -> None:
    data, reason = HOSTILE[name]
    (tmp_path / name).write_bytes(data)
    found = one(tmp_path / name)
    assert isinstance(found, Fault)
    assert found.reason == reason
    json.dumps([found.got, found.limit])  # it can be kept


class Site(SimpleHTTPRequestHandler):
    """The example documents over HTTP; one page of them is out of order."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args, directory=str(EXAMPLES))

    def do_GET(self) -> None:
        if self.path.endswith("bees.md"):
            self.send_error(500)
        else:
            super().do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        pass


def test_documents_are_read_over_http_as_from_the_disk() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        names = ("tides.txt", "bridges.pdf", "water.jsonl", "bees.md")
        files = ListFiles(paths=tuple(f"{url}/{name}" for name in names)).read()
        *found, last = (item for file in files for item in ReadDocuments().map(file))
    finally:
        server.shutdown()
        server.server_close()
    here = ListFiles(paths=tuple(str(EXAMPLES / name) for name in names[:3])).read()
    expected = [item.text for file in here for item in ReadDocuments().map(file)]
    assert [item.text for item in found] == expected
    assert last.reason == "unreadable"
    assert "500" in str(last.got)


def test_what_is_no_file_or_has_no_name_is_told_and_the_others_read(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    os.mkfifo(folder / "pipe.txt")  # reading it would wait for ever
    (folder / "zero.txt").symlink_to("/dev/zero")  # and this one never end
    (folder / "gone.txt").symlink_to("nothing.txt")
    (folder / "self").symlink_to(folder)
    Path(os.fsdecode(bytes(folder) + b"/caf\xe9.txt")).write_text("A name in Latin-1.")
    (folder / "a\nb.txt").write_text("A name of two lines.")
    found = list(ListFiles(paths=(str(folder),)).read())
    to_table(found, File)  # they can be kept
    assert state_of((str(folder),))
    read = [item for file in found for item in ReadDocuments().map(file)]
    reasons = [(item.reason, item.got) for item in read if isinstance(item, Reject)]
    assert reasons == [
        ("name_is_no_text", "caf\\xe9.txt"),
        *(("no_file", name) for name in ("gone.txt", "pipe.txt", "self", "zero.txt")),
    ]
    assert [item.text for item in read if isinstance(item, Document)] == ["A name of two lines."]


def test_lines_that_are_no_documents_are_told_and_the_others_read(tmp_path: Path) -> None:
    lines = [
        b'{"text": "First."}',
        b"not json",
        b'{"title": "no text"}',
        b'["a list"]',
        b'{"text": "\\ud800half a pair\\u202e"}',
        b'{"text": "' + b"x" * 1_000_000 + b'"}',
        b"[" * 100_000,
        b"",
        b'{"text": "Last."}',
    ]
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\n".join(lines))
    found = read_path(path)
    texts = [row.text for row in found if isinstance(row, Text)]
    assert texts == ["First.", "half a pair", "Last."]
    reasons = [row.reason for row in found if isinstance(row, Fault)]
    assert reasons == ["broken", "no_text", "broken", "line_too_long", "broken"]


def test_a_line_of_a_hundred_megabytes_takes_little_memory_and_time(tmp_path: Path) -> None:
    path = tmp_path / "line.jsonl"
    with path.open("wb") as file:
        file.write(b'{"text": "')
        for _ in range(100):
            file.write(b"x" * 2**20)
        file.write(b'"}\n{"text": "after"}\n')
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    found = read_path(path)
    assert time.monotonic() - started < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024  # kB
    assert [row.text for row in found if isinstance(row, Text)] == ["after"]
    assert [row.reason for row in found if isinstance(row, Fault)] == ["line_too_long"]


def test_what_is_small_packed_and_large_unpacked_is_not_taken_whole(tmp_path: Path) -> None:
    path = tmp_path / "bomb.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(1100):
            file.write(bytes(2**20))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = read_path(path)
    assert {row.reason for row in found if isinstance(row, Fault)} == {"line_too_long", "too_large_unpacked"}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


def test_scripts_in_a_page_are_neither_run_nor_read(tmp_path: Path) -> None:
    script = "<script>fetch('http://127.0.0.1:9/x')</script><iframe src='file:///etc/passwd'></iframe>"
    path = tmp_path / "page.html"
    path.write_text(PAGE.format(SENTENCES + script + "<img src=x onerror=alert(1)>"))
    found = one(path)
    assert isinstance(found, Text)
    assert "Meiosis" in found.text
    assert not any(word in found.text for word in ("fetch", "passwd", "onerror", "root:"))


def test_a_page_that_nests_without_end_ends(tmp_path: Path) -> None:
    path = tmp_path / "deep.html"
    path.write_text("<div>" * 100_000 + SENTENCES)
    assert isinstance(one(path), Text | Fault)


def test_a_parser_that_takes_too_long_is_ended_and_the_next_file_is_read(tmp_path: Path) -> None:
    slow, page = tmp_path / "slow.html", tmp_path / "page.html"
    slow.write_text(PAGE.format(f"{SENTENCES}</p><p>" * 4_000))
    page.write_text(PAGE.format(SENTENCES))
    impatient = Limits(**{**LIMITS.__dict__, "timeout_s": 0.01})
    (found,) = read_path(slow, impatient)
    assert isinstance(found, Fault)
    assert found.reason == "too_slow"
    assert isinstance(one(page), Text)


def test_utf_16_and_named_encodings_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("Grüße aus Wien".encode("utf-16"))
    assert one(tmp_path / "a.txt").text == "Grüße aus Wien"
    (tmp_path / "b.txt").write_bytes("Grüße".encode("latin-1"))
    limits = Limits(**{**LIMITS.__dict__, "encodings": ("utf-8", "latin-1")})
    assert read_path(tmp_path / "b.txt", limits)[0].text == "Grüße"


ROWS = st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30), max_size=30)


@given(ROWS, st.lists(st.integers(1, 200), max_size=6))
def test_stretches_of_a_file_hold_each_line_once(
    tmp_path_factory: pytest.TempPathFactory, rows, cuts
) -> None:
    path = tmp_path_factory.getbasetemp() / "stretches.jsonl"
    path.write_bytes(
        b"".join(json.dumps({"text": f"x{row}"}, ensure_ascii=False).encode() + b"\n" for row in rows)
    )
    size = path.stat().st_size
    places = sorted({0, size, *(cut for cut in cuts if cut < size)})
    files = [
        File(id="f", address=str(path), name="f", kind="jsonl", size=size, start=start, stop=stop)
        for start, stop in itertools.pairwise(places)
    ]
    whole = File(id="f", address=str(path), name="f", kind="jsonl", size=size, start=0, stop=0)
    assert [found for file in files for found in read(file, LIMITS)] == list(read(whole, LIMITS))
    assert len(list(read(whole, LIMITS))) == len(rows)


def test_large_files_are_read_in_stretches(tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"Row {number}. " + "word " * 200}) for number in range(12_000)]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    texts = [json.loads(line)["text"] + str(hash(line)) * 30 for line in lines]
    pq.write_table(
        pa.table({"text": texts}), tmp_path / "rows.parquet", row_group_size=3000, compression="none"
    )
    files = list(find_files([str(tmp_path)]))
    assert len(files) == -(-(tmp_path / "rows.jsonl").stat().st_size // STRETCH_BYTES) + 4
    found = {}
    for file in files:
        found.setdefault(file.name, []).extend(read(file, LIMITS))
    assert [len(rows) for rows in found.values()] == [12_000, 12_000]
    assert [row.place for row in found[f"{tmp_path.name}/rows.parquet"]] == [str(n) for n in range(12_000)]


def test_files_are_known_by_their_place_in_the_folder_that_was_named(tmp_path: Path) -> None:
    (tmp_path / "docs" / "below").mkdir(parents=True)
    (tmp_path / "docs" / ".hidden").mkdir()
    for name in ("docs/b.txt", "docs/below/a.md", "docs/.hidden/c.txt", "docs/.d.txt"):
        (tmp_path / name).write_text(name)
    docs = str(tmp_path / "docs")
    assert [file.name for file in find_files([docs])] == ["docs/b.txt", "docs/below/a.md"]
    assert [file.name for file in find_files([f"{docs}/*.txt"])] == ["docs/b.txt"]
    assert [file.name for file in find_files([f"{docs}/below/a.md"])] == ["a.md"]
    assert [file.name for file in find_files([docs, f"{docs}/b.txt"])] == ["docs/b.txt", "docs/below/a.md"]
    before = state_of([docs])
    (tmp_path / "docs" / "b.txt").write_text("longer than before")
    assert state_of([docs]) != before
    with pytest.raises(RecipeError, match="there is no file"):
        list(find_files([str(tmp_path / "nowhere")]))


def test_urls_that_fsspec_opens_are_read() -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe("/shelf/a.txt", b"A text in memory.")
    (file,) = find_files(["memory://shelf"])
    assert [found.text for found in read(file, LIMITS)] == ["A text in memory."]
    assert file.name == "memory:///shelf/a.txt"


def test_a_kind_is_told_by_the_ending() -> None:
    names = {
        "a.TXT": "text",
        "b.jsonl.gz": "jsonl.gz",
        "c.tar.gz": "unknown",
        "d": "unknown",
        "e.v2.html": "html",
    }
    assert {name: kind_of(name) for name in names} == names
