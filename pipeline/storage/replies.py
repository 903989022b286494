"""Every reply ever paid for, by the content of its request, in one SQLite file.

A reply is durable before anybody sees it. One thread writes; whatever comes in within GROUP_S of a
transaction goes into the next one, so a busy run syncs once for many replies. SQLite's write-ahead log lets
other processes read and write the same file.
"""

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import StoreError

SCHEMA = """
create table if not exists replies (
    key blob not null unique, text text not null, finish text not null,
    prompt_tokens int not null, output_tokens int not null, model text not null, created real not null
)
"""  # with a rowid: texts are appended, and only keys go to random pages
COLUMNS = ("key", "text", "finish", "prompt_tokens", "output_tokens", "model", "created")
BUSY_S = 60  # another process may hold the write lock this long
GROUP_S = 0.02  # between the starts of two transactions


@dataclass(frozen=True, slots=True)
class StoredReply:
    """One reply of a model, as it came."""

    text: str
    finish: str  # "stop", "length", or "refused" when the server would not take the request
    prompt_tokens: int
    output_tokens: int


Row = tuple[bytes, str, str, int, int, str, float]  # as in SCHEMA


class Replies:
    """The reply store, for one event loop. Raises StoreError when the file cannot be opened or written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader = _connected(self.path)
        self._entries: deque[tuple[Row, asyncio.Future[StoredReply]]] = deque()  # to be written
        self._wake = threading.Event()
        self._closed = False
        self._fault: StoreError | None = None  # of the last transaction
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._writer.start()

    def get(self, key: bytes) -> StoredReply | None:
        """The reply to request `key`, or None. About 10 microseconds."""
        return _select(self._reader, key)

    def check(self) -> None:
        """Raises StoreError when the last reply could not be written."""
        if self._fault is not None:
            raise self._fault

    def put(self, key: bytes, model: str, reply: StoredReply) -> asyncio.Future[StoredReply]:
        """Store `reply`; done once it is durable. Where `key` is there already, the older reply stands and
        is the result, so that two askers of one request go on with the same answer."""
        stored: asyncio.Future[StoredReply] = asyncio.get_running_loop().create_future()
        row = (key, reply.text, reply.finish, reply.prompt_tokens, reply.output_tokens, model, time.time())
        self._entries.append((row, stored))
        self._wake.set()
        return stored

    def unused(self, used: Iterable[Iterable[bytes]]) -> "Unused":
        """The replies that are not among the `used` keys, which are given in batches.

        Memory: one batch; the keys go to a table on disk that ends with the connection.
        """
        connection = _connected(self.path)
        connection.execute("create temp table used (key blob primary key) without rowid")
        for keys in used:
            connection.executemany("insert or ignore into used values (?)", ((key,) for key in keys))
        where = "from replies where key not in (select key from used)"
        count, n_bytes = connection.execute(
            f"select count(*), coalesce(sum(length(text)), 0) {where}"
        ).fetchone()
        return Unused(connection, count, n_bytes)

    def close(self) -> None:
        """Returns when all that was put is written."""
        self._closed = True
        self._wake.set()
        self._writer.join()
        self._reader.close()

    def _write(self) -> None:
        connection = _connected(self.path)
        while not self._closed or self._entries:
            self._wake.wait()
            self._wake.clear()
            started = time.monotonic()
            entries = [self._entries.popleft() for _ in range(len(self._entries))]
            if entries:
                self._commit(connection, entries)
                time.sleep(max(0.0, GROUP_S - (time.monotonic() - started)))
        connection.close()

    def _commit(
        self, connection: sqlite3.Connection, entries: list[tuple[Row, asyncio.Future[StoredReply]]]
    ) -> None:
        rows = [row for row, _ in entries]
        outcomes: list[StoredReply | StoreError]
        self._fault = None
        try:
            connection.execute("begin immediate")
            before = connection.total_changes
            connection.executemany("insert or ignore into replies values (?, ?, ?, ?, ?, ?, ?)", rows)
            all_new = connection.total_changes - before == len(rows)
            connection.execute("commit")
            outcomes = [
                StoredReply(*row[1:5]) if all_new else _select(connection, row[0]) or StoredReply(*row[1:5])
                for row in rows
            ]
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("rollback")
            self._fault = StoreError(
                f"cannot write the reply store {self.path}: {error}; make room, or let go of the file, and "
                "run the same command again to go on from here"
            )
            outcomes = [self._fault] * len(rows)
        waiting = [stored for _, stored in entries]
        # Told once for all: waking a loop costs more than a reply.
        waiting[0].get_loop().call_soon_threadsafe(_tell, waiting, outcomes)


class Stored:
    """The replies of a store, to look at only. Raises StoreError when the file cannot be read."""

    def __init__(self, path: Path) -> None:
        try:
            self._connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", timeout=BUSY_S, uri=True)
            _select(self._connection, b"")
        except sqlite3.Error as error:
            raise StoreError(f"cannot read the reply store {path}: {error}") from error

    def get(self, key: bytes) -> StoredReply | None:
        return _select(self._connection, key)

    def since(self, at: float) -> "Spent":
        """What the replies took that were stored from `at` on, in seconds since 1970. Cost: those replies."""
        low, high = 0, self._connection.execute("select coalesce(max(rowid), 0) from replies").fetchone()[0]
        while low < high:  # replies are appended: their times rise with their numbers
            middle = (low + high) // 2
            query = "select created from replies where rowid > ? order by rowid limit 1"
            if self._connection.execute(query, (middle,)).fetchone()[0] < at:
                low = middle + 1
            else:
                high = middle
        columns = "count(*), coalesce(sum(prompt_tokens), 0), coalesce(sum(output_tokens), 0)"
        return Spent(
            *self._connection.execute(f"select {columns} from replies where rowid > ?", (low,)).fetchone()
        )

    def close(self) -> None:
        self._connection.close()


class Segments:
    """Which replies of a store have been copied elsewhere, in segments that have names. For one thread at a
    time.
    """

    def __init__(self, path: Path) -> None:
        self._connection = _connected(path)
        self._connection.execute("create table if not exists segments (name text primary key, upto int)")

    def known(self) -> set[str]:
        return {name for (name,) in self._connection.execute("select name from segments")}

    def new_rows(self, n: int) -> tuple[int, dict[str, list[Any]]] | None:
        """The first `n` replies that are in no segment, as columns, and the number of the last; None when
        there are none.
        """
        since = "(select coalesce(max(upto), 0) from segments)"
        query = (
            f"select rowid, {', '.join(COLUMNS)} from replies where rowid > {since} order by rowid limit ?"
        )
        rows = self._connection.execute(query, (n,)).fetchall()
        if not rows:
            return None
        numbers, *columns = zip(*rows, strict=True)
        return numbers[-1], dict(zip(COLUMNS, map(list, columns), strict=True))

    def note(self, name: str, upto: int) -> None:
        """The replies up to that number are in segments, the last ones in `name`."""
        self._connection.execute("insert into segments values (?, ?)", (name, upto))

    def take(self, name: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Stores the replies of segment `name`. All that was here before must be in segments."""
        self._connection.execute("begin immediate")
        self._connection.executemany("insert or ignore into replies values (?, ?, ?, ?, ?, ?, ?)", rows)
        self._connection.execute(
            "insert into segments select ?, coalesce(max(rowid), 0) from replies", (name,)
        )
        self._connection.execute("commit")

    def forget(self) -> None:
        """No reply is in a segment."""
        self._connection.execute("delete from segments")

    def close(self) -> None:
        self._connection.close()


