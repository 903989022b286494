"""What is opened again before a run: steps that it is to begin from, and parts with rejects that may pass.

What was made from them is no longer finished, whichever settings or command made it; of its parts those
count further that are made from the same rows. The folders that come last are opened first, so that a run
that is killed on the way finds what is left to open.
"""

from collections.abc import Collection, Sequence

from pipeline.dag import Step, downstream, steps_to
from pipeline.stage import ModelStage
from pipeline.storage.events import Events
from pipeline.storage.root import Root
from pipeline.storage.store import StepFolder


def reopen_from(root: Root, last: Step, first: str) -> None:
    """The step `first` and all that read from it, up to `last`, are done again."""
    steps = steps_to(last)
    again = [step for step in steps if step.name in downstream(steps, first)]
    for folder in _made_from(root, [step.folder for step in again]):
        folder.forget_end()
    for step in reversed(again):
        root.folder(step).reopen()


def reopen_passing(root: Root, steps: Sequence[Step], events: Events) -> None:
    """Parts with rejects for a reason that may pass are made again; the good rows' replies are stored.

    Cost: the manifests of the steps that ask; the footers of the parts of those that are not finished.
    """
    for step in steps:
        if not isinstance(step.stage, ModelStage):
            continue
        folder = root.folder(step)
        parts = folder.passing()
        if not parts:
            continue
        events.emit("asked_again", step=step.name, rows=sum(parts.values()), parts=len(parts))
        for after in _made_from(root, [step.folder]):
            after.forget_end()
        folder.drop_parts(parts)


def _made_from(root: Root, folders: Collection[str]) -> list[StepFolder]:
    """Finished steps, of any run, that read from these, directly or not; the last ones first."""
    places = [path.parent for path in (root.path / "steps").glob("*/manifest.json")]
    inputs = {place.name: (StepFolder(place).manifest() or {}).get("inputs", ()) for place in places}
    reached, found = set(folders), []
    while new := [name for name in inputs if name not in reached and reached & set(inputs[name])]:
        reached.update(new)
        found += new
    return [StepFolder(root.path / "steps" / name) for name in reversed(found)]
