"""Whether subjects belong to their disciplines: by the packaged embedding model, or by the planner."""

import asyncio
import csv
from functools import cache
from pathlib import Path

import pytest

from pipeline.dag import steps_to
from pipeline.errors import RecipeError
from pipeline.inference.fake_model import Script, fake_model
from pipeline.recipes import load_recipe
from pipeline.records import Subject
from pipeline.stage import Reject
from pipeline.taxonomy.broad_subjects import lists_subjects
from pipeline.taxonomy.taxonomy import find_taxonomy, load_taxonomy
from stages.confirm_subjects import ConfirmSubjects
from stages.drop_stray_subjects import DropStraySubjects
from tests.conftest import ROOT
from tests.stages.make import subject

PAIRS = ROOT / "tests" / "data" / "subjects.tsv"


@cache
def descriptions(taxonomy: str) -> dict[str, str]:
    """Of each discipline; reading a taxonomy takes a tenth of a second."""
    leaves = load_taxonomy(find_taxonomy(Path(taxonomy))).leaves()
    return {place.name: place.description for *_, place in leaves}


def listed(taxonomy: str, discipline: str, name: str) -> Subject:
    return subject(subject=name, discipline=discipline, description=descriptions(taxonomy)[discipline])


# What a small model listed when it was asked for the subjects of the laptop taxonomy, and some more.
LISTED = [
    ("Genetics", "Math", False),
    ("Genetics", "Science", False),
    ("Genetics", "Physical Science", False),
    ("Genetics", "English", False),
    ("Genetics", "Genetics", True),
    ("Genetics", "Biology", True),
    ("Genetics", "Evolution", True),
    ("Human body", "Maths", False),
    ("Human body", "Human body", True),
    ("Human body", "Blood circulation", True),
    ("Weather and climate", "Symphony", False),
    ("Weather and climate", "Humanities", False),
    ("Weather and climate", "Climate", True),
    ("Weather and climate", "Tornadoes", True),
    ("Money and markets", "Sport", False),
    ("Money and markets", "Taxes and Trade", True),
    ("Money and markets", "Money and Markets", True),
    ("Nutrition", "Education", False),
    ("Nutrition", "Fats", True),
    ("Practical writing", "Art and Entertainment", False),
    ("Practical writing", "Business Writing", True),
    ("Computers and the internet", "Web", True),
    ("Computers and the internet", "Philosophy", False),
    ("Ancient civilizations", "Mathematics", False),
    ("Ancient civilizations", "Pharaohs", True),
]


@pytest.mark.parametrize(("discipline", "name", "belongs"), LISTED)
def test_a_subject_of_another_discipline_goes(discipline: str, name: str, belongs: bool) -> None:
    stage = DropStraySubjects()
    verdict = stage.judge(listed("laptop", discipline, name))
    if belongs:
        assert isinstance(verdict, Subject), verdict
        (measure,) = stage.measures(verdict)  # a report measures what stayed without the model
        assert measure.got == verdict.belonging >= measure.limit
    else:
        assert isinstance(verdict, Reject), verdict
        assert (verdict.reason, verdict.limit) == ("subject_outside_discipline", 0.04)
        assert verdict.got < 0.04


def test_of_many_pairs_few_are_judged_wrongly() -> None:
    with PAIRS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert len(rows) >= 400
    verdicts = DropStraySubjects().judge_all(
        [listed(row["taxonomy"], row["discipline"], row["subject"]) for row in rows]
    )
    went = [isinstance(verdict, Reject) for verdict in verdicts]
    for taxonomy in ("laptop", "knowledge"):
        for belongs, most, least in (("yes", 0.04, 0.0), ("no", 1.0, 0.97)):
            found = [
                gone
                for gone, row in zip(went, rows, strict=True)
                if (row["taxonomy"], row["belongs"]) == (taxonomy, belongs)
            ]
            assert least <= sum(found) / len(found) <= most, (taxonomy, belongs)


def test_verdicts_do_not_depend_on_what_is_judged_together() -> None:
    subjects = [listed("laptop", discipline, name) for discipline, name, _ in LISTED]
    together = DropStraySubjects().judge_all(subjects)
    reasons = [verdict.reason if isinstance(verdict, Reject) else None for verdict in together]
    alone = [DropStraySubjects().judge(one) for one in reversed(subjects)][::-1]
    assert reasons == [verdict.reason if isinstance(verdict, Reject) else None for verdict in alone]


@pytest.mark.parametrize(("discipline", "name"), [("遗传学", "数学"), ("Генетика", "Математика")])
def test_names_that_the_model_does_not_read_stay(discipline: str, name: str) -> None:
    assert DropStraySubjects().judge(subject(subject=name, discipline=discipline)) is None


@pytest.mark.parametrize("belongs", [True, False])
def test_the_planner_can_be_asked_instead(belongs: bool) -> None:
    script = Script(lambda _: {"belongs": belongs})
    one = listed("laptop", "Genetics", "Heredity")
    (found,) = asyncio.run(ConfirmSubjects().map(one, fake_model(script)))
    asked = script.bodies[0]["messages"][-1]["content"]
    assert all(text in asked for text in ("Heredity", "Genetics", one.description, *one.subtopics))
    if belongs:
        assert found == one
    else:
        assert isinstance(found, Reject)
        assert (found.reason, found.got) == ("subject_outside_discipline", "Heredity")


def test_presets_check_subjects_and_can_leave_it_out() -> None:
    for preset, step in (
        ("laptop", "fitting_subjects"),
        ("cpu-long", "fitting_subjects"),
        ("glan", "confirmed_subjects"),
    ):
        assert step in names("instruct", preset)
        assert step not in names("instruct", preset, f"without=[{step}]")
        assert step not in names("instruct", preset, f"{step}=null")
    with pytest.raises(RecipeError, match=r"fitting_subjects knows English alone.*confirmed_subjects"):
        names("instruct", "glan", "fitting_subjects={}", "embedder=local", "language.languages=[de]")
    assert "fitting_subjects" not in names("instruct", "laptop", "embedder=null")


@pytest.mark.parametrize("held", ["subjects.plain_names", "syllabi.plain_names", "questions.one_sentence"])
def test_forms_of_english_are_refused_for_other_languages(held: str) -> None:
    with pytest.raises(RecipeError, match=rf"{held} knows English alone.*\[de\]; take it out"):
        names("instruct", "glan", f"{held}=true", "language.languages=[de]")
    assert names("instruct", "glan", f"{held}=true", "language.languages=[de, en]")
    assert names("instruct", "glan", "language.languages=[de]")


def names(recipe: str, preset: str, *overrides: str) -> list[str]:
    return [step.name for step in steps_to(load_recipe(recipe, preset, list(overrides), {}).last)]


@pytest.mark.parametrize(
    ("name", "is_list"),
    [
        ("Math Physics Science English Science", True),
        ("Math Science English", True),
        ("History, Geography and Art", True),
        ("Mathematics", False),
        ("Computer Science", False),
        ("Art History", False),
        ("Physics of Music", False),
        ("History of Science and Technology", False),
        ("Philosophy of Law", False),
        ("Law of Supply", False),
    ],
)
def test_a_list_of_broad_subjects_is_no_name(name: str, is_list: bool) -> None:
    assert lists_subjects(name) is is_list
