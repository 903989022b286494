from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.text import (
    distinct,
    ngrams,
    normalised,
    repeated_line_share,
    stutters,
    words,
)


@given(st.text())
def test_normalised_text_stays_as_it_is(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


@given(st.lists(st.text()))
def test_distinct_keeps_one_of_each(texts: list[str]) -> None:
    kept = distinct(texts)
    assert len({normalised(text) for text in kept}) == len(kept)
    assert {normalised(text) for text in kept} == {normalised(text) for text in texts} - {""}


def test_case_punctuation_and_width_do_not_count() -> None:
    assert normalised("  Hello,\tWORLD!\n") == normalised("ｈｅｌｌｏ world") == "hello world"  # noqa: RUF001


def test_a_word_twice_in_a_row_stutters() -> None:
    assert stutters("Genetics, genetics")
    assert not stutters("Supply and demand and supply")
    assert not stutters("")


def test_ngrams_and_repetition() -> None:
    assert ngrams(words("a b c"), 2) == {"a b", "b c"}
    assert ngrams(["a"], 2) == set()
    assert repeated_line_share("a\n\na\nb\nc") == 0.25
    assert repeated_line_share("") == 0
