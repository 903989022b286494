"""Cut documents into chunks that a model reads at once.

Document -> Chunk: whole sentences up to `max_tokens` of the model's own tokenizer, and whole blocks of code,
tables and displayed formulas; what is longer is cut at a blank line, a line, a word, a character. A chunk
ends where the next one can be read alone, if its last part has such a place: before a heading or a paragraph,
or before a sentence that does not lean on the one before it ("It slows ...", "However, ..."). The chunks of a
document joined are its text, letter for letter. Source: WRAP (https://arxiv.org/abs/2401.16380): of longer
texts a rephrasing loses information.
Two to four requests a chunk (MAX_COUNTS and one for an earlier end), more only where none of those fits, to
the server's `/tokenize` (vLLM and Ray Serve LLM have it), which cost no tokens; with `chars_per_token` none
is sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from pipeline.model import Model
from pipeline.records import Chunk, Document, content_id
from pipeline.stage import Expected, ModelStage, Reject
from pipeline.text.sentences import (
    is_heading,
    leans_back,
    leans_forward,
    sentences,
    smaller,
    starts_paragraph,
)

LEAST_SHARE = 0.6  # of what fits, that a chunk has at least where it ends earlier for the next one's sake
MAX_COUNTS = 3  # of one chunk, once something fits: what they leave free is less than a request is worth
GUESSED_CHARS_PER_TOKEN = 4.0  # of English; the first count says more


@dataclass(frozen=True, kw_only=True)
class CutDocuments(ModelStage):
    reads: ClassVar[type] = Document
    writes: ClassVar[type] = Chunk
    version: ClassVar[int] = 3  # 3: blocks are whole; 2: a chunk ends where the next can be read alone

    max_tokens: Annotated[int, Field(ge=16)] = 300  # of a chunk
    chars_per_token: Annotated[float, Field(gt=0)] | None = None  # for a server that has no /tokenize
    with_before: bool = False  # whether a chunk carries the one before it, to be read with it

    def expected(self) -> Expected:
        return Expected(requests=4, rows=2)  # of a page

    async def map(self, document: Document, model: Model) -> list[Chunk | Reject]:
        cutter = _Cutter(self.max_tokens, self.chars_per_token, model)
        chunks: list[Chunk | Reject] = []
        start, before = 0, ""
        for text, n_tokens in await cutter.cut(sentences(document.text, document.language)):
            chunks.append(
                Chunk(
                    id=content_id(document.id, start, text),
                    language=document.language,
                    parent_id=document.id,
                    document=document.name,
                    title=document.title,
                    quality=document.quality,
                    start=start,
                    text=text,
                    n_tokens=n_tokens,
                    before=before,
                )
            )
            start += len(text)
            before = text if self.with_before else ""
        return chunks


class _Cutter:
    """Packs pieces of one text."""

    def __init__(self, max_tokens: int, chars_per_token: float | None, model: Model) -> None:
        self._max_tokens = max_tokens
        self._fixed = chars_per_token
        self._rate = chars_per_token or GUESSED_CHARS_PER_TOKEN
        self._model = model

    async def cut(self, pieces: list[str]) -> list[tuple[str, int]]:
        """The chunks with their tokens."""
        made: list[tuple[str, int]] = []
        first = 0
        while first < len(pieces):
            n, n_tokens = await self._most(pieces, first)
            if n == 0:
                pieces = smaller(pieces[first]) + pieces[first + 1 :]
                first = 0
                continue
            end = _good_end(pieces, first, first + n)
            if end < first + n:
                count = await self._count("".join(pieces[first:end]))
                end, n_tokens = (end, count) if count <= self._max_tokens else (first + n, n_tokens)
            made.append(("".join(pieces[first:end]), n_tokens))
            first = end
        return made

    async def _most(self, pieces: Sequence[str], first: int) -> tuple[int, int]:
        """How many pieces from `first` on fit together, as far as MAX_COUNTS tell, and their tokens; (0, 0)
        when one alone does not, unless it cannot be cut.
        """
        fits, tokens = 0, 0  # so many fit
        over = len(pieces) - first + 1  # so many do not
        guess = self._guess(pieces, first, 0, self._max_tokens)
        n_counts = 0
        while over - fits > 1 and (n_counts < MAX_COUNTS or not fits):
            n_counts += 1
            n = min(max(guess, fits + 1), over - 1)
            text = "".join(pieces[first : first + n])
            count = await self._count(text)
            if count <= self._max_tokens:
                fits, tokens = n, count
            elif n == 1 and len(text) == 1:
                return 1, count
            else:
                over = n
            guess = self._guess(pieces, first, fits, self._max_tokens - tokens)
        return fits, tokens

    def _guess(self, pieces: Sequence[str], first: int, fits: int, room: int) -> int:
        """How many pieces will fit, when after `fits` of them there is room for so many tokens."""
        chars, n = room * self._rate, fits
        while first + n < len(pieces) and len(pieces[first + n]) <= chars:
            chars -= len(pieces[first + n])
            n += 1
        return n

    async def _count(self, text: str) -> int:
        if self._fixed is not None:
            return -int(-len(text) // self._fixed)
        count = await self._model.n_tokens(text)
        if count:
            self._rate = len(text) / count
        return count


def _good_end(pieces: Sequence[str], first: int, end: int) -> int:
    """Where a chunk from `first` on ends for the next one to be read alone: the last such place up to `end`,
    before a paragraph rather than a sentence; `end` itself where its last part has none.
    """
    if end == len(pieces):
        return end
    least = LEAST_SHARE * sum(map(len, pieces[first:end]))
    places, size = [], 0
    for place in range(first + 1, end + 1):
        size += len(pieces[place - 1])
        if size >= least and not leans_back(pieces[place]) and not leans_forward(pieces[place - 1]):
            places.append(place)
    headings = [place for place in places if is_heading(pieces[place])]
    paragraphs = [place for place in places if starts_paragraph(pieces[place - 1])]
    return (headings or paragraphs or places or [end])[-1]
