"""The dataset folder: shards, splits and a card that hostile names cannot break."""

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow.parquet as pq
import pytest
import yaml
from datasets import load_dataset
from pydantic import BaseModel

from pipeline.dag import Step
from pipeline.export import dataset
from pipeline.export.card import escaped
from pipeline.export.rows import CONVERSATIONS
from pipeline.recipe import DatasetSettings, Gates, Recipe
from pipeline.records import Example, Passage
from pipeline.stage import SourceStage
from pipeline.storage.root import Root
from pipeline.storage.store import to_table
from pipeline.storage.tally import Tally
from tests.stages.make import example


class NoSettings(BaseModel):
    """A recipe without any."""


HOSTILE = "Bio](x) | <script>alert(1)</script> *b*\n## Heading"


@dataclass(frozen=True, kw_only=True)
class Examples(SourceStage):
    writes: ClassVar[type] = Example
    version: ClassVar[int] = 1

    def read(self) -> Iterator[Example]:
        return iter(())


class Passages(Examples):
    writes: ClassVar[type] = Passage


def written(root: Path, rows: Sequence[Example | Passage], **settings: object) -> dict:
    """A finished run with these rows, all of one kind, and its dataset."""
    step = Step("examples", Passages() if rows and isinstance(rows[0], Passage) else Examples())
    chosen = DatasetSettings(**settings)
    recipe = Recipe("test", "", NoSettings(), step, chosen, Gates())
    folder = Root(root).folder(step)
    part = folder.write_part("000000", to_table(rows, step.stage.writes), [], Tally(rows_in=len(rows)))
    parts = {"000000": part.entry()}
    folder.finish({"stage": type(step.stage).__name__, "tally": part.tally.as_dict(), "parts": parts})
    return dataset.write(Root(root), recipe, chosen, "run")


def some(n: int) -> list[Example]:
    return [
        example(
            id=f"{i:03}",
            discipline_id=f"d{i % 5}",
            question=f"What does {'letter'[i % 6] * (i + 1)} mean?",
            answer=f"Answer {i}. " * 20,
            discipline=f"{HOSTILE}{i % 5}",
        )
        for i in range(n)
    ]


def test_shards_hold_at_most_what_is_set_and_keep_the_order(tmp_path: Path) -> None:
    summary = written(tmp_path, some(25), max_shard_rows=10)
    names = sorted(path.name for path in (tmp_path / "dataset" / "data").iterdir())
    assert names == [f"train-{i:05}-of-00003.parquet" for i in range(3)]
    assert summary["rows"] == 25
    rows = load_dataset(str(tmp_path / "dataset"), split="train", cache_dir=str(tmp_path / "cache"))
    assert rows["id"] == [f"{i:03}" for i in range(25)]
    assert written(tmp_path / "small", some(25), max_shard_mb=0.001)["splits"]["train"]["shards"] > 5


def test_the_test_split_has_whole_leaves(tmp_path: Path) -> None:
    written(tmp_path, some(25), test_share=0.4)
    data = load_dataset(str(tmp_path / "dataset"), cache_dir=str(tmp_path / "cache"))
    assert len(set(data["test"]["discipline_id"])) == 2
    assert not set(data["test"]["discipline_id"]) & set(data["train"]["discipline_id"])


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    def content(root: Path) -> list[bytes]:
        written(root, some(7))
        return [path.read_bytes() for path in sorted((root / "dataset").rglob("*.*"))]

    assert content(tmp_path / "one") == content(tmp_path / "two")


@pytest.mark.parametrize(
    "damage", ["no shard", "cut shard", "a flipped bit", "no folder", "cut summary", "other summary"]
)
def test_a_damaged_dataset_is_written_again(damage: str, tmp_path: Path) -> None:
    written(tmp_path, some(7))
    shard = tmp_path / "dataset" / "data" / "train-00000-of-00001.parquet"
    whole = shard.read_bytes()
    match damage:
        case "no shard":
            shard.unlink()
        case "cut shard":
            os.truncate(shard, 40)
        case "a flipped bit":
            shard.write_bytes(whole[:200] + bytes([whole[200] ^ 1]) + whole[201:])
        case "no folder":
            shutil.rmtree(tmp_path / "dataset")
        case "cut summary":
            os.truncate(tmp_path / "dataset.json", 3)
        case "other summary":
            (tmp_path / "dataset.json").write_text("[]")
    assert written(tmp_path, some(7))["rows"] == 7
    assert shard.read_bytes() == whole


def test_a_whole_dataset_is_left_alone(tmp_path: Path) -> None:
    written(tmp_path, some(7))
    (tmp_path / "dataset" / "README.md").write_text("edited by its owner")
    written(tmp_path, some(7))
    assert (tmp_path / "dataset" / "README.md").read_text() == "edited by its owner"


def test_the_card_is_valid_and_names_stay_text(tmp_path: Path) -> None:
    written(tmp_path, some(5), licence="cc0-1.0")
    card = (tmp_path / "dataset" / "README.md").read_text()
    _, header, body = card.split("---\n", 2)
    data = yaml.safe_load(header)
    assert (data["license"], data["size_categories"]) == ("cc0-1.0", ["n<1K"])
    features = {feature["name"]: feature for feature in data["dataset_info"]["features"]}
    assert features["messages"]["list"][0] == {"name": "role", "dtype": "string"}
    assert features["sessions"] == {"name": "sessions", "list": "string"}
    assert "<script>" not in body
    assert "\n## Heading" not in body


@pytest.mark.parametrize("text", [HOSTILE, "a|b", "[x](y)", "`code`", "&amp;"])
def test_escaped_text_has_no_markup_left(text: str) -> None:
    shown = escaped(text)
    assert "\n" not in shown
    assert not any(f"{char}" in shown.replace(f"\\{char}", "") for char in "|`[]*")
    assert "<" not in shown


def test_an_empty_run_gives_an_empty_summary(tmp_path: Path) -> None:
    assert written(tmp_path, [])["rows"] == 0


def test_a_root_with_colons_in_its_name_overwrites_nothing(tmp_path: Path) -> None:
    for name in ("notes", "file", "http"):
        (tmp_path / name).write_text("precious")
    for name in ("notes::1", "file::2", "http::a::b", "memory::x"):
        assert written(tmp_path / name, some(3))["rows"] == 3
        assert (
            len(load_dataset("parquet", data_files=[str(p) for p in shards(tmp_path / name)])["train"]) == 3
        )
    assert {path.read_text() for path in tmp_path.iterdir() if path.is_file()} == {"precious"}


def shards(root: Path) -> list[Path]:
    """Those of a root whose name may mean something to `datasets`, under a name that does not."""
    found = sorted((root / "dataset" / "data").glob("*.parquet"))
    plain = root.parent / root.name.replace(":", "_")
    plain.mkdir()
    return [shutil.copy(path, plain / path.name) for path in found]


def test_shards_say_nothing_that_an_earlier_reader_does_not_know(tmp_path: Path) -> None:
    written(tmp_path, some(3))
    (shard,) = (tmp_path / "dataset" / "data").glob("*.parquet")
    schema = pq.read_schema(shard)
    assert b"huggingface" not in (schema.metadata or {}), "its spelling of lists differs by version"
    rows = load_dataset("parquet", data_files=[str(shard)], split="train")
    assert rows.features == CONVERSATIONS.features, "the types say it all"
