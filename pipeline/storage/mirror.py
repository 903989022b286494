"""The reply store of a root that is a URL: SQLite on the machine of the run, copied to the root in segments.

    replies/<time>-<random>.parquet     the replies that came between two copies

Every COPY_S the new replies go to the root in one object, so a machine that is lost with its disk loses the
replies of that time, of parts that are not whole. The segments are the truth: another machine begins with
them. Cost: one object every COPY_S of a busy run; a new machine reads all of them once.
"""

import threading
import time
import uuid

import pyarrow as pa
from upath import UPath

from pipeline.errors import StoreError
from pipeline.io.files import read_table, write_table
from pipeline.storage.replies import Segments
from pipeline.storage.reply_file import COLUMNS

COPY_S = 5.0
SEGMENT_ROWS = 20_000  # the most in one object: what is held in memory


class Mirror:
    """Copies to and from the root. All of its methods raise StoreError."""

    def __init__(self, segments: Segments, folder: UPath) -> None:
        self._segments = segments
        self._folder = folder

    def __str__(self) -> str:
        return str(self._folder)

    def begin(self) -> None:
        """Both have all replies: those that a killed run has left here, and those of other machines."""
        if self._segments.known() - {path.stem for path in self._folder.glob("*.parquet")}:
            self._segments.forget()  # somebody emptied the root: all that is here is copied again
        self.push()
        self._fetch()

    def push(self) -> None:
        """Writes what is not in the root yet."""
        while columns := self._segments.new_rows(SEGMENT_ROWS):
            name = f"{time.time_ns() // 1000:016d}-{uuid.uuid4().hex[:12]}"
            write_table(pa.table(columns), self._folder / f"{name}.parquet")
            self._segments.note(name, columns["key"][-1])

    def _fetch(self) -> None:
        """Reads what only the root has. All that was here must be in the root."""
        known = self._segments.known()
        for path in sorted(self._folder.glob("*.parquet"), key=lambda path: path.name):
            if path.stem in known:
                continue
            try:
                table = read_table(path)
            except (OSError, pa.ArrowException) as error:
                raise StoreError(
                    f"{path} is damaged ({error}); restore it from a copy, or go on from the machine that "
                    "wrote it, which has its replies still"
                ) from error
            self._segments.take(path.stem, zip(*(table[name].to_pylist() for name in COLUMNS), strict=True))

    def rewrite(self) -> None:
        """Writes all replies anew and drops the segments that were there: some of theirs are gone."""
        old = list(self._folder.glob("*.parquet"))
        self._segments.forget()
        self.push()
        for path in old:
            path.unlink(missing_ok=True)


class Copying:
    """Pushes in the background while a run goes on, and a last time at its end: what kept that from being
    done is raised then, whatever it was.
    """

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._fault: StoreError | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> "Copying":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        if kind is None:
            self.check()

    def check(self) -> None:
        """Raises StoreError when the last copy could not be made."""
        if self._fault is not None:
            raise self._fault

    def _work(self) -> None:
        ended = False
        while not ended:
            ended = self._ended.wait(COPY_S)
            try:
                self._mirror.push()
                self._fault = None
            except StoreError as error:
                self._fault = error
            except BaseException as error:  # of a thread: nobody else would ever know
                self._fault = StoreError(
                    f"the replies could not be copied to {self._mirror}: {type(error).__name__}: {error}; "
                    "all are kept on this machine, run the same command on it again to copy them"
                )
