"""Ray that does not start in time, as on a machine that has much to do."""

from typing import Any

import pytest
import ray

from pipeline.engine.cluster import private_cluster
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
