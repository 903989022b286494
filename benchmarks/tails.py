"""How full a run keeps a server whose answers take very different times.

    python -m benchmarks.tails [--json]      about four minutes

Log-normal latencies with a median of 1 s, one in a thousand 20 s; three model steps one after the other, 20
parts, 64 in flight. `mean_in_flight_share` is the server's own mean number of requests in flight, from the
first request until the last step has no more to send, over the concurrency.
"""

import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from benchmarks.plain_server import NAME
from benchmarks.report import argument_parser, print_machine, print_numbers
from benchmarks.throughput import ReadPrompts, plain_server, run_step, stats
from pipeline.dag import Step
from pipeline.engine.schedule import REQUESTS_PER_PART
from pipeline.model import Model, ModelSpec, Prompt, Sampling
from pipeline.records import Instruction
from pipeline.stage import Expected, ModelStage

CONCURRENCY, N_PARTS, N_STEPS = 64, 20, 3


@dataclass(frozen=True, kw_only=True)
class AskAgain(ModelStage):
    """One request a record, which goes on with another question."""

    reads: ClassVar[type] = Instruction
    writes: ClassVar[type] = Instruction
    version: ClassVar[int] = 1

    prompt: Prompt = Prompt("answer_questions/answer")
    sampling: Sampling = Sampling()

    def expected(self) -> Expected:
        return Expected(requests=1, rows=1)

    async def map(self, instruction: Instruction, model: Model) -> list[Instruction]:
        await model.write(self.prompt, self.sampling, question=instruction.question)
        return [replace(instruction, question=f"{instruction.question} Why?")]


def ours(url: str, folder: Path) -> None:
    spec = ModelSpec(name=NAME, serve="endpoint", url=url, concurrency=CONCURRENCY)
    step = Step("prompts", ReadPrompts(n=N_PARTS * REQUESTS_PER_PART))
    for number in range(N_STEPS):
        step = Step(f"again{number}", AskAgain(model=spec), step)
    run_step(step, folder)


def main() -> None:
    options = argument_parser(__doc__).parse_args()
    print_machine("ray", "aiohttp")
    with tempfile.TemporaryDirectory() as folder, plain_server("--tails", "--delay-ms", "1000") as url:
        subprocess.run([sys.executable, "-m", "benchmarks.tails", "ours", url, folder], check=True)
        seen = stats(url)
    found = {
        "mean_in_flight_share": seen["mean_in_flight"] / CONCURRENCY,
        "requests": seen["n"],
        "sending_s": seen["last"] - seen["first"],
        "whole_s": seen["done"] - seen["first"],
    }
    print_numbers(found, options.json)


if __name__ == "__main__":
    if sys.argv[1:2] == ["ours"]:
        ours(sys.argv[2], Path(sys.argv[3]))
    else:
        main()
