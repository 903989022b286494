"""Publishing, by the unmodified clients of the Hub, to a server of its protocol (tests/hub_server.py)."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fsspec
import pytest
import yaml
from huggingface_hub import HfApi

from pipeline.errors import GateFailed, PublishError, RecipeError
from pipeline.export import dataset
from pipeline.export import publish as publishing
from pipeline.export.hub import open_hub
from pipeline.export.publish import Destination, Outcome, preview, publish
from pipeline.inspection.status import read_run
from pipeline.recipes import recipe_of
from pipeline.storage.root import Root
from tests import hub_server
from tests.conftest import (
    ROOT,
    academe,
    academe_command,
    academe_on,
    documents_arguments,
    run_arguments,
    start_scripted,
    wait_until,
    write_documents,
)

pytestmark = pytest.mark.ray

NAME = "writer/made"
SHARDS = "dataset.max_shard_rows=10"


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory, cluster: str) -> dict[str, Path]:
    """Finished roots: `few` rows, `more` rows of the same run's settings, `texts` of another recipe."""
    folder = tmp_path_factory.mktemp("roots")
    scripted = start_scripted(folder)
    found = {name: folder / name for name in ("few", "more", "texts")}
    docs = write_documents(folder / "docs")
    commands = {
        "few": run_arguments(scripted, found["few"], SHARDS),
        "more": run_arguments(scripted, found["more"], SHARDS, "questions.per_syllabus=9"),
        "texts": documents_arguments(scripted, "wrap", found["texts"], docs),
    }
    try:
        for arguments in commands.values():
            done = academe_on(cluster, *arguments)
            assert done.returncode == 0, done.stdout + done.stderr
    finally:
        scripted.stop()
    return found


@pytest.fixture
def server(tmp_path: Path) -> Iterator[hub_server.Hub]:
    with hub_server.running(tmp_path / "hub") as hub:
        yield hub


@dataclass
class Told:
    """What a publishing said, and how long it would have waited."""

    lines: list[str] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)


def send(
    server: hub_server.Hub,
    root: Path | str,
    name: str = NAME,
    told: Told | None = None,
    token: str = "hf_writer",
    force: bool = False,
    silence_s: float = 20,
    **where: Any,
) -> Outcome:
    told = told or Told()
    hub = open_hub(told.lines.append, HfApi(server.url, token), told.pauses.append, silence_s)
    run = read_run(Root(root))
    return publish(Root(root), recipe_of(run), run["run"], Destination(name, **where), hub, force=force)


def run_id(root: Path) -> str:
    found: str = read_run(Root(root))["run"]
    return found


def header(server: hub_server.Hub, revision: str = "main") -> dict[str, Any]:
    text = server.content(NAME, "README.md", revision).decode()
    found: dict[str, Any] = yaml.safe_load(text.split("---\n")[1])
    return found


def environment(server: hub_server.Hub, home: Path, token: str | None = "hf_writer") -> dict[str, str]:
    env = {"HF_ENDPOINT": server.url, "HF_HOME": str(home / "hf")}
    return env | ({"HF_TOKEN": token} if token is not None else {})


