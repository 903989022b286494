"""Long texts, sound and with loops planted in them, to see what filters of repetition lose and let through by
length.

Sound: answers of an able teacher that a reader found sound (tests/data/long_answers.jsonl), and stretches of
Python's own reference pages (`pydoc_data.topics`, on every machine), written by people. Loops: a sentence
said 2 to 8 times more, a paragraph that comes again, a list whose items return, put into the same texts.
"""

import json
import pydoc_data.topics
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.planted import as_example
from pipeline.stage import FilterStage, first_broken

ROWS = Path(__file__).parent.parent / "tests" / "data" / "long_answers.jsonl"
LENGTHS = (60, 120, 250, 500, 1000)  # words, from which a text is of the next class
TEXTS = 60  # of people, of each length
LOOPS = ("answer_repeats", "answer_has_bare_list")  # how the reasons begin that are about repetition


class Text(NamedTuple):
    """A text and what is planted in it; nothing where it is sound."""

    text: str
    planted: str = ""


def able_answers(read: str) -> list[str]:
    """The answers of which a reader said `read`."""
    rows = map(json.loads, ROWS.read_text(encoding="utf-8").splitlines())
    return [row["answer"] for row in rows if row["read"] == read]


def of_people(rng: random.Random) -> Iterator[str]:
    """Paragraphs in a row, TEXTS times of each length."""
    pages = [page.split("\n\n") for page in pydoc_data.topics.topics.values() if len(page.split()) > 60]
    for n_words in LENGTHS:
        for _ in range(TEXTS):
            page = rng.choice(pages)
            start = rng.randrange(len(page))
            text = ""
            while len(text.split()) < n_words and start < len(page):
                text += page[start] + "\n\n"
                start += 1
            if len(text.split()) >= n_words:
                yield text.strip()


def with_loops(text: str, rng: random.Random) -> Iterator[Text]:
    """The text with a loop of each kind, where it has a sentence for it."""
    paragraphs = [part for part in text.split("\n\n") if len(part.split()) > 20]
    sentences = [
        one.strip() + "." for part in paragraphs for one in part.split(". ") if 9 <= len(one.split()) <= 30
    ]
    if not sentences:
        return
    sentence = rng.choice(sentences).replace("..", ".")
    for times in (2, 4, 8):
        yield Text(f"{text}\n\n{' '.join([sentence] * (times + 1))}", f"a sentence, {times} times more")
    paragraph = rng.choice(paragraphs)
    yield Text(f"{text}\n\n{paragraph}\n\n{paragraph}", "a paragraph, twice more")
    items = [" ".join(one.split()[:6]) + "." for one in sentences[:3]]
    lines = "\n".join(f"{n + 1}. {items[n % len(items)]}" for n in range(4 * len(items)))
    yield Text(f"{text}\n\n{lines}", "a list whose items return")


def by_length(stage: FilterStage, seed: int = 0) -> dict[str, dict[str, Any]]:
    """For each class of length, source and kind: texts, and the share that is dropped for a repetition."""
    rng = random.Random(seed)
    sound = [("able teacher", one) for one in able_answers("sound in form")]
    sound += [("people", one) for one in of_people(rng)]
    texts = [(source, Text(one)) for source, one in sound]
    texts += [("able teacher, circles", Text(one, "circles")) for one in able_answers("circles")]
    texts += [("planted", planted) for _, one in sound for planted in with_loops(one, rng)]
    counts: dict[tuple[int, str, str], list[bool]] = {}
    for source, text in texts:
        n_words = len(text.text.split())
        place = sum(n_words >= length for length in LENGTHS)
        counts.setdefault((place, source, text.planted), []).append(_is_dropped(stage, text.text))
    return {
        f"{LENGTHS[place - 1] if place else 0}+ words, {source}{': ' if planted else ''}{planted}": {
            "texts": len(dropped), "dropped": round(sum(dropped) / len(dropped), 3),
        }
        for (place, source, planted), dropped in sorted(counts.items())
    }  # fmt: skip


def _is_dropped(stage: FilterStage, text: str) -> bool:
    example = as_example({"id": "long", "question": "What is there to say of it?", "answer": text})
    broken = first_broken(stage.measures(example)) or stage.judge(example)
    return str(getattr(broken, "reason", "")).startswith(LOOPS)
