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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import BadReply, PipelineError, StoreError
from pipeline.storage.reply_file import COLUMNS, INSERT, ROW_FAULTS, Row, connected, count_of

BUSY_S = 60  # another process may hold the write lock this long
GROUP_S = 0.02  # between the starts of two transactions


@dataclass(frozen=True, slots=True)
class StoredReply:
    """One reply of a model, as it came."""

    text: str
    finish: str  # why it ended, as the server calls it
    prompt_tokens: int  # 0 where the server did not count
    output_tokens: int


Entry = tuple[Row, asyncio.Future[StoredReply]]


class Replies:
    """The reply store, for one event loop. Raises StoreError when the file cannot be opened or written.

    A row that cannot be written is its asker's fault alone. Whatever ends the writing thread all the same is
    told to all who wait and to each who comes later: a StoreError, so that the run ends with its cause.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader = connected(self.path, BUSY_S)
        self._entries: deque[Entry] = deque()  # to be written
        self._wake = threading.Event()
        self._closed = False
        self._fault: StoreError | None = None  # of the last transaction
        self._death: StoreError | None = None  # of the writing thread
        self._writer: threading.Thread | None = None  # who only reads needs none

    def get(self, key: bytes) -> StoredReply | None:
        """The reply to request `key`, or None. About 10 microseconds."""
        return _select(self._reader, key)

    def check(self) -> None:
        """Raises StoreError when the last reply could not be written."""
        fault = self._death or self._fault
        if fault is not None:
            raise fault

    def put(self, key: bytes, model: str, reply: StoredReply) -> asyncio.Future[StoredReply]:
        """Store `reply`; done once it is durable. Where `key` is there already, the older reply stands and
        is the result, so that two askers of one request go on with the same answer."""
        stored: asyncio.Future[StoredReply] = asyncio.get_running_loop().create_future()
        row = (key, reply.text, reply.finish, reply.prompt_tokens, reply.output_tokens, model, time.time())
        self._entries.append((row, stored))
        if self._writer is None:
            self._writer = threading.Thread(target=self._write, daemon=True)
            self._writer.start()
        self._wake.set()
        if self._death is not None:  # after the append: either side sees the other
            self._fail_all(self._death)
        return stored

    def unused(self, used: Iterable[Iterable[bytes]]) -> "Unused":
        """The replies that are not among the `used` keys, which are given in batches.

        Memory: one batch; the keys go to a table on disk that ends with the connection.
        """
        connection = connected(self.path, BUSY_S)
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
        if self._writer is not None:
            self._writer.join()
        self._reader.close()

    def _write(self) -> None:
        taken: list[Entry] = []
        try:
            connection = connected(self.path, BUSY_S)
            while not self._closed or self._entries:
                self._wake.wait()
                self._wake.clear()
                started = time.monotonic()
                taken = [self._entries.popleft() for _ in range(len(self._entries))]
                if taken:
                    self._commit(connection, taken)
                    taken = []
                    time.sleep(max(0.0, GROUP_S - (time.monotonic() - started)))
            connection.close()
        except BaseException as error:  # nobody else would ever know: it is told to all who wait
            self._death = StoreError(
                f"the thread that writes the reply store {self.path} has ended: {type(error).__name__}: "
                f"{error}; all that was stored is kept, run the same command again to go on from here"
            )
            self._entries.extend(taken)
            self._fail_all(self._death)

    def _fail_all(self, cause: StoreError) -> None:
        waiting = [self._entries.popleft()[1] for _ in range(len(self._entries))]
        if waiting:
            waiting[0].get_loop().call_soon_threadsafe(_tell, waiting, [cause] * len(waiting))

    def _commit(self, connection: sqlite3.Connection, entries: list[Entry]) -> None:
        """Writes the rows in one transaction; where one of them cannot be written, each in its own."""
        outcomes: list[StoredReply | PipelineError] = []
        self._fault = None
        try:
            outcomes.extend(_inserted(connection, [row for row, _ in entries]))
        except sqlite3.OperationalError as error:  # of the file, not of a row: no room, locked
            self._fault = StoreError(
                f"cannot write the reply store {self.path}: {error}; make room, or let go of the file, and "
                "run the same command again to go on from here"
            )
            outcomes = [self._fault] * len(entries)
        except ROW_FAULTS:
            outcomes = [_written_alone(connection, row) for row, _ in entries]
        waiting = [stored for _, stored in entries]
        # Told once for all: waking a loop costs more than a reply.
        waiting[0].get_loop().call_soon_threadsafe(_tell, waiting, outcomes)


def _inserted(connection: sqlite3.Connection, rows: list[Row]) -> list[StoredReply]:
    """What is stored for each row's key once the rows are: all of them, or none where one raises."""
    try:
        connection.execute("begin immediate")
        before = connection.total_changes
        connection.executemany(INSERT, rows)
        all_new = connection.total_changes - before == len(rows)
        connection.execute("commit")
    finally:
        if connection.in_transaction:
            connection.execute("rollback")
    replies = [StoredReply(*row[1:5]) for row in rows]
    if all_new:
        return replies
    return [_select(connection, row[0]) or reply for row, reply in zip(rows, replies, strict=True)]


