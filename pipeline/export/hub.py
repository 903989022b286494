"""A repository of datasets on the Hub: what it holds, and commits to it.

The library `huggingface_hub` retries uploads, but not commits, and waits for ever for a server that has
gone silent. `persistent` does again whatever is worth that, and turns the rest into errors that say what to
do. Files are sent over plain LFS, which leaves out what the server has; `HF_HUB_DISABLE_XET=0` in the
environment asks for Xet instead.
"""

import itertools
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeVar

os.environ.setdefault("HF_HUB_DISABLE_XET", "1")  # read when the library is imported

from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    HfApi,
    constants,
    get_token,
    set_client_factory,
)
from huggingface_hub.errors import (
    EntryNotFoundError,
    HFValidationError,
    HTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import disable_progress_bars, validate_repo_id
from huggingface_hub.utils._http import default_client_factory

from pipeline.errors import PublishError, RecipeError

SILENCE_S = 60.0  # after which a server that says nothing has not answered
CONNECT_S = 10.0  # after which one cannot be reached
TRIES = 7
TRIES_TO_LOOK = 2  # who only looks has nothing to lose, and waits in front of a terminal
FIRST_PAUSE_S, MAX_PAUSE_S = 1.0, 60.0
MAX_ASKED_PAUSE_S = 600.0  # a server may ask for more than ours: rates are counted over minutes
TRANSIENT = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT,  # somebody else commits
    HTTPStatus.PRECONDITION_FAILED,  # somebody else has committed: the head is read again
    HTTPStatus.TOO_MANY_REQUESTS,
}
KIND = "dataset"
SET_TOKEN = "set HF_TOKEN to one with write access (https://huggingface.co/settings/tokens)"

Result = TypeVar("Result")


class Stored(NamedTuple):
    """A file of the repository."""

    size: int
    blob: str  # its git hash
    sha256: str | None  # of its content, where that is kept in LFS


class Committed(NamedTuple):
    """A commit, and where people look at it."""

    oid: str
    url: str
    revision: str  # that has it: the branch, or the pull request


@dataclass(frozen=True)
class Hub:
    """The Hub that HF_ENDPOINT names, else huggingface.co, as the owner of a token."""

    api: HfApi
    tell: Callable[[str], None]  # a line for the user
    pause: Callable[[float], None]  # for so many seconds
    tries: int = TRIES

    @property
    def address(self) -> str:
        return str(self.api.endpoint)

    def persistent(self, work: Callable[[], Result], what: str) -> Result:
        """What `work` returns, done again while the fault is one that passes. Raises PublishError."""
        for tried in itertools.count(1):
            try:
                return work()
            except (HTTPError, OSError, RuntimeError, ValueError) as error:
                cause = _cause(error)
                if not _passes(cause):
                    raise PublishError(f"{what}: {_explained(cause)}") from error
                if tried == self.tries:
                    raise PublishError(
                        f"{what}: gave up after {tried} tries: {_explained(cause)}; the same command goes on "
                        "from here, what the Hub has is not sent again"
                    ) from error
                seconds = max(_asked_pause(cause), min(MAX_PAUSE_S, FIRST_PAUSE_S * 2 ** (tried - 1)))
                self.tell(f"{what}: {_explained(cause)}; again in {seconds:.0f} s")
                self.pause(seconds)
        raise AssertionError("unreachable")


def open_hub(
    tell: Callable[[str], None],
    api: HfApi | None = None,
    pause: Callable[[float], None] = time.sleep,
    silence_s: float = SILENCE_S,
    *,
    to_look: bool = False,
) -> Hub:
    """The Hub, with the token of this machine unless `api` has one. Raises PublishError when there is none,
    unless it is `to_look` at what everyone sees, and when the Hub does not know it.
    """
    disable_progress_bars()
    set_client_factory(partial(_client, silence_s))
    hub = Hub(api or HfApi(), tell, pause, TRIES_TO_LOOK if to_look else TRIES)
    if api is not None or get_token() is not None:
        hub.persistent(hub.api.whoami, f"logging in to {hub.address}")
    elif to_look:
        tell("no token for the Hub: what a private repository has already is not seen")
    else:
        raise PublishError(f"no token for the Hub; {SET_TOKEN}, or log in with `hf auth login`")
    return hub


def _client(silence_s: float) -> Any:
    client = default_client_factory()
    client.timeout = silence_s
    client.timeout.connect = min(silence_s, CONNECT_S)
    return client


def check_name(repository: str) -> None:
    """Raises RecipeError for a name that no repository can have."""
    try:
        validate_repo_id(repository)
    except HFValidationError as error:
        raise RecipeError(f"'{repository}': expected user/name; {error}") from error
    if repository.count("/") != 1:
        raise RecipeError(f"'{repository}': expected user/name, the owner and the name of the dataset")


