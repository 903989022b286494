"""Time and memory of a run of CPU stages alone, from 125,000 rows to a million.

    python -m benchmarks.growth [--rows 125000,250000,500000,1000000] [--json]      about twenty minutes

Examples of about 110 English words, made by this script, go through read, quality, language and the export of
the dataset. Each size is a run of its own; its memory is that of all its processes together. `exponent` is
the slope of log seconds over log rows, by least squares.
"""

import json
import math
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from benchmarks.processes import Watch
from benchmarks.report import argument_parser, print_machine
from benchmarks.throughput import run_step
from pipeline.dag import Step
from pipeline.recipe import DatasetSettings
from pipeline.records import Example
from pipeline.stage import SourceStage
from stages.drop_poor_answers import DropPoorAnswers
from stages.drop_wrong_language import DropWrongLanguage

SUBJECTS = (
    "light", "water", "heat", "sound", "iron", "money", "law",
    "trade", "music", "grammar", "memory", "growth", "weather", "algebra",
)  # fmt: skip
VERBS = (
    "changes", "limits", "explains", "carries", "shapes",
    "follows", "supports", "measures", "weakens", "moves",
)  # fmt: skip
LINKS = ("because", "while", "although", "whenever", "since", "before", "after", "unless", "where", "until")
DISCIPLINES = 200
BY_CHANCE = 0.002  # of the sound answers go: some draw the same few words often enough to repeat themselves


@dataclass(frozen=True, kw_only=True)
class ReadExamples(SourceStage):
    """As many examples as are asked for; one in twenty has an answer without an end."""

    writes: ClassVar[type] = Example
    version: ClassVar[int] = 1
    n: int

    def read(self) -> Iterator[Example]:
        rng = random.Random(0)
        for number in range(self.n):
            discipline = f"discipline {number % DISCIPLINES}"
            yield Example(
                id=f"{number:032x}",
                parent_id="p",
                discipline_id=discipline,
                field="f",
                subfield="s",
                discipline=discipline,
                subject="s",
                level="introductory",
                sessions=("one", "two"),
                concepts=("first", "second"),
                question=f"What is the {number}th thing that {rng.choice(SUBJECTS)} teaches us?",
                questioner="q",
                answer=" ".join(sentence(rng) for _ in range(7)) + (" And" if number % 20 == 0 else ""),
                answerer="a",
                answer_finish="stop",
                n_prompt_tokens=20,
                n_answer_tokens=120,
            )


def sentence(rng: random.Random) -> str:
    one, two, three, four = rng.choices(SUBJECTS, k=4)
    verb, other = rng.choices(VERBS, k=2)
    return (
        f"In the {rng.randrange(1000)} cases that we know the {one} {verb} the {two}, {rng.choice(LINKS)} "
        f"the {three} {other} the {four}."
    )


def ours(n: int, folder: Path) -> None:
    sound = Step("sound", DropPoorAnswers(), Step("examples", ReadExamples(n=n)))
    run_step(Step("readable", DropWrongLanguage(), sound), folder, DatasetSettings())


def measure(n: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        process = subprocess.Popen([sys.executable, "-m", "benchmarks.growth", "ours", str(n), folder])
        watch = Watch(process.pid)
        code = process.wait()
        seconds = time.monotonic() - started
        watch.stop()
        made = json.loads((Path(folder) / "dataset.json").read_text(encoding="utf-8"))["rows"]
        sound = n - math.ceil(n / 20)
        if code or not (1 - BY_CHANCE) * sound <= made <= sound:
            raise SystemExit(
                f"{n} rows ended with code {code} and {made} in the dataset; expected at most {sound}, "
                f"those with an end, and no more than {BY_CHANCE:.1%} of them less"
            )
        return {"rows": n, "seconds": seconds, "peak_mb": watch.peak_mb}


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--rows", default="125000,250000,500000,1000000", help="sizes, with commas between")
    options = parser.parse_args()
    print_machine("ray", "pyarrow", "datasets", "langdetect")
    sizes = []
    for n in map(int, options.rows.split(",")):
        sizes.append(measure(n))
        print("  ".join(f"{name} {value:,.0f}" for name, value in sizes[-1].items()), flush=True)
    exponent = statistics.linear_regression(
        [math.log(size["rows"]) for size in sizes], [math.log(size["seconds"]) for size in sizes]
    ).slope
    peak_mb = max(size["peak_mb"] for size in sizes)
    print(f"exponent {exponent:.2f}  peak_mb {peak_mb:,.0f}")
    if options.json:
        print(json.dumps({"exponent": exponent, "peak_mb": peak_mb, "sizes": sizes}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["ours"]:
        ours(int(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
