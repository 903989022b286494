"""The report of a run: report.json, and report.html, one page that shows it and needs nothing else.

    funnel, taxonomy, how values are spread, what filters measured, duplicates, clusters, costs, rows

Cost: some passes over the rows. See pipeline/report/page.py for what keeps hostile rows harmless.
"""

import json
from typing import Any

from upath import UPath

from pipeline.dag import steps_to
from pipeline.identity import digest
from pipeline.io.files import read_bytes, write_text
from pipeline.recipe import Recipe
from pipeline.report import measures, numbers, samples
from pipeline.report.page import page
from pipeline.report.plain import plain
from pipeline.report.times import Times
from pipeline.stage import ModelStage
from pipeline.storage.events import read_events
from pipeline.storage.replies import Replies
from pipeline.storage.root import Root

JSON, PAGE, AGAINST = "report.json", "report.html", "report-against.html"


def report(root: Root, recipe: Recipe) -> dict[str, Any]:
    """What there is to tell of the run that the root last had, as plain data, whatever its rows hold."""
    run = root.run() or {}
    times = Times(read_events(root.events))
    specs = [step.stage.model for step in steps_to(recipe.last) if isinstance(step.stage, ModelStage)]
    replies = Replies(root.replies)
    try:
        shown = samples.rows(root, recipe, replies)
    finally:
        replies.close()
    kept = numbers.Kept(root, recipe)
    n_kept = sum("reason" not in row for row in shown["rows"])
    told = {
        "recipe": recipe.name,
        "key": _key(root, recipe),
        "run": run.get("run", ""),
        "root": str(root),
        "made_with": f"academe {run.get('academe', '')}",
        "models": sorted({spec.name for spec in specs if spec is not None}),
        "n_rows": root.folder(recipe.last).progress()[1].kept,
        "steps": numbers.steps(root, recipe, times.spans),
        "taxonomy": numbers.taxonomy(root, recipe),
        "spreads": numbers.spreads(kept),
        "measures": measures.measures(root, recipe),
        "duplicates": samples.duplicates(root, recipe),
        "clusters": samples.clusters(root, recipe),
        "series": times.series(),
        "rows_over_time": times.rows(),
        "prefix_cache": times.prefix_cache,
        **shown,
        "sampled": {"kept": n_kept, "rejected": len(shown["rows"]) - n_kept},
    }
    return {name: plain(value) for name, value in told.items()}


def is_current(root: Root, recipe: Recipe) -> bool:
    """Whether the page that is there tells of the run that the root last had, as it ended."""
    try:
        told = json.loads(read_bytes(root.path / JSON))
    except (FileNotFoundError, ValueError):
        return False
    key = told.get("key") if isinstance(told, dict) else None
    return key == _key(root, recipe) and (root.path / PAGE).exists()


def write(root: Root, recipe: Recipe) -> UPath:
    """Writes report.html and then report.json into the root; returns the page's path."""
    data = report(root, recipe)
    write_text(page([data]), root.path / PAGE)
    write_text(json.dumps(data, ensure_ascii=False, indent=1), root.path / JSON)
    return root.path / PAGE


def _key(root: Root, recipe: Recipe) -> str:
    """What the page follows from: the settings, the version that writes it, and the parts of all steps."""
    run = root.run() or {}
    steps = steps_to(recipe.last)
    parts = [(root.folder(step).manifest() or {}).get("parts") for step in steps]
    told = (run.get("academe"), recipe.name, recipe.settings_as_data(), [step.folder for step in steps])
    return digest((*told, parts)).hex()


def write_against(root: Root, recipe: Recipe, other: Root, other_recipe: Recipe) -> UPath:
    """Writes a page that shows two runs side by side; returns its path."""
    write_text(page([report(root, recipe), report(other, other_recipe)]), root.path / AGAINST)
    return root.path / AGAINST
