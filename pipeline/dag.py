"""Steps and how they are wired. A mistake in the wiring fails here, before anything is started."""

import re
from collections.abc import Collection, Iterable
from functools import cached_property
from pathlib import Path

from pipeline.errors import RecipeError, nearest
from pipeline.identity import digest, fields_of
from pipeline.model import ModelSpec
from pipeline.stage import DatasetStage, FilterStage, ModelStage, SourceStage, Stage

OURS = ("pipeline", "stages")  # whose stages are known by their class alone
PACKAGED = "embedded"  # instead of a path: the packaged model
HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)


class Step:
    """A stage placed in a DAG: a name (the noun it leaves behind), a stage and the steps it reads from.

    Several inputs of one type are concatenated in the order given. Raises RecipeError when types do not fit.
    """

    def __init__(self, name: str, stage: Stage, *inputs: "Step") -> None:
        self.name = name
        self.stage = stage
        self.inputs = inputs
        self.writes = self._check()

    def _check(self) -> type:
        stage = type(self.stage).__name__
        if isinstance(self.stage, SourceStage) != (not self.inputs):
            wants = "no input" if isinstance(self.stage, SourceStage) else "at least one input"
            raise RecipeError(f"step '{self.name}': {stage} takes {wants}, but is given {len(self.inputs)}")
        for step in self.inputs:
            if not issubclass(step.writes, self.stage.reads):
                raise RecipeError(
                    f"step '{self.name}': {stage} reads {self.stage.reads.__name__}, but input '{step.name}' "
                    f"writes {step.writes.__name__}; put a step between them that makes one from the other"
                )
        if self.stage.reads is not self.stage.writes:
            return self.stage.writes
        kinds = {step.writes for step in self.inputs}
        if len(kinds) > 1:
            names = sorted(kind.__name__ for kind in kinds)
            raise RecipeError(
                f"step '{self.name}': its inputs must write one type, but write {', '.join(names)}"
            )
        return kinds.pop()

    @cached_property
    def id(self) -> str:
        """12 hex digits of a hash of the stage, its version and settings, its prompts, the fields of what it
        writes, and its inputs' ids.

        The fields alone decide: prompts and files are among them, and count by their content.
        """
        kind, inputs = type(self.stage), tuple(step.id for step in self.inputs)
        parts = (_name_of(kind), kind.version, self.stage, fields_of(self.writes), inputs)
        return digest(parts, size=6).hex()

    @property
    def folder(self) -> str:
        return f"{self.name}-{self.id}"


def _name_of(kind: type[Stage]) -> str:
    """A stage of ours by its class, wherever that is moved; any other by its module too."""
    is_ours = kind.__module__.split(".")[0] in OURS
    return kind.__name__ if is_ours else f"{kind.__module__}.{kind.__name__}"


def steps_to(last: Step) -> list[Step]:
    """All steps that `last` needs, inputs first, `last` last. Raises RecipeError when two share a name."""
    ordered: dict[str, Step] = {}

    def visit(step: Step) -> None:
        for before in step.inputs:
            visit(before)
        if ordered.setdefault(step.name, step) is not step:
            raise RecipeError(f"two steps are named '{step.name}'; a name is a folder, so give each its own")

    visit(last)
    return list(ordered.values())


def without(last: Step, names: Collection[str]) -> Step:
    """The DAG to `last` with the steps `names` left out: what they read is passed on as it is.

    Raises RecipeError for a name that is no step, one whose step does more than to drop rows, or one that
    fills in what a step that stays needs.
    """
    steps = {step.name: step for step in steps_to(last)}
    filters = [name for name, step in steps.items() if _only_drops(step)]
    for name in names:
        if name in filters:
            continue
        hint = nearest(name, filters, "those that can be are:")
        why = "makes rows, so it cannot be" if name in steps else "is no step of this recipe that could be"
        raise RecipeError(f"without: '{name}' {why} left out; {hint}")

    rewired: dict[str, Step] = {}
    for name, step in steps.items():  # inputs first
        inputs = tuple(rewired[before.name] for before in step.inputs)
        if name in names:
            rewired[name] = inputs[0]
        else:
            rewired[name] = step if inputs == step.inputs else Step(name, step.stage, *inputs)
            _check_needs(rewired[name], steps.values())
    return rewired[last.name]


def _check_needs(step: Step, all_steps: Iterable[Step]) -> None:
    """Raises RecipeError where a step that was left out filled in what this one needs."""
    filled = {name for before in steps_to(step) for name in before.stage.fills}
    for name in set(step.stage.needs) - filled:
        for gone in all_steps:
            if name in gone.stage.fills:
                raise RecipeError(
                    f"without: '{gone.name}' fills in `{name}`, which '{step.name}' needs; leave out both, "
                    "or neither"
                )


def check(steps: Iterable[Step]) -> None:
    """Has every stage say what it cannot work with. Raises RecipeError that names the steps."""
    faults = []
    for step in steps:
        try:
            step.stage.check()
            if isinstance(step.stage, ModelStage) and step.stage.model is not None:
                _check_path(step.stage.model)
        except RecipeError as error:
            faults.append(f"step '{step.name}': {error}")
    if faults:
        raise RecipeError("\n".join(faults))


def _check_path(spec: ModelSpec) -> None:
    """Raises RecipeError for a model of this machine that is not there. What may be a name on the Hub, unless
    its first half is a folder here, is vLLM's to find.
    """
    if spec.serve != "local" or spec.path is None or spec.path == PACKAGED or Path(spec.path).exists():
        return
    is_name = HUB_NAME.fullmatch(spec.path) and not Path(spec.path.partition("/")[0]).is_dir()
    if not is_name:
        raise RecipeError(
            f"the path of model '{spec.name}' is {spec.path}: expected a folder or file that is there, a "
            f"name on the Hub such as org/model, or {PACKAGED}; there is no such file"
        )


def _only_drops(step: Step) -> bool:
    stage = step.stage
    filters = (
        stage.only_drops if isinstance(stage, ModelStage) else isinstance(stage, FilterStage | DatasetStage)
    )
    return filters and len(step.inputs) == 1


def downstream(steps: list[Step], name: str) -> set[str]:
    """The names of the step `name` and of all steps that read from it, directly or not."""
    reached = {name}
    for step in steps:  # inputs first
        if any(before.name in reached for before in step.inputs):
            reached.add(step.name)
    return reached


def model_of(step: Step) -> ModelSpec:
    """The model that a model step asks. Raises RecipeError when the recipe named none."""
    if not isinstance(step.stage, ModelStage) or step.stage.model is None:
        raise RecipeError(f"step '{step.name}' has no model; the recipe must give it one")
    return step.stage.model
