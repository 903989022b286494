"""One run at a time in a root: a lock that ends with its holder, however that ends.

On a file system the kernel holds it. In an object store it is an object that its holder writes anew every
RENEW_S; one that stays as it is for STALE_S has no holder any more. Two that find no holder both write, and
wait to see whose writing stays; who was so slow that the wait was over before finds out when it renews, and
its run ends. No two clocks are compared.
"""

import contextlib
import fcntl
import json
import os
import platform
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from upath import UPath

from pipeline.errors import StoreError
from pipeline.io.files import is_local, read_bytes, write_bytes

RENEW_S, STALE_S = 10.0, 35.0
LOOK_S = 1.0  # between looks at a lock that may be stale
GLANCE_S, LOOKS = 0.02, 3  # a look at a file's lock is over by then


@contextlib.contextmanager
def locked(folder: UPath, name: str = "lock") -> Iterator[None]:
    """Holds the lock `name` of the folder. Raises StoreError when another process has it, or OSError.

    Where the last holder was killed on another machine, an object store's lock is waited for: STALE_S.
    """
    if is_local(folder):
        with _flock(folder / name, folder):
            yield
    else:
        with _Lease(folder / name, folder):
            yield


class Watch:
    """Looks whether anybody holds the lock of a folder, without ever taking it from a run."""

    def __init__(self, folder: UPath, name: str = "lock") -> None:
        self._path = folder / name
        self._lease = None if is_local(folder) else _Lease(self._path, folder)
        self._seen: tuple[float, dict[str, Any]] = (0.0, {})  # when the lease was first seen as it is

    def is_held(self) -> bool:
        """A lease whose holder went away on another machine is found out by later looks, after STALE_S."""
        if self._lease is None:
            return _is_locked(Path(str(self._path)))
        now, found = time.monotonic(), self._lease._read()
        if found != self._seen[1]:
            self._seen = now, found
        return bool(found) and not self._lease._is_dead(found) and now - self._seen[0] < STALE_S


def _is_locked(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)  # for as long as it takes to close the file
    except BlockingIOError:
        return True
    except OSError:  # no lock, no holder
        return False
    return False


@contextlib.contextmanager
def _flock(path: Path, folder: Path) -> Iterator[None]:
    with path.open("a+", encoding="utf-8") as lock:
        try:
            _take(lock)  # the kernel drops it however the process ends
        except BlockingIOError as error:
            raise _in_use(folder, f"process {path.read_text(encoding='utf-8')}") from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _take(lock: IO[str]) -> None:
    for _ in range(LOOKS):  # who only looks holds it for a moment
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(GLANCE_S)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _in_use(folder: UPath | Path, holder: str) -> StoreError:
    return StoreError(f"{folder} is in use by another run ({holder}); wait for it, or choose another --root")


class _Lease:
    """An object that says who holds the folder, renewed in the background."""

    def __init__(self, path: UPath, folder: UPath) -> None:
        self._path = path
        self._folder = folder
        self._me = {"owner": uuid.uuid4().hex, "host": platform.node(), "pid": os.getpid()}
        self._me["pids"] = _pid_space()
        self._number = 0
        self._fault: StoreError | None = None  # who has taken the lease from us, or why none is renewed
        self._released = threading.Event()
        self._renewing = threading.Thread(target=self._renew, daemon=True)

    def __enter__(self) -> None:
        before = self._read()
        if before and not self._is_dead(before):
            self._await_stale(before)
        self._write()
        time.sleep(LOOK_S)  # of two that came together the later one has it
        holder = self._read()
        if holder.get("owner") != self._me["owner"]:
            raise self._taken(holder)
        self._renewing.start()

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._renewing.join()
        if self._fault is not None:
            raise self._fault
        if self._read().get("owner") == self._me["owner"]:
            self._path.unlink(missing_ok=True)

    def _await_stale(self, before: dict[str, Any]) -> None:
        """Returns when the lock was not renewed for STALE_S. Raises StoreError as soon as it was."""
        end = time.monotonic() + STALE_S
        while time.monotonic() < end:
            time.sleep(LOOK_S)
            now = self._read()
            if not now:
                return
            if now != before:
                raise self._taken(now)

    def _is_dead(self, holder: dict[str, Any]) -> bool:
        """Whether the holder was a process of this machine that is gone. A container may have this host's
        name and other processes; versions before this one did not say.
        """
        is_here = holder.get("host") == self._me["host"] and holder.get("pids") in (None, self._me["pids"])
        return is_here and not Path(f"/proc/{holder.get('pid')}").exists()

    def _taken(self, holder: dict[str, Any]) -> StoreError:
        return _in_use(self._folder, f"process {holder.get('pid')} on {holder.get('host')}")

    def _read(self) -> dict[str, Any]:
        """Who holds the lock; nothing when nobody does."""
        try:
            found = json.loads(read_bytes(self._path))
        except (FileNotFoundError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self) -> None:
        write_bytes(json.dumps({**self._me, "number": self._number}).encode(), self._path)
        self._number += 1

    def _renew(self) -> None:
        """Until the lease is released. One that is lost ends the run as Ctrl-C does; leaving the lock then
        says why.
        """
        try:
            while self._fault is None and not self._released.wait(RENEW_S):
                # The next one may get through; the run itself will say so.
                with contextlib.suppress(StoreError, OSError):
                    holder = self._read()
                    if holder and holder.get("owner") != self._me["owner"]:
                        self._fault = self._taken(holder)
                        break
                    self._write()
        except BaseException as error:  # of a thread: nobody else would ever know
            self._fault = StoreError(
                f"the thread that renews {self._path} has ended: {type(error).__name__}: {error}; all that "
                "is whole is kept, run the same command again to go on from here"
            )
        if self._fault is not None:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def _pid_space() -> str:
    """What the numbers of processes count in: one boot of a kernel, and one container in it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""
