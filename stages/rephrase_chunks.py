"""Say what chunks of documents say in other styles.

Chunk -> Passage, `per_chunk` each, of styles drawn by their weights, or the styles that the document's
quality calls for. One request a passage, of at most `tokens_ratio` times the tokens of the chunk. Replies are
cleaned by the rules of their form (pipeline/synthesis/reply_forms.py); of one that was cut off, the list
items or pairs that are whole stay. What is said is checked by DropPoorRephrasings. Source: WRAP
(https://arxiv.org/abs/2401.16380) and its successors, see pipeline/synthesis/styles.py.
"""

import math
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pydantic import Field

from pipeline.model import Model, Sampling
from pipeline.records import Chunk, Passage, content_id
from pipeline.stage import Expected, ModelStage, Reject, rng_for, settle
from pipeline.synthesis.draws import check_weights, draw_weighted
from pipeline.synthesis.reply_forms import FormFault, as_text, cleaned, pairs_in, some_of, without_last
from pipeline.synthesis.styles import ENCYCLOPEDIC, KNOWLEDGE, STYLES, Style, Styles
from pipeline.text.endings import is_stop
from pipeline.text.text import enclosed

MIN_TOKENS = 160  # that a reply may have: of a short text a table or a pair is longer


@dataclass(frozen=True, kw_only=True)
class RephraseChunks(ModelStage):
    reads: ClassVar[type] = Chunk
    writes: ClassVar[type] = Passage
    version: ClassVar[int] = 5  # 5: what a reply says of itself in a last paragraph goes

    styles: Styles = field(default_factory=lambda: dict(STYLES))
    per_chunk: Annotated[int, Field(ge=1)] = 1  # passages of different styles
    good_from: Annotated[int, Field(ge=1, le=5)] | None = None  # quality; None: it decides nothing
    good_styles: tuple[str, ...] = KNOWLEDGE  # of documents that are good: all of these
    other_styles: tuple[str, ...] = ENCYCLOPEDIC  # of the others
    tokens_ratio: Annotated[float, Field(gt=0)] = 1.5  # of a reply to its chunk
    sampling: Sampling = Sampling(temperature=0.7, max_tokens=2048)
    seed: int = 0

    def check(self) -> None:
        check_weights({name: style.weight for name, style in self.styles.items()}, "styles")

    def expected(self) -> Expected:
        return Expected(requests=self.per_chunk, rows=self.per_chunk)

    async def map(self, chunk: Chunk, model: Model) -> list[Passage | Reject]:
        return await settle([self._write(chunk, name, style, model) for name, style in self._chosen(chunk)])

    def _chosen(self, chunk: Chunk) -> list[tuple[str, Style]]:
        if self.good_from is not None and chunk.quality is not None:
            wanted = self.good_styles if chunk.quality >= self.good_from else self.other_styles
            return [(name, self.styles[name]) for name in wanted if name in self.styles]
        rng = rng_for(self.seed, "styles", chunk.id)
        weights = {name: style.weight for name, style in self.styles.items()}
        return [(name, self.styles[name]) for name in draw_weighted(weights, self.per_chunk, rng)]

    async def _write(self, chunk: Chunk, name: str, style: Style, model: Model) -> Passage | Reject:
        room = min(self.sampling.max_tokens, max(MIN_TOKENS, math.ceil(self.tokens_ratio * chunk.n_tokens)))
        sampling = self.sampling.model_copy(update={"max_tokens": room})
        turn = await model.write(
            style.prompt, sampling, passage=enclosed(chunk.text.strip()), before=enclosed(chunk.before)
        )
        reply = turn.text if is_stop(turn.finish) else without_last(turn.text, style.form)
        if reply is None:
            got = {"style": name, "finish": turn.finish, "tokens": turn.n_output_tokens}
            return Reject("cut_off", got=got, limit=room)
        text = cleaned(reply, style.form, chunk.text)
        if isinstance(text, FormFault):
            return Reject(
                text.reason, got={"style": name, "found": text.got}, limit=f"the form: {style.form}"
            )
        if style.form == "pairs":
            rng = rng_for(self.seed, "pairs", chunk.id, name)
            pairs = pairs_in(text, "pairs")
            text = as_text(some_of(pairs, chunk.n_tokens, rng), "pairs")
        return Passage(
            id=content_id(chunk.id, name, text),
            language=chunk.language,
            parent_id=chunk.id,
            document=chunk.document,
            start=chunk.start,
            title=chunk.title,
            text=text,
            style=name,
            original=chunk.text,
            rephrased_from=content_id(chunk.id, ""),  # of the real text, see keep_chunks.py
            writer=model.name,
            n_tokens=turn.n_output_tokens or None if text == turn.text else None,
        )
