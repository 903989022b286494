"""Drop rows that hold an item of a benchmark.

Instruction -> Instruction (or Example -> Example: question and answer are looked at together).
Source: GLAN (https://arxiv.org/abs/2402.13064) drops pairs that hold a benchmark's question but gives no
rule; ours: the whole item is contained in the row (both normalised), or they share a run of `n` words, 13
as in GPT-3 (Brown et al. 2020, appendix C). Items shorter than `min_item_words` only count when the row's
question is the item. Cost: linear in the row. Memory: about 150 bytes an n-gram of the benchmarks in every
worker; they are read once a worker.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from pipeline import benchmarks as benchmark_files
from pipeline.records import Instruction
from pipeline.stage import FilterStage, Reject
from pipeline.text import words


@dataclass(frozen=True, kw_only=True)
class DropContaminated(FilterStage):
    reads: ClassVar[type] = Instruction
    writes: ClassVar[type] = Instruction
    version: ClassVar[int] = 1

    benchmarks: tuple[
        Path, ...
    ] = ()  # JSONL (also .gz) or Parquet files; each text column of a row is an item
    n: Annotated[int, Field(ge=2)] = 13  # words in a shared run
    min_item_words: Annotated[int, Field(ge=1)] = 8  # to count when contained in a longer text

    def judge(self, instruction: Instruction) -> Reject | None:
        if not self.benchmarks:
            return None
        index = _index(self.benchmarks, self.n, self.min_item_words)
        question = " ".join(words(instruction.question))
        if question in index.items:
            return Reject("contaminated", got=question[:200], limit="not an item", twin=index.items[question])
        items = words(instruction.text)
        for size, grams in index.runs.items():
            for start in range(len(items) - size + 1):
                run = " ".join(items[start : start + size])
                if run in grams:
                    return Reject(
                        "contaminated", got=run, limit=f"no run of {size} words shared", twin=grams[run]
                    )
        return None


@dataclass(frozen=True)
class _Index:
    items: dict[str, str]  # a whole item, normalised -> where it stands
    runs: dict[int, dict[str, str]]  # by length in words: n-grams of long items, and short items whole


@cache
def _index(benchmarks: tuple[Path, ...], n: int, min_item_words: int) -> _Index:
    index = _Index({}, {n: {}})
    for path in benchmarks:
        for place, text in benchmark_files.texts(path):
            found = words(text)
            where = f"{path.name}:{place}"
            if found:
                index.items.setdefault(" ".join(found), where)
            size = min(n, len(found))
            if size >= min_item_words:
                grams = index.runs.setdefault(size, {})
                for start in range(len(found) - size + 1):
                    grams.setdefault(" ".join(found[start : start + size]), where)
    return index
