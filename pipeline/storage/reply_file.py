"""The SQLite file of the reply store: how it is opened, and what its one table holds."""

import random
import sqlite3
import time
from pathlib import Path

from pipeline.errors import StoreError

SCHEMA = """
create table if not exists replies (
    key blob not null unique, text text not null, finish text not null,
    prompt_tokens int not null, output_tokens int not null, model text not null, created real not null
)
"""  # with a rowid: texts are appended, and only keys go to random pages
INSERT = "insert into replies values (?, ?, ?, ?, ?, ?, ?) on conflict (key) do nothing"
# What binding or inserting one row was seen to raise: half a surrogate pair, 64 bits, a list, null.
ROW_FAULTS = (sqlite3.Error, ValueError, TypeError, ArithmeticError, LookupError, MemoryError)
COLUMNS = ("key", "text", "finish", "prompt_tokens", "output_tokens", "model", "created")
OPEN_TRY_S = 0.05  # between tries to open a file that others open or write just now
MAX_TOKENS = 10**9  # more is no count of a request's tokens

Row = tuple[bytes, str, str, int, int, str, float]  # as in SCHEMA


def count_of(value: object) -> int:
    """A number of tokens as a server says it; 0 for what is none, or more than any request can have."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(MAX_TOKENS)):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_TOKENS:
        return 0
    return int(value) if value == int(value) else 0


def connected(path: Path, busy_s: float) -> sqlite3.Connection:
    """A connection, however many open the file at once: SQLite does not wait for the lock that it needs to
    make a file one with a write-ahead log.
    """
    end = time.monotonic() + busy_s
    while True:
        try:
            return _opened(path, busy_s)
        except sqlite3.Error as error:
            is_busy = isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
            if is_busy and time.monotonic() < end:
                time.sleep(OPEN_TRY_S * random.uniform(0.5, 1.5))
                continue
            is_other = isinstance(error, sqlite3.DatabaseError) and "not a database" in str(error)
            remedy = (
                "restore the file from a copy, or save what can be read of it with `sqlite3 FILE .recover`"
                if is_other or "malformed" in str(error)
                else "make room, or mend what it says, and run the same command again: all replies are kept"
            )
            raise StoreError(f"cannot open the reply store {path}: {error}; {remedy}") from error


def _opened(path: Path, busy_s: float) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=busy_s, isolation_level=None, check_same_thread=False)
    try:
        if connection.execute("pragma journal_mode").fetchone() != ("wal",):
            connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        connection.execute(SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
