"""A setting that would change nothing is refused with the reason."""

import json
from pathlib import Path

import pytest

from pipeline.dag import steps_to
from pipeline.errors import RecipeError
from pipeline.recipes import load_recipe

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
        ("wrap", [f"judge={SPEC}", "document_ratings={}"]),
    ],
)
def test_what_a_step_reads_is_taken(recipe: str, settings: list[str]) -> None:
    docs = [] if recipe == "instruct" else [DOCS]
    assert load_recipe(recipe, "laptop", [*docs, *settings], {}).name == recipe


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
