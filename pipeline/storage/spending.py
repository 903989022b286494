"""What a run has paid for so far, read from the reply store."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import StoreError
from pipeline.storage.reply_file import connected, count_of

BUSY_S = 60  # another process may hold the lock this long


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
