"""Files that are written whole or not at all, and what tells whether they still are as they were written.

A path is local, or a URL that fsspec knows (s3://bucket/folder). Local files are written beside their place,
synced and moved there; an object store takes an object whole or not at all by itself.
"""

import contextlib
import errno
import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

import pyarrow as pa
import pyarrow.parquet as pq
from upath import UPath

from pipeline.errors import StoreError

CHECK_KEY = b"academe.check"
BLOCK_BYTES = 2**20
_IN_LIST = re.compile(r"\b(item|element): ")


def is_local(path: UPath | Path) -> TypeGuard[Path]:
    """Whether the path is one of this machine's file system, a mounted one included."""
    return isinstance(path, Path)


def read_bytes(path: UPath) -> bytes:
    """The whole file. Raises OSError, or StoreError when a store elsewhere cannot be read."""
    with _reached(path):
        return path.read_bytes()


def read_table(path: UPath) -> pa.Table:
    """The table at `path`. Raises as read_bytes does, or ArrowException."""
    return _table(read_bytes(path))


def whole_table(path: UPath) -> tuple[pa.Table, str]:
    """The table at `path`, its checksums verified, and the file's. Raises as read_table does."""
    data = read_bytes(path)
    table = _table(data, page_checksum_verification=True)
    metadata = dict(table.schema.metadata or {})
    if metadata.pop(CHECK_KEY, None) != _check(table, metadata):
        raise pa.ArrowInvalid(f"{path}: its footer is not what was written")
    return table, _digest(data)


def _table(data: bytes, **options: bool) -> pa.Table:
    """Without threads: they let go of the bytes at some time later, and a process that ends at that very
    moment is aborted. Parts are read side by side anyway.
    """
    with pq.ParquetFile(pa.BufferReader(data), **options) as file:
        return file.read(use_threads=False)


def table_metadata(path: UPath) -> dict[bytes, bytes]:
    """What stands in the footer of the table at `path`; reads no rows. Raises as read_table does."""
    with _reached(path), path.open("rb") as file:
        return pq.read_schema(file).metadata or {}


def _check(table: pa.Table, metadata: dict[bytes, bytes]) -> bytes:
    """A hash of what Parquet has in its footer, which its page checksums leave out. What is in a list is
    named `item` when it is made and `element` when it was read.
    """
    fields = [(item.name, _IN_LIST.sub("", str(item.type))) for item in table.schema]
    return _digest(repr((table.num_rows, fields, sorted(metadata.items()))).encode()).encode()


def content_of(table: pa.Table) -> str:
    """A 128-bit hash of the rows of a table, whatever its metadata. Memory: a copy of it."""
    sink = pa.BufferOutputStream()
    plain = table.replace_schema_metadata(None).combine_chunks()
    with pa.ipc.new_stream(sink, plain.schema) as stream:
        stream.write_table(plain)
    return _digest(sink.getvalue())


def write_table(table: pa.Table, path: UPath) -> str:
    """A Parquet file at `path`, whole or not at all; returns its checksum. Raises StoreError when it cannot
    be written. Memory: the file.
    """
    metadata = dict(table.schema.metadata or {})
    table = table.replace_schema_metadata({**metadata, CHECK_KEY: _check(table, metadata)})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    data = sink.getvalue().to_pybytes()
    write_bytes(data, path)
    return _digest(data)


def checksum(path: UPath | Path) -> str:
    """A 128-bit hash of a file's bytes, 32 hex digits. Raises as read_bytes does."""
    found = hashlib.blake2b(digest_size=16)
    with _reached(path), path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            found.update(block)
    return found.hexdigest()


def _digest(data: bytes | pa.Buffer) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def write_text(text: str, path: UPath | Path) -> None:
    """A text file at `path`, whole or not at all. Raises StoreError when it cannot be written."""
    write_bytes(text.encode("utf-8"), path)


def write_bytes(data: bytes, path: UPath | Path) -> None:
    """A file at `path`, whole or not at all. Raises StoreError when it cannot be written."""
    if is_local(path):
        _replace(path, data)
    else:
        with _written(path):
            path.write_bytes(data)


def _replace(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError as error:
        raise store_error(path, error) from error
    finally:
        with contextlib.suppress(OSError):  # it is gone when all went well, or was never there
            draft.unlink()


def move_tree(draft: Path, target: UPath) -> None:
    """What is in the folder `draft` takes the place of what is in `target`. Whole or not at all on one file
    system; elsewhere file by file, those that are no longer there last. Raises StoreError.
    """
    if is_local(target):
        shutil.rmtree(str(target), ignore_errors=True)
        draft.rename(str(target))
        return
    files = [file for file in draft.rglob("*") if file.is_file()]
    with _written(target):
        for file in files:
            put_file(file, target.joinpath(*file.relative_to(draft).parts))
        kept = {str(file.relative_to(draft)) for file in files}
        for old in target.rglob("*"):
            if old.is_file() and str(old.relative_to(target)) not in kept:
                old.unlink()
    shutil.rmtree(draft)


def put_file(local: Path, path: UPath) -> None:
    """A copy of a local file at a path elsewhere. Raises StoreError when it cannot be written."""
    with _written(path):
        path.fs.put_file(str(local), path.path)


def remove_tree(folder: UPath) -> None:
    """Removes a folder and what is in it. Raises StoreError or OSError."""
    if is_local(folder):
        shutil.rmtree(str(folder))
    else:
        with _written(folder):
            folder.fs.rm(folder.path, recursive=True)


def sync(path: Path) -> None:
    """Returns when the file at `path` is on the disk and not only in its cache."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def store_error(path: UPath | Path, error: Exception) -> StoreError:
    """The fault in the words of somebody who can mend it."""
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(
            f"no space left for {path}; make room and run the same command again to go on from here"
        )
    said = (isinstance(error, OSError) and error.strerror) or error
    return StoreError(f"cannot write {path}: {said}")


@contextlib.contextmanager
def _written(path: UPath | Path) -> Iterator[None]:
    try:
        yield
    except store_faults() as error:
        raise store_error(path, error) from error


@contextlib.contextmanager
def _reached(path: UPath | Path) -> Iterator[None]:
    """A file that is not there is an OSError; a store elsewhere that does not answer is no such thing."""
    try:
        yield
    except FileNotFoundError:
        raise
    except store_faults() as error:
        if is_local(path):
            raise
        raise StoreError(
            f"cannot read {path}: {error}; check the address and the keys of the store, and run the same "
            "command again to go on from here"
        ) from error


def store_faults() -> tuple[type[Exception], ...]:
    """What file systems raise, also where they can only read; the library behind S3 has faults that are no
    OSError.
    """
    try:
        from botocore.exceptions import BotoCoreError
    except ImportError:
        return (OSError, NotImplementedError)
    return (OSError, NotImplementedError, BotoCoreError)
