"""Bad input and the commands that start nothing."""

import json
import time
from pathlib import Path

import pytest

from tests.conftest import Scripted, academe, run_arguments


def test_help_is_quick() -> None:
    started = time.monotonic()
    done = academe("--help")
    assert done.returncode == 0
    assert "Instruction-tuning data" in done.stdout
    assert time.monotonic() - started < 10  # the aim is 1 s; a busy machine is slow


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--set", "questions.per_sylabus=4"], "did you mean 'per_syllabus'?"),
        (["run", "--config", "labtop"], "the presets are cpu-long, glan, laptop"),
        (["run", "instuct"], "the recipes are: instruct, documents, wrap, bonito, propose"),
        (["run", "--set", "taxonomy.path=nowhere"], "no taxonomy 'nowhere'"),
        (["show", "answers", "--root", "/nonexistent"], "nothing has run in /nonexistent"),
        (["status", "--root", "/nonexistent"], "nothing has run in /nonexistent"),
    ],
)
def test_a_mistake_ends_with_2_and_says_what_to_do(arguments: list[str], said: str, tmp_path: Path) -> None:
    root = ["--root", str(tmp_path)] if arguments[0] == "run" else []
    done = academe(*arguments, *root)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_step_that_does_not_exist(scripted: Scripted, tmp_path: Path) -> None:
    done = academe(*run_arguments(scripted, tmp_path / "run", options=("--from", "anwsers")))
    assert done.returncode == 2
    assert "has no step 'anwsers'; did you mean 'answers'?" in done.stderr
    swapped = ("--from", "answers", "--until", "drafts")
    done = academe(*run_arguments(scripted, tmp_path / "run", options=swapped))
    assert "step 'answers' is not before 'drafts'" in done.stderr


def test_an_unreachable_endpoint_ends_with_4_within_30_s(tmp_path: Path) -> None:
    started = time.monotonic()
    nobody = "http://127.0.0.1:9/v1"
    done = academe("run", "--root", str(tmp_path / "r"), "--endpoint", nobody, "--model", "m")
    assert done.returncode == 4
    assert "cannot reach http://127.0.0.1:9/v1" in done.stderr
    assert time.monotonic() - started < 30


def test_an_endpoint_that_lacks_the_model_lists_those_it_serves(scripted: Scripted, tmp_path: Path) -> None:
    done = academe("run", "--root", str(tmp_path / "r"), "--endpoint", scripted.url, "--model", "gpt")
    assert done.returncode == 4
    assert "does not serve 'gpt'; it serves: scripted" in done.stderr


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nonsense", "--ray nonsense: expected HOST:PORT"),
        ("127.0.0.1:9", "no Ray cluster answers at 127.0.0.1:9"),
    ],
)
def test_a_cluster_that_is_not_there(address: str, said: str, scripted: Scripted, tmp_path: Path) -> None:
    done = academe(*run_arguments(scripted, tmp_path / "run"), env={"RAY_ADDRESS": address})
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert scripted.bodies() == []


def test_a_run_that_does_not_begin_leaves_the_root_as_it_was(scripted: Scripted, copied: Path) -> None:
    before = (copied / "run.json").read_bytes()
    command = run_arguments(scripted, copied, "questions.per_syllabus=9", options=("--ray", "127.0.0.1:9"))
    done = academe(*command, env={})
    assert done.returncode == 2, done.stderr
    assert (copied / "run.json").read_bytes() == before
    shown = academe("show", "examples", "--root", str(copied))
    assert shown.returncode == 0
    assert shown.stdout.strip()


def test_a_step_that_rejected_nothing_says_so(copied: Path) -> None:
    shown = academe("show", "disciplines", "--rejects", "--root", str(copied))
    assert (shown.returncode, shown.stdout) == (0, "")
    assert "step disciplines rejected nothing" in shown.stderr


def test_a_root_of_another_format_is_refused(scripted: Scripted, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"format": 99, "academe": "9.9"}))
    for command in (run_arguments(scripted, tmp_path), ["status", "--root", str(tmp_path)]):
        done = academe(*command)
        assert done.returncode == 2
        assert "was made by academe 9.9, format 99" in done.stderr


def test_a_secret_never_reaches_the_root(scripted: Scripted, tmp_path: Path) -> None:
    root = tmp_path / "run"
    done = academe(
        *run_arguments(scripted, root, options=("--until", "disciplines")),
        env={"ACADEME_API_KEY": "sk-very-secret"},
    )
    assert done.returncode == 0, done.stderr
    written = b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())
    assert b"sk-very-secret" not in written
    assert "sk-very-secret" not in done.stdout + done.stderr


def test_plan_counts_and_starts_nothing(tmp_path: Path) -> None:
    root = tmp_path / "run"
    done = academe("plan", "--root", str(root))
    assert done.returncode == 0, done.stderr
    assert "answers" in done.stdout
    assert "to go: about 2,419 requests" in done.stdout
    assert not root.exists()


def test_taxonomy_check() -> None:
    done = academe("taxonomy", "check", "knowledge")
    assert done.returncode == 0
    assert "disciplines: valid" in done.stdout
