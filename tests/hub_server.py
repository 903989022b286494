"""A server that speaks the Hub's protocol for datasets, for the unmodified clients: real HTTP on loopback,
files on disk, commits as git knows them (a head, parents, refused when the head has moved), faults on demand.

A fault is a kind, a part of the address that it wants to see, and how often it happens:

    503, 429, 409, 412, ...    that status; a number below 600
    drop                       the connection is closed without an answer
    drop_after                 the same, once the request was obeyed
    hang                       no answer for HANG_S
    cut                        an upload is read half and the connection closed
"""

import base64
import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

HANG_S = 30.0
BLOCK_BYTES = 64 * 1024
USERS = {"hf_writer": "writer", "hf_reader": "reader"}  # by their tokens
LFS_SUFFIXES = (".parquet",)
WHEN = "2026-01-01T00:00:00.000Z"
POINTER_BYTES = 130


@dataclass
class Stored:
    """A file at a commit."""

    oid: str  # of git
    size: int
    sha256: str | None  # in LFS


@dataclass
class Commit:
    oid: str
    parent: str | None
    title: str
    files: dict[str, Stored]


@dataclass
class Pull:
    number: int
    title: str
    status: str = "open"


@dataclass
class Repo:
    private: bool
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)  # refs/pr/N among them
    tags: dict[str, str] = field(default_factory=dict)
    pulls: list[Pull] = field(default_factory=list)

    def find(self, revision: str) -> Commit | None:
        oid = self.branches.get(revision) or self.tags.get(revision) or revision
        return self.commits.get(oid)

    def add(self, branch: str, files: dict[str, Stored], title: str) -> Commit:
        parent = self.branches.get(branch)
        content = repr((parent, sorted((path, stored.oid) for path, stored in files.items()), title))
        made = Commit(hashlib.sha1(content.encode()).hexdigest(), parent, title, files)
        self.commits[made.oid] = made
        self.branches[branch] = made.oid
        return made

    def history(self, branch: str = "main") -> list[Commit]:
        """Newest first."""
        found = []
        oid: str | None = self.branches[branch]
        while oid is not None:
            found.append(self.commits[oid])
            oid = found[-1].parent
        return found


@dataclass
class Fault:
    kind: str
    match: str
    times: int
    retry_after: str | None
    after: int  # so many of such requests


class Stop(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str, code: str = "", **body: Any) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.body = status, message, code, body


