"""Drop chunks that hold nothing to write tasks about: too short, a menu, a table of numbers, repeated lines;
and those with special tokens of chat models, by which a text could speak with another's voice.

Chunk -> Chunk. Pure arithmetic on one text, linear in its length. The limits are those of web corpora
(Gopher, https://arxiv.org/abs/2112.11446, appendix A1.1), for a chunk instead of a page.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from pipeline.records import Chunk
from pipeline.stage import FilterStage, Measure, Reject, first_broken
from pipeline.text.damage import damage_in
from pipeline.text.faults import special_token_in
from pipeline.text.repetition import repeated_runs_share, telling
from pipeline.text.scripts import n_words_said
from pipeline.text.text import repeated_line_share, words

Share = Annotated[float, Field(ge=0, le=1)]
NGRAM = 4


@dataclass(frozen=True, kw_only=True)
class DropPoorChunks(FilterStage):
    reads: ClassVar[type] = Chunk
    writes: ClassVar[type] = Chunk
    version: ClassVar[int] = (
        4  # 4: letters before closing marks are no damage; 3: code and tables do not repeat
    )

    min_words: Annotated[int, Field(ge=0)] = 30
    min_letters: Share = 0.6  # of its characters without white space
    max_repeated_lines: Share = 0.3
    max_repeated_ngrams: Share = 0.3  # of word 4-grams

    def judge(self, chunk: Chunk) -> Reject | None:
        token = special_token_in(chunk.text)
        if token is not None:
            return Reject("chunk_has_special_token", got=token)
        damage = damage_in(chunk.text)
        if damage is not None:
            return Reject("chunk_is_damaged", got=damage)
        return first_broken(self.measures(chunk))

    def measures(self, chunk: Chunk) -> Iterator[Measure]:
        text = chunk.text
        yield Measure("chunk_too_short", n_words_said(text), self.min_words, is_least=True)
        told = telling(text)
        share = letter_share(told if words(told) else text)
        yield Measure("chunk_of_few_letters", share, self.min_letters, is_least=True)
        yield Measure("chunk_repeats_lines", repeated_line_share(told), self.max_repeated_lines)
        share = repeated_runs_share(words(told), NGRAM)
        yield Measure("chunk_repeats_itself", share, self.max_repeated_ngrams)


def letter_share(text: str) -> float:
    """The share of letters of what is not white space."""
    return n_letters(text) / max(1, len("".join(text.split())))


def n_letters(text: str) -> int:
    """The letters, and the marks that belong to letters."""
    letters = sum(map(str.isalpha, text))
    return letters if text.isascii() else letters + sum(unicodedata.category(char)[0] == "M" for char in text)
