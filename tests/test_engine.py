"""The engine on a Ray cluster against a server with fixed replies: what users rely on."""

import itertools
import json
import os
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from datasets import load_dataset

from tests.conftest import (
    ROOT,
    Finished,
    Scripted,
    academe,
    academe_command,
    dataset_bytes,
    kill_group,
    rows,
    run,
    run_arguments,
    shards,
    start_scripted,
    status,
    step,
)

pytestmark = [pytest.mark.ray, pytest.mark.usefixtures("shared_cluster")]


@pytest.fixture
def private_cluster(shared_cluster: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS")


@pytest.mark.usefixtures("private_cluster")
def test_a_run_makes_a_dataset_that_explains_itself_and_a_second_run_asks_nothing(
    scripted: Scripted, tmp_path: Path
) -> None:
    root = tmp_path / "run"
    run(scripted, root, "dataset.test_share=0.5", "dataset.max_shard_rows=10")
    asked = scripted.bodies()

    for entry in status(root)["steps"]:
        tally = entry["tally"]
        assert entry["state"] == "done"
        assert tally["kept"] + sum(tally["rejected"].values()) == tally["made"]
        n_rejects = len(rows(root, entry["name"], "rejects"))
        assert (len(rows(root, entry["name"])), n_rejects) == (tally["kept"], sum(tally["rejected"].values()))
    chain = ["drafts", "sound", "readable", "unrepeated", "distinct", "questions", "answers", "good"]
    for before, after in itertools.pairwise(chain):
        assert step(root, after)["tally"]["rows_in"] == step(root, before)["tally"]["kept"]
        assert step(root, after)["tally"]["made"] == step(root, before)["tally"]["kept"]

    data = load_dataset(str(root / "dataset"), cache_dir=str(tmp_path / "cache"))
    assert sum(split.num_rows for split in data.values()) == step(root, "examples")["tally"]["kept"] > 10
    assert not set(data["train"]["discipline_id"]) & set(data["test"]["discipline_id"])
    assert all(pq.read_metadata(f).num_rows <= 10 for f in (root / "dataset" / "data").glob("*.parquet"))
    subjects = {row["id"]: row for row in rows(root, "subjects")}
    syllabi = {row["id"]: row for row in rows(root, "syllabi")}
    disciplines = {row["id"]: row for row in rows(root, "disciplines")}
    for row in (*data["train"], *data["test"]):
        syllabus = syllabi[json.loads(row["metadata"])["parent_id"]]
        assert row["subject"] == syllabus["subject"] == subjects[syllabus["subject_id"]]["subject"]
        assert disciplines[row["discipline_id"]]["discipline"] == row["discipline"]
        taught = {
            name: concepts for name, concepts in zip(syllabus["sessions"], syllabus["concepts"], strict=True)
        }
        assert set(row["concepts"]) <= {concept for session in row["sessions"] for concept in taught[session]}
        assert [message["role"] for message in row["messages"]] == ["user", "assistant"]

    before = dataset_bytes(root)
    started = time.monotonic()
    run(scripted, root, "dataset.test_share=0.5", "dataset.max_shard_rows=10")
    assert time.monotonic() - started < 15
    assert scripted.bodies() == asked
    assert dataset_bytes(root) == before


def test_glan_2_the_request_log_is_that_of_the_method(finished: Finished) -> None:
    """Who is asked what, how often, and with how much in the prompt."""
    root = finished.root
    kinds = Counter()
    syllabi = {row["text"] for row in rows(root, "syllabi")}
    drafts = rows(root, "drafts")
    questions = {row["question"] for row in rows(root, "questions")}
    for body in finished.bodies:
        last = body["messages"][-1]["content"]
        schema = json.dumps(body.get("response_format", ""))
        if "subject_name" in schema:
            kinds["subjects as JSON"] += 1
            assert len(body["messages"]) == 3  # the free list came first, in the same conversation
        elif "session_name" in schema:
            kinds["sessions as JSON"] += 1
        elif "question" in schema:
            kinds["question"] += 1
            assert any(text in last for text in syllabi)  # the whole syllabus
            assert any(all(name in last for name in (*row["sessions"], *row["concepts"])) for row in drafts)
        elif "Design the syllabus" in last:
            kinds["syllabus"] += 1
        elif last in questions:
            kinds["answer"] += 1
            assert len(body["messages"]) == 1  # the question alone
    n_subjects = len(rows(root, "subjects"))
    assert kinds["subjects as JSON"] == 2 * 2  # queries x disciplines
    assert kinds["syllabus"] == kinds["sessions as JSON"] == n_subjects == 6
    assert kinds["question"] == 5 * n_subjects
    assert kinds["answer"] == len(questions)
    per_discipline = Counter(row["discipline_id"] for row in drafts)
    assert set(per_discipline.values()) == {15}  # the quota, in each discipline


def test_glan_4_a_discipline_that_is_added_is_asked_for_alone(scripted: Scripted, tmp_path: Path) -> None:
    """Also where subjects are checked: the verdicts on those of the others stay."""
    root = tmp_path / "run"
    checks = ("confirmed_subjects={}", "taxonomy.only=[genetics]")
    run(scripted, root, *checks)
    asked, before = len(scripted.bodies()), rows_of_run(root, "questions")
    run(scripted, root, "confirmed_subjects={}", "taxonomy.only=[genetics, money-and-markets]")
    new = [body for body in scripted.bodies()[asked:] if is_planning(body)]
    assert new
    assert all("oney and markets" in json.dumps(body) for body in new)
    assert not any("Genetics" in json.dumps(body) for body in new)
    after = {row["id"] for row in rows_of_run(root, "questions")}
    assert {row["id"] for row in before} <= after


def test_only_what_changed_is_asked_again(scripted: Scripted, copied: Path) -> None:
    root = copied
    run(scripted, root, "answer_quality.max_words=500", "question_quality.max_repeated=0.19")
    assert scripted.bodies() == []  # a filter's limit

    run(scripted, root, "taxonomy.only=[genetics, nutrition, money-and-markets]")
    new = scripted.bodies()
    assert new
    assert all(
        "oney and markets" in json.dumps(body) for body in new if "messages" in body and is_planning(body)
    )
    answers = [body for body in new if not is_planning(body)]
    questions = {
        r["question"] for r in rows_of_run(root, "drafts") if r["discipline_id"] == "money-and-markets"
    }
    assert {body["messages"][-1]["content"] for body in answers} <= questions
    asked = len(scripted.bodies())

    run(scripted, root, "answers.prompt=answer_questions/answer_short")
    new = scripted.bodies()[asked:]
    assert new
    assert all("Answer in a few sentences" in body["messages"][-1]["content"] for body in new)


def is_planning(body: dict) -> bool:
    """Whether the request is for the planner: all but the bare question."""
    return "response_format" in body or "education expert" in body["messages"][0]["content"]


def rows_of_run(root: Path, name: str) -> list[dict]:
    entry = step(root, name)
    folder = root / "steps" / f"{name}-{entry['id']}"
    return [row for path in sorted(folder.glob("part-*.parquet")) for row in pq.read_table(path).to_pylist()]


def test_gc_removes_what_the_last_run_does_not_use_and_nothing_else(scripted: Scripted, copied: Path) -> None:
    root = copied
    gc = ("gc", "--root", str(root))
    made = shards(root)
    assert "not in use: step folders 0, replies 0" in academe(*gc).stdout
    run(scripted, root, "answers.prompt=answer_questions/answer_short", options=("--until", "answers"))
    n_other = len(scripted.bodies())
    assert "not finished and may need any reply" in academe(*gc).stdout
    run(scripted, root)
    shown = academe(*gc).stdout
    assert f"not in use: step folders 1, replies {n_other}" in shown
    assert "nothing removed; --yes" in shown
    assert "removed" in academe(*gc, "--yes").stdout
    assert "not in use: step folders 0, replies 0" in academe(*gc).stdout

    run(scripted, root, options=("--from", "subjects", "--replay"))  # all that it uses is there
    assert shards(root) == made
    prompt = run_arguments(scripted, root, "answers.prompt=answer_questions/answer_short")
    assert academe(*prompt, "--replay").returncode == 4  # what went is gone


def test_until_and_from(scripted: Scripted, tmp_path: Path) -> None:
    root = tmp_path / "run"
    run(scripted, root, options=("--until", "questions"))
    assert step(root, "questions")["state"] == "done"
    assert step(root, "answers")["state"] == "waits"
    assert not (root / "dataset").exists()
    run(scripted, root)
    asked, made = len(scripted.bodies()), dataset_bytes(root)
    stamps = {p: p.stat().st_mtime_ns for p in (root / "steps").rglob("manifest.json")}

    run(scripted, root, options=("--from", "answers"))
    assert len(scripted.bodies()) == asked  # the replies are stored
    assert dataset_bytes(root) == made
    again = {p.parent.name.split("-")[0] for p, stamp in stamps.items() if p.stat().st_mtime_ns != stamp}
    assert again == {"answers", "good", "monolingual", "examples"}


def test_a_fault_that_passes_changes_nothing(scripted: Scripted, finished: Finished, tmp_path: Path) -> None:
    root = tmp_path / "run"
    scripted.fault("500", times=5)
    run(scripted, root)
    assert shards(root) == shards(finished.root)


def test_replies_that_never_fit_become_rejects_with_their_text(scripted: Scripted, tmp_path: Path) -> None:
    root = tmp_path / "run"
    scripted.fault("wrong_shape", times=10_000, match="(Nutrition,")  # in the prompts of its questions alone
    run(scripted, root, "gates.max_bad_replies=0.9")
    rejected = [row for row in rows(root, "drafts", "rejects") if row["reason"] == "bad_reply"]
    assert len(rejected) == 15
    assert all(json.loads(row["got"]) == '{"answer": 42}' for row in rejected)
    tally = step(root, "drafts")["tally"]
    assert tally["made"] == tally["kept"] + len(rejected) == 30
    said = academe("status", "--root", str(root)).stdout
    assert "without rows: 1 of 2 disciplines: Nutrition" in said


def test_too_many_bad_replies_stop_the_run(scripted: Scripted, tmp_path: Path) -> None:
    scripted.fault("wrong_shape", times=10_000, match='"question"')
    done = academe(*run_arguments(scripted, tmp_path / "run", "questions.per_syllabus=20"))
    assert done.returncode == 3
    assert "replies did not fit" in done.stderr


def test_a_server_that_takes_no_request_stops_the_run_and_nothing_is_lost(
    scripted: Scripted, tmp_path: Path
) -> None:
    root = tmp_path / "run"
    scripted.fault("400", times=10_000)
    done = academe(*run_arguments(scripted, root, "subjects.queries=3"))  # six requests at first
    assert done.returncode == 4
    assert "none of the first requests to 'scripted' had an answer that can be used" in done.stderr
    assert "on demand" in done.stderr  # what the server said
    scripted.fault("400", times=0)
    run(scripted, root)
    assert step(root, "examples")["tally"]["kept"] > 10


def test_what_was_refused_comes_with_the_next_run_and_costs_no_more(
    scripted: Scripted, finished: Finished, tmp_path: Path
) -> None:
    root = tmp_path / "run"
    scripted.fault("400", times=10_000, match="(Nutrition,")  # in the prompts of its questions alone
    run(scripted, root)
    assert step(root, "drafts")["tally"]["rejected"] == {"request_refused": 15}
    before = len(scripted.bodies())
    run(scripted, root)  # refused again: it ends as it did, and asks for nothing else
    assert len(scripted.bodies()) - before == 15
    scripted.fault("400", times=0)
    done = academe(*run_arguments(scripted, root))
    assert done.returncode == 0, done.stderr
    assert "drafts: 15 rows refused for a passing reason are asked again" in done.stdout
    assert shards(root) == shards(finished.root)
    assert len(scripted.bodies()) == len(finished.bodies) + 2 * 15  # all else was sent once, over three runs
    asked = len(scripted.bodies())
    run(scripted, root)
    assert len(scripted.bodies()) == asked


def test_without_credit_a_run_stops_and_goes_on_as_if_nothing_had_been(
    scripted: Scripted, finished: Finished, tmp_path: Path
) -> None:
    root = tmp_path / "run"
    scripted.fault("402", times=10_000, match="(Nutrition,")
    done = academe(*run_arguments(scripted, root))
    assert done.returncode == 4, done.stderr
    assert "402" in done.stderr
    for folder in (root / "steps").glob("*/rejects"):
        for path in folder.glob("*.parquet"):
            assert "request_refused" not in pq.read_table(path)["reason"].to_pylist()
    n_sent = len(scripted.bodies())
    scripted.fault("402", times=0)
    run(scripted, root)
    assert shards(root) == shards(finished.root)
    n_again = len(scripted.bodies()) - len(finished.bodies)
    assert 0 < n_again <= 15
    assert n_sent > 0


def test_too_few_rows_fail_the_gate(scripted: Scripted, tmp_path: Path) -> None:
    done = academe(*run_arguments(scripted, tmp_path / "run", "gates.min_rows=100000"))
    assert done.returncode == 3
    assert "gates.min_rows asks for 100000" in done.stderr


@pytest.mark.usefixtures("private_cluster")
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_interrupted_a_run_ends_soon_and_says_how_to_go_on(
    stop: signal.Signals, slow_scripted: Scripted, tmp_path: Path
) -> None:
    process = subprocess.Popen(
        academe_command(*run_arguments(slow_scripted, tmp_path / "run")),
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )
    while not slow_scripted.bodies():
        time.sleep(0.05)
    stopped = time.monotonic()
    if stop == signal.SIGINT:
        os.killpg(process.pid, stop)  # as a terminal does for Ctrl-C
    else:
        process.send_signal(stop)
    _, said = process.communicate(timeout=60)
    kill_group(process)
    assert process.returncode == 130, said
    assert "the same command goes on from here" in said
    assert time.monotonic() - stopped < 10


def test_a_second_run_on_the_root_is_refused(slow_scripted: Scripted, tmp_path: Path) -> None:
    root = tmp_path / "run"
    first = subprocess.Popen(
        academe_command(*run_arguments(slow_scripted, root)),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not slow_scripted.bodies():
        time.sleep(0.05)
    second = academe(*run_arguments(slow_scripted, root))
    kill_group(first)
    assert second.returncode == 2
    assert "in use by another run" in second.stderr


def test_the_limit_on_requests_in_flight_holds(tmp_path: Path) -> None:
    server = start_scripted(tmp_path, delay_s=0.02)
    try:
        run(server, tmp_path / "run")
        assert server.state()["most_in_flight"] == 8
    finally:
        server.stop()


def test_a_taxonomy_grows_by_proposals_and_votes(scripted: Scripted, tmp_path: Path) -> None:
    review, out = tmp_path / "review.yaml", tmp_path / "grown.yaml"
    options = ("--review", str(review), "--root", str(tmp_path / "run"), "--under", "life-sciences")
    endpoint = ("--endpoint", scripted.url, "--model", "scripted", "--set", "proposals.max_children=2")
    done = academe("taxonomy", "propose", "laptop", *options, *endpoint)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(scripted.bodies()) == 5  # the wordings
    assert all("Life sciences" in json.dumps(body) for body in scripted.bodies())
    nodes = yaml.safe_load(review.read_text())
    proposed = [node for node in nodes["nodes"] if node["proposals"]]
    assert [node["path"][:2] for node in proposed] == [["Natural sciences", "Life sciences"]] * 2

    proposed[0]["votes"] = {"ann": "keep", "bob": "keep"}
    review.write_text(yaml.safe_dump(nodes))
    done = academe("taxonomy", "merge", str(review), "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "1 added, 0 removed" in done.stdout
    assert proposed[0]["path"][-1] in academe("taxonomy", "check", str(out)).stdout
    again = academe("taxonomy", "propose", "laptop", *options, *endpoint)
    assert again.returncode == 2
    assert "may hold votes" in again.stderr
