"""What a run has paid for so far, read from the reply store."""

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import StoreError
from pipeline.storage.reply_file import connected, count_of

BUSY_S = 60  # another process may hold the lock this long
SUMS = (
    "select count(*), coalesce(sum(prompt_tokens), 0), coalesce(sum(output_tokens), 0) from replies "
    "where rowid > ?"
)


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
        self._connection = connected(path, BUSY_S)
        (self._last,) = self._connection.execute("select coalesce(max(rowid), 0) from replies").fetchone()

    def read(self) -> dict[str, Spent]:
        """As of now. Cost: the replies stored since the last reading."""
        columns = "rowid, model, prompt_tokens, output_tokens"
        query = f"select {columns} from replies where rowid > ? order by rowid"
        try:
            for rowid, model, prompt_tokens, output_tokens in self._connection.execute(query, (self._last,)):
                spent = self._spent.setdefault(model, Spent())
                spent.replies += 1
                spent.prompt_tokens += count_of(prompt_tokens)
                spent.output_tokens += count_of(output_tokens)
                self._last = rowid
        except sqlite3.Error as error:
            raise StoreError(f"cannot read the reply store {self._path}: {error}") from error
        return self._spent


def spent_since(path: Path, at: float) -> Spent:
    """What the replies took, of all models, that were stored from `at` on, in seconds since 1970. Cost: those
    replies. Raises StoreError when the file cannot be read.
    """
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", timeout=BUSY_S, uri=True)
        with contextlib.closing(connection):
            return Spent(*connection.execute(SUMS, (_last_before(connection, at),)).fetchone())
    except sqlite3.Error as error:
        raise StoreError(f"cannot read the reply store {path}: {error}") from error


def _last_before(connection: sqlite3.Connection, at: float) -> int:
    """The number of a reply after which all are from `at` on: their times rise with their numbers."""
    low, high = 0, connection.execute("select coalesce(max(rowid), 0) from replies").fetchone()[0]
    while low < high:
        middle = (low + high) // 2
        query = "select created from replies where rowid > ? order by rowid limit 1"
        if connection.execute(query, (middle,)).fetchone()[0] < at:
            low = middle + 1
        else:
            high = middle
    return int(low)
