"""What is told by itself, where a text is looked at to a certain length."""

import pytest

from pipeline.text.circular import HEAD, circular_in


@pytest.mark.parametrize("n_before", range(HEAD - 60, HEAD + 20))
def test_a_name_that_the_end_of_the_look_cuts_is_not_taken_for_the_whole(n_before: int) -> None:
    before = ("Bees live here " * HEAD)[:n_before] + "x"
    assert circular_in(f"{before} tell the difference between climate and climate change.") is None


def test_what_is_whole_is_found_up_to_there() -> None:
    before = "Bees live here. " * 15
    assert circular_in(f"{before}Tell the difference between climate and climate, now. {before}") is not None
