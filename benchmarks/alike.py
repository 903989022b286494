"""Duplicates where all rows are alike, the worst case: seconds and bytes a row in `decide`.

    python -m benchmarks.alike [--rows 100000] [--vectors 30000] [--json]    1 to 3 minutes

Near duplicates: rows of one template of 130 words that differ in one word, so that each is near all others: a
word that is no name (`words`; all go but one), or a number (`numbers`; as other numbers in one template, all
stay). Semantic duplicates: vectors of 384 numbers with one meaning (`meaning`). Bytes are the most that the
process held above what it held with the sketches, divided by the rows.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.near_duplicates import peak_mb
from benchmarks.planted import QUESTION, ROW, Chain
from benchmarks.report import argument_parser, print_machine, print_numbers
from pipeline.embeddings.vectors import packed
from pipeline.engine.spread import in_threads
from pipeline.stage import DatasetStage
from stages.drop_near_duplicates import DropNearDuplicates
from stages.drop_semantic_duplicates import DropSemanticDuplicates

BATCH = 10_000


def of_one_template(n: int, word: Callable[[int], str], start: int = 0) -> pa.Table:
    """Rows `start` to `start + n` of 130 words that differ in one of the question."""
    chain = Chain()
    words = [str(chain.words[token]) for token in chain.walk(1, np.random.default_rng(0))[0]]
    answer = " ".join(words[QUESTION:ROW])
    numbers = range(start, start + n)
    questions = [" ".join([*words[:9], word(number), *words[10:QUESTION]]) for number in numbers]
    ids = [f"{number:032x}" for number in numbers]
    return pa.table({"id": ids, "question": questions, "answer": [answer] * n})


def of_one_meaning(n: int, start: int) -> pa.Table:
    rng = np.random.default_rng(start)
    vectors = np.ones(384, np.float32) + 0.01 * rng.standard_normal((n, 384), np.float32)
    ids = [f"{number:032x}" for number in range(start, start + n)]
    return pa.table({"id": ids, "embedding": [packed(vector) for vector in vectors]})


def a_word(number: int) -> str:
    letters = np.base_repr(number, 26)
    return "".join(chr(97 + int(digit, 26)) for digit in letters)


CASES: dict[str, tuple[DatasetStage, Callable[[int, int], pa.Table]]] = {
    "words": (DropNearDuplicates(), lambda n, start: of_one_template(n, a_word, start)),
    "numbers": (DropNearDuplicates(), lambda n, start: of_one_template(n, str, start)),
    "meaning": (DropSemanticDuplicates(), of_one_meaning),
}


def decided(name: str, n: int) -> dict[str, Any]:
    """Seconds, bytes a row and rows that go, in this process."""
    stage, rows = CASES[name]
    stage.decide(stage.sketch(rows(9, 0)), in_threads)  # compiled, or read from the cache
    sketches = pa.concat_tables(
        [stage.sketch(rows(min(BATCH, n - start), start)) for start in range(0, n, BATCH)]
    )
    pa.default_memory_pool().release_unused()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew (Linux)
    before, started = peak_mb(), time.perf_counter()
    gone = stage.decide(sketches, in_threads).verdicts.num_rows
    seconds = time.perf_counter() - started
    return {
        f"{name}_seconds": seconds,
        f"{name}_bytes_a_row": (peak_mb() - before) * 2**20 / n,
        f"{name}_gone": gone,
    }


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--vectors", type=int, default=30_000)
    parser.add_argument("--case", choices=CASES, help="one, in this process")
    options = parser.parse_args()
    if options.case:
        print_numbers(decided(options.case, options.rows), options.json)
        return
    print_machine("numba", "numpy", "pyarrow")
    found: dict[str, Any] = {}
    for name in CASES:  # each in a process of its own, for its memory
        n = options.vectors if name == "meaning" else options.rows
        command = [sys.executable, "-m", "benchmarks.alike", "--case", name, "--rows", str(n), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found |= json.loads(done.stdout.splitlines()[-1])
    print_numbers(found, options.json)


if __name__ == "__main__":
    main()
