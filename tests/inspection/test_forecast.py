"""What a run comes to, told from a part of it."""

import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dag import Step
from pipeline.errors import FAILED
from pipeline.inspection.forecast import Forecast, forecast
from pipeline.inspection.plan import duration, plan_lines, to_go
from pipeline.model import Model, ModelSpec, Price, Prompt, Sampling
from pipeline.recipe import Gates, Recipe
from pipeline.records import Discipline
from pipeline.stage import (
    BAD_REPLY,
    NOT_DRAWN,
    REFUSED,
    Expected,
    FilterStage,
    ModelStage,
    Reject,
    SourceStage,
)
from pipeline.storage.replies import Replies
from pipeline.storage.root import Root
from pipeline.storage.store import to_table
from pipeline.storage.tally import Tally

PRICE = Price(prompt=2.0, output=10.0, hour=3.6, gpus=4)
SPEC = ModelSpec(name="m", serve="endpoint", url="http://m.invalid/v1", concurrency=10, price=PRICE)


def discipline(number: int) -> Discipline:
    return Discipline(id=str(number), field="f", subfield="s", discipline=str(number), description="")


@dataclass(frozen=True, kw_only=True)
class Hundred(SourceStage):
    writes: ClassVar[type] = Discipline
    version: ClassVar[int] = 1

    def read(self) -> Iterator[Discipline]:
        return map(discipline, range(100))


@dataclass(frozen=True, kw_only=True)
class Ask(ModelStage):
    reads: ClassVar[type] = Discipline
    writes: ClassVar[type] = Discipline
    version: ClassVar[int] = 1
    prompt: Prompt = Prompt("list_subjects/list")
    sampling: Sampling = Sampling(max_tokens=300)

    def expected(self) -> Expected:
        return Expected(requests=2, rows=3)


@dataclass(frozen=True, kw_only=True)
class Drop(FilterStage):
    reads: ClassVar[type] = Discipline
    writes: ClassVar[type] = Discipline
    version: ClassVar[int] = 1
    limit: int = 0


def recipe(limit: int = 0, temperature: float = 1.0) -> Recipe:
    sampling = Sampling(max_tokens=300, temperature=temperature)
    asked = Step("asked", Ask(model=SPEC, sampling=sampling), Step("all", Hundred()))
    last = Step("answers", Ask(model=SPEC), Step("kept", Drop(limit=limit), asked))
    return Recipe("r", "", Price(), last, None, Gates())


def step(recipe: Recipe, name: str) -> Step:
    found = {recipe.last.name: recipe.last}
    for before in itertools.chain(recipe.last.inputs, recipe.last.inputs[0].inputs):
        found[before.name] = before
    found["all"] = found["asked"].inputs[0]
    return found[name]


def write(root: Root, step: Step, part: str, kept: int, tally: Tally) -> None:
    root.folder(step).write_part(part, to_table([discipline(n) for n in range(kept)], Discipline), [], tally)


def finish(root: Root, step: Step, kept: int, tally: Tally) -> None:
    write(root, step, "000", kept, tally)
    whole = root.folder(step).progress()[1]
    manifest = {
        "stage": type(step.stage).__name__,
        "tally": whole.as_dict(),
        "parts": {"000": {"rows": kept}},
    }
    root.folder(step).finish(manifest)


def by_name(found: list[Forecast]) -> dict[str, Forecast]:
    return {item.step.name: item for item in found}


def test_before_anything_is_known_the_settings_tell(tmp_path: Path) -> None:
    found = by_name(forecast(recipe(), Root(tmp_path)))
    asked, answers = found["asked"], found["answers"]
    assert (asked.rows_in, asked.rows_out, asked.requests) == (100, 300, 200)
    assert (answers.rows_in, answers.requests) == (300, 600)
    assert asked.output_tokens == 200 * 100  # a third of the limit
    assert asked.prompt_tokens > 0
    assert (
        answers.prompt_tokens > 600 * answers.written / 3
    )  # what the first wrote comes again in the prompts
    assert asked.seconds_left is None
    assert asked.usd_left is None  # its server costs by the hour
    assert to_go(list(found.values())).endswith("output tokens, time unknown; less what is stored")


def test_parts_that_are_done_tell_the_rest_of_their_step_and_of_those_after(tmp_path: Path) -> None:
    root, r = Root(tmp_path), recipe()
    finish(root, step(r, "all"), 100, Tally(rows_in=100))
    tally = Tally(
        rows_in=20, requests=50, sent=50, prompt_tokens=5000, output_tokens=1000, asked_s=100.0, seconds=30.0
    )
    write(root, step(r, "asked"), "000.00000", 40, tally)
    found = by_name(forecast(r, root))
    asked = found["asked"]
    assert (asked.state, asked.basis) == ("started", "here")
    assert (asked.rows_out, asked.requests, asked.prompt_tokens, asked.output_tokens) == (
        200,
        250,
        25000,
        5000,
    )
    assert asked.seconds_left == pytest.approx(200 * 2.0 / 10)  # 2 s each, 10 side by side
    assert asked.gpu_hours_left == pytest.approx(4 * 40 / 3600)
    assert asked.usd_left == pytest.approx((20000 * 2 + 4000 * 10) / 1e6 + 40 / 3600 * 3.6)
    assert found["answers"].rows_in == 200
    assert ", at least 40 s, at least 0.0 GPU-hours, at least $0.12;" in to_go(list(found.values()))


