import asyncio
import sqlite3
from pathlib import Path

import pytest

from pipeline.errors import StoreError
from pipeline.storage import replies
from pipeline.storage.replies import Replies, StoredReply

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
