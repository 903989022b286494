"""What a run shows on a terminal, elsewhere, and from another terminal."""

import io
import json
import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from pipeline.inspection.progress import Progress
from pipeline.inspection.view import LiveView, NoView, PlainView, clock, drawn, view_for
from pipeline.stage import NOT_DRAWN
from pipeline.storage.tally import Tally
from tests.conftest import ROOT, Scripted, academe, academe_command, run_arguments, wait_until

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def events(n_steps: int = 4) -> list[dict[str, Any]]:
    """Of a run in the middle: the first steps have ended, one runs, the others wait."""
    names = [f"step{number}" for number in range(n_steps)]
    inputs = {name: names[max(0, number - 1) : number] for number, name in enumerate(names)}
    done = Tally(rows_in=40, kept=40).as_dict()
    part = Tally(
        rows_in=10,
        kept=6,
        rejected={"too_short": 3, NOT_DRAWN: 1},
        requests=10,
        sent=9,
        retries=2,
        output_tokens=900,
        prompt_tokens=50,
    ).as_dict()
    told: list[dict[str, Any]] = [
        {"event": "run_started", "run": "x", "recipe": "r", "steps": inputs},
        {"event": "step_reused", "step": names[0], "tally": done},
        {"event": "step_started", "step": names[1]},
        {"event": "step_done", "step": names[1], "tally": done},
        {"event": "step_started", "step": names[2]},
        {
            "event": "progress",
            "model": "m",
            "in_flight": 12,
            "limit": 64,
            "steps": {names[2]: 12},
            "prefix_hits": 0,
            "prefix_queries": 0,
        },
        {"event": "part_done", "step": names[2], "part": "0", "tally": part},
    ]
    return [{"at": 100.0 + 9 * number, **event} for number, event in enumerate(told)]


def text_of(progress: Progress, room: int | None = None) -> list[str]:
    console = Console(file=io.StringIO(), width=100)
    console.print(drawn(progress, room))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def test_a_line_a_step_totals_and_the_last_rejects() -> None:
    progress = Progress()
    for event in events():
        progress.take(event)
    lines = text_of(progress)
    titles = ["step", "in", "kept", "rejected", "not", "drawn", "in", "flight", "tokens/s", "left"]
    assert lines[0].split() == titles
    assert lines[1].split() == ["step0", "reused", "40", "40"]
    # 30 rows of 40 are left, 10 took 18 s; 900 tokens in 18 s.
    assert lines[3].split() == ["step2", "runs", "10", "6", "3", "1", "12", "50", "0:54"]
    assert lines[4].split() == ["step3", "waits"]
    assert lines[5] == "0:54  10 requests (9 sent, 2 retries), 50 prompt and 900 output tokens"
    assert lines[6] == "last rejects: step2 too_short 3"
    assert lines[7] == "m: 12 requests in flight (limit 64)"


def test_what_does_not_fit_on_the_terminal_shares_a_line() -> None:
    progress = Progress()
    for event in events(n_steps=30):
        progress.take(event)
    lines = text_of(progress, room=10)
    assert [line.split()[0] for line in lines[1:3]] == ["step2", "(1"]
    assert lines[2] == "(1 done, 1 reused, 27 waits)"
    assert len(text_of(progress, room=29)) == len(text_of(progress)) - 1


@pytest.mark.parametrize(("seconds", "said"), [(0.4, "0:00"), (59.6, "1:00"), (3_725, "1:02:05")])
def test_clock(seconds: float, said: str) -> None:
    assert clock(seconds) == said


def test_a_view_for_every_place() -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, _environ={"TERM": "xterm"})
    dumb = Console(file=io.StringIO(), force_terminal=True, _environ={"TERM": "dumb"})
    live = view_for(terminal)
    assert isinstance(live, LiveView)
    live.close()
    assert isinstance(view_for(dumb), PlainView)
    assert isinstance(view_for(Console(file=io.StringIO())), PlainView)
    assert isinstance(view_for(terminal, quiet=True), NoView)


def on_a_terminal(arguments: list[str], **environment: str) -> tuple[int, str]:
    """Runs the command on a pseudo-terminal of 30 lines; returns its exit code and all that it wrote."""
    inside, outside = pty.openpty()
    os.set_blocking(inside, False)
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30", **environment}
    process = subprocess.Popen(
        academe_command(*arguments), stdin=outside, stdout=outside, stderr=outside, env=env, cwd=ROOT
    )
    os.close(outside)
    written = b""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        ready, _, _ = select.select([inside], [], [], 0.2)
        try:
            block = os.read(inside, 65536) if ready else b"."
        except OSError:  # the other side is closed
            break
        if ready:
            written += block
    os.close(inside)
    return process.wait(timeout=30), written.decode(errors="replace")


