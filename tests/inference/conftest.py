"""The scripted server of a module, which many short tests share, and waits as short as they can be."""

from collections.abc import Iterator

import pytest

from pipeline.inference import client
from tests.conftest import Scripted, start_scripted


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scripted]:
    started = start_scripted(tmp_path_factory.mktemp("server"))
    yield started
    started.stop()


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(client, "LONGEST_WAIT_S", 0.02)
    monkeypatch.setattr(client, "PROBE_EVERY_S", 0.02)
