"""Drop rows that hold an item of a benchmark.

Worded -> Worded: an Instruction, a Passage, or an Example, whose question and answer are looked at together.
Source: GLAN (https://arxiv.org/abs/2402.13064) drops pairs that hold a benchmark's question but gives no
rule; ours: the row and an item share a run of `n` words, 13 as in GPT-3 (Brown et al. 2020, appendix C). Of
an item of fewer words, all of it is the run; below `min_item_words` it only counts when the row's question is
nothing else. Words are compared without case and punctuation (pipeline/text/text.py). Cost: linear in the
row. Memory: 24 to 48 bytes a run of the benchmarks, once a machine (pipeline/dedup/overlap.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from pipeline.dedup import benchmarks as benchmark_files
from pipeline.dedup.overlap import Found, Index
from pipeline.records import Instruction, Worded
from pipeline.stage import FilterStage, Reject
from pipeline.text.text import words


@dataclass(frozen=True, kw_only=True)
class DropContaminated(FilterStage):
    reads: ClassVar[type] = Worded
    writes: ClassVar[type] = Worded
    version: ClassVar[int] = 3  # 3: marks belong to their letters

    benchmarks: tuple[
        Path, ...
    ] = ()  # JSONL (also .gz) or Parquet files; each text column of a row is an item
    n: Annotated[int, Field(ge=2)] = 13  # words in a shared run
    min_item_words: Annotated[int, Field(ge=1)] = 8  # to count when contained in a longer text
    min_share: Annotated[float, Field(ge=0, le=1)] = 0.0  # of an item's runs that a row must have; 0: one run

    def judge_all(self, rows: Sequence[Worded]) -> list[Reject | None]:
        if not self.benchmarks:
            return [None] * len(rows)
        index = _index(self.benchmarks, self.n, self.min_item_words)
        found = index.find([row.says for row in rows], [_asked(row) for row in rows])
        return [self._verdict(row, hit, index) for row, hit in zip(rows, found, strict=True)]

    def _verdict(self, row: Worded, found: Found | None, index: Index) -> Reject | None:
        if found is None:
            return None
        item = index.items.slice(found.item, 1).to_pylist()[0]
        share = found.runs / item["runs"]
        if share < self.min_share:
            return None
        run = " ".join(words(row.says)[found.start : found.stop])
        return Reject(
            "contaminated",
            got={"run": run, "share": round(share, 3)},
            limit=self.min_share or f"no run of {self.n} words",
            twin=f"{item['benchmark']}:{item['row']}",
        )


def _asked(row: Worded) -> str:
    return row.asked if isinstance(row, Instruction) else row.says


@cache
def _index(benchmarks: tuple[Path, ...], n: int, min_item_words: int) -> Index:
    """Opened once a worker."""
    return benchmark_files.index(benchmarks, n, min_item_words)
