import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import BadReply, StoreError
from pipeline.storage import replies
from pipeline.storage.replies import Replies, Segments, Stored, StoredReply

ONE, OTHER = StoredReply("one", "stop", 1, 2), StoredReply("other", "length", 3, 4)


def test_replies_are_kept_and_the_first_stands(tmp_path: Path) -> None:
    path = tmp_path / "replies.sqlite"

    async def use() -> None:
        store, second = Replies(path), Replies(path)
        assert store.get(b"k") is None
        assert await store.put(b"k", "m", ONE) == ONE
        assert second.get(b"k") == ONE  # another process would see it now
        assert await second.put(b"k", "m", OTHER) == ONE
        many = await asyncio.gather(*(store.put(b"%d" % n, "m", ONE) for n in range(200)))
        assert many == [ONE] * 200
        store.close()
        second.close()

    asyncio.run(use())
    assert Replies(path).get(b"k") == ONE
    assert sqlite3.connect(path).execute("select count(*) from replies").fetchone() == (201,)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "replies.sqlite"
    path.write_bytes(b"not a database, but long enough to be read as one" * 10)
    with pytest.raises(StoreError, match=r"cannot open the reply store .*replies\.sqlite"):
        Replies(path)


def test_a_store_that_another_process_holds_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "BUSY_S", 0.1)
    path = tmp_path / "replies.sqlite"

    async def use() -> None:
        store = Replies(path)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("begin immediate")
        with pytest.raises(StoreError, match=r"cannot write the reply store .* database is locked; make"):
            await store.put(b"k", "m", ONE)
        with pytest.raises(StoreError):
            store.check()
        other.execute("rollback")
        other.close()
        assert await store.put(b"k", "m", ONE) == ONE  # it is free again
        store.check()
        store.close()

    asyncio.run(use())


@pytest.mark.parametrize(
    "odd",
    [
        StoredReply("hello \ud83d world", "stop", 1, 2),
        StoredReply("hello", "\udc1d", 1, 2),
        StoredReply("hello", "stop", 2**63, 2),
        StoredReply("hello", "stop", 1, -(2**70)),
        StoredReply([{"type": "text", "text": "hello"}], "stop", 1, 2),  # type: ignore[arg-type]
        StoredReply("hello", "stop", None, 2),  # type: ignore[arg-type]
        StoredReply(None, "stop", 1, 2),  # type: ignore[arg-type]
        StoredReply("hello", "stop", {"total": 1}, 2),  # type: ignore[arg-type]
        StoredReply("hello", ("stop",), 1, 2),  # type: ignore[arg-type]
        StoredReply("hello", "stop", float("nan"), 2),  # type: ignore[arg-type]
    ],
)
def test_a_row_that_cannot_be_written_costs_itself_alone(odd: StoredReply, tmp_path: Path) -> None:
    async def use() -> None:
        store = Replies(tmp_path / "replies.sqlite")
        before, bad, after, again = await asyncio.wait_for(
            asyncio.gather(
                store.put(b"before", "m", ONE),
                store.put(b"odd", "m", odd),
                store.put(b"after", "m", ONE),
                store.put(b"before", "m", OTHER),
                return_exceptions=True,
            ),
            timeout=20,
        )
        assert (before, after, again) == (ONE, ONE, ONE)
        assert isinstance(bad, BadReply)
        assert "cannot be stored" in str(bad)
        store.check()
        assert await asyncio.wait_for(store.put(b"later", "m", ONE), 20) == ONE
        store.close()

    asyncio.run(use())
    assert {
        key for key in (b"before", b"odd", b"after", b"later") if Stored(tmp_path / "replies.sqlite").get(key)
    } == {
        b"before",
        b"after",
        b"later",
    }


def test_whoever_waits_for_a_writer_that_dies_is_told_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise SystemError("the thread ends here")

    async def use() -> None:
        store = Replies(tmp_path / "replies.sqlite")
        monkeypatch.setattr(Replies, "_commit", dies)
        for _ in range(2):  # those that it had taken, and those that come later
            many = asyncio.gather(*(store.put(b"%d" % n, "m", ONE) for n in range(5)), return_exceptions=True)
            told = await asyncio.wait_for(many, timeout=20)
            assert all(
                isinstance(one, StoreError) and "SystemError: the thread ends" in str(one) for one in told
            )
        with pytest.raises(StoreError, match="has ended"):
            store.check()
        store.close()

    asyncio.run(use())


def test_counts_that_an_older_version_stored_wrongly_are_read_as_none(tmp_path: Path) -> None:
    path = tmp_path / "replies.sqlite"
    Replies(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    for key, count in ((b"a", 1.5), (b"b", 1e300), (b"c", -7), (b"d", "ten"), (b"e", 12)):
        connection.execute("insert into replies values (?, 't', 'stop', ?, ?, 'm', 0)", (key, count, count))
    stored = Stored(path)
    found = [stored.get(key) for key in (b"a", b"b", b"c", b"d", b"e")]
    assert [(one.prompt_tokens, one.output_tokens) for one in found if one] == [(0, 0)] * 4 + [(12, 12)]
    columns = Segments(path).new_rows(10)
    assert columns is not None
    assert columns["prompt_tokens"] == [0, 0, 0, 0, 12]


OPENS = """
import sys
from pathlib import Path
from pipeline.storage.replies import Replies
sys.stdin.readline()
store = Replies(Path(sys.argv[1]))
store.close()
print("opened")
"""


def test_any_number_of_processes_open_a_new_store_at_once(tmp_path: Path) -> None:
    """They start first and open at one sign; who is first gives the file its write-ahead log."""
    for attempt in range(2):
        path = tmp_path / f"{attempt}.sqlite"
        command = [sys.executable, "-c", OPENS, str(path)]
        started = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(30)
        ]
        for process in started:
            assert process.stdin is not None
            process.stdin.write(b"\n")
            process.stdin.flush()
        ends = [process.communicate(timeout=120) for process in started]
        assert [out.strip() for out, _ in ends] == [b"opened"] * len(started), ends


def test_no_message_advises_to_give_up_paid_replies(tmp_path: Path) -> None:
    (tmp_path / "folder.sqlite").mkdir()
    (tmp_path / "other.sqlite").write_bytes(b"not a database, but long enough to be read as one" * 10)
    for name in ("folder", "other"):
        with pytest.raises(StoreError) as caught:
            Replies(tmp_path / f"{name}.sqlite")
        assert "away" not in str(caught.value)
        assert "anew" not in str(caught.value)
