"""A vLLM server of our own: started when the first request needs it, watched, restarted, stopped with the
run.

It runs under pipeline.inference.guard, so it dies with us whatever happens to us. Its log is kept under the
root.
"""

import importlib.util
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import ModelUnavailable, RecipeError
from pipeline.inference.embedded import embedded_model, is_packaged
from pipeline.io.secrets import resolved
from pipeline.model import ModelSpec

MAX_RESTARTS = 3  # in a row, without a minute of service between them
SERVED_S = 60.0
FIRST_BACKOFF_S = 2.0
STOP_S = 15.0
LOG_TAIL_LINES = 20
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))

# What vLLM's log says on the way up, in order, and what to tell the user.
MILESTONES = (
    ("non-default args", "starting"),
    ("Initializing a V1 LLM engine", "starting the engine"),
    ("Starting to load model", "loading the weights"),
    ("Loading weights took", "preparing the cache"),
    ("Available routes", "opening"),
)


class LocalServer:
    """One supervised vLLM process. `tell` is given a line whenever there is something new to say."""

    def __init__(self, spec: ModelSpec, log: Path, tell: Callable[[str], None]) -> None:
        self.spec = spec
        self.ready = False
        self._log = log
        self._tell = tell
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._started = self._served = 0.0
        self._restarts = 0
        self._restart_at = 0.0
        self._milestone = -1
        self._log_start = 0

    @property
    def url(self) -> str:
        """Where it answers, once it is ready; the same after a restart."""
        return f"http://127.0.0.1:{self._port}/v1"

    def start(self) -> None:
        """Starts the process; `tend` says when it is ready."""
        command = [
            sys.executable,
            "-m",
            "pipeline.inference.guard",
            sys.executable,
            *_arguments(self.spec, self._port),
        ]
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**_inherited(), **environment(self.spec)},
            )
        self._started, self._milestone, self.ready = time.monotonic(), -1, False

    def tend(self) -> None:
        """Call it often: notices that the server is ready, or gone. Raises ModelUnavailable when it stays
        gone.
        """
        now = time.monotonic()
        if self._process is None:
            if now >= self._restart_at:
                self.start()
        elif self._process.poll() is not None:
            self._schedule_restart(now, self._process.returncode)
        elif not self.ready:
            self._watch_start(now)
        elif now - self._served > SERVED_S:
            self._restarts = 0

    def stop(self) -> None:
        """Ends the server and waits until it is gone."""
        if self._process is None or self._process.stdin is None:
            return
        self._process.stdin.close()  # the guard's sign to end it
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process, self.ready = None, False

    def _watch_start(self, now: float) -> None:
        waited = now - self._started
        if answers(self.url):
            self.ready, self._served = True, now
            self._tell(f"ready after {waited:.0f} s")
            return
        text = self._new_log()
        reached = max((n for n, (sign, _) in enumerate(MILESTONES) if sign in text), default=-1)
        if reached > self._milestone:
            self._milestone = reached
            self._tell(f"{MILESTONES[reached][1]} ({waited:.0f} s)")
        if waited > self.spec.start_s:
            self.stop()
            raise ModelUnavailable(f"vLLM was not ready after {self.spec.start_s:.0f} s. {self._log_tail()}")

    def _schedule_restart(self, now: float, code: int) -> None:
        was_ready = self.ready
        self.stop()
        if self._restarts == MAX_RESTARTS or (not was_ready and self._restarts == 0):
            # A server that never came up has a reason that a second try would only repeat.
            raise ModelUnavailable(f"vLLM ended with code {code} and cannot be restarted. {self._log_tail()}")
        wait = FIRST_BACKOFF_S * 2**self._restarts
        self._restarts += 1
        self._restart_at = now + wait
        self._tell(f"ended with code {code}; restart {self._restarts} of {MAX_RESTARTS} in {wait:.0f} s")

    def _new_log(self) -> str:
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode("utf-8", "replace")

    def _log_tail(self) -> str:
        lines = self._new_log().splitlines()[-LOG_TAIL_LINES:]
        return "\n".join([f"The last lines of {self._log}:", *lines])


def check_local(spec: ModelSpec) -> None:
    """Raises ModelUnavailable, at once, when vLLM or the packaged model is not installed, and RecipeError
    when its environment cannot be made.
    """
    environment(spec)
    if not _has_module("vllm") or (spec.path == "embedded" and not is_packaged()):
        raise ModelUnavailable(
            f"vLLM{' or the embedded model' if spec.path == 'embedded' else ''} is not installed; "
            "run `make setup`, or use a server that is up: --endpoint URL --model NAME"
        )


def _arguments(spec: ModelSpec, port: int) -> list[str]:
    # The console script `vllm` does not know the package under its CPU name; the module always works.
    arguments = [
        "-m",
        "vllm.entrypoints.openai.api_server",
        "--model",
        model_source(spec),
        "--served-model-name",
        spec.name,
    ]
    arguments += ["--host", "127.0.0.1", "--port", str(port)]
    for name, value in vllm_options(spec, on_cpu=not has_gpu()).items():
        flag = "--" + name.replace("_", "-")
        if isinstance(value, bool):
            arguments.append(flag if value else flag.replace("--", "--no-", 1))
        else:
            arguments += [flag, str(value)]
    return arguments


def model_source(spec: ModelSpec) -> str:
    """What vLLM loads. Raises RecipeError when the embedded model cannot be unpacked."""
    return str(embedded_model()) if spec.path == "embedded" else str(spec.path)


def vllm_options(spec: ModelSpec, *, on_cpu: bool) -> dict[str, str | int | float | bool]:
    """The settings' options of vLLM, and what suits the machine."""
    options = dict(spec.vllm_args)
    if on_cpu and not _multiplies_bfloat16():
        # Without instructions for it, bfloat16 has a quarter of the tokens/s: benchmarks/cpu_serving.py.
        options.setdefault("dtype", "float32")
    return options


def environment(spec: ModelSpec) -> dict[str, str]:
    """What vLLM finds in its environment, but for what it is given by others. Raises RecipeError for a
    variable that the settings name and nobody has set.
    """
    values = {"VLLM_NO_USAGE_STATS": "1", "VLLM_CPU_KVCACHE_SPACE": "2"}  # GiB, used on a CPU alone
    if spec.path == "embedded" or Path(str(spec.path)).is_dir():
        values["HF_HUB_OFFLINE"] = "1"
    try:
        return {**values, **resolved(spec.vllm_env, os.environ)}
    except KeyError as error:
        raise RecipeError(
            f"model '{spec.name}': vllm_env names the variable {error.args[0]}, which is not set; export "
            "it, or leave it out"
        ) from error


def _inherited() -> dict[str, str]:
    """Our environment, but for what would have vLLM ask for a key that our requests do not have."""
    return {name: value for name, value in os.environ.items() if name != "VLLM_API_KEY"}


def has_gpu() -> bool:
    """Whether an NVIDIA GPU can be used here."""
    return shutil.which("nvidia-smi") is not None and Path("/proc/driver/nvidia").is_dir()


def _multiplies_bfloat16() -> bool:
    if platform.machine() not in ("x86_64", "AMD64"):
        return True
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _has_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(url: str) -> bool:
    """Whether a server that we started is up there. Asked without a proxy, whatever the environment names: it
    would look for the server on its own machine.
    """
    try:
        with DIRECTLY.open(f"{url}/models", timeout=1) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
