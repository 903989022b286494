"""Requests/s and CPU of a run against a server that costs nothing, beside a bare aiohttp loop.

    python -m benchmarks.throughput [--requests 50000] [--json]      about a minute

The server (benchmarks/plain_server.py, its own process on the same cores) answers 100 words after 50 ms;
both clients keep 256 in flight. Ours reads the prompts from parts, stores every reply durably and writes
parts; the bare loop does nothing but ask. Rates and CPU are between the first request that the server saw and
its last answer; `start_s` is from the command to the first request.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import aiohttp
from pydantic import BaseModel

from benchmarks.plain_server import NAME
from benchmarks.processes import Watch
from benchmarks.report import argument_parser, print_machine
from pipeline.dag import Step
from pipeline.engine.spread import SPREAD_ROWS
from pipeline.inspection.view import PlainView
from pipeline.model import ModelSpec
from pipeline.recipe import DatasetSettings, Gates, Recipe
from pipeline.records import Instruction
from pipeline.run import RunOptions, run
from pipeline.stage import SourceStage
from pipeline.storage.events import Events
from pipeline.storage.root import Root
from stages.answer_questions import AnswerQuestions

CONCURRENCY = 256


@dataclass(frozen=True, kw_only=True)
class ReadPrompts(SourceStage):
    """As many instructions as are asked for, all different."""

    writes: ClassVar[type] = Instruction
    version: ClassVar[int] = 1
    n: int

    def read(self) -> Iterator[Instruction]:
        place = {"field": "f", "subfield": "s", "discipline": "d", "subject": "s", "level": "l"}
        for number in range(self.n):
            yield Instruction(
                id=f"{number:032x}",
                parent_id="p",
                discipline_id="d",
                **place,
                sessions=(),
                concepts=(),
                question=prompt(number),
                questioner="q",
            )


class NoSettings(BaseModel):
    """The recipe is its own code."""


def prompt(number: int) -> str:
    return f"What is the {number}th thing that a student of physics should know about light, and why?"


async def bare(url: str, n: int) -> None:
    """The least that a client can do: CONCURRENCY loops, each posting and reading JSON."""
    numbers = iter(range(n))

    async def ask(session: aiohttp.ClientSession) -> None:
        for number in numbers:
            message = {"role": "user", "content": prompt(number)}
            body = {"model": NAME, "messages": [message], "temperature": 0.7, "max_tokens": 2048}
            async with session.post(f"{url}/chat/completions", json=body) as response:
                (await response.json())["choices"][0]["message"]["content"]

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(ask(session) for _ in range(CONCURRENCY)))


def ours(url: str, n: int, folder: Path) -> None:
    """One model step of a recipe, with all that a run has."""
    spec = ModelSpec(name=NAME, serve="endpoint", url=url, concurrency=CONCURRENCY)
    run_step(Step("answers", AnswerQuestions(model=spec), Step("prompts", ReadPrompts(n=n))), folder)


def run_step(
    last: Step, folder: Path, dataset: DatasetSettings | None = None, spread_rows: int = SPREAD_ROWS
) -> None:
    """Runs a DAG as `academe run` does, and writes a dataset when its settings are given."""
    root = Root(folder)
    with root.locked():
        events = Events(root.events, PlainView(lambda line: print(line, file=sys.stderr)))
        try:
            recipe = Recipe("benchmark", "", NoSettings(), last, dataset, Gates())
            run(recipe, RunOptions(root, spread_rows=spread_rows), events)
        finally:
            events.close()


@contextmanager
def plain_server(*arguments: str) -> Iterator[str]:
    """The base URL of a server process that lives as long as the block."""
    command = [sys.executable, "-m", "benchmarks.plain_server", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
    finally:
        process.kill()
        process.communicate()


def stats(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url.replace("/v1", "/stats")) as response:
        found: dict[str, Any] = json.load(response)
        return found


def measure(client: str, n: int, *arguments: str) -> dict[str, float]:
    """Runs this file as `client` in a process of its own against a fresh server."""
    with plain_server() as url:
        started = time.time()
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.throughput", client, url, str(n), *arguments]
        )
        watch = Watch(process.pid)
        code = process.wait()
        watch.stop()
        seen = stats(url)
        if code or seen["n"] < n:
            raise SystemExit(f"{client} ended with code {code} after {seen['n']} of {n} requests")
        return {
            "requests_per_s": n / (seen["done"] - seen["first"]),
            "cpu_s_per_1000": 1000 * watch.cpu_s_between(seen["first"], seen["done"]) / n,
            "start_s": seen["first"] - started,
            "whole_s": time.time() - started,
            "peak_mb": watch.peak_mb,
        }


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--requests", type=int, default=50_000)
    options = parser.parse_args()
    print_machine("aiohttp", "ray", "pyarrow")
    with tempfile.TemporaryDirectory() as folder:
        found = {
            "bare": measure("bare", options.requests),
            "academe": measure("ours", options.requests, folder),
        }
    for client, numbers in found.items():
        print(f"{client:<8}", "  ".join(f"{name} {value:,.2f}" for name, value in numbers.items()))
    if options.json:
        flat = {**found["academe"], **{f"bare_{name}": value for name, value in found["bare"].items()}}
        print(json.dumps(flat))


if __name__ == "__main__":
    if sys.argv[1:2] == ["bare"]:
        asyncio.run(bare(sys.argv[2], int(sys.argv[3])))
    elif sys.argv[1:2] == ["ours"]:
        ours(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
    else:
        main()
