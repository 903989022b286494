"""Datasets that are there already: how they are read, kept, and compared with."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.dag import steps_to
from pipeline.dedup import earlier
from pipeline.dedup.earlier import sketches_of
from pipeline.engine.spread import in_threads
from pipeline.errors import RecipeError
from pipeline.recipes import load_recipe
from pipeline.records import Instruction
from pipeline.storage.store import to_table
from stages.drop_exact_duplicates import DropExactDuplicates
from stages.drop_near_duplicates import DropNearDuplicates
from tests.stages.make import instruction

QUESTION = "Why do two brown-eyed parents sometimes have a child with blue eyes instead of brown ones?"
OTHER = "How does a river carve a valley over a hundred thousand years of slow and steady flow?"
TURNS = [
    {"role": "system", "content": OTHER},
    {"role": "user", "content": QUESTION},
    {"role": "assistant", "content": "Both carry a hidden allele."},
    {"role": "user", "content": "Thanks!"},
]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def saved(folder: Path, *rows: dict) -> str:
    """A dataset of one file."""
    folder.mkdir()
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(folder)


def verdicts(name: str, *questions: str) -> dict[str, tuple[str, str]]:
    """What goes of the questions, and why, in both stages."""
    stages = (DropExactDuplicates(), DropNearDuplicates())
    records = to_table([instruction(text, id=f"{i}") for i, text in enumerate(questions)], Instruction)
    found = {}
    for cls, path in zip(map(type, stages), sketches_of(stages, name, Instruction), strict=True):
        stage = cls(earlier=(path,))
        for row in stage.decide(stage.sketch(records), in_threads).verdicts.to_pylist():
            found.setdefault(row["id"], (row["reason"], row["twin"]))
    return found


@pytest.mark.parametrize(
    "row",
    [
        {"messages": TURNS},
        {"conversations": [{"from": "human", "value": QUESTION}, {"from": "gpt", "value": "So."}]},
        {"conversations": TURNS},
        {"question": QUESTION, "answer": "So."},
        {"instruction": QUESTION, "input": "", "output": "So."},
        {
            "instruction": QUESTION.split("instead")[0],
            "input": f"instead{QUESTION.split('instead')[1]}",
            "output": "",
        },
        {"prompt": QUESTION, "completion": None},
        {"messages": {"role": ["system", "user", "assistant"], "content": [OTHER, QUESTION, "So."]}},
        {"conversations": {"from": ["human", "gpt"], "value": [QUESTION, None]}},
        {"messages": json.dumps(TURNS)},
        {"messages": json.dumps({"role": ["user"], "content": [QUESTION]})},
        {"query": QUESTION, "response": "So."},
        {"problem": QUESTION, "solution": "So."},
        {"prompt": TURNS[:2], "completion": [{"role": "assistant", "content": "So."}]},
        {"prompt": json.dumps(TURNS[:2]), "response": "So."},
        {"prompt": QUESTION, "chosen": TURNS, "rejected": TURNS},
        {"messages": [None, {"role": "user", "content": None}, {"role": "user", "content": " "}, TURNS[1]]},
        {"messages": [{"role": "User", "content": [{"type": "text", "text": QUESTION}]}]},
        {"messages": [{"role": "user"}, TURNS[1], {"content": "nobody"}]},
        {"question": QUESTION, "answer": 4},
    ],
)
def test_rows_that_an_earlier_dataset_has_go(row: dict, tmp_path: Path) -> None:
    name = saved(tmp_path / "old", {**row, "extra": 3})
    changed = QUESTION.replace("instead of brown ones", "in place of brown ones")
    assert verdicts(name, OTHER, QUESTION.upper(), changed) == {
        "1": ("exact_duplicate_of_earlier", f"{name}:train:0"),
        "2": ("near_duplicate_of_earlier", f"{name}:train:0"),
    }


def test_a_dataset_is_read_once_as_long_as_it_stays_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = saved(tmp_path / "old", {"question": QUESTION, "answer": "So."})
    first = sketches_of([DropNearDuplicates()], name, Instruction)
    with monkeypatch.context() as patch:
        patch.setattr(earlier, "_load", None)
        assert sketches_of([DropNearDuplicates(min_alone=0.9)], name, Instruction) == first
        with pytest.raises(TypeError):  # other shingles: it must be read
            sketches_of([DropNearDuplicates(n=3)], name, Instruction)
    with (tmp_path / "old" / "train.jsonl").open("a") as file:
        file.write(json.dumps({"question": OTHER, "answer": "So."}) + "\n")
    again = sketches_of([DropNearDuplicates()], name, Instruction)
    assert [len(pq.read_table(path)) for path in first + again] == [1, 2]


NOTHING_ASKED = [
    {"messages": []},
    {"messages": None},
    {"messages": "hello"},
    {"messages": "[1, 2]"},
    {"messages": {"role": "user", "content": None}},
    {"question": None, "answer": "So."},
    {"question": "", "answer": "So."},
    {"prompt": [], "completion": []},
]


@pytest.mark.parametrize("row", NOTHING_ASKED)
def test_rows_that_ask_nothing_are_left_out(row: dict, tmp_path: Path) -> None:
    name = saved(tmp_path / "old", row, {"question": QUESTION, "answer": "So."})
    assert verdicts(name, QUESTION)["0"] == ("exact_duplicate_of_earlier", f"{name}:train:1")


def test_all_files_of_a_folder_are_read(tmp_path: Path) -> None:
    """`datasets` takes the kind that most of the files are of."""
    row, folder = {"question": OTHER, "answer": "So."}, tmp_path / "old"
    saved(folder, row, {"question": f"{OTHER} Why?", "answer": "\ud83d"})
    (folder / "b.jsonl").write_bytes(
        json.dumps({**row, "question": "What is a byte order mark?"}).encode("utf-8-sig")
    )
    pq.write_table(pa.table({"question": [QUESTION], "answer": ["So."]}), folder / "c.parquet")
    (folder / "d.csv").write_text("instruction,output\nWhat is in the CSV file of this folder?,So.\n")
    (folder / "dataset_info.json").write_text("{}")
    (folder / ".hidden.jsonl").write_text("{}")
    (folder / "README.md").write_text("# Rows")
    asked = [
        OTHER,
        f"{OTHER} Why?",
        "What is a byte order mark?",
        QUESTION,
        "What is in the CSV file of this folder?",
    ]
    found = verdicts(str(folder), *asked)
    assert [found[str(number)][0] for number in range(5)] == ["exact_duplicate_of_earlier"] * 5


def test_of_a_folder_with_a_card_the_card_says_what_is_data(tmp_path: Path) -> None:
    folder = tmp_path / "old"
    saved(folder, {"question": QUESTION, "answer": "So."})
    (folder / "other.jsonl").write_text('{"no": "pair"}\n')
    (folder / "README.md").write_text(
        "---\nlicense: mit\nconfigs:\n- config_name: default\n  data_files:\n"
        "  - split: test\n    path: train.jsonl\n---\n"
    )
    assert verdicts(str(folder), QUESTION)["0"] == ("exact_duplicate_of_earlier", f"{folder}:test:0")


def test_files_of_several_kinds(tmp_path: Path) -> None:
    pq.write_table(pa.table({"question": [OTHER, QUESTION], "answer": ["a", "b"]}), tmp_path / "old.parquet")
    (tmp_path / "old.csv").write_text(f"question,answer\n{OTHER},a\n{QUESTION},b\n")
    for kind in ("parquet", "csv"):
        name = str(tmp_path / f"old.{kind}")
        assert verdicts(name, QUESTION) == {"0": ("exact_duplicate_of_earlier", f"{name}:train:1")}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"text": "one"}\n', "expected a column messages or conversations, or two of .*; got text"),
        ("", "is empty"),
        ("not json\n", "expected a folder or file that `datasets` loads"),
    ],
)
def test_what_is_no_dataset_is_named(content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "train.jsonl").write_text(content)
    with pytest.raises(RecipeError, match=f"earlier dataset .*old.*{said}"):
        sketches_of([DropExactDuplicates()], str(tmp_path / "old"), Instruction)
    assert not list((tmp_path / "cache").rglob("*.parquet"))


def test_a_name_that_is_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no such folder or file; expected one, or a name on the Hub"):
        sketches_of([DropExactDuplicates()], str(tmp_path / "gone"), Instruction)


def test_rephrasings_are_compared_with_earlier_datasets_too(tmp_path: Path) -> None:
    name = saved(tmp_path / "old", {"question": QUESTION, "answer": "So."})
    changed = [f'earlier=["{name}"]', "rephrasing={}", "embedder=null"]
    recipe = load_recipe("instruct", "laptop", changed, {})
    steps = {step.name: step for step in steps_to(recipe.last)}
    exact, near = steps["unrepeated_rephrased"].stage, steps["varied"].stage
    assert exact.earlier == steps["unrepeated"].stage.earlier != ()
    assert near.earlier == steps["distinct"].stage.earlier != ()
    rephrased = to_table([instruction(QUESTION.replace("sometimes", "often"), id="0")], Instruction)
    (gone,) = near.decide(near.sketch(rephrased), in_threads).verdicts.to_pylist()
    assert gone["reason"] == "near_duplicate_of_earlier"
    without = load_recipe("instruct", "laptop", changed[1:], {})
    assert "unrepeated_rephrased" not in {step.name for step in steps_to(without.last)}