def test_a_step_with_other_settings_tells_before_a_run_elsewhere_does(tmp_path: Path) -> None:
    root, old, new = Root(tmp_path), recipe(temperature=0.5), recipe()
    finish(root, step(old, "asked"), 50, Tally(rows_in=10, requests=10, output_tokens=70))
    like = {"asked": Tally(rows_in=1, kept=9, requests=9), "kept": Tally(rows_in=10, kept=5)}
    found = by_name(forecast(new, root, like))
    assert (found["asked"].basis, found["asked"].rows_out, found["asked"].output_tokens) == (
        "before",
        500,
        700,
    )
    assert (found["kept"].basis, found["kept"].rows_out) == ("like", 250)


@given(st.integers(1, 99), st.integers(0, 5), st.integers(1, 1000))
def test_equal_rows_are_foretold_exactly_from_any_share(n: int, kept: int, tokens: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        root, r = Root(Path(name)), recipe()
        tally = Tally(rows_in=n, requests=n, prompt_tokens=tokens * n)
        write(root, step(r, "asked"), "0", kept * n, tally)
        asked = by_name(forecast(r, root))["asked"]
        assert asked.rows_out == pytest.approx(100 * kept)
        assert asked.prompt_tokens == pytest.approx(100 * tokens)


@dataclass(frozen=True, kw_only=True)
class AskSome(Ask):
    """Asks once for a share of the records, evenly among them."""

    share: float = 0.5

    def expected(self) -> Expected:
        return Expected(requests=self.share, rows=self.share)

    async def map(self, record: Discipline, model: Model) -> list[Discipline | Reject]:
        number = int(record.id)
        if int((number + 1) * self.share + 1e-9) == int(number * self.share + 1e-9):
            return [Reject(NOT_DRAWN)]
        await model.write(
            self.prompt, self.sampling, field="f", subfield="s", discipline=record.id, description=""
        )
        return [record]


@pytest.mark.parametrize("n", [100, 1000])
@pytest.mark.parametrize("share", [0.01, 0.05, 0.15, 0.3, 0.5, 0.75, 1.0])
def test_what_a_step_of_a_share_comes_to_is_in_proportion_to_it(share: float, n: int, tmp_path: Path) -> None:
    root = Root(tmp_path)
    source = Step("all", Hundred())
    asked = Step("asked", AskSome(model=SPEC, share=share, sampling=Sampling(max_tokens=300)), source)
    r = Recipe("r", "", Price(), Step("answers", Ask(model=SPEC), asked), None, Gates())
    guessed = by_name(forecast(r, root))
    assert guessed["asked"].rows_out == pytest.approx(100 * share)
    finish(root, source, n, Tally(rows_in=n))
    Replies(root.replies).close()  # nothing is stored: the input alone is rehearsed
    found = by_name(forecast(r, root))
    assert found["asked"].basis == "input"
    assert found["asked"].requests == pytest.approx(n * share, rel=0.01)
    assert found["asked"].rows_out == pytest.approx(n * share, rel=0.01)
    assert found["asked"].output_tokens == pytest.approx(n * share * 100, rel=0.01)
    assert found["answers"].rows_in == pytest.approx(n * share, rel=0.01)


def test_a_step_of_no_share_asks_for_nothing(tmp_path: Path) -> None:
    asked = Step("asked", AskSome(model=SPEC, share=0.0), Step("all", Hundred()))
    found = by_name(forecast(Recipe("r", "", Price(), asked, None, Gates()), Root(tmp_path)))
    assert (found["asked"].requests, found["asked"].rows_out) == (0, 0)


def test_a_finished_run_has_nothing_to_go(tmp_path: Path) -> None:
    root, r = Root(tmp_path), recipe()
    for name in ("all", "asked", "kept", "answers"):
        finish(root, step(r, name), 7, Tally(rows_in=7, requests=5, sent=5, asked_s=3.0))
    found = forecast(r, root)
    assert [item.seconds_left for item in found] == [0.0] * 4
    assert to_go(found) == "to go: no requests"


def test_rows_that_were_refused_for_a_passing_reason_are_said_to_be_asked_again(tmp_path: Path) -> None:
    root, r = Root(tmp_path), recipe()
    asked = step(r, "asked")
    finish(root, step(r, "all"), 2, Tally(rows_in=2))
    down = Reject(BAD_REPLY, limit=f"{FAILED} 6 times, last with: HTTP 500")
    refused = Reject(REFUSED, got="too long")
    unfit = Reject(BAD_REPLY, limit="it is no JSON")  # a result
    rejects = [(reject, discipline(n)) for n, reject in enumerate((down, refused, refused, unfit))]
    table = to_table([discipline(9)], Discipline)
    part = root.folder(asked).write_part("0", table, rejects, Tally(rows_in=5, requests=5))
    said = "refused for a passing reason are asked again: 3 of asked"
    assert to_go(forecast(r, root)).endswith(said)  # while the step is under way
    manifest = {"stage": "Ask", "inputs": [], "tally": part.tally.as_dict(), "parts": {"0": part.entry()}}
    root.folder(asked).finish(manifest)
    for name in ("kept", "answers"):
        finish(root, step(r, name), 1, Tally(rows_in=1))
    lines = list(plan_lines(r, root))
    assert any("to go: no requests; beside it" in line and line.endswith(said) for line in lines)


def test_durations_are_read_at_a_glance() -> None:
    assert [duration(s) for s in (None, 0, 119, 120, 7200, 3 * 86400)] == [
        "?", "0 s", "119 s", "2 min", "2 h", "3 days"
    ]  # fmt: skip
