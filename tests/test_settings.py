import json
from pathlib import Path

import pytest

from pipeline.dag import check, steps_to
from pipeline.errors import RecipeError
from pipeline.io import plain_yaml
from pipeline.recipes import load_recipe, recipe_of
from tests.conftest import ROOT

ENDPOINT = 'planner={"name": "m", "serve": "endpoint", "url": "http://h/v1"}'


def test_presets_are_valid_and_glan_is_the_paper() -> None:
    settings = load_recipe("instruct", "glan", [], {}).settings
    assert settings.subjects.queries == 10
    assert settings.questions.pair_concepts == (2, 5)
    assert settings.answers.sampling.temperature == 0.7
    assert load_recipe("instruct", "laptop", [], {}).settings.taxonomy.path == Path("laptop")
    load_recipe("propose", "laptop", [], {})


def test_presets_over_documents_are_valid(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A text.")
    docs = f"files.paths=[{tmp_path}]"
    for recipe in ("documents", "wrap"):
        load_recipe(recipe, "laptop", [docs], {})
        with pytest.raises(RecipeError, match=r"no source is named 'exqq'; the sources are: .*easy"):
            load_recipe(recipe, "laptop", [docs, "mixture={weights: {exqq: 1}}"], {})
    load_recipe("bonito", "example", [], {})
    with pytest.raises(RecipeError, match="no task type 'exq'"):
        load_recipe("documents", "laptop", [docs, "tasks.types={exq: 1}"], {})
    with pytest.raises(RecipeError, match="both null"):
        load_recipe("documents", "laptop", [docs, "tasks=null", "rephrasing=null"], {})
    with pytest.raises(RecipeError, match=r"styles\.mine\.prompt: Field required"):
        load_recipe("documents", "laptop", [docs, "rephrasing.styles={mine: {}}"], {})


def test_the_settings_in_the_readme_are_valid(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A text.")
    text = (ROOT / "README.md").read_text()
    block = next(part for part in text.split("```yaml\n") if part.startswith("# papers.yaml")).split("```")[0]
    (tmp_path / "papers.yaml").write_text(block)
    recipe = load_recipe("documents", str(tmp_path / "papers.yaml"), [f"files.paths=[{tmp_path}]"], {})
    assert recipe.last.name == "mixed"


def test_set_wins_over_environment_wins_over_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("planner: {name: m, serve: endpoint, url: 'http://h/v1'}\nquestions: {per_syllabus: 2}\n")
    environment = {"ACADEME__QUESTIONS__PER_SYLLABUS": "3", "ACADEME_API_KEY": "secret"}

    def per_syllabus(overrides: list[str], env: dict[str, str]) -> int:
        return load_recipe("instruct", str(file), overrides, env).settings.questions.per_syllabus

    assert per_syllabus([], {}) == 2
    assert per_syllabus([], environment) == 3
    assert per_syllabus(["questions.per_syllabus=4"], environment) == 4
    recipe = load_recipe("instruct", str(file), [], environment)
    assert "secret" not in str(recipe.settings_as_data())


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("questions.per_sylabus=4", "unknown key 'questions.per_sylabus'; did you mean 'per_syllabus'?"),
        ("qestions.per_syllabus=4", "unknown key 'qestions'; did you mean 'questions'?"),
        ("questions.sampling.temprature=1", "did you mean 'temperature'?"),
        ("planner.conccurrency=1", "did you mean 'concurrency'?"),
        ("questions.per_syllabus=many", "questions.per_syllabus: .*got 'many'"),
        ("questions.pair_share=1.5", "questions.pair_share: .*less than or equal to 1"),
        ("planner.serve=endpoint", "serve: endpoint needs a url"),
        ("planner.url=http://h/v1", "serve: local reads no url; add serve: endpoint"),
        ("planner.url=nonsense", r"url must be an http\(s\) address"),
        ("planner.url=http://ann:word@h/v1", "no name, password or key; put the key into .*ACADEME_API_KEY$"),
        ("questions.single_concepts=[5, 1]", "single_concepts: .*the fewest come first"),
        ("questions.seed=2024-99-99", "--set questions.seed is not YAML: month must be in"),
        ("questions.seed=" + "[" * 5000, "nested too deeply"),
        ("questions", "expected KEY=VALUE"),
        ("taxonomy.path=nowhere", "no taxonomy 'nowhere'.*the packaged ones are knowledge, laptop"),
        ("taxonomy.only=[alchemy]", "has no id alchemy"),
        ("answers.prompt=answer_questions/none", "no prompt 'answer_questions/none'.*did you mean"),
        ("planner.concurrency=true", "--set planner.concurrency: expected a number, got True"),
        ("subjects.queries=false", "--set subjects.queries: .*got False"),
        ("questions.single_concepts=[true, 5]", r"questions.single_concepts.0: expected a number, got True"),
        ("questions.pair_share=yes", "expected a number, got True"),
        ("planner.timeout_s=.inf", "expected a number that has an end, got inf"),
        ("planner.timeout_s=.nan", "planner.timeout_s: "),
        ("questions.per_syllabus=1" + "0" * 35, "at most 1,000,000,000, got one of 36 digits"),
        ("planner.concurrency=5000000000", "at most 1,000,000,000"),
        ("questions.seed=1" + "0" * 20, "at most 9,007,199,254,740,992"),
        ("planner.name=../../x", "expected a name as the server lists it"),
        ("planner.name=a/../b", "expected a name as the server lists it"),
        ('planner.name="a\\nb"', "expected a name as the server lists it"),
        ("planner.name=" + "x" * 301, "at most 300 characters"),
        ("subjects={queries: 2, queries: 3}", "key 'queries' stands twice, in lines 1 and 1"),
        ("without=[distint]", "did you mean 'distinct'"),
    ],
)
def test_a_mistake_is_named(override: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        _ = load_recipe("instruct", "laptop", [override], {}).last.id


@pytest.mark.parametrize(
    "override",
    [
        "questions.seed=20261130123456",
        "planner.name=/models/mine",
        "planner.name=org/model.v2",
        "planner.name=o..o",
        "questions.pair_share=1",  # a whole number for a share
        "planner.timeout_s=20",
        "rephrasing=null",
        "rephrasing={share: 0}",
        "gates.min_rows=0",
        "subjects={queries: 2, max_subjects: 2}",
    ],
)
def test_what_is_meant_is_taken(override: str) -> None:
    load_recipe("instruct", "laptop", [override], {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gates: {min_rows: 1}\nplanner: {name: m}\ngates: {min_rows: 2}\n", "'gates' .*lines 1 and 3"),
        ("planner:\n  name: m\n  path: p\n  name: n\n", "'name' stands twice, in lines 2 and 4"),
        ("a: 1\n? a\n: 2\n", "'a' stands twice, in lines 1 and 2"),
        ("'a': 1\n\"a\": 2\n", "'a' stands twice"),
    ],
)
def test_a_key_that_stands_twice_is_named_with_both_lines(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(RecipeError, match=said):
        load_recipe("instruct", str(tmp_path / "mine.yaml"), [], {})


@pytest.mark.parametrize(
    "text", ["base: &b {x: 1}\nother: {<<: *b, x: 2}\n", "1: a\n'1': b\n", "a: 1\nb: {a: 1}\n"]
)
def test_keys_that_are_not_the_same_stand_beside_each_other(text: str) -> None:
    plain_yaml.parsed(text, "here")


def test_a_setting_is_told_once() -> None:
    with pytest.raises(RecipeError) as raised:
        load_recipe("instruct", "laptop", ["questions.per_syllabus=many"], {})
    assert str(raised.value).count("questions.per_syllabus") == 1


@pytest.mark.parametrize(
    "key", ["rephrasing.styles={easy: {prompt: rephrase_questions/easy, weight: 0}}", "restyling.styles={}"]
)
def test_styles_that_are_never_drawn_are_named_before_a_run(key: str) -> None:
    recipe = load_recipe("instruct", "laptop", [key], {})
    with pytest.raises(RecipeError, match=r"step 're(phrased|styled)': styles: expected .*weight above 0"):
        check(steps_to(recipe.last))


@pytest.mark.parametrize(
    ("path", "is_told"),
    [
        ("/no/such/model", True),
        ("./models/mine", True),
        ("~/no-such-model", True),
        ("tests/nothing-here", True),  # its first half is a folder here
        ("model.gguf/with/more", True),
        ("", True),
        ("Qwen/Qwen3-8B", False),
        ("gpt2", False),
        ("tests", False),
        ("embedded", False),
    ],
)
def test_a_model_that_is_not_there_is_named_before_a_server_starts(
    path: str, is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)

    def checked() -> None:
        check(
            steps_to(load_recipe("instruct", "laptop", [f'planner.path="{path}"', "embedder=null"], {}).last)
        )

    if is_told:
        with pytest.raises(RecipeError, match="path"):
            checked()
    else:
        checked()


def test_a_mistake_is_told_with_where_it_was_set(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("planner: {name: m, serve: endpoint, url: 'http://h/v1'}\nsubjects: {queries: many}\n")
    with pytest.raises(RecipeError) as told:
        load_recipe(
            "instruct", str(file), ["questions.per_sylabus=2"], {"ACADEME__ANSWERS__SAMPLING__TOP_P": "7"}
        )
    in_file, in_environment, on_command_line = (
        f"settings from {file}: subjects.queries: ",
        "ACADEME__ANSWERS__SAMPLING__TOP_P: answers.sampling.top_p: ",
        "--set questions.per_sylabus: unknown key 'questions.per_sylabus'; did you mean 'per_syllabus'?",
    )
    assert all(part in str(told.value) for part in (in_file, in_environment, on_command_line))


def test_an_unknown_recipe_or_preset_lists_what_there_is() -> None:
    with pytest.raises(RecipeError, match="the recipes are: instruct, documents, wrap, bonito, propose"):
        load_recipe("instuct", "laptop", [], {})
    with pytest.raises(RecipeError, match="the presets are cpu-long, glan, laptop"):
        load_recipe("instruct", "labtop", [], {})


PRESETS = [("instruct", "laptop"), ("instruct", "glan"), ("instruct", "cpu-long"), ("propose", "laptop")]


@pytest.mark.parametrize(("name", "preset"), PRESETS)
def test_settings_written_down_are_the_settings(name: str, preset: str) -> None:
    recipe = load_recipe(name, preset, ["planner={name: m, serve: endpoint, url: http://x/v1}"], {})
    written = json.loads(json.dumps({"recipe": name, "settings": recipe.settings_as_data()}))
    ids = [step.id for step in steps_to(recipe.last)]
    assert [step.id for step in steps_to(recipe_of(written).last)] == ids
