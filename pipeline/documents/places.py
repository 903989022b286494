"""Where documents lie: files of this machine, opened as they are named whatever is in their names, and URLs,
which fsspec opens.

A folder stands for all files below it but those whose names begin with a dot. Links are followed; a folder is
met once, so that a link that leads back ends.
"""

import glob
import os
import re
import stat
from collections.abc import Iterator
from typing import IO, Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import aiohttp  # by which fsspec reads http(s), and whose errors it lets through
import fsspec

from pipeline.errors import RecipeError
from pipeline.io.files import store_faults
from pipeline.io.secrets import SECRET_NAME, names_variable, resolved, without_logins

EXPECTED = "expected a file, a folder, a glob or a URL"
IS_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?:://|::.*://)")
CHANGES = ("mtime", "ETag", "etag", "LastModified", "last_modified", "updated")  # as file systems tell of it
SIGNED = re.compile(
    r"^(?:x-amz-|x-goog-|x-oss-)|signature|^sig$|key-pair-id|^policy$|^expires$", re.IGNORECASE
)


class Place(NamedTuple):
    """A file, or what has the name of one."""

    address: str  # an absolute path or a URL, to open it
    name: str  # from the folder that was named on; of a URL that without names, passwords and signatures
    size: int  # bytes; 0 where it is not told
    change: str  # what changes when the file does
    is_file: bool  # else a pipe, a device, a link to nothing, a link to a folder that was met already
    media_type: str = ""  # as a web server tells it


def is_local(path: str) -> bool:
    """Whether it lies on this machine. `$NAME` stands for a URL in the environment."""
    return os.path.exists(path) or not (names_variable(path) or IS_URL.match(path))


def absolute(path: str) -> str:
    """The path as every folder and every machine of a cluster understands it; a URL as it is."""
    return os.path.abspath(os.path.expanduser(path)) if path and is_local(path) else path


def opened(address: str) -> IO[bytes]:
    """The file, to be read. Raises OSError, and what aiohttp does of a URL."""
    if os.path.isabs(address):
        return open(address, "rb")
    return fsspec.open(_meant(address), "rb").open()  # type: ignore[no-any-return]


def places(path: str) -> list[Place]:
    """The files of a path, sorted by name. Raises RecipeError where there is none."""
    faults: tuple[type[Exception], ...] = (*store_faults(), ValueError, ImportError, aiohttp.ClientError)
    try:
        found = list(_local(absolute(path)) if is_local(path) else _remote(path))
    except faults as error:
        told = str(error).replace(path, named(path)) or type(error).__name__
        raise RecipeError(f"documents '{named(path)}': {without_logins(told)}; {EXPECTED}") from None
    if not found:
        raise RecipeError(f"documents '{named(path)}': there is no file; {EXPECTED}")
    return sorted(found, key=lambda place: place.name)


def _meant(path: str) -> str:
    """The path, or what the variable of the environment holds that it names. Raises OSError without one."""
    try:
        return resolved({"": path}, os.environ)[""]
    except KeyError as error:
        raise FileNotFoundError(f"the variable {error} of the environment is not set") from None


def named(path: str) -> str:
    """A path or URL as it may be shown: without a name, a password or a signature, and without the place
    within a page.
    """
    if is_local(path) or not path.startswith(("http://", "https://")):
        return without_logins(path)
    parts = urlsplit(path)
    shown = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if not _signs(key)]
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, urlencode(shown), ""))


def published(path: str) -> str:
    """The path as a setting that may be published: absolute. Raises ValueError for a URL with a signature."""
    if is_signed(path):
        raise ValueError(
            f"{named(path)} has a key or a signature in its query, and settings are published with the "
            "dataset; put the URL into a variable of the environment and write '$NAME'"
        )
    return absolute(path)


def is_signed(path: str) -> bool:
    """Whether a URL has a key or a signature in its query, which whoever reads it could use."""
    return not is_local(path) and any(_signs(key) for key, _ in parse_qsl(urlsplit(path).query))


def _signs(key: str) -> bool:
    return bool(SIGNED.search(key) or SECRET_NAME.search(key))


def _local(path: str) -> Iterator[Place]:
    if os.path.lexists(path):
        yield from _below(path, os.path.dirname(path), set())
        return
    wild = [path.index(char) for char in "*?[" if char in path]
    if not wild:
        return
    top = os.path.dirname(path[: min(wild)].rstrip("/"))
    for found in glob.iglob(path, recursive=True):
        if not os.path.isdir(found):
            yield _place(found, os.path.relpath(found, top))


def _below(path: str, top: str, met: set[str]) -> Iterator[Place]:
    """The file, or those of the folder."""
    name = os.path.relpath(path, top)
    if not os.path.isdir(path):
        yield _place(path, name)
        return
    real = os.path.realpath(path)
    if real in met:
        yield _place(path, name)
        return
    met.add(real)
    with os.scandir(path) as entries:
        inside = sorted(entry.name for entry in entries if not entry.name.startswith("."))
    for entry in inside:
        yield from _below(os.path.join(path, entry), top, met)


def _place(path: str, name: str) -> Place:
    try:
        info = os.stat(path)
    except OSError:  # a link to nothing, or to itself
        return Place(path, name, 0, "", False)
    return Place(path, name, info.st_size, str(info.st_mtime), stat.S_ISREG(info.st_mode))


def _remote(path: str) -> Iterator[Place]:
    given, path = path, _meant(path)
    if path.startswith(("http://", "https://")):
        address = path.partition("#")[0]
        fs, place = fsspec.core.url_to_fs(address)
        yield _told(given if given != path else address, named(address), fs.info(place))
        return
    fs, place = fsspec.core.url_to_fs(path)
    if any(char in path for char in "*?[") and not fs.exists(place):
        found = fs.glob(place, detail=True)
        base = place[: min(place.find(char) for char in "*?[" if char in place)]
    elif fs.isdir(place):
        found, base = fs.find(place, detail=True), place
    else:
        found, base = ({place: fs.info(place)} if fs.exists(place) else {}), place
    top = os.path.dirname(base.rstrip("/"))
    for entry, info in found.items():
        below = entry[len(top) :].lstrip("/").split("/")[1:]  # of the folder that is named
        hidden = any(part.startswith(".") for part in below)
        if info.get("type") != "directory" and not hidden:
            address = fs.unstrip_protocol(entry)
            yield _told(address, named(address), info)


def _told(address: str, name: str, info: dict[str, Any]) -> Place:
    """A place as its file system tells of it."""
    change = next((str(info[key]) for key in CHANGES if info.get(key)), "")
    media_type = str(info.get("mimetype") or "").partition(";")[0].strip().lower()
    return Place(address, name, info.get("size") or 0, change, info.get("type") == "file", media_type)


def path_of(name: str) -> str:
    """The path within a name, by whose ending a kind is told."""
    if not name.startswith(("http://", "https://")):
        return name
    return unquote(urlsplit(name).path)
