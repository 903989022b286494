import json
from pathlib import Path

from pipeline.inspection.view import PlainView
from pipeline.storage.events import Events


def test_an_event_after_half_a_line_gets_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"at": 17')
    said: list[str] = []
    events = Events(path, PlainView(said.append))
    events.emit("run_started", steps={}, recipe="r", run="x")
    events.close()
    half, whole = path.read_text().splitlines()
    assert half == '{"at": 17'
    assert json.loads(whole)["event"] == "run_started"


def test_what_is_damaged_is_told(tmp_path: Path) -> None:
    said: list[str] = []
    events = Events(tmp_path / "events.jsonl", PlainView(said.append))
    events.emit("run_started", steps={"answers": []}, recipe="r", run="x")
    events.emit("parts_damaged", step="answers", parts=["000003", "000007"])
    events.close()
    assert said == ["answers: damaged or missing, made again: 000003, 000007"]