@pytest.mark.ray
@pytest.mark.usefixtures("shared_cluster")
def test_on_a_terminal_a_run_draws_its_steps(scripted: Scripted, tmp_path: Path) -> None:
    root = tmp_path / "run"
    code, written = on_a_terminal(run_arguments(scripted, root))
    assert code == 0, written
    assert COLOUR.search(written), "colours on a terminal that has them"
    plain = CODES.sub("", written).replace("\r", "")
    table = plain[plain.rindex("tokens/s") :]  # as it was drawn last
    rows = json.loads((root / "dataset.json").read_text())["rows"]
    assert re.search(rf"examples +done +{rows} +{rows} *\n", table)
    assert re.search(r"\d:\d\d  [\d,]+ requests \([\d,]+ sent\)", table)
    assert f"{rows} train rows" in table
    code, written = on_a_terminal(run_arguments(scripted, root), NO_COLOR="1")
    assert code == 0
    assert not any(code != "\x1b[0m" and re.search(r"[34]\d", code) for code in COLOUR.findall(written))
    code, written = on_a_terminal(run_arguments(scripted, root), TERM="dumb")
    assert "\x1b[" not in written
    assert f"examples: reused, {rows} in, {rows} kept, 0 rejected" in written
    code, written = on_a_terminal(["status", "--root", str(root)])
    assert code == 0
    assert re.search(rf"examples +reused +{rows} +{rows} *\n", CODES.sub("", written).replace("\r", ""))


@pytest.mark.ray
@pytest.mark.usefixtures("shared_cluster")
def test_quiet_json_and_another_terminal(slow_scripted: Scripted, tmp_path: Path) -> None:
    root = tmp_path / "run"
    arguments = run_arguments(slow_scripted, root, options=["--json"])
    process = subprocess.Popen(academe_command(*arguments), stdout=subprocess.PIPE, text=True, cwd=ROOT)
    wait_until((root / "run.json").exists)
    watching = academe("status", "--root", str(root), "--watch")
    assert watching.returncode == 0, watching.stderr
    assert process.stdout is not None
    told = [json.loads(line) for line in process.stdout.read().splitlines()]
    assert process.wait() == 0
    assert told[0]["event"] == "run_started"
    assert told[-1]["event"] == "run_done"
    rows = told[-1]["dataset"]["rows"]
    assert rows > 0
    assert max(sum(event["steps"].values()) for event in told if event["event"] == "progress") > 1
    assert re.search(rf"examples +done +{rows} +{rows}", watching.stdout)
    quiet = academe(*run_arguments(slow_scripted, root, options=["--quiet"]))
    assert quiet.stdout.splitlines() == [f"{root}/dataset: {rows} train rows"]


@pytest.mark.ray
@pytest.mark.usefixtures("shared_cluster")
def test_rows_rejects_and_the_lineage_of_one(scripted: Scripted, tmp_path: Path) -> None:
    root = tmp_path / "run"
    hostile = "answer_quality.max_words=1"
    assert academe(*run_arguments(scripted, root, hostile, "gates.min_rows=0")).returncode == 0
    found = academe("show", "questions", "-n", "1", "--root", str(root), "--json")
    row = json.loads(found.stdout)
    readable = academe("show", "questions", "-n", "1", "--root", str(root)).stdout.splitlines()
    assert readable[0] == row["id"]
    assert readable[1].startswith("question: ")
    rejects = academe("show", "good", "--rejects", "-n", "2", "--root", str(root)).stdout
    assert re.match(r"answer_too_long: got \d+, limit 1\n  [0-9a-f]{32}\n  question: ", rejects)
    lineage = academe("show", "--id", row["id"], "--root", str(root))
    assert lineage.returncode == 0, lineage.stderr
    heads = [line.split(":")[0] for line in lineage.stdout.splitlines() if re.match(r"\w+: [A-Z]\w+ ", line)]
    assert heads == ["answers", "drafts", "syllabi", "subjects", "disciplines"]
    assert lineage.stdout.count("  reply: ") >= 4
    as_json = academe("show", "--id", row["id"], "--root", str(root), "--json")
    links = [json.loads(line) for line in as_json.stdout.splitlines()]
    assert [link["step"] for link in links] == heads
    assert links[0]["record"]["answer"] in links[0]["asked"][0]["reply"]
    unknown = academe("show", "--id", "nobody", "--root", str(root))
    assert unknown.returncode == 2
    assert "no row nobody" in unknown.stderr
    neither = academe("show", "--root", str(root))
    assert neither.returncode == 2
    assert "Traceback" not in neither.stderr
