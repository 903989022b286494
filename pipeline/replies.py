"""Every reply ever paid for, by the content of its request, in one SQLite file.

A reply is durable before anybody sees it. One thread writes; whatever has come in while a transaction was
being synced goes into the next one, so a busy run syncs once for many replies and a quiet one at once.
SQLite's write-ahead log lets other processes read and write the same file.
"""

import asyncio
import queue
import sqlite3
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import StoreError

SCHEMA = """
create table if not exists replies (
    key blob primary key, text text not null, finish text not null,
    prompt_tokens int not null, output_tokens int not null, model text not null, created real not null
) without rowid
"""
BUSY_S = 60  # another process may hold the write lock this long


@dataclass(frozen=True, slots=True)
class StoredReply:
    """One reply of a model, as it came."""

    text: str
    finish: str  # "stop", "length", or "refused" when the server would not take the request
    prompt_tokens: int
    output_tokens: int


class Replies:
    """The reply store. Raises StoreError when the file cannot be opened or written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader = self._connect()
        self._queue: queue.Queue[tuple[bytes, str, StoredReply, Future[StoredReply]] | None] = queue.Queue()
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._writer.start()

    def _connect(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
            )
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = full")
            connection.execute(SCHEMA)
        except sqlite3.Error as error:
            raise StoreError(
                f"cannot open the reply store {self.path}: {error}; restore the file, or move it away to ask "
                "for every reply anew"
            ) from error
        return connection

    def get(self, key: bytes) -> StoredReply | None:
        """The reply to request `key`, or None. About 10 microseconds."""
        row = self._reader.execute(
            "select text, finish, prompt_tokens, output_tokens from replies where key = ?", (key,)
        ).fetchone()
        return StoredReply(*row) if row else None

    async def put(self, key: bytes, model: str, reply: StoredReply) -> StoredReply:
        """Store `reply`; returns once it is durable. Where `key` is there already, the older reply stands and
        is returned, so that two askers of one request go on with the same answer."""
        future: Future[StoredReply] = Future()
        self._queue.put((key, model, reply, future))
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        self._queue.put(None)
        self._writer.join()
        self._reader.close()

    def _write(self) -> None:
        connection = self._connect()
        while True:
            batch = [self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get())
            entries = [entry for entry in batch if entry is not None]
            if entries:
                self._commit(connection, entries)
            if len(entries) < len(batch):
                connection.close()
                return

    def _commit(
        self,
        connection: sqlite3.Connection,
        entries: list[tuple[bytes, str, StoredReply, Future[StoredReply]]],
    ) -> None:
        now = time.time()
        rows = [
            (key, reply.text, reply.finish, reply.prompt_tokens, reply.output_tokens, model, now)
            for key, model, reply, _ in entries
        ]
        try:
            connection.execute("begin immediate")
            before = connection.total_changes
            connection.executemany("insert or ignore into replies values (?, ?, ?, ?, ?, ?, ?)", rows)
            all_new = connection.total_changes - before == len(rows)
            connection.execute("commit")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("rollback")
            for *_, future in entries:
                future.set_exception(StoreError(f"cannot write the reply store {self.path}: {error}"))
            return
        for key, _, reply, future in entries:
            future.set_result(reply if all_new else self._standing(connection, key))

    @staticmethod
    def _standing(connection: sqlite3.Connection, key: bytes) -> StoredReply:
        query = "select text, finish, prompt_tokens, output_tokens from replies where key = ?"
        return StoredReply(*connection.execute(query, (key,)).fetchone())
