"""The last step's rows as a folder that `datasets.load_dataset` reads and the Hub accepts.

Written beside its place and moved there whole; to a root elsewhere file by file, and last what says that it
is whole. Shards are cut at a number of rows or bytes, and rows keep the order of the parts. Memory: one
shard and one part, and with a test split what pipeline/export/splits.py says. The same rows give the same
bytes.
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any

import jsonlines
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from upath import UPath

from pipeline.dag import steps_to
from pipeline.export.card import card
from pipeline.export.contamination import benchmarks_of, contaminated
from pipeline.export.rows import LAYOUTS, Layout
from pipeline.export.splits import Siblings, place_of
from pipeline.identity import digest
from pipeline.io.files import checksum, move_tree, read_bytes, sync, write_text
from pipeline.recipe import DatasetSettings, Recipe
from pipeline.records import Example, Passage
from pipeline.storage.root import Root

N_SHOWN = 5  # rows on the card
NO_TEST_SPLIT = (
    "all rows hang together by discipline, document, question, template, passage or rephrasing, so the "
    "dataset has no test split; more disciplines or documents give one"
)
ROW_GROUP_ROWS = 10_000  # what a reader that streams holds at once


@dataclass
class _Split:
    """One split while it is written: full shards are on disk, the rest is in `rows`."""

    name: str
    folder: Path
    layout: Layout
    rows: list[dict[str, Any]] = field(default_factory=list)
    n_chars: int = 0
    shards: list[Path] = field(default_factory=list)
    n_rows: int = 0
    n_bytes: int = 0

    def add(self, row: dict[str, Any], size: int, max_rows: int, max_chars: float) -> None:
        """`size`: of the row's text, in characters."""
        if self.rows and (len(self.rows) >= max_rows or self.n_chars + size > max_chars):
            self.flush()
        self.rows.append(row)
        self.n_chars += size

    def flush(self) -> None:
        if not self.rows:
            return
        table = pa.Table.from_pylist(self.rows, schema=self.layout.schema)
        path = self.folder / f"{self.name}-{len(self.shards):05d}.parquet"
        with path.open("wb") as file:  # a name would be read as a URL: `::` in it leads to another file
            pq.write_table(
                table, file, ROW_GROUP_ROWS, use_content_defined_chunking=True, write_page_index=True
            )
        sync(path)
        self.shards.append(path)
        self.n_rows += len(self.rows)
        self.n_bytes += table.nbytes
        self.rows, self.n_chars = [], 0

    def close(self) -> None:
        """Writes what is left and gives the shards the names the Hub knows: split-00000-of-00003."""
        self.flush()
        for number, path in enumerate(self.shards):
            path.rename(path.with_name(f"{self.name}-{number:05d}-of-{len(self.shards):05d}.parquet"))

    def summary(self) -> dict[str, Any]:
        files = sorted(self.folder.glob(f"{self.name}-*.parquet"))
        stored = sum(file.stat().st_size for file in files)
        return {"rows": self.n_rows, "bytes": self.n_bytes, "stored_bytes": stored, "shards": len(files)}


def write(root: Root, recipe: Recipe, settings: DatasetSettings, run_id: str) -> dict[str, Any]:
    """Writes dataset/ unless it is there already, whole and as it would be written now; returns rows per
    split, discipline and source. Cost: two passes over the rows.
    """
    known = finished(root, recipe, settings, run_id)
    if known is not None:
        return known
    draft = root.local / ".dataset.draft"
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "data").mkdir(parents=True)
    layout = LAYOUTS[recipe.last.writes]
    summary = {
        "key": _key(root, recipe, settings, run_id),
        **_write_shards(root, recipe, settings, run_id, draft / "data"),
    }
    summary["files"] = _checksums(draft)
    (draft / "README.md").write_text(
        card(root, recipe, settings.licence, run_id, summary, layout), encoding="utf-8"
    )
    if benchmarks_of(recipe):
        with jsonlines.open(draft / "contamination.jsonl", "w") as file:
            file.write_all(contaminated(root, recipe))
    told = f"# The resolved settings of run {run_id}: academe run {recipe.name} --config academe.yaml\n"
    resolved = yaml.safe_dump(recipe.settings_as_data(), sort_keys=False, allow_unicode=True)
    (draft / "academe.yaml").write_text(told + resolved, encoding="utf-8")
    _summary_path(root).unlink(missing_ok=True)
    move_tree(draft, root.dataset)
    write_text(json.dumps(summary, indent=1), _summary_path(root))
    return summary


