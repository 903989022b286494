"""Rendered prompts and printed plans, byte for byte; `make golden` rewrites them for review."""

import os
from pathlib import Path

import pytest

from pipeline.inspection.plan import plan_lines
from pipeline.prompts import FOLDER, render
from pipeline.recipes import load_recipe
from pipeline.records import CRITERIA
from pipeline.storage.root import Root

GOLDEN = Path(__file__).parent / "golden"
VALUES = {
    "discipline": "Genetics",
    "description": "How traits are passed on.",
    "subject": "Heredity",
    "level": "introductory",
    "subtopics": ("genes", "alleles"),
    "syllabus": "Session 1. Genes\nSession 2. Alleles",
    "sessions": ("Genes", "Alleles"),
    "concepts": ("dominance", "locus"),
    "question": "What is an allele?",
    "answer": "One of the forms of a gene.",
    "path": "Life sciences > Genetics",
    "children": ("Heredity",),
    "criteria": CRITERIA,
    "passage": "The birds nest on high cliffs.",
    "before": "It is about birds.",
    "label": "yes",
    "labels": ("science", "history"),
    "names": ("sentiment", "summarization"),
    "n": 1,
    "both": True,
}
PROMPTS = sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.rglob("*.md"))


def compare(path: Path, text: str) -> None:
    if os.environ.get("ACADEME_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text + "\n", (
        f"{path.name} changed; if it should, run make golden"
    )


@pytest.mark.parametrize("name", PROMPTS)
def test_prompt(name: str) -> None:
    level = "disciplines" if name.startswith("propose") else VALUES["level"]
    compare(GOLDEN / "prompts" / f"{name}.txt", render(name, **{**VALUES, "level": level}))


@pytest.mark.parametrize(
    ("recipe", "preset"),
    [
        ("instruct", "laptop"),
        ("instruct", "cpu-long"),
        ("instruct", "glan"),
        ("documents", "laptop"),
        ("wrap", "laptop"),
        ("propose", "laptop"),
    ],
)
def test_plan(recipe: str, preset: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = tmp_path / "docs" / "text.md"
    text.parent.mkdir()
    text.write_text("Cells divide.")
    os.utime(text, (0, 0))  # a step's id follows it, and the path as it was named
    monkeypatch.chdir(tmp_path)
    overrides = ["files.paths=[docs]"] if recipe in ("documents", "wrap") else []
    lines = plan_lines(load_recipe(recipe, preset, overrides, {}), Root("runs/none"))
    compare(GOLDEN / "plans" / f"{recipe}-{preset}.txt", "\n".join(lines))
