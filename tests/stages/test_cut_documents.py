"""Chunks join back to their document, and none is longer than asked for."""

import asyncio
import random
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.inference.fake_model import Script, fake_model
from pipeline.records import Chunk, Document
from pipeline.text.sentences import sentences
from stages.cut_documents import CutDocuments

PIECES = st.sampled_from(
    [
        "Dr. Smith ",
        "U.S. ",
        "a",
        " ",
        "\n",
        "\n\n",
        ". ",
        "! ",
        "? ",
        "“",
        "”",
        "(",
        "1. ",
        "- ",
        "e.g. ",
        "。",
        "é",
    ]
)
TEXTS = st.one_of(st.text(min_size=1, max_size=300), st.lists(PIECES, min_size=1, max_size=120).map("".join))


def n_bytes(body: dict[str, Any]) -> str:
    """A tokenizer with a token a byte: the worst there is."""
    return str(len(body["prompt"].encode("utf-8", "surrogatepass")))


def cut(text: str, stage: CutDocuments, script: Script | None = None) -> list[Chunk]:
    document = Document(id="d", name="a.txt", title="", text=text)
    made = asyncio.run(stage.map(document, fake_model(script or Script(n_bytes))))
    return [chunk for chunk in made if isinstance(chunk, Chunk)]


@given(TEXTS)
def test_sentences_join_back_to_the_text(text: str) -> None:
    assert "".join(sentences(text)) == text


@settings(deadline=None)
@given(TEXTS, st.integers(16, 60))
def test_chunks_join_back_to_the_document_and_none_is_too_long(text: str, max_tokens: int) -> None:
    chunks = cut(text, CutDocuments(max_tokens=max_tokens))
    assert "".join(chunk.text for chunk in chunks) == text
    assert all(chunk.n_tokens <= max_tokens for chunk in chunks)
    assert all(chunk.n_tokens == len(chunk.text.encode("utf-8", "surrogatepass")) for chunk in chunks)
    assert all(text[chunk.start :].startswith(chunk.text) for chunk in chunks)


@pytest.mark.parametrize("text", ["x" * 5000, "word " * 2000, ("A sentence of some length. " * 300)])
def test_what_has_no_good_place_to_cut_is_cut_all_the_same(text: str) -> None:
    chunks = cut(text, CutDocuments(max_tokens=300))
    assert "".join(chunk.text for chunk in chunks) == text
    assert all(chunk.n_tokens <= 300 for chunk in chunks)


BREAD = "Salt gives the bread its taste and makes the dough firmer. "


@pytest.mark.parametrize(
    ("sentence", "leans"),
    [
        ("It slows down the yeast a little. ", True),
        ("He mixed an ink of soot and oil. ", True),
        ("However, the dough must rest. ", True),
        ("These are called starters. ", True),
        ("which is why it rises slowly. ", True),
        ('"But why?" asked the baker. ', True),
        ("For this reason bakers add it late. ", True),
        ("Most of them bake at night. ", True),
        ("One of these is rye. ", True),
        ("Italian bakers use less of salt. ", False),
        ("Soda bread needs no yeast at all. ", False),
        ("Theirs is a bread without any salt. ", False),
        ("The oven must be hot before it. ", False),
        ("Many bakers weigh all that is used. ", False),
    ],
)
def test_a_chunk_does_not_begin_with_a_sentence_that_leans_on_the_one_before_it(
    sentence: str, leans: bool
) -> None:
    text = BREAD * 5 + sentence + BREAD * 4
    first, second, *_ = cut(text, CutDocuments(max_tokens=len(BREAD) * 5 + 5))
    assert first.text + second.text == text[: second.start + len(second.text)]
    assert second.text.startswith(BREAD if leans else sentence)


def test_a_chunk_ends_at_a_paragraph_of_its_last_part() -> None:
    text = BREAD * 2 + BREAD.strip() + "\n\n" + BREAD * 4
    first, second = cut(text, CutDocuments(max_tokens=len(BREAD) * 4 + 9))
    assert first.text == BREAD * 2 + BREAD.strip() + "\n\n"
    assert second.text == BREAD * 4
    early = BREAD.strip() + "\n\n" + BREAD * 6  # too little before it
    assert cut(early, CutDocuments(max_tokens=len(BREAD) * 4 + 9))[0].text.count("Salt") == 4


def test_where_all_sentences_lean_as_many_as_fit_stand_together() -> None:
    chunks = cut("It slows down the yeast. " * 40, CutDocuments(max_tokens=260))
    assert all(len(chunk.text) == 250 for chunk in chunks)


