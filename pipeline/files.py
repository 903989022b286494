"""Files that are written whole or not at all, and what tells whether they still are as they were written."""

import errno
import hashlib
import os
import uuid
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import StoreError

CHECK_KEY = b"academe.check"


def whole_table(path: Path) -> pa.Table:
    """The table at `path`, its checksums verified. Raises OSError or ArrowException."""
    table = pq.read_table(path, page_checksum_verification=True)
    metadata = dict(table.schema.metadata or {})
    if metadata.pop(CHECK_KEY, None) != _check(table, metadata):
        raise pa.ArrowInvalid(f"{path}: its footer is not what was written")
    return table


def _check(table: pa.Table, metadata: dict[bytes, bytes]) -> bytes:
    """A hash of what Parquet has in its footer, which its page checksums leave out."""
    fields = [(item.name, str(item.type)) for item in table.schema]
    said = repr((table.num_rows, fields, sorted(metadata.items())))
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest().encode()


def write_table(table: pa.Table, path: Path) -> str:
    """A Parquet file at `path`, whole or not at all; returns its checksum. Raises StoreError when the disk is
    full.
    """
    metadata = dict(table.schema.metadata or {})
    table = table.replace_schema_metadata({**metadata, CHECK_KEY: _check(table, metadata)})
    with _replacing(path) as draft:
        pq.write_table(table, draft, compression="zstd", write_page_checksum=True)
        return checksum(draft)


def checksum(path: Path) -> str:
    """A 128-bit hash of a file's bytes, 32 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def write_text(text: str, path: Path) -> None:
    """A text file at `path`, whole or not at all. Raises StoreError when the disk is full."""
    with _replacing(path) as draft:
        draft.write_text(text, encoding="utf-8")


class _replacing:
    """A draft beside `path` that takes its place on success and is removed on failure."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}.draft")

    def __enter__(self) -> Path:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise store_error(self.path, error) from error
        return self.draft

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is None:
            sync(self.draft)
            os.replace(self.draft, self.path)
            return
        self.draft.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise store_error(self.path, error) from error


def sync(path: Path) -> None:
    """Returns when the file at `path` is on the disk and not only in its cache."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def store_error(path: Path, error: OSError) -> StoreError:
    """The OSError in the words of somebody who can mend it."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(
            f"no space left for {path}; make room and run the same command again to go on from here"
        )
    return StoreError(f"cannot write {path}: {error.strerror or error}")
