"""Drop rows that hold an item of a benchmark.

Worded -> Worded: an Instruction, a Passage, or an Example, whose question and answer are looked at together.
Source: GLAN (https://arxiv.org/abs/2402.13064) drops pairs that hold a benchmark's question but gives no
rule; ours: the row and an item share a run of `n` words, 13 as in GPT-3 (Brown et al. 2020, appendix C). Of
an item of fewer words, all of it is the run; below `min_item_words` it only counts when the row's question is
nothing else, but for a frame ("Question: ... Answer:") and options (pipeline/dedup/asked_forms.py). What is
an item, and how long, in scripts without spaces too: pipeline/dedup/benchmarks.py. Words are compared without
case and punctuation (pipeline/text/text.py). Cost: linear in the row. Memory: 32 to 60 bytes a run of the
benchmarks, once a machine (pipeline/dedup/overlap.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from pipeline.dedup import benchmarks as benchmark_files
from pipeline.dedup.asked_forms import forms_of
from pipeline.dedup.overlap import Found, Index
from pipeline.records import Instruction, Worded
from pipeline.stage import FilterStage, Reject
from pipeline.text.text import words


@dataclass(frozen=True, kw_only=True)
class DropContaminated(FilterStage):
    reads: ClassVar[type] = Worded
    writes: ClassVar[type] = Worded
    version: ClassVar[int] = (
        5  # 5: options without spaces; 4: options, frames, instructions, shares; 3: marks
    )

    benchmarks: tuple[
        Path, ...
    ] = ()  # JSONL (also .gz) or Parquet files; each text column of a row is an item
    n: Annotated[int, Field(ge=2)] = 13  # words in a shared run
    min_item_words: Annotated[int, Field(ge=1)] = 8  # to count when contained in a longer text
    min_share: Annotated[float, Field(ge=0, le=1)] = 0.0  # of an item's runs that a row must have; 0: one run

    columns: tuple[str, ...] = ()  # of the benchmarks' rows, whose texts are items; all unless some are named

    def judge_all(self, rows: Sequence[Worded]) -> list[Reject | None]:
        if not self.benchmarks:
            return [None] * len(rows)
        index = _index(self.benchmarks, self.n, self.min_item_words, self.columns)
        runs = index.items["runs"]
        best: list[tuple[float, Found, str] | None] = [None] * len(rows)
        looked = [(place, *read) for place, row in enumerate(rows) for read in _readings(row)]
        found = index.find([text for _, text, _ in looked], [whole for _, _, whole in looked])
        for (place, text, _), hit in zip(looked, found, strict=True):
            known = best[place]
            if hit is not None and (known is None or hit.runs / runs[hit.item].as_py() > known[0]):
                best[place] = hit.runs / runs[hit.item].as_py(), hit, text
        return [hit and self._verdict(*hit, index) for hit in best]

    def _verdict(self, share: float, found: Found, text: str, index: Index) -> Reject | None:
        if share < self.min_share:
            return None
        item = index.items.slice(found.item, 1).to_pylist()[0]
        run = " ".join(words(text)[found.start : found.stop])
        return Reject(
            "contaminated",
            got={"run": run, "share": round(share, 3)},
            limit=self.min_share or f"no run of {self.n} words",
            twin=f"{item['benchmark']}:{item['row']}",
        )


def _readings(row: Worded) -> Iterator[tuple[str, str]]:
    """Texts that may hold an item, each with what may be one by itself."""
    asked = row.asked if isinstance(row, Instruction) else row.says
    yield row.says, asked
    yield from ((form, form) for form in forms_of(asked))


@cache
def _index(benchmarks: tuple[Path, ...], n: int, min_item_words: int, columns: tuple[str, ...]) -> Index:
    """Opened once a worker."""
    return benchmark_files.index(benchmarks, n, min_item_words, columns)
