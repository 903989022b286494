import json
from pathlib import Path

from pipeline.events import Events, PlainView


def test_an_event_after_half_a_line_gets_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"at": 17')
    said: list[str] = []
    events = Events(path, PlainView(said.append))
    events.emit("run_started", steps=[], recipe="r", run="x")
    events.close()
    half, whole = path.read_text().splitlines()
    assert half == '{"at": 17'
    assert json.loads(whole)["event"] == "run_started"
