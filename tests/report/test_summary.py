"""What a run says it came to, at its end."""

import re
from collections import Counter
from pathlib import Path

import pytest

from pipeline.commands.options import say_summary
from pipeline.errors import RecipeError
from pipeline.recipe import Recipe
from pipeline.storage.root import Root
from tests.conftest import Scripted, academe, rows, run_arguments, status

SAID = re.compile(r"most rows went as (\w+): ([\d,]+) \(`academe show (\w+) --rejects")


@pytest.mark.ray
def test_a_run_that_misses_its_gate_says_what_it_came_to(
    shared_cluster: None, scripted: Scripted, tmp_path: Path
) -> None:
    scripted.fault("cut_off", times=4, match='"content": "Why')  # answers
    settings = ("planner.price={prompt: 1000, output: 2000}", "gates.min_rows=1000")
    done = academe(*run_arguments(scripted, tmp_path, *settings))
    assert done.returncode == 3
    assert "gates.min_rows asks for 1000" in done.stderr
    steps = {step["name"]: step["tally"] for step in status(tmp_path)["steps"]}
    kept = steps["examples"]["kept"]
    judged = list(steps)[list(steps).index("drafts") + 1 :]
    reasons = Counter[str]()
    for name in judged:
        reasons.update(steps[name]["rejected"])
    n_rejected = sum(reasons.values())
    assert f"{kept:,} rows of {kept + n_rejected:,} that were written are kept" in done.stdout
    found = SAID.search(done.stdout)
    assert found is not None
    reason, n, step = found.groups()
    assert (reason, int(n)) == ("answer_cut_off", 4) == reasons.most_common(1)[0]
    (example,) = (line for line in done.stdout.splitlines() if line.startswith("  for example: "))
    gone = [row for row in rows(tmp_path, step, "rejects") if row["reason"] == reason]
    assert any(example.split("“")[1][:20] in row["record"] for row in gone)
    prompt, output = (sum(t[f"{kind}_tokens"] for t in steps.values()) for kind in ("prompt", "output"))
    assert f"{prompt:,} prompt and {output:,} output tokens" in done.stdout
    assert f"${(1000 * prompt + 2000 * output) / 1e6:,.2f}" in done.stdout
    assert f"report: {tmp_path / 'report.html'}" in done.stdout
    assert "academe show examples" in done.stdout
    assert "academe publish" not in done.stdout


@pytest.mark.parametrize("fault", [RecipeError("no taxonomy 'gone'"), KeyError("column"), OSError("away")])
def test_a_fault_of_the_summary_is_a_line_and_not_the_runs(
    fault: Exception, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def wire() -> Recipe:
        raise fault

    say_summary(Root(tmp_path), wire)
    said = capsys.readouterr().out
    assert said.startswith("what the run came to cannot be told")
    assert str(fault) in said
