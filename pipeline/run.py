"""One run of a recipe: what is checked before it starts, what is done again, and the dataset at its end."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pipeline import report
from pipeline.dag import Step, check, model_of, steps_to
from pipeline.engine.budget import NO_LIMIT, Budget, Meter
from pipeline.engine.reopening import reopen_from, reopen_passing
from pipeline.engine.schedule import Schedule
from pipeline.engine.spread import SPREAD_ROWS
from pipeline.errors import INTERRUPTED, GateFailed, PipelineError, RecipeError, nearest
from pipeline.export import dataset
from pipeline.inference.client import check_endpoint
from pipeline.inference.server import check_local
from pipeline.model import ModelSpec
from pipeline.recipe import Gates, Recipe
from pipeline.stage import ModelStage
from pipeline.storage.events import Events
from pipeline.storage.root import Root


@dataclass(frozen=True)
class RunOptions:
    """Where and how a run happens; none of it changes what is made."""

    root: Root
    first: str | None = None  # run again from this step
    last: str | None = None  # stop after this step
    ray_address: str | None = None  # None: a private cluster on this machine
    budget: Budget = NO_LIMIT
    replay: bool = False  # send nothing, fail on a reply that is not stored
    spread_rows: int = SPREAD_ROWS  # from which dataset steps are decided on by tasks of the cluster


def run(recipe: Recipe, options: RunOptions, events: Events) -> dict[str, Any] | None:
    """Runs the recipe to its end and writes the dataset; returns its summary, None when stopped at `last`
    before it.

    The root must be locked. Raises PipelineError; whatever is raised, the same call goes on from there.
    """
    root = options.root
    steps = chosen_steps(recipe, options)
    check(steps)
    if root.run() is None:  # refuses a root of another format
        _take(root, recipe)  # else the run that is there is told of until this one has what it needs
    if options.first is not None:
        reopen_from(root, recipe.last, options.first)
    inputs = {step.name: [before.name for before in step.inputs] for step in steps}
    events.emit("run_started", run=recipe.last.id, recipe=recipe.name, steps=inputs)
    with _end_told(events):
        return _run(recipe, options, events, steps)


def _take(root: Root, recipe: Recipe) -> None:
    root.write_run(recipe.name, recipe.settings_as_data(), steps_to(recipe.last))


@contextlib.contextmanager
def _end_told(events: Events) -> Iterator[None]:
    """An end before the last step is an event too, for who looks at the run later."""
    why, code = "a fault of academe itself: see what the command said", PipelineError.exit_code
    try:
        yield
        why = ""
    except PipelineError as error:
        why, code = str(error), error.exit_code
        raise
    except KeyboardInterrupt:
        why, code = "interrupted", INTERRUPTED
        raise
    finally:
        if why:
            events.emit("run_stopped", why=why, code=code)


def _run(recipe: Recipe, options: RunOptions, events: Events, steps: list[Step]) -> dict[str, Any] | None:
    root = options.root
    if not options.replay:
        reopen_passing(root, steps, events)
    schedule = Schedule(steps, root, events)
    specs = _models(schedule.wanted())
    if not options.replay:
        _check_models(specs, events)
    if not schedule.finished:
        from pipeline.engine.driver import drive  # imports Ray, which a finished run has no need of

        with root.replies_copied():
            meter = Meter(options.budget, specs, root.replies)
            drive(
                schedule,
                root,
                events,
                recipe.gates,
                meter,
                options.ray_address,
                options.replay,
                options.spread_rows,
                begun=lambda: _take(root, recipe),
            )
    else:
        _take(root, recipe)
    summary = None
    if steps[-1] is recipe.last and recipe.dataset is not None:
        summary = dataset.write(root, recipe, recipe.dataset, recipe.last.id)
        if "warning" in summary:
            events.emit("warning", text=summary["warning"])
        try:
            _judge(recipe.gates, summary["rows"])
        finally:
            _tell(root, recipe, events)
    events.emit("run_done", run=recipe.last.id, dataset=summary)
    return summary


def _judge(gates: Gates, n_rows: int) -> None:
    if n_rows < gates.min_rows:
        raise GateFailed(
            f"the dataset has {n_rows} rows, gates.min_rows asks for {gates.min_rows}; "
            "read the rejects with `academe show STEP --rejects`, ask for more, or take fewer with "
            "--set gates.min_rows=N"
        )


def _tell(root: Root, recipe: Recipe, events: Events) -> None:
    """Writes the report unless it is there. Whatever fault one has, the run has ended and its rows are
    whole: it is a warning.
    """

    def write() -> None:
        if not report.is_current(root, recipe):
            report.write(root, recipe)

    with ThreadPoolExecutor(1) as apart:
        fault = apart.submit(write).exception()
    if fault is not None:
        text = f"no report was written ({type(fault).__name__}: {fault}); the dataset is whole; "
        events.emit("warning", text=f"{text}once that is mended, `academe report --root {root}` writes it")


def chosen_steps(recipe: Recipe, options: RunOptions) -> list[Step]:
    """The recipe's steps up to `options.last`. Raises RecipeError for a step that does not exist."""
    steps = steps_to(recipe.last)
    names = [step.name for step in steps]
    for wanted in (options.last, options.first):
        if wanted is not None and wanted not in names:
            raise RecipeError(
                f"recipe '{recipe.name}' has no step '{wanted}'; {nearest(wanted, names, 'its steps are:')}"
            )
    if options.last is not None:
        steps = steps_to(steps[names.index(options.last)])
        if options.first is not None and options.first not in [step.name for step in steps]:
            raise RecipeError(
                f"step '{options.first}' is not before '{options.last}'; swap --from and --until"
            )
    return steps


def _models(steps: list[Step]) -> list[ModelSpec]:
    """The models that the steps ask, each once."""
    specs = [model_of(step) for step in steps if isinstance(step.stage, ModelStage)]
    return list({spec.model_dump_json(): spec for spec in specs}.values())


def _check_models(specs: list[ModelSpec], events: Events) -> None:
    for spec in specs:
        if spec.serve == "endpoint" and (warning := check_endpoint(spec)):
            events.emit("warning", text=warning)
        if spec.serve == "local":
            check_local(spec)  # what Ray Serve needs is on the nodes of the cluster