def _written_alone(connection: sqlite3.Connection, row: Row) -> "StoredReply | PipelineError":
    try:
        return _inserted(connection, [row])[0]
    except ROW_FAULTS as error:
        return BadReply(
            f"the reply cannot be stored ({type(error).__name__}: {error})", raw=repr(row[1])[:200]
        )


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

    def close(self) -> None:
        self._connection.close()


class Segments:
    """Which replies of a store have been copied elsewhere, in segments that have names. For one thread at a
    time; all of its methods raise StoreError.

    A segment is noted with the key of its last reply: rows keep their order through `vacuum`, their numbers
    do not.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = connected(path, BUSY_S)
        self._last: bytes | None = None  # the key of the last reply that is in a segment
        with self._named():
            self._connection.execute("create table if not exists copied (name text primary key, last blob)")
            self._connection.execute("drop table if exists segments")  # by number: older versions

    def known(self) -> set[str]:
        with self._named():
            return {name for (name,) in self._connection.execute("select name from copied")}

    def new_rows(self, n: int) -> dict[str, list[Any]] | None:
        """The first `n` replies that are in no segment, as columns; None when there are none."""
        query = f"select {', '.join(COLUMNS)} from replies where rowid > ? order by rowid limit ?"
        with self._named():
            rows = self._connection.execute(query, (self._upto(), n)).fetchall()
        if not rows:
            return None
        columns = dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
        for name in ("prompt_tokens", "output_tokens"):
            columns[name] = [count_of(value) for value in columns[name]]
        return columns

    def _upto(self) -> int:
        """The number, as of now, of the last reply that is in a segment."""
        row = self._connection.execute("select rowid from replies where key = ?", (self._last,)).fetchone()
        if row is None:  # not known yet, or removed: the last one that is still there
            row = self._connection.execute(
                "select coalesce(max(replies.rowid), 0) from copied join replies on replies.key = copied.last"
            ).fetchone()
        return int(row[0])

    def note(self, name: str, last: bytes) -> None:
        """All replies up to the one with key `last` are in segments, the last ones in `name`."""
        with self._named():
            self._connection.execute("insert into copied values (?, ?)", (name, last))
        self._last = last

    def take(self, name: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Stores the replies of segment `name`. All that was here before must be in segments."""
        with self._named():
            self._connection.execute("begin immediate")
            try:
                self._connection.executemany(INSERT, rows)
                last = "(select key from replies order by rowid desc limit 1)"
                self._connection.execute(f"insert into copied select ?, {last}", (name,))
                self._connection.execute("commit")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("rollback")
        self._last = None

    def forget(self) -> None:
        """No reply is in a segment."""
        with self._named():
            self._connection.execute("delete from copied")
        self._last = None

    def close(self) -> None:
        self._connection.close()

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(
                f"cannot use the reply store {self._path}: {error}; make room, or let go of the file, and "
                "run the same command again to go on from here"
            ) from error


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


def _select(connection: sqlite3.Connection, key: bytes) -> StoredReply | None:
    query = "select text, finish, prompt_tokens, output_tokens from replies where key = ?"
    row = connection.execute(query, (key,)).fetchone()
    return StoredReply(row[0], row[1], count_of(row[2]), count_of(row[3])) if row else None


def _tell(
    waiting: list[asyncio.Future[StoredReply]], outcomes: Sequence[StoredReply | PipelineError]
) -> None:
    for stored, outcome in zip(waiting, outcomes, strict=True):
        if stored.done():
            continue  # its asker was cancelled
        if isinstance(outcome, PipelineError):
            stored.set_exception(outcome)
        else:
            stored.set_result(outcome)
