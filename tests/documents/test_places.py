"""Which files are found: through links, at URLs, under odd names, from any folder."""

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from pipeline.documents.documents import find_files, state_of
from pipeline.documents.places import is_signed, named, places
from pipeline.errors import RecipeError
from pipeline.identity import digest
from pipeline.records import Document
from pipeline.stage import Reject
from stages.list_files import ListFiles
from stages.read_documents import ReadDocuments

TEXT = "A paragraph of plain English text about bees and honey. " * 5
ADAPTER = TypeAdapter(ListFiles)


def texts_of(*paths: object) -> dict[str, str]:
    """The documents by name; of what cannot be read the reason."""
    found = [
        (file.name, item)
        for file in find_files([str(path) for path in paths])
        for item in ReadDocuments().map(file)
    ]
    return {name: item.reason if isinstance(item, Reject) else item.text for name, item in found}


def write(path: Path, text: str = TEXT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_links_are_followed_as_the_cache_of_the_hub_has_them(tmp_path: Path) -> None:
    write(tmp_path / "blobs" / "0123")
    snapshot = tmp_path / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "a.md").symlink_to("../../blobs/0123")
    for path in (snapshot / "a.md", snapshot, f"{snapshot}/*.md", tmp_path / "snapshots"):
        assert list(texts_of(path).values()) == [TEXT.strip()]


def test_links_to_folders_are_followed_once(tmp_path: Path) -> None:
    write(tmp_path / "shelf" / "a.txt")
    docs = tmp_path / "docs"
    write(docs / "b.txt", "Another text.")
    (docs / "linked").symlink_to(tmp_path / "shelf")
    (docs / "back").symlink_to(docs)
    (docs / "twice").symlink_to(tmp_path / "shelf")
    (docs / "circle").symlink_to("circle")
    found = texts_of(docs)
    assert sorted(found.values()) == sorted([TEXT.strip(), "Another text.", *["no_file"] * 3])
    assert found["docs/linked/a.txt"] == TEXT.strip()
    linked = tmp_path / "whole"
    linked.symlink_to(tmp_path / "shelf")
    assert texts_of(linked) == {"whole/a.txt": TEXT.strip()}


@pytest.mark.parametrize(
    "name",
    [
        "std::vector.md", "a::b.txt", "zip::c.txt", "what? really*.md", "[x].md", "a#b.md", "100%.txt",
        "a b.txt", "naïve.md", "?.txt", "file:x.txt", "-dash.txt", "a'b\".md", "line\nend.txt", "{x}.md",
        "~.txt",
    ],
)  # fmt: skip
def test_local_files_are_opened_by_the_name_they_have(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / "cpp" / name)
    assert list(texts_of(path).values()) == [TEXT.strip()]
    assert list(texts_of(tmp_path / "cpp")) == [f"cpp/{name}"]


def test_a_hidden_folder_can_be_named(tmp_path: Path) -> None:
    write(tmp_path / ".notes" / "a.md")
    write(tmp_path / ".notes" / ".git" / "b.md")
    write(tmp_path / ".notes" / "c" / ".d.md")
    assert list(texts_of(tmp_path / ".notes")) == [".notes/a.md"]
    assert list(texts_of(tmp_path / ".notes" / ".git" / "b.md")) == ["b.md"]
    with pytest.raises(RecipeError, match="there is no file"):
        texts_of(tmp_path)


def test_folders_with_a_file_in_common_are_told_apart(tmp_path: Path) -> None:
    for folder in ("a/docs", "b/docs", "c/docs/deep"):
        write(tmp_path / folder / "LICENSE.txt")
    write(tmp_path / "a/docs/only.txt")
    found = texts_of(*(tmp_path / name / "docs" for name in "abc"))
    assert list(found) == [
        "a/docs/LICENSE.txt",
        "docs/only.txt",
        "b/docs/LICENSE.txt",
        "docs/deep/LICENSE.txt",
    ]
    files = list(find_files([str(tmp_path / "a/docs"), str(tmp_path / "b/docs")]))
    made = [item for file in files for item in ReadDocuments().map(file)]
    assert len({item.id for item in made if isinstance(item, Document)}) == len(made) == 3
    assert len({file.id for file in files}) == 3
    assert len(list(find_files([str(tmp_path / "a/docs"), str(tmp_path / "a/docs")]))) == 2  # named twice


