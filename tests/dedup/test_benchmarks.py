"""A benchmark file that cannot be read is named before anything is asked."""

import gzip
from pathlib import Path

import pytest

from pipeline.dedup.benchmarks import index, texts
from pipeline.errors import RecipeError


def test_every_text_of_a_row_is_an_item(tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl.gz"
    path.write_bytes(
        gzip.compress(b'{"q": "one", "n": 3, "options": ["two", {"text": "three"}]}\n{"q": "four"}\n')
    )
    assert list(texts(path)) == [(0, "one"), (0, "two"), (0, "three"), (1, "four")]
    assert index([path], 13, 8).items.to_pylist()[3] == {"benchmark": "b.jsonl.gz", "row": 1, "runs": 1}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("b.jsonl", b'{"q": "fine"}\n{"q": \n', r"b\.jsonl, row 1: .*mend the file"),
        ("b.jsonl", b"\xff\xfe\xfd\n", "after row 0: .*codec can't decode.*save it as UTF-8"),
        ("b.jsonl", b"", "holds no text"),
        ("b.jsonl", b'{"n": 3}\n', "holds no text"),
        ("b.jsonl.gz", b"not gzip", "row 0: Not a gzipped file"),
        ("b.jsonl.gz", gzip.compress(b'{"q": "cut"}\n' * 99, mtime=0)[:-12], r"row \d+: .* ended before"),
        ("b.parquet", b"not parquet", "row 0: .*"),
        ("b.csv", b"q\none\n", r"expected \.jsonl, \.jsonl\.gz or \.parquet, got '\.csv'"),
    ],
)
def test_a_file_that_is_none_is_named(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RecipeError, match=said):
        index([path], 13, 8)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"cannot read .*gone\.jsonl: No such file.*check the path"):
        index([tmp_path / "gone.jsonl"], 13, 8)