def loaded(server: hub_server.Hub, home: Path, *arguments: str, **options: Any) -> dict[str, Any]:
    """What `datasets` makes of a repository, in a process of its own."""
    code = (
        "import json, sys; from datasets import load_dataset\n"
        "arguments, options = json.loads(sys.argv[1])\n"
        "rows = load_dataset(*arguments, **options)\n"
        "rows = list(rows)\n"
        "print(json.dumps({'rows': len(rows), 'first': rows[0]}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps([arguments, options])],
        env={**os.environ, **environment(server, home)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


# The command line


def test_publish_and_load_again(server: hub_server.Hub, roots: dict[str, Path], tmp_path: Path) -> None:
    env = environment(server, tmp_path)
    done = academe("publish", NAME, "--root", str(roots["few"]), "--dry-run", env=env)
    assert done.returncode == 0, done.stderr
    assert "data/train-00000-of-" in done.stdout
    assert "would be sent" in done.stdout
    assert NAME not in server.repos

    done = academe("publish", NAME, "--root", str(roots["few"]), env=env)
    assert done.returncode == 0, done.stderr
    assert f"{server.url}/datasets/{NAME}, tagged {run_id(roots['few'])}" in done.stdout
    assert "hf_writer" not in done.stdout + done.stderr
    assert server.repos[NAME].private
    assert len(server.repos[NAME].history()) == 2, "the first commit is the Hub's own"
    shards = sorted(path.name for path in (roots["few"] / "dataset" / "data").iterdir())
    assert len(shards) > 1
    told = json.loads(server.content(NAME, "report.json"))
    here = json.loads((roots["few"] / "report.json").read_text())
    assert told["steps"] == here["steps"], "numbers are published"
    assert [row for row in told["rows"]] == [row for row in here["rows"] if "reason" not in row]
    published = {row["answer"] for row in told["rows"]}
    replies = {entry["reply"] for entries in here["asked"].values() for entry in entries} - published
    assert replies
    for name in ("report.json", "report.html"):
        page = server.content(NAME, name).decode()
        assert not [text for text in replies if json.dumps(text, ensure_ascii=False)[1:-1] in page]
        assert str(roots["few"]) not in page
    assert server.names(NAME) == [
        ".gitattributes",
        "README.md",
        "academe.yaml",
        *(f"data/{shard}" for shard in shards),
        "report.html",
        "report.json",
    ]
    for shard in shards:
        assert server.content(NAME, f"data/{shard}") == (roots["few"] / "dataset/data" / shard).read_bytes()
    assert f'load_dataset("{NAME}"' in server.content(NAME, "README.md").decode()

    summary = json.loads((roots["few"] / "dataset.json").read_text())
    plain = loaded(server, tmp_path, NAME, split="train")
    assert plain["rows"] == summary["rows"]
    assert [turn["role"] for turn in plain["first"]["messages"]] == ["user", "assistant"]
    assert loaded(server, tmp_path, NAME, split="train", streaming=True) == plain
    by_tag = loaded(server, tmp_path, NAME, split="train", revision=run_id(roots["few"]))
    assert by_tag == plain

    done = academe("publish", NAME, "--root", str(roots["few"]), env=env)
    assert done.returncode == 0, done.stderr
    assert "has all of it already" in done.stdout
    assert len(server.repos[NAME].history()) == 2


@pytest.mark.parametrize(
    ("token", "says"),
    [(None, "no token for the Hub; set HF_TOKEN"), ("hf_unknown", "does not know this token; set HF_TOKEN")],
)
def test_a_token_is_asked_for_and_never_shown(
    server: hub_server.Hub, roots: dict[str, Path], tmp_path: Path, token: str | None, says: str
) -> None:
    env = environment(server, tmp_path, token)
    done = academe("publish", NAME, "--root", str(roots["few"]), env=env)
    assert done.returncode == 5
    assert says in done.stderr
    assert "hf_unknown" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_killed_upload_goes_on(server: hub_server.Hub, roots: dict[str, Path], tmp_path: Path) -> None:
    root = shutil.copytree(roots["more"], tmp_path / "root")
    shards = len(list((root / "dataset" / "data").iterdir()))
    server.slow_s = 0.2
    process = subprocess.Popen(
        academe_command("publish", NAME, "--root", str(root)),
        env={**os.environ, **environment(server, tmp_path)},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: bool(server.uploads))
    process.send_signal(signal.SIGKILL)
    process.wait()
    there = len(server.uploads)
    assert len(server.repos[NAME].history()) == 1, "nothing is half published"
    server.slow_s = 0
    outcome = send(server, root)
    assert outcome.commits == 1
    assert len(set(server.uploads)) == shards
    assert len(server.uploads) == shards, f"{there} shards were there, and were not sent again"


def test_what_is_wrong_with_the_request(
    server: hub_server.Hub, roots: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(RecipeError, match="expected user/name"):
        send(server, roots["few"], "made")
    with pytest.raises(RecipeError, match="--config-name data"):
        send(server, roots["few"], config="data")
    with pytest.raises(RecipeError, match="--pr and --branch"):
        send(server, roots["few"], branch="other", pull_request=True)
    with pytest.raises(PublishError, match="does not let this token write there; set HF_TOKEN"):
        send(server, roots["few"], "somebody/made")
    root = shutil.copytree(roots["few"], tmp_path / "root")
    next((root / "dataset" / "data").iterdir()).unlink()
    with pytest.raises(RecipeError, match="not whole"):
        send(server, root)
    assert not server.repos


def test_a_dataset_that_failed_its_gates(
    server: hub_server.Hub, roots: dict[str, Path], tmp_path: Path
) -> None:
    root = shutil.copytree(roots["few"], tmp_path / "root")
    run = json.loads((root / "run.json").read_text())
    run["settings"]["gates"]["min_rows"] = 10**6
    (root / "run.json").write_text(json.dumps(run))
    recipe = recipe_of(run)
    assert recipe.dataset is not None
    dataset.write(Root(root), recipe, recipe.dataset, run["run"])
    with pytest.raises(GateFailed, match="min_rows asks for 1000000; --force"):
        send(server, root)
    hub = open_hub(print, HfApi(server.url, "hf_writer"), print, 20)
    with pytest.raises(GateFailed, match="--force"):
        preview(Root(root), recipe, run["run"], Destination(NAME), hub, force=False)
    assert not server.repos
    assert send(server, root, force=True).commits == 1


def test_the_settings_that_are_published_make_the_run_again(roots: dict[str, Path]) -> None:
    settings = str(roots["few"] / "dataset" / "academe.yaml")
    done = academe("plan", "--config", settings, "--root", str(roots["few"]))
    assert done.returncode == 0, done.stderr
    assert "to go: no requests" in done.stdout, "every step is there already"


# What is sent


def test_public_is_for_a_repository_that_is_created(server: hub_server.Hub, roots: dict[str, Path]) -> None:
    send(server, roots["few"], public=True)
    assert not server.repos[NAME].private
    send(server, roots["few"], "writer/hidden")
    told = Told()
    send(server, roots["few"], "writer/hidden", told=told, public=True)
    assert server.repos["writer/hidden"].private
    assert told.lines == [
        f"{server.url}/datasets/writer/hidden was there already: who can see it is as it was"
    ]


def test_again_with_more_rows_leaves_no_stale_shard(server: hub_server.Hub, roots: dict[str, Path]) -> None:
    send(server, roots["more"])
    server.uploads.clear()
    outcome = send(server, roots["few"])
    assert outcome.commits == 1
    shards = sorted(f"data/{path.name}" for path in (roots["few"] / "dataset" / "data").iterdir())
    assert [name for name in server.names(NAME) if name.startswith("data/")] == shards
    assert {change.state for change in outcome.changes} == {"new", "changed", "removed"}
    assert set(server.repos[NAME].tags) == {run_id(roots["few"]), run_id(roots["more"])}
    server.uploads.clear()
    send(server, roots["more"])  # whose shards are still known by their hash
    assert server.uploads == []
    head = server.repos[NAME].branches["main"]
    assert server.repos[NAME].tags[run_id(roots["more"])] == head


def test_what_others_have_put_there_stays(server: hub_server.Hub, roots: dict[str, Path]) -> None:
    send(server, roots["more"])
    api = HfApi(server.url, "hf_writer")
    text = server.content(NAME, "README.md").decode().replace("---\n", "---\npretty_name: Made\n", 1)
    for path, content in (("README.md", text.encode()), ("notes.md", b"mine"), ("data/notes.txt", b"mine")):
        api.upload_file(path_or_fileobj=content, path_in_repo=path, repo_id=NAME, repo_type="dataset")
    send(server, roots["few"])
    assert {"notes.md", "data/notes.txt"} <= set(server.names(NAME))
    assert header(server)["pretty_name"] == "Made"
    commits = len(server.repos[NAME].history())
    assert send(server, roots["few"]).commits == 0
    assert len(server.repos[NAME].history()) == commits


def test_several_recipes_in_one_repository(
    server: hub_server.Hub, roots: dict[str, Path], tmp_path: Path
) -> None:
    send(server, roots["few"])
    send(server, roots["texts"], config="texts")
    send(server, roots["more"], config="more")
    assert [entry["config_name"] for entry in header(server)["configs"]] == ["default", "more", "texts"]
    names = server.names(NAME)
    assert {"data/README.md", "texts/README.md", "more/README.md", "texts/academe.yaml"} <= set(names)
    rows = {
        name: json.loads((roots[name] / "dataset.json").read_text())["rows"]
        for name in ("few", "more", "texts")
    }
    assert loaded(server, tmp_path, NAME, "texts", split="train")["rows"] == rows["texts"]
    assert loaded(server, tmp_path, NAME, "more", split="train", streaming=True)["rows"] == rows["more"]
    assert loaded(server, tmp_path, NAME, split="train")["rows"] == rows["few"]
    card = server.content(NAME, "texts/README.md").decode()
    assert f'load_dataset("{NAME}", "texts"' in card
    assert not card.startswith("---")
    send(server, roots["more"])  # the default, again: the others stay
    assert loaded(server, tmp_path, NAME, "texts", split="train")["rows"] == rows["texts"]
    assert loaded(server, tmp_path, NAME, split="train")["rows"] == rows["more"]
    for name, config in (("more", "default"), ("texts", "texts"), ("more", "more")):
        assert send(server, roots[name], config=config).commits == 0


def test_a_branch_and_a_pull_request(server: hub_server.Hub, roots: dict[str, Path]) -> None:
    send(server, roots["few"], branch="next")
    assert server.names(NAME) == [".gitattributes"]
    assert "README.md" in server.names(NAME, "next")
    outcome = send(server, roots["more"], pull_request=True)
    assert outcome.address == f"{server.url}/datasets/{NAME}/discussions/1"
    assert server.names(NAME) == [".gitattributes"]
    assert "README.md" in server.names(NAME, "refs/pr/1")
    again = send(server, roots["more"], pull_request=True)
    assert again.commits == 0
    assert len(server.repos[NAME].pulls) == 1


def test_a_dry_run_needs_no_token(server: hub_server.Hub, roots: dict[str, Path], tmp_path: Path) -> None:
    command = ("publish", NAME, "--root", str(roots["few"]), "--dry-run")
    for repository in ("none", "private", "public"):
        done = academe(*command, env=environment(server, tmp_path, token=None))
        assert done.returncode == 0, done.stderr
        assert "academe: no token for the Hub" in done.stderr
        assert ("data/train-" in done.stdout) == (repository != "public")
        send(server, roots["few"])
        server.repos[NAME].private = repository != "private"  # the next time


def test_a_dry_run_changes_nothing(server: hub_server.Hub, roots: dict[str, Path]) -> None:
    hub = open_hub([].append, HfApi(server.url, "hf_writer"))
    run = read_run(Root(roots["few"]))
    looked = [Root(roots["few"]), recipe_of(run), run["run"]]
    changes = preview(*looked, Destination(NAME), hub, force=False)
    assert {change.state for change in changes} == {"new"}
    assert not server.repos
    send(server, roots["more"])
    commits = dict(server.repos[NAME].branches)
    states = {change.state for change in preview(*looked, Destination(NAME, branch="next"), hub, force=False)}
    assert states == {"new", "changed", "removed"}
    assert server.repos[NAME].branches == commits


def test_many_files_go_in_several_commits(
    server: hub_server.Hub, roots: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "MAX_FILES", 2)  # a limit of the Hub, which a test cannot fill
    server.fault(500, "/commit/", times=1)
    outcome = send(server, roots["more"])
    assert outcome.commits == -(-len(outcome.changes) // 2) > 1
    assert server.repos[NAME].history()[0].files.keys() - server.repos[NAME].history()[1].files.keys() >= {
        "README.md"
    }, "the card is last"
    assert server.repos[NAME].tags[run_id(roots["more"])] == server.repos[NAME].branches["main"]
    assert send(server, roots["more"]).commits == 0


def test_an_interrupted_row_of_commits_goes_on(
    server: hub_server.Hub, roots: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "MAX_FILES", 2)
    server.fault(403, "/commit/", after=1)
    with pytest.raises(PublishError):
        send(server, roots["more"])
    assert len(server.repos[NAME].history()) == 2, "one of the commits is there"
    sent = len(server.uploads)
    outcome = send(server, roots["more"])
    assert outcome.commits >= 1
    assert len(server.uploads) == len(set(server.uploads)) >= sent


def test_a_root_elsewhere_is_published_and_leaves_nothing_here(
    server: hub_server.Hub, roots: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    fsspec.filesystem("memory").put(str(roots["few"]), "/elsewhere", recursive=True)
    send(server, "memory://elsewhere")
    for path in (roots["few"] / "dataset" / "data").iterdir():
        assert server.content(NAME, f"data/{path.name}") == path.read_bytes()
    assert not [path for path in (tmp_path / "cache").rglob("*.parquet")]


def test_what_is_published_is_an_earlier_dataset_of_the_next_run(
    server: hub_server.Hub, roots: dict[str, Path], tmp_path: Path
) -> None:
    send(server, roots["few"])
    code = (
        "import pyarrow.parquet as pq\n"
        "from pipeline.dedup.earlier import sketches_of\n"
        "from pipeline.records import Instruction\n"
        "from stages.drop_exact_duplicates import DropExactDuplicates\n"
        f"(path,) = sketches_of([DropExactDuplicates()], '{NAME}@main', Instruction)\n"
        "print(pq.read_metadata(path).num_rows)"
    )
    env = {**os.environ, **environment(server, tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == json.loads((roots["few"] / "dataset.json").read_text())["rows"]


# Faults


@pytest.mark.parametrize(
    ("kind", "match"),
    [
        ("503", "/commit/"),
        ("409", "/commit/"),
        ("412", "/commit/"),
        ("429", "/commit/"),
        ("502", "/tree/"),
        ("500", "/tag/"),
        ("503", "PUT /lfs/"),
        ("503", "create"),
        ("drop", "/commit/"),
        ("drop", "whoami"),
        ("drop_after", "/commit/"),
        ("drop_after", "repos/create"),
        ("drop_after", "/tag/"),
        ("cut", "PUT /lfs/"),
    ],
)
def test_a_fault_that_passes(server: hub_server.Hub, roots: dict[str, Path], kind: str, match: str) -> None:
    told = Told()
    server.fault(kind, match)
    send(server, roots["few"], told=told)
    assert len(server.repos[NAME].history()) == 2, "one commit, whatever happened on the way"
    assert server.repos[NAME].tags == {run_id(roots["few"]): server.repos[NAME].branches["main"]}
    assert "README.md" in server.names(NAME)
    if "PUT" not in match and "tree" not in match:  # which the library tries again by itself
        assert len(told.pauses) == 1
        assert "again in 1 s" in told.lines[0] + told.lines[-1]


def test_it_waits_as_long_as_the_server_asks(server: hub_server.Hub, roots: dict[str, Path]) -> None:
    told = Told()
    server.fault(429, "/commit/", retry_after="17")
    server.fault(429, "/commit/", retry_after="290")
    send(server, roots["few"], told=told)
    assert told.pauses == [17, 290]


def test_a_server_that_has_gone_silent(server: hub_server.Hub, roots: dict[str, Path]) -> None:
    told = Told()
    server.fault("hang", "/commit/")
    send(server, roots["few"], told=told, silence_s=1)
    assert len(told.pauses) == 1
    assert "README.md" in server.names(NAME)


def test_a_server_that_is_slow(server: hub_server.Hub, roots: dict[str, Path]) -> None:
    server.slow_s = 0.3
    assert send(server, roots["few"], silence_s=5).commits == 1


def test_a_fault_that_does_not_pass(server: hub_server.Hub, roots: dict[str, Path]) -> None:
    told = Told()
    server.fault(503, "/commit/", times=100)
    with pytest.raises(PublishError, match=r"gave up after 7 tries: the Hub says 503.* the same command"):
        send(server, roots["few"], told=told)
    assert told.pauses == [1, 2, 4, 8, 16, 32]
    server.faults.clear()
    uploads = len(server.uploads)
    assert send(server, roots["few"]).commits == 1
    assert len(server.uploads) == uploads, "what the Hub has is not sent again"


def test_somebody_else_commits_meanwhile(
    server: hub_server.Hub, roots: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The head moves between the look at it and the commit, which is refused and made on the new head."""
    send(server, roots["more"])
    plain, told = server.taken_fault, Told()

    def and_another_commit(line: str) -> Any:
        if "/commit/" in line:
            monkeypatch.setattr(server, "taken_fault", plain)
            repo = server.repos[NAME]
            files = dict(repo.commits[repo.branches["main"]].files)
            repo.add("main", {**files, "notes.md": files["README.md"]}, "theirs")
        return plain(line)

    monkeypatch.setattr(server, "taken_fault", and_another_commit)
    assert send(server, roots["few"], told=told).commits == 1
    assert "the Hub says 412" in told.lines[0]
    assert "notes.md" in server.names(NAME)
