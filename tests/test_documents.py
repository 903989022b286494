"""The recipes over documents, on a Ray cluster against a server with fixed replies."""

import json
import os
import random
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from datasets import load_dataset

from tests.conftest import (
    ROOT,
    Scripted,
    academe,
    academe_command,
    documents_arguments,
    kill_group,
    rows,
    shards,
    start_scripted,
    status,
    step,
    wait_until,
    write_documents,
)

pytestmark = [pytest.mark.ray, pytest.mark.usefixtures("shared_cluster")]
KILLS = 2


def run(scripted: Scripted, recipe: str, root: Path, docs: Path, *settings: str) -> None:
    done = academe(*documents_arguments(scripted, recipe, root, docs, *settings))
    assert done.returncode == 0, done.stdout + done.stderr


def test_documents_become_tasks_that_can_be_traced_to_their_place(scripted: Scripted, tmp_path: Path) -> None:
    docs, root = write_documents(tmp_path / "docs"), tmp_path / "run"
    run(scripted, "documents", root, docs, "dataset.test_share=0.3")
    for entry in status(root)["steps"]:
        tally = entry["tally"]
        assert entry["state"] == "done"
        assert tally["kept"] + sum(tally["rejected"].values()) == tally["made"]
    assert step(root, "documents")["tally"]["rejected"] == {"wrong_kind": 1, "unknown_kind": 1, "broken": 1}

    texts = {row["id"]: row for row in rows(root, "documents")}
    chunks = {row["id"]: row for row in rows(root, "chunks")}
    for number, text in texts.items():
        mine = sorted((c for c in chunks.values() if c["parent_id"] == number), key=lambda c: c["start"])
        assert "".join(chunk["text"] for chunk in mine) == text["text"]
        assert all(chunk["n_tokens"] <= 60 for chunk in mine)

    data = load_dataset(str(root / "dataset"), cache_dir=str(tmp_path / "cache"))
    published = [*data["train"], *data["test"]]
    assert len(published) >= 20
    assert not set(data["train"]["document"]) & set(data["test"]["document"])
    shown = 0
    for row in published:
        chunk = chunks[json.loads(row["metadata"])["parent_id"]]
        assert row["document"] == texts[chunk["parent_id"]]["name"]
        assert texts[chunk["parent_id"]]["text"][row["start"] :].startswith(chunk["text"])
        question = row["messages"][0]["content"]
        assert "{{" not in question
        shown += chunk["text"].strip() in question
    assert 0 < shown < len(published)  # tasks show their passage; questions and answers of a style do not
    assert len({row["task"] for row in published}) >= 4
    assert len({row["style"] for row in published}) >= 4
    card = (root / "dataset" / "README.md").read_text()
    assert all(f"| {row['task'].replace('_', chr(92) + '_') or chr(92) + '-'} |" in card for row in published)

    asked = len(scripted.bodies())
    run(scripted, "documents", root, docs, "answer_quality.max_words=900")
    assert len(scripted.bodies()) == asked  # a filter's limit
    (docs / "0.md").write_text((docs / "1.md").read_text()[:-200] + " And one thing more that is new here.")
    run(scripted, "documents", root, docs)
    new = scripted.bodies()[asked:]
    assert new
    assert all("one thing more" in json.dumps(body) or "1.md" not in json.dumps(body) for body in new)
    assert len(new) < asked / 4  # of one document of twelve


def test_real_texts_stand_beside_rephrased_ones(scripted: Scripted, tmp_path: Path) -> None:
    docs, root = write_documents(tmp_path / "docs"), tmp_path / "run"
    run(scripted, "wrap", root, docs)
    texts = load_dataset(str(root / "dataset"), split="train", cache_dir=str(tmp_path / "cache"))
    real = {row["id"] for row in texts if not row["style"]}
    styled = [row for row in texts if row["style"]]
    assert abs(len(real) - len(styled)) <= 2 + len({row["style"] for row in styled})  # 1:1, faq less
    passages = {row["id"]: row for row in rows(root, "real")}
    for row in styled:
        assert passages[json.loads(row["metadata"])["rephrased_from"]]["document"] == row["document"]
    report = json.loads(next((root / "steps").glob("texts-*/report.json")).read_text())
    assert sum(entry["kept"] for entry in report["mixture"].values()) == len(texts)


def test_a_server_that_counts_no_tokens_is_named_with_the_remedy(scripted: Scripted, tmp_path: Path) -> None:
    docs = write_documents(tmp_path / "docs", n=5)
    scripted.fault("no_tokenizer", times=1)
    arguments = documents_arguments(scripted, "wrap", tmp_path / "run", docs)
    done = academe(*arguments)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "chunks.chars_per_token" in done.stderr
    done = academe(*arguments, "--set", "chunks.chars_per_token=3")
    assert done.returncode == 0, done.stderr


def test_without_documents_the_remedy_is_named(scripted: Scripted, tmp_path: Path) -> None:
    arguments = documents_arguments(scripted, "documents", tmp_path / "run", tmp_path)
    place = arguments.index("--docs")
    done = academe(*arguments[:place], *arguments[place + 2 :])
    assert done.returncode == 2
    assert "--docs FOLDER" in done.stderr
    done = academe(*arguments[:place], "--docs", str(tmp_path / "nowhere"), *arguments[place + 2 :])
    assert done.returncode == 2
    assert "there is no file" in done.stderr


