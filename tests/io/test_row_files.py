"""Files of rows: whatever encoding wrote them, and errors that say what to do."""

import gzip
import json
from pathlib import Path

import pytest

from pipeline.errors import RecipeError
from pipeline.io.row_files import rows

ROW = {"question": "Warum ist der Himmel grün? 為什麼"}
LINE = json.dumps(ROW, ensure_ascii=False) + "\n"

READ = [
    ("a.jsonl", LINE.encode(), [ROW]),
    ("a.jsonl", LINE.encode("utf-8-sig"), [ROW]),
    ("a.jsonl", LINE.encode("utf-16"), [ROW]),
    ("a.jsonl", LINE.encode("utf-32"), [ROW]),
    ("a.jsonl", b"\xfe\xff" + LINE.encode("utf-16-be"), [ROW]),
    ("a.jsonl.gz", gzip.compress((LINE + LINE).encode("utf-8-sig"), mtime=0), [ROW, ROW]),
    ("a.jsonl", (LINE + "\n \r\n" + LINE).replace("\n", "\r\n").encode(), [ROW, ROW]),
    ("a.jsonl", LINE.strip().encode(), [ROW]),
    ("a.jsonl", b'{"q": "half \\ud83d a pair"}', [{"q": "half \ufffd a pair"}]),
    ("a.jsonl", b'{"q": ["\\udc00"], "\\ud800": "\\ude00"}', [{"q": ["\ufffd"], "\ufffd": "\ufffd"}]),
    ("a.jsonl", b'{"q": "a whole pair \\ud83d\\ude00"}', [{"q": "a whole pair \U0001f600"}]),
    ("a.jsonl", '{"q": "no\u2028break"}'.encode(), [{"q": "no\u2028break"}]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "expected"), READ)
def test_rows_are_read_whatever_encoding_wrote_them(
    name: str, content: bytes, expected: list, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    found = list(rows(tmp_path / name, "set"))
    assert found == expected
    json.dumps(found, ensure_ascii=False).encode()  # characters alone


REFUSED = [
    (LINE.encode("latin-1", "replace"), "after row 0: .*can't decode byte .*; save it as UTF-8"),
    (LINE.encode() + b'{"q": "caf\xe9"}\n', "after row 0: .*can't decode byte .*; save it as UTF-8"),
    (LINE.encode() + b"{broken\n", "row 1: .*mend the file"),
    (b"[" * 100_000, "row 0: .*mend the file"),
]


@pytest.mark.parametrize(("content", "said"), REFUSED)
def test_a_file_that_cannot_be_read_says_what_to_do(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(content)
    with pytest.raises(RecipeError, match=rf"set .*a\.jsonl, {said}"):
        list(rows(tmp_path / "a.jsonl", "set"))
