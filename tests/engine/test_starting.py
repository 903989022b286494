"""Ray that does not start in time, as on a machine that has much to do, and nodes that go as a run begins."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
import ray
from upath import UPath

from pipeline.engine import cluster as cluster_module
from pipeline.engine.cluster import check_nodes, private_cluster
from pipeline.errors import PipelineError, RecipeError

LATE = Exception(
    "The current node timed out during startup. This could happen because some of the raylet failed"
)


def ray_that_starts_with(
    outcomes: list[Exception | None], monkeypatch: pytest.MonkeyPatch
) -> list[Exception | None]:
    """What is left of the outcomes is returned: one goes with each start."""

    def init(**_: Any) -> None:
        outcome = outcomes.pop(0)
        if outcome is not None:
            raise outcome

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    return outcomes


def test_one_late_start_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    left = ray_that_starts_with([LATE, None], monkeypatch)
    with private_cluster(0):
        assert left == []


def test_two_late_starts_are_told_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    left = ray_that_starts_with([LATE, LATE, None], monkeypatch)
    with (
        pytest.raises(PipelineError, match=r"Ray did not start in time, twice: .*run the same command again"),
        private_cluster(0),
    ):
        pass
    assert left == [None]


def test_what_a_second_start_would_not_mend_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    left = ray_that_starts_with([RuntimeError("version mismatch"), None], monkeypatch)
    with pytest.raises(RecipeError, match="version mismatch; run the command on a node"), private_cluster(0):
        pass
    assert left == [None]


GONE = "a" * 56  # the id of a node that is none


@pytest.mark.ray
@pytest.mark.parametrize("is_seen_again", [False, True])
def test_a_node_that_goes_while_it_is_asked_takes_no_part(
    is_seen_again: bool, cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run.json").touch()
    here = cluster_module._alive()
    seen = [{**here, GONE: "192.0.2.7"}, {**here, GONE: "192.0.2.7"} if is_seen_again else here]
    monkeypatch.setattr(cluster_module, "_alive", lambda: seen.pop(0))
    told = pytest.raises(RecipeError, match=r"the node 192\.0\.2\.7 cannot work for this run")
    with told if is_seen_again else contextlib.nullcontext():
        check_nodes(UPath(tmp_path))
    assert seen == []
