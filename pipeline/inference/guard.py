"""Run a command and never outlive who asked for it.

    python -m pipeline.guard COMMAND ARGUMENT...

The one who starts the guard holds the other end of its standard input. When that closes, for whatever
reason (kill -9 included), the command's whole process group is ended: first asked, then killed. When the
command ends by itself, so does what is left of its group, and the guard exits with its code.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

GRACE_S = 5.0  # from asking to killing
PR_SET_PDEATHSIG = 1  # prctl(2), Linux


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _end_group(leader: int, with_signal: signal.Signals) -> None:
    try:
        os.killpg(leader, with_signal)
    except ProcessLookupError:
        return


def main(command: list[str]) -> int:
    """Runs `command` until it ends or standard input closes; returns its exit code."""
    linux = sys.platform == "linux"
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_die_with_parent if linux else None,
    )
    signal.signal(signal.SIGTERM, lambda *_: _end_group(child.pid, signal.SIGTERM))

    def wait_for_owner() -> None:
        try:
            while os.read(sys.stdin.fileno(), 4096):
                pass
        finally:  # whatever ended the waiting, nobody else would end the command
            _end_group(child.pid, signal.SIGTERM)
            time.sleep(GRACE_S)
            _end_group(child.pid, signal.SIGKILL)

    threading.Thread(target=wait_for_owner, daemon=True).start()
    code = child.wait()
    _end_group(child.pid, signal.SIGKILL)
    return code


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]) & 0xFF)  # at once: a thread that still waits has nothing left to do
