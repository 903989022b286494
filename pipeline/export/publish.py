"""Publishes the dataset of a root: what differs from what the Hub has, in one commit, tagged with the run.

What differs is told by hashes, so that publishing again sends only what changed, makes no empty commit and
takes away shards that are no longer there. Interrupted at any moment, the same call ends the same: uploads
come before the commit that names them, and are known by their hash. Above MAX_FILES files or MAX_BYTES there
are several commits, shards first and the card last, each compared with the last: a reader of the branch may
then meet shards of two versions until all are there, one of the tag never does.

Cost: files are read twice, once to compare and once to send. A root elsewhere is copied to this machine
first.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Literal

from upath import UPath

from pipeline.errors import GateFailed, PublishError, RecipeError
from pipeline.export import dataset
from pipeline.export.hub import Committed, Hub, Repository, Stored, check_name
from pipeline.export.repo_card import DEFAULT, README, cards, folder_of
from pipeline.io.files import is_local, read_bytes
from pipeline.recipe import Recipe
from pipeline.report import JSON, PAGE
from pipeline.report.page import page
from pipeline.report.public import public
from pipeline.storage.root import Root

MAX_FILES = 1_000  # of one commit
MAX_BYTES = 50 * 10**9
BLOCK_BYTES = 2**20
CONFIG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
BRANCH = re.compile(r"\w[\w.-]*(/\w[\w.-]*)*")
EXTRAS = ("academe.yaml", "contamination.jsonl")  # that a dataset has or has not, beside shards and card
REPORTS = (PAGE, JSON)  # of the root, without what a dataset does not publish

Content = Path | bytes
State = Literal["new", "changed", "removed"]


@dataclass(frozen=True)
class Destination:
    """Where a dataset goes."""

    repository: str  # user/name
    config: str = DEFAULT  # its configuration there
    branch: str = "main"
    pull_request: bool = False
    public: bool = False  # a repository that is created; one that exists stays as it is

    def __post_init__(self) -> None:
        """Raises RecipeError."""
        check_name(self.repository)
        if CONFIG.fullmatch(self.config) is None or self.config == folder_of(DEFAULT):
            raise RecipeError(
                f"--config-name {self.config}: expected letters, digits, - and _, but not 'data'"
            )
        if BRANCH.fullmatch(self.branch) is None:
            raise RecipeError(f"--branch '{self.branch}': expected letters, digits and . _ - /, e.g. v2")
        if self.pull_request and self.branch != "main":
            raise RecipeError("--pr and --branch: a pull request goes to main; leave one of them out")


@dataclass(frozen=True)
class Change:
    """A file that the Hub has not, has otherwise, or has too much."""

    path: str  # in the repository
    state: State
    size: int  # bytes to send; 0 for one that is removed
    content: Content = b""


@dataclass(frozen=True)
class Outcome:
    """What became of it."""

    address: str  # to look at
    commits: int  # 0: it was there already
    changes: list[Change] = field(default_factory=list)


@dataclass(frozen=True)
class _Files:
    """The dataset's files as the repository will have them, without the cards; hashed once."""

    content: dict[str, Path]
    card: str
    _hashes: dict[tuple[str, bool], str] = field(default_factory=dict)

    def hash(self, path: str, sha256: bool) -> str:
        key = path, sha256
        if key not in self._hashes:
            self._hashes[key] = _hashed(self.content[path], sha256)
        return self._hashes[key]


def publish(root: Root, recipe: Recipe, run_id: str, to: Destination, hub: Hub, *, force: bool) -> Outcome:
    """Sends the dataset. Raises PublishError; RecipeError where no run has ended, GateFailed where its gates
    failed, unless forced.
    """
    rows = _checked(root, recipe, run_id, force)["rows"]
    repository = Repository(hub, to.repository, to.branch)
    with _placed(root, to.config) as files:
        if repository.create(public=to.public):
            hub.tell(f"created {repository.url}, {'public' if to.public else 'private'}")
        elif to.public:
            hub.tell(f"{repository.url} was there already: who can see it is as it was")
        if to.branch != "main":
            repository.create_branch()
        named = "" if to.config == DEFAULT else f" of {to.config}"
        return _sent(repository, files, to, f"academe: {rows:,} rows{named}, run {run_id}", run_id)


def preview(
    root: Root, recipe: Recipe, run_id: str, to: Destination, hub: Hub, *, force: bool
) -> list[Change]:
    """What publishing would send and remove; changes nothing. Raises as `publish` does."""
    _checked(root, recipe, run_id, force)
    repository = Repository(hub, to.repository, to.branch)

    def look() -> list[Change]:
        head = repository.head()
        if head is None and to.branch != "main":  # a branch begins as main
            head = Repository(hub, to.repository).head()
        return _changes(repository, files, to, head)

    with _placed(root, to.config) as files:
        return hub.persistent(look, f"looking at {repository.url}")


def _checked(root: Root, recipe: Recipe, run_id: str, force: bool) -> dict[str, Any]:
    """The summary of the dataset, which must be that of the run, whole, and good enough."""
    if recipe.dataset is None:
        raise RecipeError(f"the recipe '{recipe.name}' makes no dataset; there is nothing to publish")
    summary = dataset.finished(root, recipe, recipe.dataset, run_id)
    if summary is None:
        raise RecipeError(
            f"the dataset in {root} is not that of its last run, or not whole; the command that ran it, "
            "again, ends the run and writes it"
        )
    if summary["rows"] < recipe.gates.min_rows and not force:
        raise GateFailed(
            f"not published: the dataset has {summary['rows']} rows, gates.min_rows asks for "
            f"{recipe.gates.min_rows}; --force publishes it all the same"
        )
    return summary


