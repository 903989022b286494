"""What the filters of a whole run drop and keep, on a Ray cluster against a server with fixed replies."""

import json
from pathlib import Path

import pytest
from datasets import load_dataset

from tests.conftest import (
    Finished,
    Scripted,
    academe,
    rows,
    run,
    run_arguments,
    step,
)

pytestmark = [pytest.mark.ray, pytest.mark.usefixtures("shared_cluster")]


def test_items_of_a_benchmark_and_rows_of_an_earlier_dataset_are_dropped(
    scripted: Scripted, finished: Finished, tmp_path: Path
) -> None:
    drafts = sorted(row["question"] for row in rows(finished.root, "questions"))
    changed = "  " + drafts[0].upper().replace(" ", "   ") + "\n"
    near = drafts[1].replace("litres", "buckets of quite fresh water").replace("exactly", "no less than")
    benchmark = tmp_path / "bench.jsonl"
    benchmark.write_text(
        "".join(json.dumps({"question": q}) + "\n" for q in (changed, near)), encoding="utf-8"
    )
    earlier = tmp_path / "earlier.jsonl"
    earlier.write_text(json.dumps({"prompt": drafts[2].lower(), "response": ""}), encoding="utf-8")
    root = tmp_path / "checked"
    run(scripted, root, f"contamination.benchmarks=[{benchmark}]", f"earlier=[{earlier}]")
    (had,) = rows(root, "unrepeated", "rejects")
    assert (had["reason"], had["twin"]) == ("exact_duplicate_of_earlier", f"{earlier}:train:0")
    assert json.loads(had["record"])["question"] == drafts[2]
    dropped = [json.loads(row["record"])["question"] for row in rows(root, "questions", "rejects")]
    assert dropped == [drafts[0]]
    assert drafts[1] in {row["question"] for row in rows(root, "questions")}
    (line,) = (root / "dataset" / "contamination.jsonl").read_text(encoding="utf-8").splitlines()
    listed = json.loads(line)
    assert (listed["benchmark"], listed["item"], listed["step"]) == ("bench.jsonl", 0, "questions")
    assert set(listed) == {"benchmark", "item", "step", "id", "share"}  # and no word of the benchmark
    assert listed["share"] == 1
    card = (root / "dataset" / "README.md").read_text(encoding="utf-8")
    assert "| bench\\.jsonl | 1 | 1 |" in card


def test_with_an_embedder_questions_that_mean_the_same_go_and_density_selects(
    scripted: Scripted, tmp_path: Path
) -> None:
    root = tmp_path / "run"
    embedder = f"embedder={{name: scripted, serve: endpoint, url: {scripted.url}}}"
    settings = (embedder, "semantic_duplicates.min_cosine=0.87", "density={keep: 5, n_clusters: 3}")
    run(scripted, root, *settings, options=("--spread-rows", "0"))  # decided on by tasks
    asked = [body["input"] for body in scripted.bodies() if "input" in body]
    assert sorted(asked) == sorted(row["question"] for row in rows(root, "distinct"))
    twins = {row["id"]: row["twin"] for row in rows(root, "dissimilar", "rejects")}
    kept = {row["id"]: row["question"].split() for row in rows(root, "dissimilar")}
    assert twins
    assert set(twins.values()) <= set(kept)
    assert len(load_dataset(str(root / "dataset"), split="train")) == 5
    assert step(root, "selected")["tally"]["rejected"] == {
        "typical_of_its_cluster": step(root, "examples")["tally"]["kept"] - 5
    }
    (report,) = (root / "steps").glob("selected-*/report.json")
    assert sum(cluster["kept"] for cluster in json.loads(report.read_text())["clusters"]) == 5


def test_scores_of_a_judge_and_difficulty_are_columns_of_the_dataset(
    scripted: Scripted, tmp_path: Path
) -> None:
    root = tmp_path / "run"
    judge = f"judge={{name: scripted, serve: endpoint, url: {scripted.url}}}"
    run(scripted, root, judge, "difficulty={}", "low_ratings.min_clarity=2", "gates.min_rows=0")
    made = load_dataset(str(root / "dataset"), split="train")
    assert len(made) == step(root, "well_rated")["tally"]["kept"] > 0
    assert step(root, "well_rated")["tally"]["rejected"]
    assert all(row["correctness"] in (3, 4, 5) and row["clarity"] >= 2 for row in made)
    assert all(0 < row["difficulty"] < 2 for row in made)


def test_difficulty_needs_a_server_that_gives_log_probabilities(scripted: Scripted, tmp_path: Path) -> None:
    scripted.fault("no_logprobs", times=1000, match="prompt_logprobs")
    done = academe(*run_arguments(scripted, tmp_path / "run", "difficulty={}"))
    assert done.returncode == 4
    assert "gives no prompt_logprobs, which vLLM does; take `difficulty` out" in done.stderr
    scripted.fault("no_logprobs", times=0)
    run(scripted, tmp_path / "run", "difficulty={}")  # the useless replies were not kept
    assert all(row["difficulty"] for row in rows(tmp_path / "run", "measured"))


def test_a_discipline_that_loses_much_is_told_and_can_stop_the_run(
    scripted: Scripted, tmp_path: Path
) -> None:
    root = tmp_path / "run"
    settings = ("near_duplicates.min_alone=0.01", "near_duplicates.rows=1", "questions.per_syllabus=10")
    done = academe(*run_arguments(scripted, root, *settings, "gates.max_lost=0.1"))
    assert done.returncode == 3, done.stdout + done.stderr
    assert "step 'distinct' would drop" in done.stderr
    assert "gates.max_lost allows 10%" in done.stderr
    assert "distinct: drops" in done.stdout + done.stderr
    done = academe(*run_arguments(scripted, root, *settings))
    assert done.returncode == 0, done.stdout + done.stderr