@dataclass
class Repository:
    """One repository at one revision."""

    hub: Hub
    name: str  # user/name
    revision: str = constants.DEFAULT_REVISION

    @property
    def url(self) -> str:
        return f"{self.hub.address}/datasets/{self.name}"

    def create(self, *, public: bool) -> bool:
        """Creates the repository unless it exists; returns whether it did. Raises PublishError."""

        def work() -> bool:
            if self.head() is not None:
                return False
            self.hub.api.create_repo(self.name, repo_type=KIND, private=not public, exist_ok=True)
            return True

        return self.hub.persistent(work, f"creating {self.url}")

    def create_branch(self) -> None:
        """Creates the revision as a branch of main unless it exists. Raises PublishError."""
        self.hub.persistent(
            lambda: self.hub.api.create_branch(
                self.name, repo_type=KIND, branch=self.revision, exist_ok=True
            ),
            f"creating the branch {self.revision} of {self.url}",
        )

    def head(self) -> str | None:
        """The commit that the revision is at; None where the repository or the revision does not exist.
        Raises what the library does.
        """
        try:
            found = self.hub.api.repo_info(self.name, repo_type=KIND, revision=self.revision)
        except (RepositoryNotFoundError, RevisionNotFoundError):
            return None
        return found.sha

    def files(self, commit: str) -> dict[str, Stored]:
        """All files at a commit, by path. Raises what the library does. Cost: a request a thousand."""
        items = self.hub.api.list_repo_tree(self.name, repo_type=KIND, revision=commit, recursive=True)
        return {
            item.path: Stored(item.size, item.blob_id, item.lfs.sha256 if item.lfs else None)
            for item in items
            if isinstance(item, RepoFile)
        }

    def text(self, path: str, commit: str) -> str | None:
        """A file's text at a commit; None where there is no such file. Raises what the library does."""
        with TemporaryDirectory() as folder:  # not into the user's cache
            try:
                file = self.hub.api.hf_hub_download(
                    self.name, path, repo_type=KIND, revision=commit, local_dir=folder
                )
            except EntryNotFoundError:
                return None
            return Path(file).read_text(encoding="utf-8")

    def commit(
        self,
        added: Mapping[str, Path | bytes],
        removed: Sequence[str],
        message: str,
        parent: str,
        *,
        pull_request: bool,
    ) -> Committed:
        """One commit on top of `parent`, all of it or nothing. Raises what the library does."""
        operations: list[CommitOperationAdd | CommitOperationDelete] = [
            *(CommitOperationDelete(path) for path in removed),
            *(CommitOperationAdd(path, content) for path, content in added.items()),
        ]
        made = self.hub.api.create_commit(
            self.name,
            operations,
            commit_message=message,
            repo_type=KIND,
            revision=self.revision,
            parent_commit=parent,
            create_pr=pull_request,
        )
        return Committed(made.oid, made.pr_url or made.commit_url, made.pr_revision or self.revision)

    def pull_request(self, title: str) -> str | None:
        """The revision of the open pull request with that title. Raises what the library does."""
        for found in self._pull_requests():
            if found.title == title:
                return str(found.git_reference)
        return None

    def _pull_requests(self) -> Iterator[Any]:
        return self.hub.api.get_repo_discussions(
            self.name, repo_type=KIND, discussion_type="pull_request", discussion_status="open"
        )

    def tag(self, name: str, commit: str) -> None:
        """Sets the tag to the commit, wherever it was. Raises PublishError."""

        def work() -> None:
            tags = self.hub.api.list_repo_refs(self.name, repo_type=KIND).tags
            there = next((tag.target_commit for tag in tags if tag.name == name), None)
            if there == commit:
                return
            if there is not None:
                self.hub.api.delete_tag(self.name, repo_type=KIND, tag=name)
            self.hub.api.create_tag(self.name, repo_type=KIND, tag=name, revision=commit, exist_ok=True)

        self.hub.persistent(work, f"tagging {self.url} with {name}")


def _cause(error: BaseException) -> BaseException:
    """What went wrong in an upload, which the library wraps."""
    while isinstance(error, RuntimeError) and error.__cause__ is not None:
        error = error.__cause__
    return error


def _status(error: BaseException) -> int | None:
    response = getattr(error, "response", None)
    return None if response is None else int(response.status_code)


def _passes(error: BaseException) -> bool:
    """Whether it may go well the next time."""
    status = _status(error)
    if status is not None:
        return status in TRANSIENT or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, HTTPError | ConnectionError | TimeoutError)


def _asked_pause(error: BaseException) -> float:
    """The seconds that the server asks to wait."""
    response = getattr(error, "response", None)
    asked = "" if response is None else response.headers.get("retry-after", "")
    return min(MAX_ASKED_PAUSE_S, float(asked)) if asked.isdecimal() else 0.0


def _explained(error: BaseException) -> str:
    status = _status(error)
    if status == HTTPStatus.UNAUTHORIZED:
        return f"the Hub does not know this token; {SET_TOKEN}"
    if status == HTTPStatus.FORBIDDEN:
        return f"the Hub does not let this token write there; {SET_TOKEN}"
    if status is not None:
        said = str(getattr(error, "server_message", None) or "").strip().splitlines()
        return f"the Hub says {status}" + (f", {said[0]}" if said else "")
    return f"{type(error).__name__}: {error}".strip().splitlines()[0]
