"""The end of a run whose steps are finished: dataset, gates and report follow what is there."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from pydantic import BaseModel

from pipeline.dag import Step
from pipeline.errors import GateFailed
from pipeline.recipe import DatasetSettings, Gates, Recipe
from pipeline.records import Example
from pipeline.run import RunOptions, run
from pipeline.stage import Reject, SourceStage
from pipeline.storage.events import Events, read_events
from pipeline.storage.root import Root
from pipeline.storage.store import to_table
from pipeline.storage.tally import Tally
from tests.stages.make import example


class Settings(BaseModel):
    """Of a recipe without a model."""

    licence_of_model: str = "unknown"
    price: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Examples(SourceStage):
    writes: ClassVar[type] = Example
    version: ClassVar[int] = 1
    limit: int = 1

    def read(self) -> Iterator[Example]:
        return iter(())


class NoView:
    def show(self, event: dict[str, Any]) -> None: ...

    def close(self) -> None: ...


STEP = Step("examples", Examples())


def recipe(settings: Settings | None = None, step: Step = STEP, **gates: Any) -> Recipe:
    dataset = DatasetSettings(licence="mit" if settings and settings.licence_of_model == "mit" else "cc0-1.0")
    return Recipe("test", "About it.", settings or Settings(), step, dataset, Gates(**gates))


def finish(path: Path, n: int, rejects: Sequence[tuple[Reject, Example]] = (), step: Step = STEP) -> None:
    """Leaves the step as the engine does, with `n` rows."""
    folder = Root(path).folder(step)
    rows = [example(id=f"{i:03}", answer=f"Answer {i}. " * 9, discipline_id="d") for i in range(n)]
    part = folder.write_part("000000", to_table(rows, Example), rejects, Tally(rows_in=n))
    entry = {"stage": "Examples", "tally": part.tally.as_dict(), "parts": {"000000": part.entry()}}
    folder.finish(entry)


def end(path: Path, wired: Recipe) -> dict[str, Any] | None:
    path.mkdir(exist_ok=True)
    events = Events(path / "events.jsonl", NoView())
    try:
        return run(wired, RunOptions(Root(path)), events)
    finally:
        events.close()


def told(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((path / "report.json").read_text())
    return found


def card(path: Path) -> str:
    return (path / "dataset" / "README.md").read_text()


def stamps(path: Path) -> dict[str, int]:
    files = [*(path / "dataset").rglob("*.*"), path / "report.json", path / "report.html"]
    return {str(file.relative_to(path)): file.stat().st_mtime_ns for file in files if file.is_file()}


def test_a_run_with_nothing_new_leaves_all_that_is_there(tmp_path: Path) -> None:
    finish(tmp_path, 3)
    end(tmp_path, recipe())
    before = stamps(tmp_path)
    assert len(before) == 5
    end(tmp_path, recipe())
    assert stamps(tmp_path) == before


@pytest.mark.parametrize("n", [0, 1, 5])
def test_other_rows_of_the_last_step_reach_dataset_card_and_report(n: int, tmp_path: Path) -> None:
    finish(tmp_path, 3)
    end(tmp_path, recipe())
    finish(tmp_path, n)  # as `--from examples` leaves it, with replies that were refused before
    summary = end(tmp_path, recipe(min_rows=0))
    assert summary is not None
    assert summary["rows"] == told(tmp_path)["n_rows"] == n
    assert f"# test: {n} " in card(tmp_path)


def test_as_many_rows_that_are_others_reach_the_shards(tmp_path: Path) -> None:
    finish(tmp_path, 3)
    end(tmp_path, recipe())
    shard = next((tmp_path / "dataset" / "data").glob("*.parquet"))
    before = shard.read_bytes()
    folder = Root(tmp_path).folder(STEP)
    rows = [example(id=f"{i:03}", answer=f"Another {i}. " * 9) for i in range(3)]
    part = folder.write_part("000000", to_table(rows, Example), [], Tally(rows_in=3))
    folder.finish({"stage": "Examples", "tally": part.tally.as_dict(), "parts": {"000000": part.entry()}})
    end(tmp_path, recipe())
    assert shard.read_bytes() != before


@pytest.mark.parametrize(("field", "value"), [("licence_of_model", "mit"), ("price", 0.6)])
def test_a_setting_that_changes_no_row_reaches_what_is_published(
    field: str, value: Any, tmp_path: Path
) -> None:
    finish(tmp_path, 3)
    end(tmp_path, recipe())
    key = told(tmp_path)["key"]
    end(tmp_path, recipe(Settings(**{field: value})))
    assert yaml.safe_load((tmp_path / "dataset" / "academe.yaml").read_text())[field] == value
    assert f"license: {'mit' if value == 'mit' else 'cc0-1.0'}\n" in card(tmp_path)
    assert told(tmp_path)["key"] != key


def test_other_rejects_reach_the_card(tmp_path: Path) -> None:
    finish(tmp_path, 3)
    end(tmp_path, recipe())
    finish(tmp_path, 3, [(Reject("answer_too_short", 1, 2), example(id="short"))])
    end(tmp_path, recipe())
    assert "answer_too_short 1" in card(tmp_path)
    assert told(tmp_path)["n_rejected"] == 1


@pytest.mark.parametrize("left", ["no page", "no json", "cut json", "a list", "of another run"])
def test_a_report_that_is_not_of_this_run_is_written_again(left: str, tmp_path: Path) -> None:
    finish(tmp_path, 3)
    end(tmp_path, recipe())
    written, page = (tmp_path / "report.json").read_text(), (tmp_path / "report.html").read_text()
    other = Step("examples", Examples(limit=2))
    wired = recipe(step=other) if left == "of another run" else recipe()
    match left:
        case "no page":
            (tmp_path / "report.html").unlink()
        case "no json":
            (tmp_path / "report.json").unlink()
        case "cut json":
            (tmp_path / "report.json").write_text(written[:100])
        case "a list":
            (tmp_path / "report.json").write_text("[]")
        case "of another run":  # killed after its dataset was written, and before its report was
            finish(tmp_path, 3, step=other)
            end(tmp_path, wired)
            (tmp_path / "report.json").write_text(written)
            (tmp_path / "report.html").write_text(page)
    end(tmp_path, wired)
    assert told(tmp_path)["run"] == wired.last.id == json.loads((tmp_path / "run.json").read_text())["run"]
    assert (tmp_path / "report.html").exists()


def test_a_fault_of_the_report_is_a_warning_with_its_remedy(tmp_path: Path) -> None:
    finish(tmp_path, 3)
    (tmp_path / "report.html").mkdir()
    assert end(tmp_path, recipe()) is not None
    events = list(read_events(tmp_path / "events.jsonl"))
    assert events[-1]["event"] == "run_done"
    assert events[-2]["event"] == "warning"
    assert f"`academe report --root {tmp_path}` writes it" in events[-2]["text"]
    (tmp_path / "report.html").rmdir()
    end(tmp_path, recipe())
    assert told(tmp_path)["n_rows"] == 3


def test_a_gate_is_judged_whatever_the_report_does(tmp_path: Path) -> None:
    finish(tmp_path, 3)
    (tmp_path / "report.html").mkdir()
    with pytest.raises(GateFailed, match="the dataset has 3 rows"):
        end(tmp_path, recipe(min_rows=4))
    assert "warning" in [event["event"] for event in read_events(tmp_path / "events.jsonl")]


def test_a_run_that_misses_its_gate_has_a_report(tmp_path: Path) -> None:
    finish(tmp_path, 0)
    with pytest.raises(GateFailed, match="the dataset has 0 rows"):
        end(tmp_path, recipe())
    assert told(tmp_path)["n_rows"] == 0


def test_a_reply_that_is_long_does_not_end_the_run(tmp_path: Path) -> None:
    long = Reject("bad_reply", got='{"questions": ["' + "why " * 900, limit="it is cut off")
    finish(tmp_path, 3, [(long, example(id="cut"))])
    assert end(tmp_path, recipe()) is not None
    (row,) = (row for row in told(tmp_path)["rows"] if row.get("reason") == "bad_reply")
    assert row["got"].startswith('{"questions": ["why why')
    assert "characters more]" in row["got"]