def test_paths_are_understood_from_every_folder_and_are_no_part_of_an_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("here", "there"):
        path = write(tmp_path / place / "docs" / "a.md")
        os.utime(path, (1_000_000, 1_000_000))
    stages = []
    for place in ("here", "there"):
        monkeypatch.chdir(tmp_path / place)
        stages.append(ADAPTER.validate_python({"paths": ["docs"], "state": state_of(["docs"])}))
    monkeypatch.chdir("/")
    assert stages[0].paths == (str(tmp_path / "here" / "docs"),)
    assert all(len(list(stage.read())) == 1 for stage in stages)
    assert digest(stages[0]) == digest(stages[1])
    write(tmp_path / "there" / "docs" / "b.md")
    assert state_of(stages[1].paths) != stages[1].state


class Site(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self.wfile.write(self._answer())

    def _answer(self) -> bytes:
        if "gone" in self.path:
            self.send_error(404)
            return b""
        is_page = self.path.startswith("/html")
        data = f"<html><body><article><p>{TEXT}</p></article></body></html>" if is_page else TEXT
        self.send_response(200)
        media = "text/html; charset=utf-8" if is_page else "text/markdown"
        self.send_header("Content-Type", "video/mp4" if "film" in self.path else media)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        return data.encode()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


URLS = [
    "/a.md", "/a.md?download=1", "/a.md?X-Amz-Signature=SECRET&X-Amz-Expires=3600", "/a.md?sig=SECRET&v=2",
    "/a.md?token=SECRET", "/a.md#section", "/a%20b.md", "/html/page", "/html/", "/html/page.html?id=3",
    "/html/index.php?q=bees", "/plain/no_ending",
]  # fmt: skip


@pytest.mark.parametrize("url", URLS)
def test_urls_are_read_with_a_query_and_without_an_ending(url: str, site: str) -> None:
    ((name, text),) = texts_of(site + url).items()
    assert text == TEXT.strip()
    assert "SECRET" not in name


def test_a_url_of_another_kind_is_a_reject_and_pages_of_one_address_are_told_apart(site: str) -> None:
    assert list(texts_of(f"{site}/film").values()) == ["unknown_kind"]
    names = list(
        texts_of(f"{site}/html/x.php?id=1", f"{site}/html/x.php?id=2", f"{site}/html/x.php?id=2&key=A")
    )
    assert len(set(names)) == 3


def test_what_is_secret_in_a_url_is_shown_nowhere(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    host = site.removeprefix("http://")
    for url in (f"{site}/gone.md?sig=SECRET", f"http://user:SECRET@{host}/gone.md"):
        with pytest.raises(RecipeError) as raised:
            list(find_files([url]))
        assert "SECRET" not in str(raised.value)
        assert "SECRET" not in named(url)
    signed = f"{site}/a.md?X-Amz-Signature=SECRET"
    assert is_signed(signed)
    with pytest.raises(ValidationError, match="NAME") as refused:
        ADAPTER.validate_python({"paths": [signed]})
    assert "SECRET" not in str(refused.value.errors(include_input=False)[0]["msg"])
    monkeypatch.setenv("DOCS_URL", signed)
    (file,) = find_files(["$DOCS_URL"])
    assert "SECRET" not in repr(file)
    (document,) = ReadDocuments().map(file)
    assert isinstance(document, Document)
    assert ADAPTER.validate_python({"paths": ["$DOCS_URL"]}).paths == ("$DOCS_URL",)
    with pytest.raises(RecipeError, match="NOT_SET"):
        list(find_files(["$NOT_SET"]))


def test_a_store_without_keys_is_an_error_that_names_the_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(RecipeError, match=r"documents 's3://nobody/here': .*credentials"):
        places("s3://nobody/here")
