"""The lock of a root that is no folder of this machine; that of a folder is in test_root.py."""

import json
import os
import platform
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from upath import UPath

from pipeline.errors import StoreError
from pipeline.storage import lock
from pipeline.storage.lock import locked


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UPath:
    """A folder by its URL, which has no lock of the kernel's."""
    monkeypatch.setattr(lock, "RENEW_S", 0.1)
    monkeypatch.setattr(lock, "STALE_S", 0.5)
    monkeypatch.setattr(lock, "LOOK_S", 0.05)
    return UPath(f"file://{tmp_path}")


def holder(folder: UPath, **changes: object) -> None:
    found = {"owner": "o", "host": "elsewhere", "pid": 7, "number": 0, **changes}
    (folder / "lock").write_text(json.dumps(found))


def test_a_second_holder_is_refused_while_the_first_lives(folder: UPath) -> None:
    with (
        locked(folder),
        pytest.raises(StoreError, match=r"in use by another run \(process \d+ on "),
        locked(folder),
    ):
        pass
    assert not (folder / "lock").exists()
    with locked(folder):
        pass


def test_the_lock_of_a_process_killed_here_is_taken_at_once(
    folder: UPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "STALE_S", 3600)
    holder(folder, host=platform.node(), pid=2**22 + 1)  # above the largest pid of Linux
    with locked(folder):
        pass


def test_a_lock_that_nobody_renews_is_taken_and_one_that_somebody_does_is_not(folder: UPath) -> None:
    holder(folder)
    with locked(folder):
        pass
    holder(folder)
    renewing = threading.Timer(0.2, holder, (folder,), {"number": 1})
    renewing.start()
    with pytest.raises(StoreError, match="process 7 on elsewhere"), locked(folder):
        pass
    renewing.join()


def test_a_damaged_lock_holds_nobody_up(folder: UPath) -> None:
    (folder / "lock").write_text("[]")
    with locked(folder):
        pass


def test_of_two_that_come_together_one_has_it(folder: UPath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "LOOK_S", 0.3)
    together = threading.Barrier(2)
    held, refused = [], []

    def hold(n: int) -> None:
        together.wait()
        try:
            with locked(folder):
                held.append(n)
                together.wait()
        except StoreError:
            refused.append(n)
            together.wait()

    both = [threading.Thread(target=hold, args=(n,)) for n in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert (len(held), len(refused)) == (1, 1)


@pytest.fixture
def heeds_ctrl_c() -> Iterator[None]:
    """As a run does, also where a shell started it in the background with the signal ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeds_ctrl_c")
def test_who_loses_the_lease_to_a_slow_writer_is_ended(folder: UPath) -> None:
    worked_on = False

    def hold() -> None:
        nonlocal worked_on
        with locked(folder):
            holder(folder, owner="slow")  # it had looked before we wrote
            time.sleep(30)
            worked_on = True

    with pytest.raises(StoreError, match="process 7 on elsewhere"):
        hold()
    assert not worked_on
    assert json.loads((folder / "lock").read_text())["owner"] == "slow"  # it keeps what it has


@pytest.mark.usefixtures("heeds_ctrl_c")
def test_a_lease_that_is_renewed_no_more_ends_the_run_with_the_cause(
    folder: UPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked_on = False

    def hold() -> None:
        nonlocal worked_on
        with locked(folder):
            monkeypatch.setattr(lock, "write_bytes", 1 / 2)  # not to be called
            time.sleep(30)
            worked_on = True

    with pytest.raises(StoreError, match=r"renews .*lock has ended: TypeError: .* the same command again"):
        hold()
    assert not worked_on


@pytest.mark.parametrize(
    ("changes", "waits"),
    [
        ({}, False),  # of a version that did not say
        ({"pids": lock._pid_space()}, False),
        ({"pids": "another boot, or another container"}, True),
        ({"host": "elsewhere"}, True),
        ({"pid": os.getpid()}, True),
    ],
)
def test_a_process_of_another_container_is_not_dead_because_its_number_is_free(
    folder: UPath, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], waits: bool
) -> None:
    monkeypatch.setattr(lock, "STALE_S", 1.0)
    holder(folder, **{"host": platform.node(), "pid": 2**22 + 1, **changes})
    started = time.monotonic()
    with locked(folder):
        assert (time.monotonic() - started > 1.0) is waits
