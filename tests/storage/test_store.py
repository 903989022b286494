import os
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import StoreError
from pipeline.io.files import write_text
from pipeline.records import Discipline, Syllabus
from pipeline.stage import Reject
from pipeline.storage.store import StepFolder, from_table, to_table
from pipeline.storage.tally import Tally
from tests.stages.make import syllabus

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


SYLLABI = st.builds(
    Syllabus,
    **{
        name: TEXT
        for name in ("id", "subject_id", "discipline_id", "field", "subfield", "discipline", "subject")
    },
    level=TEXT,
    text=TEXT,
    sessions=st.lists(TEXT).map(tuple),
    concepts=st.lists(st.lists(TEXT).map(tuple)).map(tuple),
)


@given(st.lists(SYLLABI))
def test_records_survive_the_table(syllabi: list[Syllabus]) -> None:
    assert from_table(to_table(syllabi, Syllabus), Syllabus) == syllabi


def discipline(name: str) -> Discipline:
    return Discipline(id=name, field="f", subfield="s", discipline=name, description="d")


def test_a_part_knows_what_it_cost_and_its_rejects(tmp_path: Path) -> None:
    folder = StepFolder(tmp_path / "step")
    kept, gone = discipline("kept"), discipline("gone")
    rejects = [(Reject("too_odd", got=[1, "ä"], limit=2, twin="kept"), gone)]
    folder.write_part("000", to_table([kept], Discipline), rejects, Tally(rows_in=2, requests=5))
    part = folder.find_part("000")
    assert part is not None
    assert (part.tally.rows_in, part.tally.kept, part.tally.rejected, part.tally.requests) == (
        2,
        1,
        {"too_odd": 1},
        5,
    )
    assert folder.read_part("000", Discipline) == [kept]
    (row,) = folder.rows("rejects")
    assert (row["id"], row["reason"], row["got"], row["limit"], row["twin"]) == (
        "gone",
        "too_odd",
        '[1, "ä"]',
        "2",
        "kept",
    )
    assert '"discipline": "gone"' in row["record"]
    folder.write_part("000", to_table([kept, gone], Discipline), [], Tally(rows_in=2))
    assert list(folder.rows("rejects")) == []


@pytest.mark.parametrize(
    ("most", "read"), [(None, [*range(7)]), (9, [*range(7)]), (3, [0, 2, 4]), (4, [0, 1, 3, 5])]
)
def test_some_of_the_parts_are_evenly_apart(most: int | None, read: list[int], tmp_path: Path) -> None:
    folder = StepFolder(tmp_path / "step")
    for n in range(7):
        folder.write_part(f"{n:03}", to_table([discipline(f"d{n}")], Discipline), [], Tally())
    ids = [table["id"][0].as_py() for table in folder.tables(most=most)]
    assert ids == [discipline(f"d{n}").id for n in read]


def test_a_part_with_lists_is_found_again_by_what_it_was_made_from(tmp_path: Path) -> None:
    folder, table = StepFolder(tmp_path / "step"), to_table([syllabus()], Syllabus)
    written = folder.write_part("000", table, [], Tally(rows_in=1), "some rows")
    assert folder.find_part("000", "some rows") == written
    assert folder.find_part("000", "other rows") is None
    other = to_table([syllabus(text="Session 1. Another.")], Syllabus)
    assert folder.write_part("001", other, [], Tally()).content != written.content
    cut = pa.concat_tables([other, table, other]).slice(1, 1)
    assert folder.write_part("002", cut, [], Tally()).content == written.content


def test_a_part_without_a_field_is_named_and_no_traceback(tmp_path: Path) -> None:
    folder = StepFolder(tmp_path / "made-0a1b")
    folder.write_part("000", to_table([discipline("a")], Discipline).drop(["subfield"]), [], Tally())
    with pytest.raises(StoreError, match="a part of Discipline has no subfield"):
        folder.read_part("000", Discipline)


def test_what_is_damaged_is_made_again_or_named(tmp_path: Path) -> None:
    folder = StepFolder(tmp_path / "answers-0a1b")
    part = folder.write_part("000", to_table([discipline("a")], Discipline), [], Tally(rows_in=1))
    folder.finish({"parts": {"000": part.entry()}})
    os.truncate(tmp_path / "answers-0a1b" / "manifest.json", 5)
    assert folder.manifest() is None
    os.truncate(folder.part_path("000"), 100)
    assert folder.find_part("000") is None
    with pytest.raises(StoreError, match=r"is missing or damaged .* the same command with `--from answers`"):
        folder.read_part("000", Discipline)


@pytest.mark.parametrize(
    "manifest",
    [
        "[]",
        "null",
        "[" * 100_000,
        '{"parts": {}}',
        '{"parts": [], "tally": {}}',
        '{"parts": {}, "tally": {"rows_in": "3"}}',
        '{"parts": {}, "tally": {"rejected": 3}}',
        '{"parts": {}, "tally": {"rejected": {"answer_too_short": null}}}',
    ],
)
def test_a_manifest_that_is_none_says_nothing(manifest: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    assert StepFolder(tmp_path).manifest() is None


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    target = tmp_path / "file"
    write_text("old", target)
    with pytest.raises(StoreError, match="cannot write"):
        write_text("new", target / "below-a-file")
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]
