"""The compiled words and units are those of pipeline.text."""

import itertools
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.dedup.letters import OFFSET, PRIME, letter_tables
from pipeline.dedup.shingles import shingled
from pipeline.dedup.word_hashes import PROSE_UNITS, UNITS, WORDS, hashed, in_chunks, write_units
from pipeline.text.characters import OPERATORS
from pipeline.text.text import ngrams, prose_units, units, words

# Characters of every category, and more often those that the rules for units speak of.
RULED = st.sampled_from(
    "aBf3 x+-*.,!?:='`\"([|)&<>\n_#"
    "\u00e9\u6f22\u0e01\u0e33\u0301\u200d\u00df\u201c\u2019\u2013\u00b2\u00bd\U0001f600"
)
TEXTS = st.lists(st.text(st.characters(codec="utf-8") | RULED, max_size=20), min_size=1, max_size=20)
LISTS = {WORDS: words, UNITS: units, PROSE_UNITS: prose_units}


def compiled(texts: list[str], kind: int) -> list[list[int]]:
    """What the compiled code takes each text apart into."""

    def work(data: Any, starts: Any) -> list[list[int]]:
        found = []
        for start, stop in itertools.pairwise(starts):
            hashes, flags = np.empty(stop - start + 1, np.uint64), np.empty(stop - start + 1, np.uint8)
            n = write_units(data, start, stop, kind, letter_tables()[0], hashes, flags)
            found.append([int(value) for value in hashes[:n]])
        return found

    return [row for chunk in in_chunks(pa.array(texts), work) for row in chunk]


def fnv(unit: str) -> int:
    value = int(OFFSET)
    for char in unit:
        value = (value ^ ord(char)) * int(PRIME) % 2**64
    return value


@given(texts=TEXTS)
@example(
    texts=[
        "C++ != C#; a? b. 5! .5 3.14 f'(x) !x ::",
        "a . b `;` (',') y''+2x' = a?.b .net \u3001\u3002",
        "\u00df\u0301 H\u0331 \u1e96",
        "2\u00b9\u2070 \u00bd",
    ]
)
def test_what_python_takes_a_text_apart_into_is_what_compiled_code_does(texts: list[str]) -> None:
    for kind, listed in LISTS.items():
        for text, found in zip(texts, compiled(texts, kind), strict=True):
            is_operator = {unit for unit in listed(text) if kind == WORDS and unit in OPERATORS}
            assert found == [ord(unit) if unit in is_operator else fnv(unit) for unit in listed(text)]


@given(texts=TEXTS)
@example(
    texts=[
        "\ufb01ne 3 - 4",
        "fine 3-4",
        "FINE 3 4",
        "n\u0303",
        "\u00f1",
        "\uac01",
        "\u1100\u1161\u11a8",
        "\U00020000a",
    ]
)
def test_texts_with_the_same_units_have_the_same_hash(texts: list[str]) -> None:
    hashes = hashed(pa.array(texts)).to_pylist()
    by_units: dict[tuple[str, ...], bytes] = {}
    for text, value in zip(texts, hashes, strict=True):
        assert by_units.setdefault(tuple(units(text)), value) == value
    assert len(set(by_units.values())) == len(by_units)


@given(texts=TEXTS, n=st.integers(1, 3), cut=st.integers(0, 3))
def test_as_many_shingles_as_ngrams(texts: list[str], n: int, cut: int) -> None:
    chunked = pa.chunked_array([texts[:cut], texts[cut:]], pa.string())
    for text, found in zip(texts, shingled(chunked, n).to_pylist(), strict=True):
        assert len(found) == (len(ngrams(prose_units(text), n)) or bool(prose_units(text)))
        assert found == sorted(set(found))


CASES = {
    "The rain in spring": False,
    "The rain in Spain": True,
    "It rained. The sun shone": False,
    "It rained 3 times": True,
    "well-known facts": False,
    "x + y": True,
    "the C# language": True,
    "a (small) _word_": False,
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
    spelt = " ".join(words(text))
    assert len(found) == len({spelt[start : start + 9] for start in range(len(spelt) - 8)})


@given(texts=TEXTS, n=st.integers(1, 4))
def test_characters_are_those_of_the_words_joined_by_blanks(texts: list[str], n: int) -> None:
    for text, found in zip(texts, shingled(pa.array(texts), n, "characters").to_pylist(), strict=True):
        spelt = " ".join(words(text))
        grams = {spelt[start : start + n] for start in range(len(spelt) - n + 1)} or {spelt} - {""}
        assert len(found) == len(grams)
