"""The texts of benchmark files: JSONL (also .gz) or Parquet, each text column of a row; and their runs of
words.

Each text of a row is an item, and its question with the options is one more. By themselves options, and an
instruction beside what it is about, count only where a text is nothing else: whoever names one has not seen
the item. A text mostly in a script without spaces needs SINGLES times the length, as its words are letters.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from pipeline.dedup.overlap import Index
from pipeline.errors import RecipeError
from pipeline.identity import digest
from pipeline.io.cache import cached
from pipeline.io.row_files import rows
from pipeline.text.characters import is_alone
from pipeline.text.text import words

FORMAT = 3  # of what is kept; goes up when the same files give other hashes
MAX_DEPTH = 3  # of strings in nested values
SINGLES = 3  # letters of a script without spaces for each word that a limit asks for
NEVER = 1 << 40  # words from which an item that only counts as a whole would count inside others
# Names of columns and keys.
OPTIONS = re.compile(
    r"choices?|options?|endings?|candidates?|alternatives?|distractors?|[a-j]"
    r"|(?:option|choice|answer|ending|sol|op|distractor)s?[_ ]?[a-j\d]{1,2}",
    re.IGNORECASE,
)
ANSWERS = re.compile(r"answers?|labels?|targets?|output|(?:in)?correct_answers?|best_answer", re.IGNORECASE)
INSTRUCTION = re.compile(
    r"instructions?|system(?:_prompt)?|directions?|preamble|task_description", re.IGNORECASE
)
ASKED = re.compile(
    r"questions?|query|stem|problem|goal|prompt|sentence|ctx|input|q|question_(?:text|stem)|instruction",
    re.IGNORECASE,
)


class Text(NamedTuple):
    """A text of a row, and the names of the columns and keys that it stands in."""

    names: tuple[str, ...]
    text: str

    def is_any(self, names: re.Pattern[str]) -> bool:
        return any(names.fullmatch(name) for name in self.names)


class Item(NamedTuple):
    row: int
    text: str
    whole: bool = False  # whether it only counts where a text is nothing else


def index(paths: Sequence[Path], n: int, min_words: int, columns: tuple[str, ...] = ()) -> Index:
    """The runs of all texts of the files, or of their `columns`; its items have the file's name, as
    `benchmark`, and their `row`.

    Made once on a machine, then shared by the processes that use it. Raises RecipeError for a file that is
    missing, damaged or holds no text.
    """
    key = digest((FORMAT, [path.name for path in paths], tuple(paths), n, min_words, columns)).hex()
    return Index.load(
        cached(f"benchmarks-{key}", lambda draft: _index(paths, n, min_words, columns).save(draft))
    )


def _index(paths: Sequence[Path], n: int, min_words: int, columns: tuple[str, ...]) -> Index:
    tables = []
    for path in paths:
        found = list(_items(path, n, columns))
        if not found:
            which = f"columns {', '.join(columns)}" if columns else "rows with text columns"
            raise RecipeError(f"benchmark {path} holds no text: expected {which}")
        factors = [_words_for_one(item.text) for item in found]
        limits = zip(found, factors, strict=True)
        columns_of = {
            "benchmark": pa.repeat(path.name, len(found)),
            "row": pa.array([item.row for item in found], pa.int64()),
            "text": pa.array([item.text for item in found]),
            "least": pa.array([NEVER if item.whole else min_words * factor for item, factor in limits]),
            "run": pa.array([n * factor for factor in factors]),
        }
        tables.append(pa.table(columns_of))
    return Index.of(pa.concat_tables(tables), n, min_words)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every text with the number of its row, from 0. Raises RecipeError that says where the file is bad."""
    for number, row in enumerate(rows(path, "benchmark")):
        yield from ((number, found.text) for found in _texts(row, (), MAX_DEPTH))


def _items(path: Path, n: int, columns: tuple[str, ...]) -> Iterator[Item]:
    """The texts of each row, then its question with its options."""
    joined: list[Item] = []
    for number, row in enumerate(rows(path, "benchmark")):
        found = [text for text in _texts(row, (), MAX_DEPTH) if text.text.strip()]
        if columns:
            found = [text for text in found if text.names[:1] and text.names[0] in columns]
        options = [text for text in found if text.is_any(OPTIONS)]
        answers = [text for text in found if text.is_any(ANSWERS) and text not in options]
        instructions = [text for text in found if text.is_any(INSTRUCTION)]
        others = [text for text in found if text not in (*options, *answers, *instructions)]
        for text in found:
            is_short = len(words(text.text)) < n * _words_for_one(text.text)
            is_part = text in instructions and bool(others)
            yield Item(number, text.text, is_part or (is_short and text in (*options, *answers)))
        asked = next((text.text for text in (*others, *instructions) if text.is_any(ASKED)), None)
        shown = [text.text for text in options if len(text.text.strip()) > 1]  # no label of one letter
        if asked is not None and len(shown) > 1:
            joined.append(Item(number, "\n".join([asked, *shown])))
        if instructions and others:
            told = [instructions[0].text, *(text.text for text in others)]
            joined.append(Item(number, "\n".join(told), whole=True))
    yield from joined


def _texts(value: Any, names: tuple[str, ...], depth: int) -> Iterator[Text]:
    if isinstance(value, str):
        yield Text(names, value)
    elif isinstance(value, dict) and depth:
        for name, item in value.items():
            yield from _texts(item, (*names, str(name)), depth - 1)
    elif isinstance(value, list) and depth:
        for item in value:
            yield from _texts(item, names, depth - 1)


def _words_for_one(text: str) -> int:
    """How many words of the text are as long as one where words have spaces between them."""
    found = words(text)
    n_single = sum(is_alone(word[0]) for word in found)
    return SINGLES if 2 * n_single > len(found) else 1
