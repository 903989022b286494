"""Counts: they add up, and are read again, whatever version wrote them."""

from pipeline.storage.tally import Tally


def test_what_was_written_is_read_and_added() -> None:
    tally = Tally(rows_in=5, kept=2, rejected={"short": 2, "long": 1}, sent=3, retries=1)
    again = Tally.from_dict(tally.as_dict())
    assert again == tally
    again.add(Tally(rows_in=1, rejected={"short": 1}))
    assert (again.rows_in, again.rejected, again.made) == (6, {"short": 3, "long": 1}, 6)


def test_a_count_that_was_not_taken_is_none() -> None:
    earlier = {name: count for name, count in Tally(sent=3).as_dict().items() if name != "retries"}
    assert Tally.from_dict(earlier) == Tally(sent=3)


def test_what_was_not_drawn_is_no_reject_whatever_version_counted_it() -> None:
    tally = Tally(rows_in=9, kept=4, rejected={"short": 2}, not_drawn=3)
    assert (tally.n_rejected, tally.made) == (2, 6)
    assert Tally.from_dict(tally.as_dict()) == tally
    earlier = {**tally.as_dict(), "rejected": {"short": 2, "not_drawn": 3}, "not_drawn": 0}
    assert Tally.from_dict(earlier) == tally
    tally.add(Tally(not_drawn=2))
    assert tally.not_drawn == 5
