"""Supervision with a stand-in for vLLM: what matters here is how it starts, dies and ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.errors import ModelUnavailable
from pipeline.inference import server
from pipeline.inference.server import LocalServer, check_local
from pipeline.model import ModelSpec

SPEC = ModelSpec(
    name="m", path="/models/m", vllm_args={"enforce_eager": True, "max_model_len": 64, "dtype": "auto"}
)
LISTENER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"{}")
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(server, "_arguments", lambda _spec, port: ["-c", LISTENER, str(port)])
    monkeypatch.setattr(server, "FIRST_BACKOFF_S", 0.1)
    return []


def tend_until(local: LocalServer, ready: bool) -> None:
    for _ in range(200):
        local.tend()
        if local.ready == ready:
            return
        time.sleep(0.05)
    raise AssertionError(f"the server never became ready={ready}")


def children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return [int(line) for line in found.split()]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:  # it went while its file was read
        return False


def gone_within(pid: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not is_alive(pid):
            return True
        time.sleep(0.05)
    return False


def test_it_is_restarted_when_it_dies_and_ends_when_stopped(tmp_path: Path, told: list[str]) -> None:
    local = LocalServer(SPEC, tmp_path / "log", told.append)
    local.start()
    tend_until(local, ready=True)
    url = local.url
    guard = local._process
    assert guard is not None
    (served,) = children(guard.pid)
    os.kill(served, signal.SIGKILL)
    tend_until(local, ready=False)
    tend_until(local, ready=True)
    assert local.url == url  # clients find it again
    assert any("restart 1 of 3" in line for line in told)
    (served,) = children(local._process.pid)
    local.stop()
    assert not is_alive(served)


def test_a_server_that_never_came_up_shows_its_last_lines(
    tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        server, "_arguments", lambda _spec, _port: ["-c", "raise SystemExit('no such model')"]
    )
    local = LocalServer(SPEC, tmp_path / "log", told.append)
    local.start()
    with pytest.raises(
        ModelUnavailable, match=r"ended with code 1 and cannot be restarted(.|\n)*no such model"
    ):
        tend_until(local, ready=True)


def test_it_does_not_outlive_a_killed_owner(tmp_path: Path) -> None:
    pids = tmp_path / "pid"
    script = f"import os, time; open({str(pids)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    command = [sys.executable, "-m", "pipeline.inference.guard", sys.executable, "-c", script]
    starts_it = f"subprocess.Popen({command!r}, stdin=-1, start_new_session=True)"
    owner = subprocess.Popen(
        [sys.executable, "-c", f"import subprocess, time; {starts_it}; time.sleep(600)"],
        start_new_session=True,
    )
    while not pids.exists() or not pids.read_text():
        time.sleep(0.05)
    served = int(pids.read_text())
    os.killpg(owner.pid, signal.SIGKILL)
    owner.wait()
    assert gone_within(served, 10)


def test_the_command_line_names_model_and_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_has_module", lambda _: True)
    arguments = server._arguments(SPEC, 1234)
    line = " ".join(arguments)
    assert "--model /models/m --served-model-name m --host 127.0.0.1 --port 1234" in line
    assert "--enforce-eager --max-model-len 64 --dtype auto" in line
    monkeypatch.setattr(server, "_has_module", lambda _: False)
    with pytest.raises(ModelUnavailable, match="vLLM is not installed; run `make setup`"):
        check_local(SPEC)


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"])
def test_a_proxy_in_the_environment_does_not_hide_our_own_server(
    variable: str, told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv(variable, "http://127.0.0.1:9")  # where nobody listens
    local = LocalServer(SPEC, tmp_path / "log", told.append)
    local.start()
    try:
        tend_until(local, ready=True)
    finally:
        local.stop()


def test_a_server_of_ours_does_not_ask_for_the_key_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_API_KEY", "of-another-server")
    assert "VLLM_API_KEY" not in server._inherited()