@contextmanager
def _placed(root: Root, config: str) -> Iterator[_Files]:
    """The files under their names in the repository; on this machine as long as the context lasts."""
    above = "" if config == DEFAULT else f"{config}/"
    sources = {f"{folder_of(config)}/{path.name}": path for path in (root.dataset / "data").iterdir()}
    extras = [path for name in EXTRAS if (path := root.dataset / name).exists()]
    sources.update({above + path.name: path for path in extras})
    card = read_bytes(root.dataset / README).decode("utf-8")
    root.local.mkdir(parents=True, exist_ok=True)  # of a root that another machine has made
    with TemporaryDirectory(dir=root.local) as folder:
        files = {name: _here(path, Path(folder) / name) for name, path in sources.items()}
        reports = {above + path.name: path for path in _public_reports(root, Path(folder))}
        yield _Files({**files, **reports}, card)


def _public_reports(root: Root, folder: Path) -> list[Path]:
    """The report as all may see it, written into `folder`; none where the root has none."""
    path = root.path / JSON
    if not path.exists():
        return []
    try:
        report = public(json.loads(read_bytes(path)))
    except (ValueError, KeyError, TypeError) as error:
        raise PublishError(
            f"{path} is damaged, or of another version; write it again: academe report --root {root}"
        ) from error
    (folder / JSON).write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
    (folder / PAGE).write_text(page([report]), encoding="utf-8")
    return [folder / JSON, folder / PAGE]


def _here(path: UPath, copy: Path) -> Path:
    """The file on this machine: itself, or a copy of one that is elsewhere."""
    if is_local(path):
        return path
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(read_bytes(path))
    return copy


def _sent(repository: Repository, files: _Files, to: Destination, message: str, run_id: str) -> Outcome:
    hub, pull_request = repository.hub, to.pull_request
    sent: list[Change] = []
    commits: list[Committed] = []
    if pull_request:  # that an interrupted call, or an earlier one of the same run, has opened
        opened = hub.persistent(partial(repository.pull_request, message), f"looking at {repository.url}")
        if opened is not None:
            repository.revision, pull_request = opened, False

    def send() -> tuple[Committed | None, list[Change], bool]:
        head = repository.head()
        if head is None:
            raise PublishError(
                f"{repository.url} has no revision '{repository.revision}' that this token can see"
            )
        changes = _changes(repository, files, to, head)
        if not changes:
            return None, [], True
        batch = _first(changes)
        added = {change.path: change.content for change in batch if change.state != "removed"}
        removed = [change.path for change in batch if change.state == "removed"]
        made = repository.commit(added, removed, message, head, pull_request=pull_request)
        return made, batch, len(batch) == len(changes)

    done = False
    while not done:
        made, batch, done = hub.persistent(send, f"publishing to {repository.url}")
        sent += batch
        if made is not None:
            commits.append(made)
            repository.revision, pull_request = made.revision, False
            if not done:
                hub.tell(f"{len(sent):,} files are there, in {len(commits)} commits")
    if not to.pull_request:
        head = hub.persistent(repository.head, f"looking at {repository.url}")
        repository.tag(run_id, str(head))
    address = commits[-1].url if to.pull_request and commits else repository.url
    return Outcome(address, len(commits), sent)


def _changes(repository: Repository, files: _Files, to: Destination, head: str | None) -> list[Change]:
    """What makes the repository that of the files: shards first, what is removed, then the cards."""
    there = repository.files(head) if head is not None else {}
    readme = repository.text(README, head) if head is not None and README in there else None
    texts = cards(files.card, to.config, readme, to.repository)
    found = []
    for path, content in sorted(files.content.items()):
        stored = there.get(path)
        if stored is None or stored.size != content.stat().st_size or _differs(files, path, stored):
            found.append(Change(path, "changed" if stored else "new", content.stat().st_size, content))
    for path in sorted(there):
        if path not in files.content and _is_ours(path, to.config):
            found.append(Change(path, "removed", 0))
    for path, text in texts.items():
        data = text.encode("utf-8")
        if path not in there or _git_hash(data) != there[path].blob:
            found.append(Change(path, "changed" if path in there else "new", len(data), data))
    return found


def _differs(files: _Files, path: str, stored: Stored) -> bool:
    if stored.sha256 is not None:
        return files.hash(path, sha256=True) != stored.sha256
    return files.hash(path, sha256=False) != stored.blob


def _is_ours(path: str, config: str) -> bool:
    """Whether an earlier publishing of the same configuration has left the file there."""
    place = PurePosixPath(path)
    if str(place.parent) == folder_of(config):
        return place.suffix == ".parquet" or place.name in (*EXTRAS, *REPORTS)
    return config == DEFAULT and path in (*EXTRAS, *REPORTS)


def _first(changes: list[Change]) -> list[Change]:
    """As many as fit into one commit, at least one."""
    size = 0
    for number, change in enumerate(changes):
        size += change.size
        if number == MAX_FILES or (number and size > MAX_BYTES):
            return changes[:number]
    return changes


def _hashed(path: Path, sha256: bool) -> str:
    """Of a file's content, as LFS names it or as git does."""
    found = hashlib.sha256() if sha256 else hashlib.sha1(_git_header(path.stat().st_size))
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            found.update(block)
    return found.hexdigest()


def _git_hash(data: bytes) -> str:
    return hashlib.sha1(_git_header(len(data)) + data).hexdigest()


def _git_header(size: int) -> bytes:
    return f"blob {size}\0".encode()
