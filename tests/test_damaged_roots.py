"""A run.json that is damaged, or not ours, is told by every command with what to do."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.dag import steps_to
from pipeline.recipes import load_recipe
from pipeline.storage.root import Root

NOBODY = ("--endpoint", "http://127.0.0.1:9/v1", "--model", "m")
COMMANDS = {
    "status": ("status", "--root", "ROOT"),
    "status --json": ("status", "--json", "--root", "ROOT"),
    "plan --like": ("plan", "--like", "ROOT"),
    "show": ("show", "answers", "--root", "ROOT"),
    "show --id": ("show", "--id", "x", "--root", "ROOT"),
    "report": ("report", "--root", "ROOT"),
    "report --against": ("report", "--root", "GOOD", "--against", "ROOT"),
    "gc": ("gc", "--yes", "--root", "ROOT"),
    "publish": ("publish", "user/name", "--dry-run", "--root", "ROOT"),
    "run": ("run", *NOBODY, "--root", "ROOT"),
}


def good(root: Path) -> dict[str, Any]:
    """The run.json of a run that has just begun."""
    recipe = load_recipe("instruct", "laptop", [], {})
    Root(root).write_run("instruct", recipe.settings_as_data(), steps_to(recipe.last))
    found: dict[str, Any] = json.loads((root / "run.json").read_text())
    return found


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    root = tmp_path_factory.mktemp("begun")
    return root, good(root)


@pytest.fixture(autouse=True)
def signals_as_they_were() -> Iterator[None]:
    """A run has handlers of its own."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def told(command: tuple[str, ...], root: Path, begun: Path) -> tuple[int, str]:
    places = {"ROOT": str(root), "GOOD": str(begun)}
    done = CliRunner().invoke(app, [places.get(word, word) for word in command], catch_exceptions=False)
    return done.exit_code, done.stderr


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'"x"',
        b"3",
        b"NaN",
        b'{"steps": 3}',
        b'{"format": 4, "steps": []}',
        b'{"format": 4, "steps": 3}',
        b'{"format": 4, "run": "x", "recip',
        b"\x00\xff\xfe\x89PNG",
        b"[" * 100_000,
    ],
)
def test_what_is_no_run_is_told_by_every_command(
    content: bytes, begun: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "run.json").write_bytes(content)
    for name, command in COMMANDS.items():
        code, said = told(command, tmp_path, begun[0])
        assert (name, code) == (name, 2)
        assert "run.json is damaged or not academe's; if this is a root of academe, remove that file" in said
    assert (tmp_path / "run.json").read_bytes() == content


def test_a_folder_in_its_place_is_told(begun: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    (tmp_path / "run.json").mkdir()
    for name, command in COMMANDS.items():
        code, said = told(command, tmp_path, begun[0])
        assert (name, code) == (name, 2)
        assert "run.json is damaged or not academe's" in said


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("format", None),
        ("format", "4"),
        ("format", [4]),
        ("run", 3),
        ("recipe", ["instruct"]),
        ("settings", None),
        ("settings", "x"),
        ("steps", {"a": 1}),
        ("steps", [None]),
    ],
)
def test_a_field_of_another_type_is_told(
    field: str, wrong: Any, begun: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    good_root, run = begun
    (tmp_path / "run.json").write_text(json.dumps({**run, field: wrong}))
    for name, command in COMMANDS.items():
        code, said = told(command, tmp_path, good_root)
        assert (name, code) == (name, 2), said
        assert "choose another --root" in said


@pytest.mark.parametrize(
    ("field", "wrong", "remedy"),
    [
        ("recipe", "instuct", "did you mean 'instruct'"),
        ("settings", {"a": 1}, "run the recipe again with settings of this one"),
    ],
)
def test_a_run_of_unknown_settings_is_told_by_what_needs_them(
    field: str, wrong: Any, remedy: str, begun: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    good_root, run = begun
    (tmp_path / "run.json").write_text(json.dumps({**run, field: wrong}))
    for name in ("show --id", "report", "report --against", "gc", "publish"):
        code, said = told(COMMANDS[name], tmp_path, good_root)
        assert (name, code) == (name, 2), said
        assert remedy in said
    assert told(COMMANDS["status"], tmp_path, good_root)[0] == 0  # what there is, is told


@pytest.mark.parametrize("field", ["name", "id", "inputs"])
def test_a_step_that_says_something_else_is_told(
    field: str, begun: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    good_root, run = begun
    for wrong in (None, [3]):
        changed = {**run, "steps": [{**run["steps"][0], field: wrong}, *run["steps"][1:]]}
        (tmp_path / "run.json").write_text(json.dumps(changed))
        for name, command in COMMANDS.items():
            code, said = told(command, tmp_path, good_root)
            assert (name, code) == (name, 2), said
            assert "run.json is damaged" in said
