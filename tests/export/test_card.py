"""What the card says of the dataset's size."""

import pytest

from pipeline.export.card import size_category


@pytest.mark.parametrize(
    ("n_rows", "category"),
    [
        (0, "n<1K"),
        (999, "n<1K"),
        (1_000, "1K<n<10K"),
        (9_999_999, "1M<n<10M"),
        (10_000_000, "10M<n<100M"),
        (100_000_000, "100M<n<1B"),
        (5 * 10**9, "1B<n<10B"),
        (10**12, "n>1T"),
    ],
)
def test_the_size_is_named_as_on_the_hub(n_rows: int, category: str) -> None:
    assert size_category(n_rows) == category