class Hub:
    """The state of the server, and the server."""

    def __init__(self, folder: Path) -> None:
        self.blobs = folder / "blobs"
        self.blobs.mkdir(parents=True)
        self.repos: dict[str, Repo] = {}
        self.faults: list[Fault] = []
        self.uploads: list[str] = []  # sha256 of what came in whole
        self.lock = threading.RLock()
        self.slow_s = 0.0  # for a block of an upload
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": self}))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def fault(
        self, kind: str | int, match: str, times: int = 1, retry_after: str | None = None, after: int = 0
    ) -> None:
        self.faults.append(Fault(str(kind), match, times, retry_after, after))

    def taken_fault(self, line: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.times and fault.match in line:
                    if fault.after:
                        fault.after -= 1
                        continue
                    fault.times -= 1
                    return fault
        return None

    def names(self, repo: str, revision: str = "main") -> list[str]:
        """The files of a repository."""
        commit = self.repos[repo].find(revision)
        assert commit is not None
        return sorted(commit.files)

    def content(self, repo: str, path: str, revision: str = "main") -> bytes:
        commit = self.repos[repo].find(revision)
        assert commit is not None
        stored = commit.files[path]
        return (self.blobs / (stored.sha256 or stored.oid)).read_bytes()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Hub]:
    hub = Hub(folder)
    thread = threading.Thread(target=hub.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.server.shutdown()
        hub.server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def handle_any(self) -> None:
        line = f"{self.command} {self.path}"
        fault = self.hub.taken_fault(line)
        kind = fault.kind if fault else ""
        if kind == "hang":
            time.sleep(HANG_S)
        if kind in ("drop", "hang"):
            self._drop()
            return
        body = self._body(cut=kind == "cut")
        if body is None:
            self._drop()
            return
        if fault is not None and kind.isdecimal():
            headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
            self._answer(int(kind), {"error": f"a fault, {kind}"}, headers)
            return
        try:
            with self.hub.lock:
                status, answer, headers = self._route(body)
        except Stop as stop:
            headers = {"X-Error-Code": stop.code} if stop.code else {}
            headers["X-Error-Message"] = stop.message
            self._answer(stop.status, {"error": stop.message, **stop.body}, headers)
            return
        if kind == "drop_after":
            self._drop()
            return
        self._answer(status, answer, headers)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any

    def _drop(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(2)

    def _body(self, cut: bool) -> bytes | None:
        """What was sent, for an upload from the disk; None when the sender went away or was cut off."""
        left = int(self.headers.get("Content-Length") or 0)
        if cut:
            left //= 2
        read = bytearray()
        while left:
            block = self.rfile.read(min(BLOCK_BYTES, left))
            if not block:
                return None
            read += block
            left -= len(block)
            if self.command == "PUT" and self.hub.slow_s:
                time.sleep(self.hub.slow_s)
        return None if cut else bytes(read)

    def _answer(self, status: int, answer: Any, headers: dict[str, str]) -> None:
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        kind = "application/octet-stream" if isinstance(answer, bytes) else "application/json"
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            with contextlib.suppress(OSError):
                self.wfile.write(data)

    # Routing, on the raw path: a revision comes quoted.

    def _route(self, body: bytes) -> tuple[int, Any, dict[str, str]]:
        address = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(address.query).items()}
        parts = [unquote(part) for part in address.path.strip("/").split("/")]
        match self.command, parts:
            case "POST", ["api", "repos", "create"]:
                return self._create(json.loads(body))
            case "POST", ["api", "validate-yaml"]:
                self._user()
                return 200, {"errors": [], "warnings": []}, {}
            case "GET", ["api", "whoami-v2"]:
                return 200, {"type": "user", "name": self._user(), "auth": {}}, {}
            case _, ["api", "datasets", owner, name, *rest]:
                return self._api(f"{owner}/{name}", rest, query, body)
            case "POST", ["datasets", owner, git, "info", "lfs", "objects", "batch"]:
                self._writable(f"{owner}/{git.removesuffix('.git')}")
                return self._batch(json.loads(body))
            case "PUT", ["lfs", oid]:
                return self._put(oid, body)
            case "POST", ["lfs", oid, "verify"]:
                if not (self.hub.blobs / oid).exists():
                    raise Stop(404, f"no object {oid}")
                return 200, {}, {}
            case "GET" | "HEAD", ["datasets", owner, name, "resolve", revision, *path]:
                return self._resolve(f"{owner}/{name}", revision, "/".join(path))
        raise Stop(404, f"no route for {self.command} {self.path}")

    def _user(self) -> str:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in USERS:
            raise Stop(401, "Invalid username or password.")
        return USERS[token]

    def _repo(self, name: str) -> Repo:
        repo = self.hub.repos.get(name)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if repo is None or (repo.private and USERS.get(token) != name.split("/")[0]):
            raise Stop(401 if not token else 404, "Repository not found", "RepoNotFound")
        return repo

    def _writable(self, name: str) -> Repo:
        repo = self._repo(name)
        if self._user() != name.split("/")[0]:
            raise Stop(403, "You don't have the rights to write to this repository")
        return repo

    def _commit(self, repo: Repo, revision: str) -> Commit:
        found = repo.find(revision)
        if found is None:
            raise Stop(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return found

    def _create(self, asked: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
        user = self._user()
        owner = asked.get("organization") or user
        name = f"{owner}/{asked['name']}"
        if owner != user:
            raise Stop(403, f"You don't have the rights to create a dataset under the namespace {owner}")
        url = f"{self.hub.url}/datasets/{name}"
        if name in self.hub.repos:
            raise Stop(409, "You already created this dataset repo", url=url, name=name)
        private = bool(asked.get("private")) or asked.get("visibility") == "private"
        repo = self.hub.repos[name] = Repo(private)
        repo.add("main", {".gitattributes": self._regular(b"*.parquet filter=lfs\n")}, "initial commit")
        return 200, {"url": url, "name": name, "id": name}, {}

    def _api(
        self, name: str, rest: list[str], query: dict[str, str], body: bytes
    ) -> tuple[int, Any, dict[str, str]]:
        match self.command, rest:
            case "GET", []:
                return 200, self._info(name, "main"), {}
            case "GET", ["revision", revision]:
                return 200, self._info(name, revision), {}
            case "GET", ["tree", revision, *path]:
                return 200, self._tree(name, revision, "/".join(path), "recursive" in query), {}
            case "POST", ["paths-info", revision]:
                paths = parse_qs(body.decode()).get("paths") or json.loads(body)["paths"]
                tree = self._tree(name, revision, "", recursive=True)
                return 200, [item for item in tree if item["path"] in paths], {}
            case "GET", ["refs"]:
                repo = self._repo(name)
                branches = [self._ref("heads", *pair) for pair in repo.branches.items()]
                tags = [self._ref("tags", *pair) for pair in repo.tags.items()]
                return 200, {"branches": branches, "converts": [], "tags": tags}, {}
            case "GET", ["discussions"]:
                return 200, self._discussions(name, query), {}
            case "POST", ["preupload", revision]:
                return 200, self._preupload(name, revision, json.loads(body)), {}
            case "POST", ["commit", revision]:
                return 200, self._make_commit(name, revision, body, "create_pr" in query), {}
            case "POST", ["branch", branch]:
                return self._branch(name, branch)
            case "POST", ["tag", revision]:
                return self._tag(name, revision, json.loads(body)["tag"])
            case "DELETE", ["tag", tag]:
                if self._writable(name).tags.pop(tag, None) is None:
                    raise Stop(404, f"no tag {tag}")
                return 200, {}, {}
        raise Stop(404, f"no route for {self.command} {self.path}")

    def _info(self, name: str, revision: str) -> dict[str, Any]:
        repo = self._repo(name)
        commit = self._commit(repo, revision)
        return {
            "id": name,
            "author": name.split("/")[0],
            "sha": commit.oid,
            "lastModified": WHEN,
            "private": repo.private,
            "gated": False,
            "disabled": False,
            "tags": [],
            "downloads": 0,
            "likes": 0,
            "siblings": [{"rfilename": path} for path in sorted(commit.files)],
        }

    def _tree(self, name: str, revision: str, under: str, recursive: bool) -> list[dict[str, Any]]:
        commit = self._commit(self._repo(name), revision)
        above = f"{under}/" if under else ""
        inside = {path: file for path, file in sorted(commit.files.items()) if path.startswith(above)}
        if under and not inside:
            raise Stop(404, f"{under} does not exist", "EntryNotFound")
        folders: dict[str, dict[str, Any]] = {}
        found = []
        for path, stored in inside.items():
            *middle, _ = path.removeprefix(above).split("/")
            for depth in range(len(middle) if recursive else min(1, len(middle))):
                folder = above + "/".join(middle[: depth + 1])
                folders[folder] = {"type": "directory", "path": folder, "oid": "0" * 40, "size": 0}
            if recursive or not middle:
                found.append(self._file(path, stored))
        return [*folders.values(), *found]

    def _file(self, path: str, stored: Stored) -> dict[str, Any]:
        item: dict[str, Any] = {"type": "file", "path": path, "oid": stored.oid, "size": stored.size}
        if stored.sha256 is not None:
            item["lfs"] = {"oid": stored.sha256, "size": stored.size, "pointerSize": POINTER_BYTES}
        return item

    def _ref(self, kind: str, name: str, oid: str) -> dict[str, str]:
        return {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": oid}

    def _discussions(self, name: str, query: dict[str, str]) -> dict[str, Any]:
        pulls = [pull for pull in self._repo(name).pulls if pull.status == query.get("status", pull.status)]
        items = [
            {
                "title": pull.title,
                "num": pull.number,
                "author": {"name": name.split("/")[0]},
                "createdAt": WHEN,
                "status": pull.status,
                "repo": {"name": name, "type": "dataset"},
                "isPullRequest": True,
            }
            for pull in pulls
        ]
        return {"discussions": items, "count": len(items), "start": 0}

    def _preupload(self, name: str, revision: str, asked: dict[str, Any]) -> dict[str, Any]:
        commit = self._commit(self._writable(name), revision)
        files = []
        for file in asked["files"]:
            there = commit.files.get(file["path"])
            item = {
                "path": file["path"],
                "uploadMode": "lfs" if file["path"].endswith(LFS_SUFFIXES) else "regular",
                "shouldIgnore": False,
            }
            if there is not None:
                item["oid"] = there.sha256 or there.oid
            files.append(item)
        return {"files": files}

    def _batch(self, asked: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
        objects = []
        for wanted in asked["objects"]:
            item = {"oid": wanted["oid"], "size": wanted["size"]}
            if not (self.hub.blobs / wanted["oid"]).exists():
                url = f"{self.hub.url}/lfs/{wanted['oid']}"
                item["actions"] = {"upload": {"href": url}, "verify": {"href": f"{url}/verify"}}
            objects.append(item)
        return 200, {"transfer": "basic", "objects": objects}, {}

    def _put(self, oid: str, body: bytes) -> tuple[int, Any, dict[str, str]]:
        if hashlib.sha256(body).hexdigest() != oid:
            raise Stop(400, "the content has another hash")
        (self.hub.blobs / oid).write_bytes(body)
        self.hub.uploads.append(oid)
        return 200, {}, {}

    def _make_commit(self, name: str, revision: str, body: bytes, create_pr: bool) -> dict[str, Any]:
        repo = self._writable(name)
        head = self._commit(repo, revision)
        header, *changes = [json.loads(line) for line in body.splitlines()]
        told = header["value"]
        if told.get("parentCommit") not in (None, head.oid):
            raise Stop(412, "A commit has happened since. Please refresh and try again.")
        files = dict(head.files)
        for change in changes:
            value = change["value"]
            match change["key"]:
                case "file":
                    files[value["path"]] = self._regular(base64.b64decode(value["content"]))
                case "lfsFile":
                    files[value["path"]] = self._lfs(value)
                case "deletedFile":
                    if files.pop(value["path"], None) is None:
                        raise Stop(404, f"A file with this name doesn't exist: {value['path']}")
        branch = revision
        if create_pr:
            repo.pulls.append(Pull(len(repo.pulls) + 1, told["summary"]))
            branch = f"refs/pr/{len(repo.pulls)}"
            repo.branches[branch] = head.oid
        made = repo.add(branch, files, told["summary"])
        url = f"{self.hub.url}/datasets/{name}"
        pull = f"{url}/discussions/{len(repo.pulls)}" if create_pr else None
        return {"commitUrl": f"{url}/commit/{made.oid}", "commitOid": made.oid, "pullRequestUrl": pull}

    def _regular(self, content: bytes) -> Stored:
        oid = hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
        (self.hub.blobs / oid).write_bytes(content)
        return Stored(oid, len(content), None)

    def _lfs(self, value: dict[str, Any]) -> Stored:
        if not (self.hub.blobs / value["oid"]).exists():
            raise Stop(400, f"LFS pointer pointed to a file that does not exist: {value['path']}")
        return Stored(hashlib.sha1(value["oid"].encode()).hexdigest(), value["size"], value["oid"])

    def _branch(self, name: str, branch: str) -> tuple[int, Any, dict[str, str]]:
        repo = self._writable(name)
        if branch in repo.branches:
            raise Stop(409, f"Reference already exists: {branch}")
        repo.branches[branch] = repo.branches["main"]
        return 200, {}, {}

    def _tag(self, name: str, revision: str, tag: str) -> tuple[int, Any, dict[str, str]]:
        repo = self._writable(name)
        commit = self._commit(repo, revision)
        if tag in repo.tags:
            raise Stop(409, f"Tag reference exists already: {tag}")
        repo.tags[tag] = commit.oid
        return 200, {}, {}

    def _resolve(self, name: str, revision: str, path: str) -> tuple[int, Any, dict[str, str]]:
        commit = self._commit(self._repo(name), revision)
        stored = commit.files.get(path)
        if stored is None:
            raise Stop(404, "Entry not found", "EntryNotFound")
        data = (self.hub.blobs / (stored.sha256 or stored.oid)).read_bytes()
        headers = {"X-Repo-Commit": commit.oid, "ETag": f'"{stored.sha256 or stored.oid}"'}
        start, end = self._range(len(data))
        if (start, end) == (0, len(data)):
            return 200, data, headers
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
        return 206, data[start:end], headers

    def _range(self, size: int) -> tuple[int, int]:
        asked = self.headers.get("Range", "")
        if not asked.startswith("bytes="):
            return 0, size
        start, _, end = asked.removeprefix("bytes=").partition("-")
        return int(start), min(size, int(end) + 1) if end else size
