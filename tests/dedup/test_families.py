"""Families of rephrasings, over generations."""

import pyarrow as pa
import pytest

from pipeline.dedup.families import families

CASES = [
    (["a", "b", "c"], ["", "", ""], [0, 1, 2]),
    (["a", "b", "c"], ["", "a", "a"], [0, 0, 0]),
    (["a", "b", "c", "d"], ["", "a", "b", "c"], [0, 0, 0, 0]),
    (["d", "c", "b", "a", "x"], ["c", "b", "a", "", ""], [0, 0, 0, 0, 1]),
    (["b", "c", "d"], ["gone", "gone", "b"], [0, 0, 0]),
    (["b", "c", "x", "y"], ["gone", "b", "", "x"], [0, 0, 1, 1]),
    (["a", "b"], ["b", "a"], None),  # no such ids are made; it ends all the same
]


@pytest.mark.parametrize(("ids", "of", "expected"), CASES)
def test_a_family_goes_over_all_generations(
    ids: list[str], of: list[str], expected: list[int] | None
) -> None:
    for cut in (0, 2):
        found = families(*(pa.chunked_array([rows[:cut], rows[cut:]], pa.string()) for rows in (ids, of)))
        assert expected is None or list(pa.array(found).dictionary_encode().indices.to_numpy()) == expected
