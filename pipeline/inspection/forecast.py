"""What a run comes to: rows, requests, tokens, seconds and money of every step, from what is known so far.

What a step has done counts as it is. What it has left follows from the first of these that there is: its own
parts, the same step with other settings in this root, a run elsewhere that asked the same models, and last a
guess from its settings. Where some of a model step's input is there already, the stage is rehearsed over a
sample of it, which tells the requests and their prompts, and how long the replies are that came so far.
Filters of which nothing is known are taken to keep all.
"""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.dag import Step, model_of, steps_to
from pipeline.inspection.rehearse import Rehearsal, sample_of
from pipeline.model import Prompt, Sampling
from pipeline.prompts import source
from pipeline.recipe import Recipe
from pipeline.stage import ModelStage, SourceStage
from pipeline.storage.replies import Stored
from pipeline.storage.root import Root
from pipeline.storage.store import State
from pipeline.storage.tally import Tally

Basis = Literal["here", "before", "like", "input", "guess"]

GUESSED_SHARE = 1 / 3  # of max_tokens, that a reply takes
CHARS_PER_TOKEN = 4.0
SAMPLE_REQUESTS = 400  # of a step, that are rehearsed
SAMPLE_RECORDS = 4_000  # the most that are mapped for them, of a step that asks for few of its records
FEW_REPLIES = 8  # say nothing of the others yet


@dataclass(frozen=True)
class _Rates:
    """What a row that comes in leads to."""

    basis: Basis
    rows: float
    requests: float = 0.0
    prompt_tokens: float = 0.0
    output_tokens: float = 0.0
    request_s: float | None = None  # in flight, of one request
    cpu_s: float | None = None


@dataclass(frozen=True)
class Forecast:
    """One step of a run. Counts are of the whole run; what is left is from now on, None where unknown."""

    step: Step
    state: State
    basis: Basis  # of what is left
    done: Tally
    rows_in: float
    rows_out: float
    requests: float
    prompt_tokens: float
    output_tokens: float
    written: float  # tokens that a model wrote for each row that goes on
    seconds_left: float | None
    gpu_hours_left: float | None
    usd_left: float | None

    def numbers(self) -> dict[str, float | None]:
        """What is expected, without what is done."""
        skipped = ("step", "state", "basis", "done", "written")
        return {
            item.name: getattr(self, item.name)
            for item in dataclasses.fields(self)
            if item.name not in skipped
        }


def forecast(recipe: Recipe, root: Root, like: Mapping[str, Tally] | None = None) -> list[Forecast]:
    """The recipe's steps in their order. `like`: tallies of a run elsewhere, by step.

    Cost: the manifests, the footers of unfinished steps' parts, and a pass over unread sources.
    """
    found: dict[str, Forecast] = {}
    for step in steps_to(recipe.last):
        found[step.name] = _forecast(step, root, like or {}, [found[before.name] for before in step.inputs])
    return list(found.values())


def _forecast(step: Step, root: Root, like: Mapping[str, Tally], inputs: Sequence[Forecast]) -> Forecast:
    state, done = root.folder(step).progress()
    if state == "done":
        rows_in, rates = float(done.rows_in), _measured("here", done)
    elif isinstance(step.stage, SourceStage):
        rows_in, rates = float(sum(1 for _ in step.stage.read())), _Rates("guess", 1.0)
    else:
        rows_in, rates = sum(before.rows_out for before in inputs), _rates(step, root, done, like, inputs)
        if isinstance(step.stage, ModelStage) and rates.basis != "here":
            rates = _rehearsed(step, step.stage, root, rates)
    left = max(0.0, rows_in - done.rows_in)
    seconds = _seconds(step, rates, left)
    rows_out = done.kept + left * rates.rows
    output_tokens = done.output_tokens + left * rates.output_tokens
    written = _written(inputs)
    usd: float | None = 0.0
    gpu_hours: float | None = 0.0
    if isinstance(step.stage, ModelStage):
        price = model_of(step).price
        if seconds is not None or not price.hour:
            usd = price.of(left * rates.prompt_tokens, left * rates.output_tokens, seconds or 0.0)
        else:
            usd = None
        gpu_hours = price.gpus * seconds / 3600 if seconds is not None else None
        written = output_tokens / rows_out if rows_out else 0.0
    return Forecast(
        step,
        state,
        rates.basis,
        done,
        rows_in,
        rows_out,
        done.requests + left * rates.requests,
        done.prompt_tokens + left * rates.prompt_tokens,
        output_tokens,
        written,
        seconds,
        gpu_hours,
        usd,
    )


