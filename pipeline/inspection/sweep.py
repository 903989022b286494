"""What a root holds that its last run does not use: folders of other steps, replies to other requests.

Which replies are used is not written down anywhere: every model step is mapped again over its input, with
the stored replies and without sending, and what it asks for is in use. Cost: the CPU of a replay, and the
memory of one part.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from upath import UPath

from pipeline.dag import Step, model_of, steps_to
from pipeline.errors import RecipeError
from pipeline.inspection.rehearse import Rehearsal
from pipeline.io.files import remove_tree
from pipeline.recipe import Recipe
from pipeline.stage import ModelStage
from pipeline.storage.replies import Replies, Unused
from pipeline.storage.root import Root


@dataclass(frozen=True)
class Leftovers:
    """What could go, and how much it is."""

    folders: list[UPath]
    folder_bytes: int
    replies: Unused | None  # None: the run is not finished, and may ask for any of them yet

    @property
    def n_replies(self) -> int:
        return 0 if self.replies is None else self.replies.count

    def __str__(self) -> str:
        lines = [f"  {folder}" for folder in self.folders]
        n_bytes = self.folder_bytes + (0 if self.replies is None else self.replies.n_bytes)
        counts = f"step folders {len(self.folders)}, replies {self.n_replies:,}"
        lines.append(f"not in use: {counts}, {n_bytes / 2**20:.1f} MB")
        if self.replies is None:
            lines.append("the run is not finished and may need any reply: all are kept")
        return "\n".join(lines)


def find_leftovers(root: Root, recipe: Recipe) -> Leftovers:
    """Looks, and removes nothing. The root must be locked, and `recipe` be that of its run.json.

    Raises RecipeError when the recipe's steps are not those that were run.
    """
    steps = steps_to(recipe.last)
    current = {step.folder for step in steps}
    ran = {f"{step['name']}-{step['id']}" for step in (root.run() or {"steps": ()})["steps"]}
    if ran != current:
        raise RecipeError(
            f"prompts, stages or files have changed since the last run in {root.path}; run it again first, "
            "so that it is known what is in use"
        )
    folders = [path for path in sorted((root.path / "steps").glob("*")) if path.name not in current]
    n_bytes = sum(file.stat().st_size for path in folders for file in path.rglob("*") if file.is_file())
    if root.folder(recipe.last).manifest() is None:
        return Leftovers(folders, n_bytes, None)
    mirror = root.mirror()
    if mirror is not None:
        mirror.begin()
    replies = Replies(root.replies)
    try:
        return Leftovers(folders, n_bytes, replies.unused(_used(root, steps, replies)))
    finally:
        replies.close()


def remove(root: Root, leftovers: Leftovers) -> None:
    """Removes what was found. Interrupted, it can be done again."""
    for folder in leftovers.folders:
        (folder / "manifest.json").unlink(missing_ok=True)  # first: what is left is no finished step
        remove_tree(folder)
    if leftovers.replies is not None:
        leftovers.replies.remove()
        mirror = root.mirror()
        if mirror is not None:
            mirror.rewrite()


def _used(root: Root, steps: list[Step], replies: Replies) -> Iterator[list[bytes]]:
    """The keys that the parts of each model step's input ask for."""
    for step in steps:
        if isinstance(step.stage, ModelStage):
            for before in step.inputs:
                folder = root.folder(before)
                for name in folder.part_names():
                    records = folder.read_part(name, before.writes)
                    rehearsal = Rehearsal(replies)
                    rehearsal.map(step.stage, model_of(step), records)
                    yield [asked.key for asked in rehearsal.asked if asked.reply is not None]
