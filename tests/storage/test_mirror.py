"""Replies copied to a root elsewhere and back: none is lost, none is copied twice."""

import asyncio
import sqlite3
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from upath import UPath

from pipeline.errors import StoreError
from pipeline.storage import mirror
from pipeline.storage.mirror import Copying, Mirror
from pipeline.storage.replies import Replies, Segments, Stored, StoredReply


def put(path: Path, numbers: list[int]) -> None:
    async def store() -> None:
        replies = Replies(path)
        await asyncio.gather(
            *(replies.put(bytes([n]), "m", StoredReply(f"reply {n}", "stop", n, 2 * n)) for n in numbers)
        )
        replies.close()

    asyncio.run(store())


def texts(path: Path) -> dict[int, str]:
    stored = Stored(path)
    found = {n: stored.get(bytes([n])) for n in range(256)}
    stored.close()
    return {n: reply.text for n, reply in found.items() if reply is not None}


def mirrored(machine: Path, folder: Path) -> Mirror:
    return Mirror(Segments(machine), UPath(folder))


def n_rows(folder: Path) -> int:
    return sum(pq.read_metadata(path).num_rows for path in folder.glob("*.parquet"))


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 2), st.lists(st.integers(0, 40), max_size=6)), max_size=8))
def test_machines_that_take_turns_have_all_replies(
    tmp_path_factory: pytest.TempPathFactory, turns: list[tuple[int, list[int]]]
) -> None:
    folder = tmp_path_factory.mktemp("root")
    so_far: set[int] = set()
    for machine, numbers in turns:
        copied = mirrored(folder / f"{machine}.sqlite", folder / "replies")
        copied.begin()
        assert set(texts(folder / f"{machine}.sqlite")) == so_far
        put(folder / f"{machine}.sqlite", numbers)
        copied.push()
        so_far |= set(numbers)
    assert n_rows(folder / "replies") == len(so_far)


def test_what_was_not_copied_when_a_run_was_killed_is_copied_by_the_next(tmp_path: Path) -> None:
    put(tmp_path / "a.sqlite", [1, 2])
    mirrored(tmp_path / "a.sqlite", tmp_path / "root").push()
    put(tmp_path / "a.sqlite", [3])  # killed before it was copied; another machine went on
    other = mirrored(tmp_path / "b.sqlite", tmp_path / "root")
    other.begin()
    put(tmp_path / "b.sqlite", [4])
    other.push()
    first = mirrored(tmp_path / "a.sqlite", tmp_path / "root")
    first.begin()
    assert set(texts(tmp_path / "a.sqlite")) == {1, 2, 3, 4}
    other.begin()
    assert set(texts(tmp_path / "b.sqlite")) == {1, 2, 3, 4}


def test_large_stores_go_in_segments_of_bounded_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "SEGMENT_ROWS", 3)
    put(tmp_path / "a.sqlite", list(range(8)))
    mirrored(tmp_path / "a.sqlite", tmp_path / "root").push()
    assert len(list((tmp_path / "root").glob("*.parquet"))) == 3
    assert n_rows(tmp_path / "root") == 8


def test_replies_that_were_removed_are_gone_from_the_root_too(tmp_path: Path) -> None:
    put(tmp_path / "a.sqlite", [1, 2, 3])
    copied = mirrored(tmp_path / "a.sqlite", tmp_path / "root")
    copied.push()
    replies = Replies(tmp_path / "a.sqlite")
    replies.unused([[bytes([2])]]).remove()
    replies.close()
    copied.rewrite()
    other = mirrored(tmp_path / "b.sqlite", tmp_path / "root")
    other.begin()
    assert set(texts(tmp_path / "b.sqlite")) == {2}


def test_a_root_that_somebody_emptied_is_filled_again(tmp_path: Path) -> None:
    put(tmp_path / "a.sqlite", [1, 2])
    copied = mirrored(tmp_path / "a.sqlite", tmp_path / "root")
    copied.push()
    for path in (tmp_path / "root").glob("*.parquet"):
        path.unlink()
    copied.begin()
    assert n_rows(tmp_path / "root") == 2


def test_a_damaged_segment_is_named(tmp_path: Path) -> None:
    put(tmp_path / "a.sqlite", [1])
    mirrored(tmp_path / "a.sqlite", tmp_path / "root").push()
    (path,) = (tmp_path / "root").glob("*.parquet")
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(StoreError, match=f"{path.name} is damaged"):
        mirrored(tmp_path / "b.sqlite", tmp_path / "root").begin()


def test_a_copy_that_cannot_be_made_is_said_at_the_end(tmp_path: Path) -> None:
    put(tmp_path / "a.sqlite", [1])
    (tmp_path / "root").write_text("no folder")
    with (
        pytest.raises(StoreError, match="cannot write"),
        Copying(mirrored(tmp_path / "a.sqlite", tmp_path / "root")),
    ):
        pass


def vacuumed(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("vacuum")
    connection.close()


@pytest.mark.parametrize("kept", [[2], [1, 3], [3], [1]])
def test_replies_that_come_after_a_removal_that_was_killed_are_copied(
    tmp_path: Path, kept: list[int]
) -> None:
    """Rows have other numbers after a `vacuum`; the mirror was not rewritten as the process was killed."""
    copied = mirrored(tmp_path / "a.sqlite", tmp_path / "root")
    put(tmp_path / "a.sqlite", [1, 2, 3])
    copied.push()
    replies = Replies(tmp_path / "a.sqlite")
    replies.unused([[bytes([n]) for n in kept]]).remove()
    replies.close()
    vacuumed(tmp_path / "a.sqlite")
    for after in ([4], [5, 6]):
        put(tmp_path / "a.sqlite", after)
        mirrored(tmp_path / "a.sqlite", tmp_path / "root").push()
    other = mirrored(tmp_path / "b.sqlite", tmp_path / "root")
    other.begin()
    assert {4, 5, 6} | set(kept) <= set(texts(tmp_path / "b.sqlite"))


def test_a_store_of_a_version_that_counted_rows_is_copied_whole(tmp_path: Path) -> None:
    put(tmp_path / "a.sqlite", [1, 2])
    connection = sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None)
    connection.execute("create table segments (name text primary key, upto int)")
    connection.execute("insert into segments values ('000000000100-x', 100)")
    connection.close()
    mirrored(tmp_path / "a.sqlite", tmp_path / "root").begin()
    assert n_rows(tmp_path / "root") == 2


@pytest.mark.parametrize(
    "fault", [sqlite3.OperationalError("disk I/O error"), ValueError("odd"), SystemError("x")]
)
def test_a_copier_that_meets_any_fault_says_so_at_the_end_and_copies_when_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    monkeypatch.setattr(mirror, "COPY_S", 0.02)
    put(tmp_path / "a.sqlite", [1])
    copied = mirrored(tmp_path / "a.sqlite", tmp_path / "root")
    well = copied.push

    def fails() -> None:
        raise fault

    monkeypatch.setattr(copied, "push", fails)
    with pytest.raises(StoreError, match=str(fault)), Copying(copied):
        time.sleep(0.1)
    with Copying(copied):
        time.sleep(0.1)
        monkeypatch.setattr(copied, "push", well)
    assert n_rows(tmp_path / "root") == 1


def test_a_store_that_cannot_be_read_is_a_fault_of_the_store(tmp_path: Path) -> None:
    put(tmp_path / "a.sqlite", [1])
    copied = mirrored(tmp_path / "a.sqlite", tmp_path / "root")
    connection = sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None)
    connection.execute("drop table replies")
    with pytest.raises(StoreError, match="cannot use the reply store"):
        copied.push()
