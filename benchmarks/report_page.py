"""Seconds, memory and size of a report over many rows.

    python -m benchmarks.report_page [--rows 1000000] [--json]      about five minutes

A root as a run of the instruct recipe leaves it, with rows of 130 words (benchmarks/planted.py), a tenth of
them rejected by the first filter; it is written first, which is not counted. The report is made in a process
of its own, as `academe report` makes it. What is asked of it: 1,000,000 rows in 60 s, a page of 10 MB.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from benchmarks.planted import as_example, planted
from benchmarks.report import argument_parser, print_machine, print_numbers
from pipeline.dag import steps_to
from pipeline.recipe import Recipe
from pipeline.recipes import load_recipe
from pipeline.records import Example, Instruction, Subject, Syllabus
from pipeline.stage import Reject
from pipeline.storage.replies import Replies
from pipeline.storage.root import Root
from pipeline.storage.store import from_table, to_table
from pipeline.storage.tally import Tally

PART_ROWS = 20_000
REJECTED = 0.1  # of the drafts, by the first filter
PLANNER = 'planner={name: m, serve: endpoint, url: "http://127.0.0.1:1/v1"}'
MAKER = (
    "import re, sys, time\n"
    "from pathlib import Path\n"
    "from pipeline.recipes import recipe_of\n"
    "from pipeline.report import write\n"
    "from pipeline.storage.root import Root\n"
    "from pipeline.inspection.status import read_run\n"
    "root = Root(sys.argv[1])\n"
    "started = time.perf_counter()\n"
    "write(root, recipe_of(read_run(root)))\n"
    "seconds = time.perf_counter() - started\n"
    # Not getrusage: its peak begins with that of the process that started this one.
    "peak_kb = re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text()).group(1)\n"
    "print(seconds, int(peak_kb) / 1024)"
)


def write_root(root: Root, recipe: Recipe, n: int) -> None:
    """All steps of a finished run whose dataset has `n` rows."""
    steps = steps_to(recipe.last)
    root.write_run(recipe.name, recipe.settings_as_data(), steps)
    Replies(root.replies).close()
    taxonomy: Any = steps[0].stage
    disciplines = list(taxonomy.read())
    subjects = [
        Subject(
            id=f"s{number}",
            discipline_id=leaf.id,
            field=leaf.field,
            subfield=leaf.subfield,
            discipline=leaf.discipline,
            description=leaf.description,
            subject="A subject",
            level="advanced",
            subtopics=(),
        )
        for number, leaf in enumerate(disciplines)
    ]
    shared = set(Subject.__dataclass_fields__) & set(Syllabus.__dataclass_fields__)
    syllabi = [
        Syllabus(
            **{name: getattr(subject, name) for name in shared}
            | {"id": f"y{subject.id}", "subject_id": subject.id},
            text="A text",
            sessions=("One",),
            concepts=(("Two",),),
        )
        for subject in subjects
    ]
    for step, records in zip(steps, (disciplines, subjects, syllabi), strict=False):
        finish(root, step, [(to_table(records, step.writes), [])])
    tables = list(parts(n, syllabi))
    for step in steps[3:]:
        kind = step.writes
        made = (table.select([item.name for item in fields(kind)]) for table in tables)
        finish(root, step, ((table, rejects(table, kind) if step.name == "sound" else []) for table in made))


def parts(n: int, syllabi: list[Syllabus]) -> Iterator[pa.Table]:
    """Examples, each with a place in the taxonomy."""
    rows = planted(n)
    for start in range(0, n, PART_ROWS):
        some = rows.slice(start, PART_ROWS).to_pylist()
        table = to_table([as_example(row) for row in some], Example)
        places = [syllabi[number % len(syllabi)] for number in range(start, start + len(some))]
        for name in ("discipline_id", "field", "subfield", "discipline", "subject", "level"):
            column = pa.array([getattr(place, name) for place in places])
            table = table.set_column(table.column_names.index(name), name, column)
        column = pa.array([place.id for place in places])
        yield table.set_column(table.column_names.index("parent_id"), "parent_id", column)


def rejects(table: pa.Table, kind: type) -> list[tuple[Reject, Any]]:
    records = from_table(table.slice(0, int(REJECTED * len(table))), kind)
    return [
        (Reject("question_repeats_itself", got=0.2 + number / 10**5, limit=0.2), record)
        for number, record in enumerate(records)
    ]


def finish(root: Root, step: Any, made: Any) -> None:
    folder, whole, entries = root.folder(step), Tally(), {}
    for number, (table, dropped) in enumerate(made):
        part = folder.write_part(f"{number:05d}", table, dropped, Tally(rows_in=len(table) + len(dropped)))
        entries[part.name] = part.entry()
        whole.add(part.tally)
    folder.finish({"stage": type(step.stage).__name__, "tally": whole.as_dict(), "parts": entries})


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    print_machine("pyarrow")
    recipe = load_recipe("instruct", "glan", [PLANNER], {})
    assert issubclass(recipe.last.writes, Instruction)
    with TemporaryDirectory() as name:
        root = Root(Path(name) / "root")
        started = time.perf_counter()
        write_root(root, recipe, options.rows)
        print(f"the root was written in {time.perf_counter() - started:.0f} s", flush=True)
        done = subprocess.run(
            [sys.executable, "-c", MAKER, str(root)], check=True, stdout=subprocess.PIPE, text=True
        )
        seconds, peak_mb = map(float, done.stdout.split())
        found = {
            "rows": options.rows,
            "seconds": seconds,
            "peak_mb": peak_mb,
            "page_mb": (root.path / "report.html").stat().st_size / 1e6,
        }
    print_numbers(found, options.json)


if __name__ == "__main__":
    main()
