"""A Hub that cannot be reached, and destinations that no Hub has."""

import pytest
from huggingface_hub import HfApi

from pipeline.errors import PublishError, RecipeError
from pipeline.export.hub import CONNECT_S, _client, open_hub
from pipeline.export.publish import Destination

NOBODY = HfApi("http://127.0.0.1:9", token="hf_x")


@pytest.mark.parametrize(("to_look", "waits"), [(True, [1]), (False, [1, 2, 4, 8, 16, 32])])
def test_who_only_looks_at_a_hub_that_is_away_is_soon_told(to_look: bool, waits: list[int]) -> None:
    lines: list[str] = []
    pauses: list[float] = []
    with pytest.raises(PublishError, match=r"logging in to http://127.0.0.1:9: gave up after .* goes on"):
        open_hub(lines.append, NOBODY, pauses.append, to_look=to_look)
    assert pauses == waits
    assert len(lines) == len(waits)


def test_a_server_that_takes_no_connection_is_given_up_before_one_that_works_for_long() -> None:
    client = _client(60)
    assert client.timeout.connect == CONNECT_S < client.timeout.read == 60
    client.close()


@pytest.mark.parametrize("name", ["", " ", "made", "a/b/c", "a b/c", "../made", "/made", "ann/"])
def test_a_repository_has_an_owner_and_a_name(name: str) -> None:
    with pytest.raises(RecipeError, match="expected user/name"):
        Destination(name)


@pytest.mark.parametrize("branch", ["", "a b", "-x", "a//b", "a/", "v1:2", "..", "x~1"])
def test_a_branch_is_a_name_that_git_takes(branch: str) -> None:
    with pytest.raises(RecipeError, match=r"--branch '.*': expected letters"):
        Destination("ann/made", branch=branch)


def test_usual_names_are_taken() -> None:
    for branch in ("main", "v2", "ann/next", "release-1.0"):
        assert Destination("ann/made_1.0", branch=branch).branch == branch