def _rates(
    step: Step, root: Root, done: Tally, like: Mapping[str, Tally], inputs: Sequence[Forecast]
) -> _Rates:
    if done.rows_in:
        return _measured("here", done)
    before = root.before(step)
    if before is not None and before.rows_in:
        return _measured("before", before)
    if step.name in like and like[step.name].rows_in:
        return _measured("like", like[step.name])
    return _guessed(step.stage, inputs) if isinstance(step.stage, ModelStage) else _Rates("guess", 1.0)


def _measured(basis: Basis, tally: Tally) -> _Rates:
    n = max(1, tally.rows_in)
    return _Rates(
        basis,
        tally.kept / n,
        tally.requests / n,
        tally.prompt_tokens / n,
        tally.output_tokens / n,
        tally.asked_s / tally.sent if tally.sent else None,
        tally.seconds / n,
    )


def _guessed(stage: ModelStage, inputs: Sequence[Forecast]) -> _Rates:
    """A prompt is its template and what a model wrote into the row before; a reply a third of its limit."""
    expected = stage.expected()
    values: list[object] = []
    for item in dataclasses.fields(stage):
        value = getattr(stage, item.name)
        if isinstance(value, Mapping):  # of styles
            values += (getattr(one, "prompt", one) for one in value.values())
        else:
            values += value if isinstance(value, tuple) else (value,)
    templates = [len(source(value)) / CHARS_PER_TOKEN for value in values if isinstance(value, Prompt)]
    replies = [GUESSED_SHARE * value.max_tokens for value in values if isinstance(value, Sampling)]
    prompt = sum(templates) / max(1, len(templates)) + _written(inputs)
    output = sum(replies) / max(1, len(replies))
    return _Rates(
        "guess", expected.rows, expected.requests, expected.requests * prompt, expected.requests * output
    )


def _rehearsed(step: Step, stage: ModelStage, root: Root, known: _Rates) -> _Rates:
    """`known`, with what a sample of the input that is there asks for."""
    if not root.replies.is_file():
        return known
    replies = Stored(root.replies)
    per_row = known.requests or 1.0  # below 1 for a step that takes a share of its records
    n_records = max(1, min(SAMPLE_RECORDS, int(SAMPLE_REQUESTS / per_row)))
    records = [item for before in step.inputs for item in sample_of(before, root, replies, n_records)]
    rehearsal = Rehearsal(replies, filler_chars=int(CHARS_PER_TOKEN * known.output_tokens / per_row))
    rehearsal.map(stage, model_of(step), records)
    replies.close()
    if not records:
        return known
    came = [(asked.prompt_chars, asked.reply) for asked in rehearsal.asked if asked.reply is not None]
    chars_per_token, per_reply = CHARS_PER_TOKEN, known.output_tokens / per_row
    if len(came) >= FEW_REPLIES:
        chars_per_token = sum(n for n, _ in came) / max(1, sum(reply.prompt_tokens for _, reply in came))
        per_reply = sum(reply.output_tokens for _, reply in came) / len(came)
    requests = len(rehearsal.asked) / len(records)
    return dataclasses.replace(
        known,
        basis="input" if known.basis == "guess" else known.basis,
        rows=known.rows * requests / per_row if known.requests else known.rows,
        requests=requests,
        prompt_tokens=sum(asked.prompt_chars for asked in rehearsal.asked) / chars_per_token / len(records),
        output_tokens=requests * per_reply,
    )


def _written(inputs: Sequence[Forecast]) -> float:
    rows = sum(before.rows_out for before in inputs)
    return sum(before.rows_out * before.written for before in inputs) / rows if rows else 0.0


def _seconds(step: Step, rates: _Rates, left: float) -> float | None:
    if left == 0:
        return 0.0
    if not isinstance(step.stage, ModelStage):
        return left * rates.cpu_s / (os.cpu_count() or 1) if rates.cpu_s is not None else None
    requests = left * rates.requests
    if rates.request_s is None:
        return None
    # A server that is kept full has `concurrency` requests in flight at any time (Little's law).
    return rates.request_s * max(1.0, requests / model_of(step).concurrency)
