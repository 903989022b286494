"""A root in an object store: an S3 server of its own, with the clients that users have."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import s3fs

from pipeline.io.cache import cache_folder
from tests.conftest import (
    ROOT,
    Scripted,
    academe,
    academe_command,
    academe_on,
    kill_group,
    run_arguments,
    start_scripted,
)

pytestmark = pytest.mark.ray
BUCKET = "bucket"
# Each step costs a server that is slow at it many requests.
SHORT = ("without=[readable, unrepeated, distinct, good, monolingual]",)


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment in which s3:// means a server on this machine."""
    log = tmp_path_factory.mktemp("s3") / "log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"], stdout=output, stderr=output
        )
    try:
        while "Running on" not in log.read_text():
            assert server.poll() is None, log.read_text()
            time.sleep(0.05)
        url = log.read_text().split("Running on ", 1)[1].split()[0]
        keys = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_DEFAULT_REGION": "us-east-1"}
        s3fs.S3FileSystem(key="k", secret="s", endpoint_url=url).mkdir(BUCKET)
        # Machines have caches of their own here; but each would compile for half a minute.
        yield {**keys, "AWS_ENDPOINT_URL": url, "NUMBA_CACHE_DIR": str(cache_folder() / "numba")}
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Scripted]:
    """Like `scripted`, and with a log of its own."""
    folder = tmp_path / "slow"
    folder.mkdir()
    server = start_scripted(folder, delay_s=0.3)
    yield server
    server.stop()


class Store:
    """What is in the bucket."""

    def __init__(self, s3: dict[str, str]) -> None:
        self.fs = s3fs.S3FileSystem(
            key="k", secret="s", endpoint_url=s3["AWS_ENDPOINT_URL"], use_listings_cache=False
        )

    def reply_keys(self, root: str) -> set[bytes]:
        paths = self.fs.glob(f"{root}/replies/*.parquet")
        return {key for path in paths for key in pq.read_table(self.fs.open(path))["key"].to_pylist()}

    def shards(self, root: str) -> dict[str, bytes]:
        paths = self.fs.glob(f"{root}/dataset/data/*.parquet")
        return {Path(path).name: self.fs.cat(path) for path in paths}


def test_a_run_in_s3_goes_on_on_another_machine(
    s3: dict[str, str], scripted: Scripted, slow: Scripted, cluster: str, tmp_path: Path
) -> None:
    store, url = Store(s3), f"s3://{BUCKET}/run"
    local = academe_on(cluster, *run_arguments(scripted, tmp_path / "run", *SHORT))
    assert local.returncode == 0, local.stderr
    n_requests = len(scripted.bodies())
    made = {path.name: path.read_bytes() for path in (tmp_path / "run/dataset/data").glob("*.parquet")}

    here = {**s3, "XDG_CACHE_HOME": str(tmp_path / "here")}
    elsewhere = {**s3, "XDG_CACHE_HOME": str(tmp_path / "elsewhere")}
    command = academe_command(*run_arguments(slow, url, *SHORT))
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **here}, start_new_session=True, stdout=subprocess.DEVNULL
    )
    while not store.reply_keys(url):
        assert process.poll() is None
        time.sleep(0.05)
    kill_group(process)
    time.sleep(2)  # what was on its way arrives
    n_lost = len(slow.bodies()) - len(store.reply_keys(url))

    done = academe(*run_arguments(slow, url, *SHORT), env=elsewhere)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(slow.bodies()) - n_requests <= n_lost
    assert "xdg-open" not in done.stdout  # which opens what this machine has
    assert store.shards(url) == made
    assert not store.fs.exists(f"{url}/lock")
    assert b"run_done" in store.fs.cat(f"{url}/events.jsonl")

    # The first machine, which lacks what the other asked for, sends nothing for a step done again. It also
    # brings the replies of parts that were whole when it was killed, before their replies were copied.
    asked = len(slow.bodies())
    again = academe(*run_arguments(slow, url, *SHORT, options=("--from", "drafts", "--replay")), env=here)
    assert again.returncode == 0, again.stdout + again.stderr
    assert len(slow.bodies()) == asked

    with pytest.MonkeyPatch.context() as patch:
        for name, value in here.items():
            patch.setenv(name, value)
        for arguments in (("status", "--json"), ("show", "examples"), ("gc", "--yes")):
            told = academe(*arguments, "--root", url)
            assert told.returncode == 0, told.stderr
    assert len(store.reply_keys(url)) == n_requests


def test_a_store_that_cannot_be_used_is_named(s3: dict[str, str], scripted: Scripted) -> None:
    done = academe(*run_arguments(scripted, "s3://no-bucket/run"), env=s3)
    assert done.returncode == 2
    assert "cannot write s3://no-bucket/run" in done.stderr
    done = academe("status", "--root", f"s3://{BUCKET}/nothing", env=s3)
    assert done.returncode == 2
    assert "nothing has run in s3://bucket/nothing" in done.stderr
    gone = {**s3, "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    done = academe("status", "--root", f"s3://{BUCKET}/run", env=gone)
    assert done.returncode == 2
    assert f"cannot read s3://{BUCKET}/run/run.json" in done.stderr
    done = academe("status", "--root", "nowhere://bucket/run")
    assert done.returncode == 2
    assert "Unsupported filesystem" in done.stderr
    assert json.dumps(scripted.bodies()) == "[]"
