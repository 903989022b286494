"""What a run would do and cost, before anything is started.

Rows and requests of steps that are to do follow from what is measured where steps are done, and from what
their stages expect where not; filters are expected to keep everything, so counts are upper bounds.
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline.dag import Step, steps_to
from pipeline.recipe import Recipe
from pipeline.root import Root
from pipeline.stage import ModelStage, SourceStage
from pipeline.store import Tally


def plan_lines(recipe: Recipe, root: Path) -> Iterator[str]:
    """A line a step, and a total."""
    yield f"{recipe.name} in {root}"
    yield f"  {'step':<12} {'id':<12} {'state':<6} {'rows in':>12} {'rows out':>12} {'requests':>12}"
    rows_out: dict[str, float] = {}
    total = 0.0
    for step in steps_to(recipe.last):
        manifest = Root(root).folder(step).manifest()
        if manifest is not None:
            tally = Tally.from_dict(manifest["tally"])
            state, rows_in, out, requests = "done", float(tally.rows_in), float(tally.kept), 0.0
        else:
            state = "to do"
            rows_in, out, requests = _expected(step, rows_out)
        rows_out[step.name] = out
        total += requests
        yield f"  {step.name:<12} {step.id:<12} {state:<6} {rows_in:>12,.0f} {out:>12,.0f} {requests:>12,.0f}"
    yield f"  at most {total:,.0f} requests, less what is stored; filters are taken to keep all"


def _expected(step: Step, rows_out: dict[str, float]) -> tuple[float, float, float]:
    rows_in = sum(rows_out[before.name] for before in step.inputs)
    if isinstance(step.stage, SourceStage):
        n_rows = float(sum(1 for _ in step.stage.read()))
        return n_rows, n_rows, 0.0
    if isinstance(step.stage, ModelStage):
        expected = step.stage.expected()
        return rows_in, rows_in * expected.rows, rows_in * expected.requests
    return rows_in, rows_in, 0.0
