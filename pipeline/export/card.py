"""The dataset card: what the rows are, how they were made, and what they are not good for."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from datasets import List

from pipeline.dag import steps_to
from pipeline.export.contamination import counts
from pipeline.export.rows import MEANINGS, Layout
from pipeline.export.trainers import snippets
from pipeline.model import ModelSpec
from pipeline.recipe import Recipe
from pipeline.records import Discipline
from pipeline.stage import DatasetStage, ModelStage
from pipeline.storage.root import Root
from pipeline.storage.tally import Tally

SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
    (1_000_000_000, "100M<n<1B"),
    (10_000_000_000, "1B<n<10B"),
    (100_000_000_000, "10B<n<100B"),
    (1_000_000_000_000, "100B<n<1T"),
)
LARGEST = "n>1T"
MAX_SHOWN = 400  # characters of a text on the card

LOAD_NAME = "FOLDER OR HUB NAME"  # publishing puts the repository there
LOAD = f"""\
```python
from datasets import load_dataset

rows = load_dataset("{LOAD_NAME}", split="train")
print(rows[0]["COLUMN"])
```"""
AGAIN = (
    "What is drawn follows from hashes of what it is drawn for: there is no seed to set. What a model writes "
    "is not seeded, so another run has other wordings; over the replies that this run has kept it makes the "
    "same bytes."
)
LIMITS = (
    "Nobody has checked what a model wrote: it can be wrong, dated or biased, and a small model's is wrong "
    "often: rows of a model of under a billion parameters show that the pipeline works and "
    "are not fit to train on."
)


def card(
    root: Root, recipe: Recipe, licence: str, run_id: str, summary: dict[str, Any], layout: Layout
) -> str:
    """README.md of the dataset folder: metadata for the Hub, then prose and tables."""
    header = yaml.safe_dump(_metadata(licence, summary, layout), sort_keys=False, allow_unicode=True)
    sections = [
        f"---\n{header}---\n\n# {recipe.name}: {summary['rows']:,} {layout.what}",
        f"{recipe.about} Made with `academe`, run `{run_id}`; the resolved settings are in `academe.yaml`.",
        "## How it was made\n\n" + _funnel(root, recipe),
        "## Rows\n\n" + _rows(summary["shown"]),
        "## Fields\n\n"
        + table(("field", "meaning"), [(f"`{name}`", MEANINGS[name]) for name in layout.features]),
        "## Load it\n\n" + LOAD.replace("COLUMN", layout.shown),
        "## Train on it\n\n" + snippets(layout.shown, LOAD_NAME),
        *([f"## Coverage\n\n{_coverage(root, recipe, summary)}"] if summary["coverage"] else []),
        "## Sources\n\n" + _sources(summary),
        "## Models\n\n" + _models(recipe),
        "## Decontamination\n\n" + _decontamination(root, recipe),
        "## Duplicates\n\n" + _duplicates(root, recipe),
        "## Make it again\n\n" + _again(root, recipe),
        "## Limits\n\n" + LIMITS,
    ]
    return "\n\n".join(sections) + "\n"


def _metadata(licence: str, summary: dict[str, Any], layout: Layout) -> dict[str, Any]:
    splits = summary["splits"]
    return {
        "license": licence,
        "language": summary["languages"],
        "task_categories": ["text-generation"],
        "tags": ["synthetic", "academe"],
        "size_categories": [size_category(summary["rows"])],
        "dataset_info": {
            "features": [_feature(name, feature) for name, feature in layout.features.items()],
            "splits": [
                {"name": name, "num_bytes": split["bytes"], "num_examples": split["rows"]}
                for name, split in splits.items()
            ],
            "download_size": sum(split["stored_bytes"] for split in splits.values()),
            "dataset_size": sum(split["bytes"] for split in splits.values()),
        },
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": name, "path": f"data/{name}-*"} for name in splits],
            }
        ],
    }


def size_category(n_rows: int) -> str:
    """As the Hub names it."""
    return next((name for limit, name in SIZES if n_rows < limit), LARGEST)


def _feature(name: str, feature: Any) -> dict[str, Any]:
    """In the spelling that readers before datasets 4 know: lists as `list:`."""
    if not isinstance(feature, List):
        return {"name": name, "dtype": feature.dtype}
    if isinstance(feature.feature, dict):
        return {"name": name, "list": [_feature(key, value) for key, value in feature.feature.items()]}
    return {"name": name, "list": feature.feature.dtype}


def _funnel(root: Root, recipe: Recipe) -> str:
    rows = []
    for step in steps_to(recipe.last):
        manifest = root.folder(step).manifest()
        if manifest is not None:
            tally = Tally.from_dict(manifest["tally"])
            reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(tally.rejected.items()))
            rows.append(
                (step.name, manifest["stage"], f"{tally.rows_in:,}", f"{tally.kept:,}", reasons or "-")
            )
    return table(("step", "stage", "in", "kept", "rejected"), rows)


def _rows(shown: Sequence[Mapping[str, Any]]) -> str:
    """Real rows as JSON, long texts cut, inside a fence that nothing in them closes."""
    text = "\n".join(json.dumps(_cut(row), ensure_ascii=False, indent=1) for row in shown)
    text = text.replace("<", "\\u003c")  # the same JSON, and no HTML for whoever does not know fences
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{len(shown)} of them, drawn by their ids; long texts are cut.\n\n{fence}json\n{text}\n{fence}"


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _cut(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_cut(item) for item in value]
    if isinstance(value, str) and len(value) > MAX_SHOWN:
        return f"{value[:MAX_SHOWN]} [... {len(value) - MAX_SHOWN:,} characters more]"
    return value


def _duplicates(root: Root, recipe: Recipe) -> str:
    rows = []
    for step in steps_to(recipe.last):
        manifest = root.folder(step).manifest() if isinstance(step.stage, DatasetStage) else None
        if manifest is not None:
            rejected = Tally.from_dict(manifest["tally"]).rejected
            rows += [(step.name, reason, f"{count:,}") for reason, count in sorted(rejected.items())]
    if not rows:
        return "None were found, or none were looked for: the steps are above."
    return "Dropped by the steps that compare all rows with each other:\n\n" + table(
        ("step", "reason", "rows"), rows
    )


def _again(root: Root, recipe: Recipe) -> str:
    run = root.run() or {}
    made_by = f"academe {run.get('academe')}" + (f", commit {run['commit']}" if run.get("commit") else "")
    versions = ", ".join(f"{name} {number}" for name, number in run.get("versions", {}).items())
    told = f"with {made_by} ({escaped(versions)}) and the files that the settings name. {AGAIN}"
    return f"```sh\nacademe run {recipe.name} --config academe.yaml\n```\n\n{told}"


def _models(recipe: Recipe) -> str:
    specs: dict[str, ModelSpec] = {}
    steps: dict[str, list[str]] = {}
    for step in steps_to(recipe.last):
        if isinstance(step.stage, ModelStage) and step.stage.model is not None:
            specs[step.stage.model.name] = step.stage.model
            steps.setdefault(step.stage.model.name, []).append(step.name)
    rows = [(escaped(name), escaped(spec.licence), ", ".join(steps[name])) for name, spec in specs.items()]
    return table(("model", "licence", "wrote"), rows)


def _decontamination(root: Root, recipe: Recipe) -> str:
    found = counts(root, recipe)
    if not found:
        return "No benchmark files were named in the settings, so nothing was checked."
    found_in = table(
        ("benchmark", "items met", "rows dropped"), [(escaped(n), f"{i:,}", f"{r:,}") for n, i, r in found]
    )
    return (
        f"Rows that hold an item of these files were dropped; `contamination.jsonl` lists them.\n\n{found_in}"
    )


def _coverage(root: Root, recipe: Recipe, summary: dict[str, Any]) -> str:
    asked = [
        row["discipline"]
        for step in steps_to(recipe.last)
        if step.writes is Discipline and not step.inputs
        for row in root.folder(step).rows()
    ]
    met = {row["discipline"] for row in summary["coverage"]}
    without = [name for name in asked if name not in met]
    told = f"{len(met):,} of {len(asked):,} disciplines have rows."
    if without:
        told += f" None: {', '.join(map(escaped, without))}."
    rows = [(escaped(r["field"]), escaped(r["discipline"]), f"{r['rows']:,}") for r in summary["coverage"]]
    return f"{told}\n\n" + table(("field", "discipline", "rows"), rows)


def _sources(summary: dict[str, Any]) -> str:
    """Rows by what they were made as: along the taxonomy, a task, a style, or a real text."""
    rows = [
        (escaped(row["task"] or "-"), escaped(row["style"] or "-"), f"{row['rows']:,}")
        for row in summary["sources"]
    ]
    return table(("task", "style", "rows"), rows)


def table(titles: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """In Markdown; cells as they are, so a name in them is `escaped`."""
    lines = [titles, tuple("---" for _ in titles), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def escaped(text: str) -> str:
    """Text from a taxonomy or a model as it stands, whatever Markdown or HTML is in it."""
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{char}" if char in "\\`*_{}[]()#+-.!|~" else char for char in text)
