"""The compiled words are those of pipeline.text."""

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.dedup.shingles import shingled
from pipeline.dedup.word_hashes import hashed
from pipeline.text.text import ngrams, normalised, words

# Letters that fold to two letters are the one difference, and said in the docstring.
LETTERS = st.characters(codec="utf-8").filter(lambda char: len(char.casefold()) == 1)
TEXTS = st.lists(st.text(LETTERS | st.sampled_from("aB 3+-*.\n_é漢")), min_size=1, max_size=20)


@given(texts=TEXTS)
@example(
    texts=["ﬁne 3 - 4", "fine 3-4", "FINE 3 4", "n\u0303", "ñ", "\uac01", "\u1100\u1161\u11a8", "\U00020000a"]
)
def test_texts_with_the_same_words_have_the_same_hash(texts: list[str]) -> None:
    hashes = hashed(pa.array(texts)).to_pylist()
    by_words: dict[tuple[str, ...], bytes] = {}
    for text, value in zip(texts, hashes, strict=True):
        assert by_words.setdefault(tuple(words(text)), value) == value
    assert len(set(by_words.values())) == len(by_words)


@given(texts=TEXTS, n=st.integers(1, 3), cut=st.integers(0, 3))
def test_as_many_shingles_as_ngrams(texts: list[str], n: int, cut: int) -> None:
    chunked = pa.chunked_array([texts[:cut], texts[cut:]], pa.string())
    for text, found in zip(texts, shingled(chunked, n).to_pylist(), strict=True):
        assert len(found) == (len(ngrams(words(text), n)) or bool(words(text)))
        assert found == sorted(set(found))


CASES = {
    "The rain in spring": False,
    "The rain in Spain": True,
    "It rained. The sun shone": False,
    "It rained 3 times": True,
    "well-known facts": False,
    "x + y": False,
}


def test_numbers_operators_and_names_are_marks() -> None:
    found = {text: {value & 1 for value in shingled(pa.array([text]), 9).to_pylist()[0]} for text in CASES}
    assert found == {text: {int(marked)} for text, marked in CASES.items()}


def test_many_texts_are_hashed_in_their_order() -> None:
    texts = pa.array([f"text number {number}" for number in range(20_000)])
    assert hashed(texts)[12_345:12_346].to_pylist() == hashed(texts.slice(12_345, 1)).to_pylist()
    assert shingled(texts, 2)[19_999].as_py() == shingled(texts.slice(19_999), 2)[0].as_py()


def test_a_sum_without_spaces_has_more_characters_than_bytes() -> None:
    """Every sign is a word, and a blank comes with it."""
    text = "+".join(str(number * number % 7) for number in range(400_000))
    (found,) = shingled(pa.array([text]), 9, "characters").to_pylist()
    spelt = normalised(text)
    assert len(found) == len({spelt[start : start + 9] for start in range(len(spelt) - 8)})


@given(texts=TEXTS, n=st.integers(1, 4))
def test_characters_are_those_of_the_words_joined_by_blanks(texts: list[str], n: int) -> None:
    for text, found in zip(texts, shingled(pa.array(texts), n, "characters").to_pylist(), strict=True):
        spelt = normalised(text)
        grams = {spelt[start : start + n] for start in range(len(spelt) - n + 1)} or {spelt} - {""}
        assert len(found) == len(grams)