def arguments_of(recipe: str, server: Scripted, root: Path, docs: Path) -> list[str]:
    if recipe != "bonito":
        return documents_arguments(server, recipe, root, docs)
    return ["run", "bonito", "--config", str(docs.parent / "many.yaml"), "--root", str(root)]


def n_parts(root: Path) -> int:
    return len(list(root.glob("steps/*/part-*.parquet")))


def kill_and_go_on(recipe: str, tmp_path: Path, docs: Path) -> None:
    """A run that nothing disturbs, and one that is killed at random moments: the same rows."""
    rng, n_requests, made, n_whole = random.Random(recipe), [], [], 0
    for kills in (0, KILLS):
        folder = tmp_path / f"{recipe}-{kills}"
        folder.mkdir()
        server, root = start_scripted(folder, delay_s=0.15), folder / "run"
        arguments = arguments_of(recipe, server, root, docs)
        try:
            for _ in range(kills):
                process = subprocess.Popen(
                    academe_command(*arguments),
                    cwd=ROOT,
                    env=dict(os.environ),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
                then = min(n_whole, n_parts(root) + rng.randint(1, max(1, n_whole // KILLS)))
                try:
                    wait_until(lambda root=root, then=then: n_parts(root) >= then, 240)
                    assert process.poll() is None, "it was over before it could be killed"
                finally:
                    kill_group(process)
            done = academe(*arguments)
        finally:
            server.stop()
        assert done.returncode == 0, done.stderr
        n_whole = n_parts(root)
        n_requests.append(len(server.bodies()))
        made.append(shards(root))
    assert made[0] == made[1]
    assert n_requests[1] - n_requests[0] <= KILLS * 8


def test_killed_at_random_moments_runs_end_with_the_same_rows(tmp_path: Path) -> None:
    docs = write_documents(tmp_path / "docs", n=8)
    rows = (ROOT / "examples/annotated/rows.jsonl").read_text()
    (tmp_path / "many.jsonl").write_text(rows * 500)
    templates = ROOT / "examples/annotated/templates.yaml"
    (tmp_path / "many.yaml").write_text(
        f"sets: [{{rows: {tmp_path / 'many.jsonl'}, templates: {templates}}}]"
    )
    recipes = ("documents", "wrap", "bonito")
    with ThreadPoolExecutor(3) as pool:
        ended = [pool.submit(kill_and_go_on, recipe, tmp_path, docs) for recipe in recipes]
        for one in ended:
            one.result()


def test_a_model_of_bonitos_format_is_asked_in_it_and_its_training_rows_are_made(
    scripted: Scripted, tmp_path: Path
) -> None:
    docs, root = write_documents(tmp_path / "docs", n=5), tmp_path / "run"
    run(scripted, "documents", root, docs, "tasks={bonito: true, per_chunk: 1}", "rephrasing=null")
    prompts = [body["prompt"] for body in scripted.bodies() if "max_tokens" in body]
    assert prompts
    assert all(prompt.startswith("<|tasktype|>\n") and prompt.endswith("\n<|task|>\n") for prompt in prompts)
    tasks = rows(root, "tasks")
    assert len(tasks) == len(prompts)
    assert all(row["passage"] and "<|pipe|>" not in row["question"] + row["answer"] for row in tasks)

    done = academe("run", "bonito", "--config", "example", "--root", str(tmp_path / "bonito"))
    assert done.returncode == 0, done.stderr
    assert "3 train rows" in done.stdout


def test_questions_and_answers_of_a_taxonomy_are_rephrased_beside_their_originals(
    scripted: Scripted, tmp_path: Path
) -> None:
    from tests.conftest import run as run_instruct

    root = tmp_path / "run"
    run_instruct(
        scripted,
        root,
        "rephrasing={share: 1.0}",
        "restyling={share: 0.5}",
        "rephrasing_quality={min_ratio: 0, max_ratio: 100, max_copied: 1, min_names: 0}",
        "without=[faithful, faithful_answers]",
        "mixture={weights: {taxonomy: 2, style/easy: 1, style/medium: 1}}",
    )
    questions = {row["id"]: row for row in rows(root, "questions")}
    varied = rows(root, "varied")
    styled = [row for row in varied if row["style"]]
    assert {row["id"] for row in varied if not row["style"]} == set(questions)
    assert styled
    for row in styled:
        assert questions[row["rephrased_from"]]["question"] == row["original"]
    answers = {row["id"]: row for row in rows(root, "examples")}
    restyled = [row for row in rows(root, "all_styles") if row["id"] not in answers]
    assert restyled
    assert all(row["original"] == answers[row["rephrased_from"]]["answer"] for row in restyled)
    mixture = json.loads(next((root / "steps").glob("mixed-*/report.json")).read_text())["mixture"]
    assert abs(mixture["taxonomy"]["kept"] - 2 * mixture["style/easy"]["kept"]) <= 2
    assert mixture["style/easy"]["kept"] > 0
    assert mixture["style/hard"]["kept"] == 0
