"""A setting that would change nothing is refused with the reason."""

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from pipeline.dag import steps_to
from pipeline.errors import RecipeError
from pipeline.model import Prompt, Sampling
from pipeline.recipe import Recipe
from pipeline.recipes import load_recipe
from pipeline.stage import Stage
from tests.conftest import ROOT

SPEC = json.dumps({"name": "scripted", "serve": "endpoint", "url": "http://127.0.0.1:9/v1"})
DOCS = f"files.paths={json.dumps([str(Path(__file__).parent / 'report')])}"
NONE = ("embedder=null",)


@pytest.mark.parametrize(
    ("recipe", "settings", "said"),
    [
        (
            "instruct",
            ["question_quality.prompts=[list_subjects/to_json_short]"],
            "question_quality.prompts: ",
        ),
        (
            "instruct",
            ["answer_quality.prompts=[list_subjects/to_json_short]"],
            "prompts of the answers",
        ),
        ("instruct", ["answer_quality.system=You are kind."], "with the answerer's"),
        ("instruct", [f"near_duplicates.earlier=[{__file__}]"], "with the datasets of `earlier`"),
        ("instruct", [f"exact_duplicates.earlier=[{__file__}]"], "with the datasets of `earlier`"),
        ("instruct", ["rephrasing_quality.of=both"], "with what the step before rephrases"),
        ("instruct", [*NONE, "semantic_duplicates.min_cosine=0.8"], "because there is no embedder"),
        ("instruct", [*NONE, "embeddings.max_chars=801"], "because there is no embedder"),
        ("instruct", ["embedder=local", "embeddings.max_chars=801"], "the packaged embedder has no settings"),
        (
            "instruct",
            ["low_ratings.min_clarity=4"],
            "low_ratings: no step reads it, .* no judge",
        ),
        ("instruct", ["ratings.votes=3"], "ratings: no step reads it, because there is no judge"),
        (
            "instruct",
            ["rephrasing=null", "restyling=null", "rephrasing_quality.min_names=0"],
            "neither rephrasing nor restyling",
        ),
        ("documents", ["files.state=abc"], "with the sizes and dates of the files"),
        ("documents", ["answer_quality.system=You are kind."], "with the writer's"),
        (
            "documents",
            ["question_quality.prompts=[list_subjects/to_json_short]"],
            "prompts of tasks",
        ),
        ("documents", [*NONE, "semantic_duplicates.seed=3"], "because there is no embedder"),
        ("documents", ["low_ratings.min_clarity=4"], "because there are no ratings"),
        ("documents", [f"judge={SPEC}"], "because nothing is rated"),
        ("instruct", [*NONE, "fitting_subjects.min_belonging=0.1"], "fitting_subjects: .* no embedder"),
        ("documents", ["confirmed_labels.sampling.max_tokens=9"], "because no label of a task is drawn"),
        ("documents", ["tasks=null", "confirmed_labels.prompt=confirm_labels/x"], "no label of a task"),
        (
            "documents",
            ["rephrasing=null", "rephrasing_quality.min_names=0"],
            "there is no rephrasing",
        ),
        ("wrap", ["mixture.shares={real: 0.5}"], "with those of the styles"),
        ("wrap", ["files.state=abc"], "with the sizes and dates of the files"),
        ("wrap", [f"judge={SPEC}"], "because documents are not rated"),
    ],
)
def test_what_changes_nothing_is_refused(recipe: str, settings: list[str], said: str) -> None:
    docs = [] if recipe == "instruct" else [DOCS]
    with pytest.raises(RecipeError, match=said):
        load_recipe(recipe, "laptop", [*docs, *settings], {})


@pytest.mark.parametrize(
    ("recipe", "settings"),
    [
        ("instruct", [f"embedder={SPEC}", "embeddings.max_chars=800", "semantic_duplicates.min_cosine=0.8"]),
        ("instruct", [f"judge={SPEC}", "low_ratings.min_clarity=4"]),
        ("instruct", ["rephrasing_quality.min_names=0"]),
        ("instruct", [*NONE, "semantic_duplicates={}"]),  # as it is by default
        ("documents", [f"judge={SPEC}", "ratings={}", "low_ratings.min_clarity=4"]),
        ("documents", ["semantic_duplicates.min_cosine=0.8"]),
        ("documents", [f"judge={SPEC}", "tasks={types: {ynqa: 1}}"]),  # it confirms the labels
        ("documents", ["confirmed_labels=null"]),
        ("wrap", [f"judge={SPEC}", "document_ratings={}"]),
    ],
)
def test_what_a_step_reads_is_taken(recipe: str, settings: list[str]) -> None:
    assert loaded(recipe, settings).name == recipe


@pytest.mark.parametrize(
    ("recipe", "names", "said"),
    [
        ("instruct", "embedded", "'embedded' fills in `embedding`, which 'dissimilar' needs"),
        ("documents", "embedded", "'embedded' fills in `embedding`, which 'dissimilar' needs"),
        ("instruct", "embedded, sound", "leave out both, or neither"),
    ],
)
def test_a_step_that_another_needs_is_not_left_out(recipe: str, names: str, said: str) -> None:
    docs = [] if recipe == "instruct" else [DOCS]
    with pytest.raises(RecipeError, match=said):
        load_recipe(recipe, "laptop", [*docs, f"without=[{names}]"], {})
    last = load_recipe(recipe, "laptop", [*docs, f"without=[{names}, dissimilar]"], {}).last
    assert "embedded" not in {step.name for step in steps_to(last)}


