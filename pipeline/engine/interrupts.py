"""Ctrl-C and SIGTERM, each as a KeyboardInterrupt that cannot be lost.

Python raises it wherever the main thread is, and in some places (a finaliser, a callback of compiled code) an
exception goes no further. So it is noted too, and a loop that looks raises it again.
"""

import signal
import threading

_came = threading.Event()


def catch_signals() -> None:
    """From now on SIGINT and SIGTERM raise KeyboardInterrupt. For the main thread."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _note)


def check_interrupted() -> None:
    """Raises KeyboardInterrupt when one of the signals came, once more for each that came."""
    if _came.is_set():
        _came.clear()
        raise KeyboardInterrupt


def _note(*_: object) -> None:
    _came.set()
    raise KeyboardInterrupt
