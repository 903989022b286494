"""What is known before and while a run goes on: plans, budgets and status."""

from pathlib import Path

import pytest

from tests.conftest import (
    ROOT,
    Finished,
    Scripted,
    academe,
    run,
    run_arguments,
    shards,
    status,
)

pytestmark = [pytest.mark.ray, pytest.mark.usefixtures("shared_cluster")]


def test_a_budget_stops_a_run_that_goes_on_later(
    slow_scripted: Scripted, finished: Finished, tmp_path: Path
) -> None:
    root, budget = tmp_path / "run", finished.n_tokens // 2
    done = academe(*run_arguments(slow_scripted, root, options=("--budget-tokens", str(budget))))
    assert done.returncode == 6, done.stderr
    assert f"stopped at --budget-tokens {budget}" in done.stderr
    assert 0.2 < len(slow_scripted.bodies()) / len(finished.bodies) < 0.8
    assert "to go: about" in status(root)["to_go"]
    for folder, options in ((root, ()), (tmp_path / "cpu", ("--until", "disciplines"))):  # one asks nobody
        options = ("--max-minutes", "0", *options)
        done = academe(*run_arguments(slow_scripted, folder, options=options))
        assert done.returncode == 6, done.stderr
    run(slow_scripted, root)
    assert len(slow_scripted.bodies()) == len(finished.bodies)  # nothing was paid twice
    assert shards(root) == shards(finished.root)


def test_a_pilot_of_a_fifth_foretells_the_whole(scripted: Scripted, tmp_path: Path) -> None:
    others = "nutrition, human-body, weather-and-climate, computers-and-internet"
    all_of_them = f"taxonomy.only=[genetics, {others}]"
    root, other = tmp_path / "run", tmp_path / "other"
    run(scripted, root, "taxonomy.only=[genetics]")
    arguments = run_arguments(scripted, root, all_of_them)[1:]
    told = [academe("plan", *arguments).stdout]
    arguments[arguments.index(str(root))] = str(other)
    told.append(academe("plan", *arguments, "--like", str(root)).stdout)
    run(scripted, root, all_of_them)
    tallies = [entry["tally"] for entry in status(root)["steps"]]
    came_to = sum(tally["prompt_tokens"] + tally["output_tokens"] for tally in tallies)
    for text in told:
        line = next(line for line in text.splitlines() if "the whole run" in line)
        n_tokens = int(line.split()[-2].replace(",", ""))
        assert abs(n_tokens / came_to - 1) < 0.15, text


def test_a_plan_made_before_the_first_question_foretells_the_whole(
    scripted: Scripted, tmp_path: Path
) -> None:
    root = tmp_path / "run"
    replies = [f"{stage}.sampling.max_tokens=240" for stage in ("questions", "answers")]  # three times theirs
    run(scripted, root, *replies, options=("--until", "syllabi"))
    told = academe("plan", *run_arguments(scripted, root, *replies)[1:]).stdout
    n_asked = len(scripted.bodies())
    run(scripted, root, *replies)
    assert n_asked < 0.4 * len(scripted.bodies())
    tallies = {entry["name"]: entry["tally"] for entry in status(root)["steps"]}
    came_to = sum(tally["prompt_tokens"] + tally["output_tokens"] for tally in tallies.values())
    line = next(line for line in told.splitlines() if "the whole run" in line)
    assert abs(int(line.split()[-2].replace(",", "")) / came_to - 1) < 0.15, told
    drafts = next(line.split() for line in told.splitlines() if line.split()[:1] == ["drafts"])
    assert drafts[5].replace(",", "") == str(tallies["drafts"]["requests"])
    assert drafts[-1] == "input"


def test_steps_that_score_and_embed_are_planned_before_and_after(scripted: Scripted, tmp_path: Path) -> None:
    model = f"{{name: scripted, serve: endpoint, url: {scripted.url}}}"
    settings = (f"embedder={model}", f"judge={model}", "difficulty={}", "gates.min_rows=0")
    arguments = run_arguments(scripted, tmp_path / "run", *settings)[1:]
    assert academe("plan", *arguments).returncode == 0
    run(scripted, tmp_path / "run", *settings, options=("--until", "examples"))
    n_requests = len(scripted.bodies())
    planned = academe("plan", *arguments)
    assert planned.returncode == 0, planned.stderr
    lines = {line.split()[0]: line.split() for line in planned.stdout.splitlines() if line.strip()}
    assert {"embedded", "rated", "measured"} <= set(lines)
    assert len(scripted.bodies()) == n_requests
    run(scripted, tmp_path / "run", *settings)
    assert academe("plan", *arguments).returncode == 0


def test_a_status_says_why_it_cannot_tell_what_is_to_go(scripted: Scripted, tmp_path: Path) -> None:
    taxonomy = tmp_path / "mine.yaml"
    taxonomy.write_text((ROOT / "taxonomy" / "laptop.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    run(scripted, tmp_path / "run", f"taxonomy.path={taxonomy}")
    taxonomy.unlink()
    found = status(tmp_path / "run")
    assert found["to_go"].startswith("to go: cannot be told: ")
    assert all(entry["state"] == "done" for entry in found["steps"])


def test_a_budget_in_dollars_needs_a_price(scripted: Scripted, tmp_path: Path) -> None:
    done = academe(*run_arguments(scripted, tmp_path / "run", options=("--budget-usd", "1")))
    assert done.returncode == 2
    assert "no price is known for scripted" in done.stderr
    free = ("planner.price.output=1000000",)  # a dollar a token
    done = academe(*run_arguments(scripted, tmp_path / "run", *free, options=("--budget-usd", "1")))
    assert done.returncode == 6
