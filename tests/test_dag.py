"""Wiring mistakes are found before a run, and ids follow what can change the output."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Optional

import pytest

from pipeline.dag import Step, check, downstream, steps_to, without
from pipeline.errors import RecipeError
from pipeline.identity import canonical
from pipeline.inference.fake_model import FAKE_SPEC
from pipeline.model import Prompt, Sampling
from pipeline.records import Discipline, Example
from pipeline.stage import SourceStage
from stages.drop_poor_answers import DropPoorAnswers
from stages.drop_poor_questions import DropPoorQuestions
from stages.list_subjects import ListSubjects


@dataclass(frozen=True, kw_only=True)
class Read(SourceStage):
    writes: ClassVar[type] = Discipline
    version: ClassVar[int] = 1
    path: Path

    def read(self) -> Iterator[Discipline]:
        return iter(())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "input"
    path.write_text("one")
    return path


@dataclass(frozen=True, kw_only=True)
class Picky(Read):
    def check(self) -> None:
        if not self.path.is_file():
            raise RecipeError(f"{self.path} is not there")


def test_every_stage_says_before_a_run_what_it_cannot_work_with(file: Path) -> None:
    good, bad = Step("good", Picky(path=file)), Step("bad", Picky(path=file / "a"))
    check([good])
    with pytest.raises(RecipeError) as raised:
        check([good, bad, Step("worse", Picky(path=file / "b"))])
    assert [line.partition(":")[0] for line in str(raised.value).splitlines()] == [
        "step 'bad'",
        "step 'worse'",
    ]


def test_types_must_fit(file: Path) -> None:
    source = Step("source", Read(path=file))
    with pytest.raises(
        RecipeError, match="step 'good': DropPoorAnswers reads Example, but input 'source' writes"
    ):
        Step("good", DropPoorAnswers(), source)
    with pytest.raises(RecipeError, match="takes no input"):
        Step("source", Read(path=file), source)
    with pytest.raises(RecipeError, match="takes at least one input"):
        Step("good", DropPoorAnswers())


def test_a_filter_writes_what_it_reads(file: Path) -> None:
    subjects = Step("subjects", ListSubjects(model=FAKE_SPEC), Step("source", Read(path=file)))
    assert subjects.writes.__name__ == "Subject"

    @dataclass(frozen=True, kw_only=True)
    class Examples(SourceStage):
        writes: ClassVar[type] = Example
        version: ClassVar[int] = 1

    assert Step("sound", DropPoorQuestions(), Step("examples", Examples())).writes is Example


def test_a_name_stands_once(file: Path) -> None:
    first = Step("same", Read(path=file))
    with pytest.raises(RecipeError, match="two steps are named 'same'"):
        steps_to(Step("same", ListSubjects(model=FAKE_SPEC), first))


def test_a_step_that_only_drops_rows_can_be_left_out() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Examples(SourceStage):
        writes: ClassVar[type] = Example
        version: ClassVar[int] = 1

    source = Step("source", Examples())
    sound = Step("sound", DropPoorQuestions(), source)
    good = Step("good", DropPoorAnswers(), sound)
    last = Step("last", DropPoorAnswers(), good)
    assert [step.name for step in steps_to(without(last, ["good", "last"]))] == ["source", "sound"]
    assert without(last, ["sound"]).id == Step("last", last.stage, Step("good", good.stage, source)).id
    assert without(last, []) is last
    with pytest.raises(RecipeError, match="'source' makes rows, so it cannot be left out"):
        without(last, ["source"])
    with pytest.raises(RecipeError, match=r"'goood' is no step .* did you mean 'good'"):
        without(last, ["goood"])


def test_downstream(file: Path) -> None:
    source = Step("source", Read(path=file))
    subjects = Step("subjects", ListSubjects(model=FAKE_SPEC), source)
    steps = steps_to(subjects)
    assert [step.name for step in steps] == ["source", "subjects"]
    assert downstream(steps, "source") == {"source", "subjects"}
    assert downstream(steps, "subjects") == {"subjects"}


def test_an_id_follows_settings_prompt_model_name_and_file(file: Path) -> None:
    def make(**changes: object) -> str:
        stage = dataclasses.replace(ListSubjects(model=FAKE_SPEC), **changes)
        return Step("subjects", stage, Step("source", Read(path=file))).id

    base = make()
    assert make() == base
    assert make(queries=3) != base
    assert make(sampling=Sampling(temperature=0.1)) != base
    assert make(json_prompt=Prompt("list_subjects/to_json_short")) != base
    assert make(model=FAKE_SPEC.model_copy(update={"name": "other"})) != base
    assert make(model=FAKE_SPEC.model_copy(update={"url": "http://elsewhere/v1", "concurrency": 3})) == base
    file.write_text("two")
    assert make() != base


def kind_of_record(*fields: tuple[str, Any], name: str = "Noun") -> type:
    return dataclasses.make_dataclass(name, [("id", str), *fields], frozen=True, kw_only=True)


def stage_of(record: type, module: str = "stages.make_it") -> SourceStage:
    """A stage that writes such records, as one that stands in that module."""
    body = {"writes": record, "version": 1, "__module__": module, "read": lambda self: iter(())}
    return dataclass(frozen=True, kw_only=True)(type("MakeIt", (SourceStage,), body))()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([], [("title", str)], False),  # a field more
        ([("title", str)], [("name", str)], False),
        ([("n", int)], [("n", float)], False),
        ([("n", int)], [("n", int | None)], False),
        ([("words", tuple[str, ...])], [("words", tuple[int, ...])], False),
        ([("words", tuple[str, ...])], [("words", tuple[tuple[str, ...], ...])], False),
        ([("a", str), ("b", str)], [("b", str), ("a", str)], False),
        ([("n", int | None)], [("n", Optional[int])], True),  # noqa: UP045
        ([("n", int)], [("n", int)], True),
    ],
)
def test_an_id_follows_the_fields_of_what_is_written(one: list, other: list, same: bool) -> None:
    ids = [Step("made", stage_of(kind_of_record(*fields))).id for fields in (one, other)]
    assert (ids[0] == ids[1]) is same


def test_a_stage_of_another_module_is_another_stage() -> None:
    record = kind_of_record()
    modules = ["stages.make_it", "stages.made.it", "pipeline.x", "mine", "mine.stages", "stages_of"]
    ids = {module: Step("made", stage_of(record, module)).id for module in modules}
    assert ids["stages.make_it"] == ids["stages.made.it"] == ids["pipeline.x"]
    assert len(set(ids.values())) == 4


def test_a_file_of_another_name_is_another_input(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("one")
    assert Step("source", Read(path=file)).id != Step("source", Read(path=other)).id
    (tmp_path / "folder").mkdir()
    moved = tmp_path / "folder" / "input"
    moved.write_text("one")
    assert Step("source", Read(path=file)).id == Step("source", Read(path=moved)).id


def test_a_value_without_canonical_form_is_refused() -> None:
    with pytest.raises(RecipeError, match="has no canonical form"):
        canonical({"a": object()})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"cannot read .*nowhere"):
        _ = Step("source", Read(path=tmp_path / "nowhere")).id