def finished(root: Root, recipe: Recipe, settings: DatasetSettings, run_id: str) -> dict[str, Any] | None:
    """The summary of the dataset that is there, when it holds what the last step holds, says what is so now,
    and is whole. Reads the shards.
    """
    known = _known(_summary_path(root))
    is_current = known.get("key") == _key(root, recipe, settings, run_id)
    return known if is_current and known.get("files") == _checksums(root.dataset) else None


def _summary_path(root: Root) -> UPath:
    return root.path / "dataset.json"


def _key(root: Root, recipe: Recipe, settings: DatasetSettings, run_id: str) -> str:
    """What is in the folder follows from this: the parts of the last step, and what the card says of the
    steps before it, of the settings with their models, prices and licences, and of the version.
    """
    steps = steps_to(recipe.last)
    manifests = [root.folder(step).manifest() or {} for step in steps]
    funnel = [(step.folder, _counts(manifest)) for step, manifest in zip(steps, manifests, strict=True)]
    made_by = (root.run() or {}).get("academe")
    told = (run_id, settings, recipe.about, recipe.settings_as_data(), made_by)
    return digest((*told, funnel, manifests[-1].get("parts"))).hex()


def _counts(manifest: dict[str, Any]) -> dict[str, Any]:
    """What the card says of a step that is finished."""
    return {name: manifest["tally"][name] for name in ("rows_in", "kept", "rejected")} if manifest else {}


def _known(summary_path: UPath) -> dict[str, Any]:
    """What is known of the dataset that is there; nothing when its summary is missing or damaged."""
    try:
        found = json.loads(read_bytes(summary_path))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _checksums(folder: UPath | Path) -> dict[str, str]:
    """The shards in a dataset's folder, each with its checksum. Reads all of them."""
    paths = {path.name: path for path in (folder / "data").glob("*.parquet")}
    return {name: checksum(path) for name, path in sorted(paths.items())}


def _write_shards(
    root: Root, recipe: Recipe, settings: DatasetSettings, run_id: str, folder: Path
) -> dict[str, Any]:
    records, layout = _Records(root, recipe), LAYOUTS[recipe.last.writes]
    shown: list[dict[str, Any]] = []
    tested = _tested(records, settings.test_share)
    splits = {name: _Split(name, folder, layout) for name in ("train", "test")}
    for record in records:
        split = splits["test" if tested and place_of(record) in tested else "train"]
        row = layout.row(record, run_id)
        if len(shown) < N_SHOWN or row["id"] < shown[-1]["id"]:  # ids are hashes: a sample
            shown = sorted([*shown, row], key=itemgetter("id"))[:N_SHOWN]
        split.add(row, len(record.says), settings.max_shard_rows, settings.max_shard_mb * 2**20)
    for split in splits.values():
        split.close()
    used = {name: split.summary() for name, split in splits.items() if split.n_rows}
    n_rows = sum(split["rows"] for split in used.values())
    found = {"rows": n_rows, "splits": used, "shown": shown, **records.summary()}
    return {**found, "warning": NO_TEST_SPLIT} if tested is None else found


def _tested(records: Iterable[Example | Passage], share: float) -> set[str] | None:
    """The places whose rows are the test split; None where there can be none."""
    if not share:
        return set()
    siblings = Siblings()
    for record in records:
        siblings.add(record)
    return siblings.tested(share)


class _Records:
    """All records of the last step, part by part, as often as they are asked for."""

    def __init__(self, root: Root, recipe: Recipe) -> None:
        self._folder = root.folder(recipe.last)
        self._kind = recipe.last.writes

    def __iter__(self) -> Iterator[Example | Passage]:
        self._places = Counter[tuple[str, str]]()
        self._sources = Counter[tuple[str, str]]()
        self._languages: set[str] = set()
        for name in self._folder.part_names():
            for record in self._folder.read_part(name, self._kind):
                if isinstance(record, Example):
                    self._places[record.field, record.discipline] += bool(record.discipline)
                self._sources[getattr(record, "task", ""), record.style] += 1
                self._languages.add(record.language)
                yield record

    def summary(self) -> dict[str, Any]:
        """Rows per discipline, per task and style, and the languages seen, as of the last pass."""
        places = sorted((place, n) for place, n in self._places.items() if n)
        coverage = [{"field": field, "discipline": name, "rows": n} for (field, name), n in places]
        sources = [{"task": task, "style": s, "rows": n} for (task, s), n in sorted(self._sources.items())]
        return {"coverage": coverage, "sources": sources, "languages": sorted(self._languages - {"und"})}
