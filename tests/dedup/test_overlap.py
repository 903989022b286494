"""Shared runs of words, against brute force over the words themselves."""

from pathlib import Path

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dedup.overlap import Index
from pipeline.text.text import words

TEXTS = st.lists(st.lists(st.sampled_from("abC3é漢"), max_size=12).map(" ".join), min_size=1, max_size=6)


def runs(text: str, size: int) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[start : start + size]) for start in range(len(found) - size + 1)}


@given(items=TEXTS, rows=TEXTS, n=st.integers(2, 6), min_words=st.integers(1, 6))
def test_what_is_found_is_shared_and_what_is_shared_is_found(
    items: list[str], rows: list[str], n: int, min_words: int
) -> None:
    index = Index.of(pa.table({"text": items}), n, min_words)
    for row, found in zip(rows, index.find(rows, rows), strict=True):
        shared = {}
        for item, text in enumerate(items):
            length = len(words(text))
            size = length if length < min_words else min(n, length)
            if words(text) == words(row) if length < min_words else runs(text, size) & runs(row, size):
                shared[item] = size
        shared = {item: size for item, size in shared.items() if size}  # an item without a word is none
        assert (found is None) == (not shared)
        if found is not None:
            size = shared[found.item]
            stretch = " ".join(words(row)[found.start : found.stop])
            assert runs(stretch, size)
            assert runs(stretch, size) <= runs(items[found.item], size)
            assert 1 <= found.runs <= index.items["runs"][found.item].as_py()


def test_an_index_on_disk_finds_the_same(tmp_path: Path) -> None:
    items = pa.table({"name": ["x", "y"], "text": ["one two three four five", "six seven"]})
    index = Index.of(items, 3, 2)
    index.save(tmp_path)
    again = Index.load(tmp_path)
    texts = ["zero one two three four", "it is six seven", "one two"]
    assert again.find(texts, texts) == index.find(texts, texts)
    assert [found and (found.item, found.runs) for found in again.find(texts, texts)] == [
        (0, 2),
        (1, 1),
        None,
    ]
    assert again.items.to_pylist() == [{"name": "x", "runs": 3}, {"name": "y", "runs": 1}]
