"""Rows/s of each filter, in one process, and the slowest.

    python -m benchmarks.filters [--rows 20000] [--json]      about half a minute

Rows of 130 words from benchmarks/planted.py, as examples in memory. Filters judge them in one process, as a
task on one core does; stages over the whole dataset sketch and decide with the threads that they have.
`share`: of all seconds.
"""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from benchmarks.planted import as_example, planted
from benchmarks.report import argument_parser, print_machine
from pipeline.engine.spread import in_threads
from pipeline.records import Example
from pipeline.stage import DatasetStage, FilterStage
from pipeline.storage.store import from_table, to_table
from stages.drop_contaminated import DropContaminated
from stages.drop_exact_duplicates import DropExactDuplicates
from stages.drop_low_rated import DropLowRated
from stages.drop_near_duplicates import DropNearDuplicates
from stages.drop_poor_answers import DropPoorAnswers
from stages.drop_poor_questions import DropPoorQuestions
from stages.drop_wrong_language import DropWrongLanguage

BENCHMARK_ITEMS = 1_000  # to be found by DropContaminated


def seconds_of(stage: FilterStage | DatasetStage, rows: Sequence[Example], table: pa.Table) -> float:
    def work(some: Sequence[Example], part: pa.Table) -> None:
        if isinstance(stage, DatasetStage):
            stage.decide(stage.sketch(part), in_threads)
            return
        stage.judge_all(some)

    work(rows[:20], table.slice(0, 20))  # compiled, profiles and benchmarks loaded
    return timed(lambda: work(rows, table))


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    options = parser.parse_args()
    print_machine("numba", "pyarrow", "langdetect")
    rows = [as_example(row) for row in planted(options.rows).to_pylist()]
    table = to_table(rows, Example)
    with TemporaryDirectory() as folder:
        items = Path(folder) / "items.jsonl"
        others = planted(BENCHMARK_ITEMS, seed=1).to_pylist()
        items.write_text("".join(json.dumps({"text": row["answer"]}) + "\n" for row in others))
        stages = [
            DropPoorQuestions(),
            DropPoorAnswers(),
            DropWrongLanguage(),
            DropContaminated(benchmarks=(items,)),
            DropLowRated(),
            DropExactDuplicates(),
            DropNearDuplicates(),
        ]
        seconds = {type(stage).__name__: seconds_of(stage, rows, table) for stage in stages}
    seconds["(records from their table)"] = timed(lambda: from_table(table, Example))
    total = sum(seconds.values())
    for name, taken in sorted(seconds.items(), key=lambda item: -item[1]):
        print(f"{name:<28}{options.rows / taken:>12,.0f} rows/s   share {taken / total:.2f}")
    if options.json:
        rates = {name: round(options.rows / taken) for name, taken in seconds.items()}
        slowest = max(seconds, key=seconds.__getitem__)
        print(json.dumps({"rows": options.rows, "rows_per_s": rates, "slowest": slowest}))


if __name__ == "__main__":
    main()