@dataclass
class Spent:
    """What the replies of one model took."""

    replies: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0


class Spending:
    """What replies that were stored since this was made took, by model. Raises StoreError when the file
    cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._spent: dict[str, Spent] = {}
        self._connection = _connected(path)
        (self._last,) = self._connection.execute("select coalesce(max(rowid), 0) from replies").fetchone()

    def read(self) -> dict[str, Spent]:
        """As of now. Cost: the replies stored since the last reading."""
        columns = "rowid, model, prompt_tokens, output_tokens"
        query = f"select {columns} from replies where rowid > ? order by rowid"
        try:
            for rowid, model, prompt_tokens, output_tokens in self._connection.execute(query, (self._last,)):
                spent = self._spent.setdefault(model, Spent())
                spent.replies += 1
                spent.prompt_tokens += prompt_tokens
                spent.output_tokens += output_tokens
                self._last = rowid
        except sqlite3.Error as error:
            raise StoreError(f"cannot read the reply store {self._path}: {error}") from error
        return self._spent


@dataclass(frozen=True)
class Unused:
    """Replies that could go: how many, and the bytes of their texts."""

    connection: sqlite3.Connection
    count: int
    n_bytes: int

    def remove(self) -> None:
        """Removes them, and gives the room back to the disk where there is enough of it to do so."""
        self.connection.execute("delete from replies where key not in (select key from used)")
        with contextlib.suppress(
            sqlite3.OperationalError
        ):  # a full disk: the room is used by the next replies
            self.connection.execute("vacuum")
        self.connection.close()


def _connected(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        connection.execute(SCHEMA)
    except sqlite3.Error as error:
        raise StoreError(
            f"cannot open the reply store {path}: {error}; restore the file, or move it away to ask "
            "for every reply anew"
        ) from error
    return connection


def _select(connection: sqlite3.Connection, key: bytes) -> StoredReply | None:
    query = "select text, finish, prompt_tokens, output_tokens from replies where key = ?"
    row = connection.execute(query, (key,)).fetchone()
    return StoredReply(*row) if row else None


def _tell(waiting: list[asyncio.Future[StoredReply]], outcomes: list[StoredReply | StoreError]) -> None:
    for stored, outcome in zip(waiting, outcomes, strict=True):
        if stored.done():
            continue  # its asker was cancelled
        if isinstance(outcome, StoreError):
            stored.set_exception(outcome)
        else:
            stored.set_result(outcome)