def test_as_many_sentences_as_fit_with_few_requests() -> None:
    text = "".join(f"Sentence number {number} says something about the matter. " for number in range(200))
    script = Script(lambda body: str(-(-len(body["prompt"]) // 5)))
    chunks = cut(text, CutDocuments(max_tokens=300), script)
    assert all(chunk.text.endswith(". ") for chunk in chunks)
    longest = max(len(sentence) for sentence in sentences(text))
    assert all(len(chunk.text) > 5 * 300 - longest - 5 for chunk in chunks[:-1])
    assert len(script.bodies) <= 3.5 * len(chunks)


def test_the_chunk_before_is_told_when_asked_for() -> None:
    text = "One sentence stands here. " * 20
    first, second, *_ = cut(text, CutDocuments(max_tokens=60, with_before=True))
    assert first.before == ""
    assert second.before == first.text
    assert cut(text, CutDocuments(max_tokens=60))[1].before == ""


def test_without_a_tokenizer_characters_count() -> None:
    script = Script(n_bytes)
    chunks = cut("abc " * 100, CutDocuments(max_tokens=16, chars_per_token=2.5), script)
    assert script.bodies == []
    assert all(len(chunk.text) <= 40 for chunk in chunks)


CODE = "".join(f"def f{n}(x):\n    # Adds. Then returns! Is it ok?\n    return x + {n}\n\n" for n in range(4))
TABLE = "| name | is |\n|---|---|\n" + "".join(f"| row {n} | One. Two! Three? |\n" for n in range(6))
PROSE = "Some words come first. They say that there is a text, and more of it than fits. " * 3
FORMULA = "$$\na = b. c = d. \\\\\ne = f\n$$\n"


@pytest.mark.parametrize(
    "block", [f"```python\n{CODE}```\n", f"~~~\n{CODE}~~~\n", TABLE, FORMULA, CODE.replace("def", "    def")]
)
@pytest.mark.parametrize("n_before", range(1, 6))
def test_blocks_that_fit_are_not_cut(block: str, n_before: int) -> None:
    text = f"# Title\n\n{PROSE * n_before}\n\n{block}\n{PROSE * 2}"
    chunks = cut(text, CutDocuments(max_tokens=120, chars_per_token=4))
    assert "".join(chunk.text for chunk in chunks) == text
    assert all(chunk.n_tokens <= 120 for chunk in chunks)
    assert sum(block.strip() in chunk.text for chunk in chunks) == 1


def test_a_block_that_is_too_long_is_cut_between_its_parts() -> None:
    """No chunk is longer than asked for, and joined they are the document: so the fence of a longer block
    cannot be whole, whatever a reader would like.
    """
    text = f"{PROSE}\n\n```python\n{CODE * 4}```\n\n{PROSE}"
    chunks = cut(text, CutDocuments(max_tokens=60, chars_per_token=4))
    assert "".join(chunk.text for chunk in chunks) == text
    assert all(chunk.n_tokens <= 60 for chunk in chunks)
    assert all(
        chunk.text.startswith("def ") for chunk in chunks if "def " in chunk.text and "```" not in chunk.text
    )


def test_a_fence_that_is_never_closed_is_a_text_like_any_other() -> None:
    text = f"```python\n{CODE * 5}"
    chunks = cut(text, CutDocuments(max_tokens=60, chars_per_token=4))
    assert "".join(chunk.text for chunk in chunks) == text


@pytest.mark.parametrize(
    "leaning",
    [
        "It slows down the yeast.", "He mixed an ink of oil and soot.", "However, salt is needed.",
        "This is why it works.",
        "For example, bread needs it.", "In contrast, oil does not.", "Therefore it rises.",
        "Sie ist aus Holz.",
        "Cependant, le sel est cher.", "Por ejemplo, el pan.", "但是它很好。", "しかし、それは高い。",
    ],
)  # fmt: skip
def test_a_chunk_does_not_begin_with_a_sentence_that_points_back(leaning: str) -> None:
    plain = "Salt is used in every kitchen of the world. "
    for n in range(8, 14):
        text = plain * n + leaning + " " + plain * 12
        chunks = cut(text, CutDocuments(max_tokens=120, chars_per_token=4))
        assert not any(chunk.text.startswith(leaning) for chunk in chunks), n


def test_a_chunk_begins_at_a_heading_and_does_not_end_with_one() -> None:
    section = "## Salt and water\n\n" + "Salt is used in every kitchen of the world. " * 7 + "\n\n"
    chunks = cut(section * 6, CutDocuments(max_tokens=120, chars_per_token=4))
    assert all(chunk.text.startswith("## ") for chunk in chunks)
    assert not any(chunk.text.rstrip().endswith("Salt and water") for chunk in chunks)


def test_few_requests_are_sent_for_any_text() -> None:
    rng = random.Random(1)
    n_requests, n_chunks = 0, 0
    for _ in range(40):
        words = (rng.choice(["salt", "yeast", "however", "COVID-19", "x" * 15, "ü"]) for _ in range(1500))
        text = "".join(
            f"{word}{rng.choice([' ', ' ', ' ', ' ', '. ', '. It ', chr(10) * 2])}" for word in words
        )
        script = Script(lambda body: str(len(re.findall(r"\w{1,4}|\W", body["prompt"]))))
        n_chunks += len(cut(text, CutDocuments(max_tokens=300), script))
        n_requests += len(script.bodies)
    assert n_requests <= 4 * n_chunks