EVERYTHING = {  # each recipe with every step that its settings can ask for
    "instruct": (
        f"judge={SPEC}",
        f"embedder={SPEC}",
        "rephrasing={}",
        "restyling={}",
        "fitting_subjects={}",
        "confirmed_subjects={}",
        "difficulty={}",
        "density={}",
        "mixture={}",
    ),
    "documents": (
        f"judge={SPEC}",
        f"embedder={SPEC}",
        "tasks={types: {qa: 1, ynqa: 1}}",
        "ratings={}",
        "judged_grounding={}",
        "document_ratings={}",
        "mixture={}",
    ),
    "wrap": (f"judge={SPEC}", f"embedder={SPEC}", "document_ratings={}"),
    "bonito": (),
    "propose": (),
}
LITTLE = {  # and those with few
    "instruct": ("embedder=null", "rephrasing=null", "restyling=null"),
    "documents": ("embedder=null", "rephrasing=null"),
    "wrap": ("embedder=null",),
}
OTHER = {  # values of the fields whose default says too little of what else they may be, by stage or by name
    "taxonomy.path": str(ROOT / "taxonomy" / "knowledge.yaml"),
    "nodes.path": str(ROOT / "taxonomy" / "laptop.yaml"),
    "nodes.under": "mathematics-and-statistics",
    "only": ["human-body"],
    "paths": [str(Path(__file__).parent / "data")],
    "sets.rows": str(ROOT / "examples" / "annotated" / "rows.jsonl"),  # a relative path in the preset
    "sets.templates": str(ROOT / "examples" / "annotated" / "templates.yaml"),
    "languages": ["en", "de"],
    "shingle": "characters",
    "of": "both",
    "benchmarks": [str(ROOT / "examples" / "annotated" / "rows.jsonl")],
    "columns": ["question"],
    "encodings": ["latin-1"],
    "chars_per_token": 4.0,
    "good_from": 3,
    "good_styles": ["mine"],
    "other_styles": ["mine"],
    "styles": {"mine": {"prompt": "rephrase_chunks/short/easy"}},
    "types": {"qa": 1},
    "topics": ["war", "peace"],
    "total": 7,
    "shares": {"real": 0.5},
    "single_concepts": [2, 4],
    "pair_concepts": [3, 4],
    "tasks.prompts": [f"write_tasks/{kind}" for kind in ("exqa", "qa", "qg", "summarization", "ynqa")],
    "prompts": ["list_subjects/list"],
    "earlier": [__file__],
    "system": "You are kind.",
    "model": json.loads(SPEC),
}
SOURCES = {"instruct": "taxonomy", "documents": "task/qa", "wrap": "real"}  # of a mixture
REFUSED = "the recipe fills it in itself|no step reads it|is a value, not a group|needs embeddings"


def loaded(recipe: str, settings: Iterable[str]) -> Recipe:
    docs = [DOCS] if recipe in ("documents", "wrap") else []
    return load_recipe(recipe, "example" if recipe == "bonito" else "laptop", [*docs, *settings], {})


def stages_in(settings: BaseModel) -> Iterator[tuple[str, Stage]]:
    """The key of each stage that the settings have a group for, and the stage with its fields as they are."""
    for key, field in type(settings).model_fields.items():
        found = getattr(settings, key)
        kinds = [kind for kind in (field.annotation, *get_args(field.annotation)) if isinstance(kind, type)]
        for kind in (kind for kind in kinds if issubclass(kind, Stage)):
            yield key, found[0] if isinstance(found, tuple) else found or kind()


def other(recipe: str, name: str, value: Any) -> Any:
    """Another value for a field of a stage."""
    for key in (name, name.partition(".")[2]):
        if key in OTHER:
            return OTHER[key]
    if name in ("mixture.weights", "mixture.caps"):
        return {SOURCES[recipe]: 1}
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case float():
            return value * 0.9 or 0.1
        case Sampling():
            return {**value.model_dump(), "max_tokens": 77}
        case Prompt():
            return "list_subjects/to_json"
        case str():
            return "another"
    raise AssertionError(f"{name}: say in OTHER what else it may be")


@pytest.mark.parametrize(("recipe", "more"), [*EVERYTHING.items(), *LITTLE.items()])
def test_every_setting_of_a_stage_is_read_or_refused(recipe: str, more: tuple[str, ...]) -> None:
    lost = []
    for key, stage in stages_in(loaded(recipe, more).settings):
        for field in dataclasses.fields(stage):
            value = json.dumps(other(recipe, f"{key}.{field.name}", getattr(stage, field.name)))
            override = f"{key}.{field.name}={value}"
            if recipe == "bonito" and key == "sets":
                files = {"rows": str(stage.rows), "templates": str(stage.templates)}
                override = f"sets={json.dumps([files | {field.name: json.loads(value)}])}"
            try:
                made = loaded(recipe, [*more, override])
            except RecipeError as error:
                if not re.search(REFUSED, str(error)):
                    lost.append(f"{override}: {error}")
                continue
            wanted = getattr(dict(stages_in(made.settings))[key], field.name)
            steps = [step.stage for step in steps_to(made.last) if type(step.stage) is type(stage)]
            is_read = wanted in [getattr(step, field.name) for step in steps]
            if not is_read or wanted == getattr(stage, field.name):
                lost.append(override)
    assert not lost, "\n".join(lost)
