"""The report of a run, its numbers and its page in a real browser."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.report.page import page
from tests.conftest import academe, academe_on, run_arguments, start_scripted, status

pytestmark = pytest.mark.ray

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOSTILE = "</script><img src=x onerror=\"document.body.dataset.ran='yes'\"><!--<script>{{ 7 * 7 }}\u2028"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, cluster: str) -> Path:
    """A finished run with a judge, embeddings, clusters and rephrasings."""
    folder = tmp_path_factory.mktemp("report")
    scripted = start_scripted(folder)
    spec = json.dumps({"name": "scripted", "serve": "endpoint", "url": scripted.url})
    settings = (
        f"embedder={spec}",
        f"judge={spec}",
        "semantic_duplicates.min_cosine=0.8",
        "low_ratings={min_clarity: 2, min_relevance: 2, min_correctness: 2, min_completeness: 2}",
        "density={keep: 0.8, n_clusters: 3}",
        "taxonomy.only=[genetics, nutrition, practical-writing]",
        "questions.per_syllabus=8",
        "rephrasing={share: 0.4}",
        "planner.price={output: 2}",
    )
    try:
        done = academe_on(cluster, *run_arguments(scripted, folder / "root", *settings))
    finally:
        scripted.stop()
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "root"


@pytest.fixture(scope="module")
def data(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "report.json").read_text())
    return found


class Browser:
    """Chromium, with what it asked for and complained of."""

    def __init__(self, chromium: Any) -> None:
        self._chromium = chromium
        self.requests: list[str] = []
        self.errors: list[str] = []

    def open(self, file: Path, scheme: str = "light", width: int = 1280) -> Any:
        self.requests.clear()
        self.errors.clear()
        view = {"width": width, "height": 900}
        found = self._chromium.new_context(color_scheme=scheme, viewport=view).new_page()
        found.on("console", lambda message: self.errors.append(message.text))
        found.on("pageerror", lambda error: self.errors.append(str(error)))
        found.on("request", lambda request: self.requests.append(request.url))
        found.goto(file.as_uri())
        found.wait_for_selector("html[data-drawn=yes]", timeout=20_000)
        return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield Browser(chromium)
        chromium.close()


def test_a_phone_shows_all_of_its_width(root: Path, browser: Browser) -> None:
    page = browser.open(root / "report.html", width=390)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_text("measures by which nothing was dropped").click()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_its_numbers_are_those_of_the_run(root: Path, data: dict[str, Any]) -> None:
    steps = {step["name"]: step for step in status(root)["steps"]}
    assert [step["name"] for step in data["steps"]] == list(steps)
    for told in data["steps"]:
        tally = steps[told["name"]]["tally"]
        assert {name: told[name] for name in tally} == tally
        assert told["span_s"] > 0 or not told["rows_in"]
    summary = json.loads((root / "dataset.json").read_text())
    assert data["n_rows"] == data["n_kept"] == summary["rows"] == data["sampled"]["kept"]
    by_discipline = {row["discipline"]: row["rows"] for row in summary["coverage"]}
    assert {leaf["discipline"]: leaf["kept"] for leaf in data["taxonomy"] if leaf["kept"]} == by_discipline
    drafts = steps["drafts"]["tally"]["kept"]
    assert sum(leaf["made"] for leaf in data["taxonomy"]) == drafts
    assert data["n_rejected"] == sum(step["tally"]["made"] - step["tally"]["kept"] for step in steps.values())
    for spread in data["spreads"]:
        if spread["column"] in ("level", "clarity", "question", "n_answer_tokens"):
            assert sum(spread["counts"]) == summary["rows"], spread["title"]
    for measure in data["measures"]:
        tally = steps[measure["step"]]["tally"]
        assert measure["n"] == sum(measure["counts"]) <= tally["rejected"].get(measure["reason"], 0)
        assert sum(measure["kept"]) == measure["n_measured"] <= tally["kept"]
    too_short = next(entry for entry in data["measures"] if entry["reason"] == "answer_too_short")
    assert too_short["n_measured"] == steps[too_short["step"]]["tally"]["kept"] > 0
    judged = {step["name"] for step in data["steps"] if step["model"]}
    assert {"drafts", "answers", "rated"} <= judged
    assert sum(step["usd"] or 0 for step in data["steps"]) > 0
    for name, line in data["rows_over_time"].items():
        assert line["rows"][-1] == steps[name]["tally"]["rows_in"]
        assert line["seconds"] == sorted(line["seconds"])
    assert data["series"]["output_tokens"][-1] == sum(step["output_tokens"] for step in data["steps"])


def test_rows_are_traced_to_their_leaf_prompt_and_reply(data: dict[str, Any]) -> None:
    leaves = {leaf["discipline"] for leaf in data["taxonomy"]}
    for row in data["rows"]:
        if "reason" in row:
            continue
        syllabus = data["ancestors"][row["parent_id"]]
        subject = data["ancestors"][syllabus["subject_id"]]
        discipline = data["ancestors"][subject["discipline_id"]]
        assert discipline["discipline"] in leaves
        asked = {entry["step"]: entry for entry in data["asked"][row["id"]]}
        assert row["answer"] in asked["answers"]["reply"]
        assert any(row["question"] in turn["content"] for turn in asked["answers"]["turns"])
        assert row["question"] in asked["drafts"]["reply"]
        assert {"syllabi", "subjects", "rated"} <= set(asked)


def test_duplicates_stand_beside_what_stayed_and_clusters_have_members(data: dict[str, Any]) -> None:
    for pair in data["duplicates"]:
        if pair["reason"] == "semantic_duplicate":
            assert pair["twin"]["question"] != ""
            assert 0 < pair["got"] <= 1.0001
    assert {pair["reason"] for pair in data["duplicates"]} >= {"semantic_duplicate"}
    assert data["clusters"]
    assert all(group["typical"] and group["strangest"] for group in data["clusters"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_draws_itself_and_asks_nobody(
    browser: Browser, root: Path, data: dict[str, Any], scheme: str
) -> None:
    shown = browser.open(root / "report.html", scheme)
    assert browser.errors == []
    assert browser.requests == [(root / "report.html").as_uri()]
    figures = shown.locator("figure")
    assert figures.count() == shown.locator("figure canvas").count() > 10
    assert figures.count() == shown.locator("figure details table").count(), "each has its numbers"
    rows = shown.locator("#funnel > .runs table").last.locator("tbody tr")
    told = [step for step in data["steps"] if step["state"] != "waits"]
    assert rows.count() == len(told)
    for number, step in enumerate(told):
        cells = rows.nth(number).locator("td").all_inner_texts()
        assert cells[0] == step["name"]
        assert [int(cell.replace(",", "")) for cell in cells[2:5]] == [
            step["rows_in"],
            step["kept"],
            sum(step["rejected"].values()),
        ]
    shown.context.close()


def test_rows_are_filtered_searched_and_traced(browser: Browser, root: Path, data: dict[str, Any]) -> None:
    shown = browser.open(root / "report.html")
    found = shown.locator("#rows .found")

    def number() -> int:
        return int(found.inner_text().split(" of ")[0].replace(",", ""))

    assert number() == len(data["rows"])
    shown.get_by_label("status").select_option("kept")
    assert number() == data["sampled"]["kept"]
    reason = next(row["reason"] for row in data["rows"] if row["step"] == "well_rated" and "reason" in row)
    of_reason = [row for row in data["rows"] if row.get("reason") == reason]
    shown.locator("#funnel button", has_text=reason).first.click()
    assert number() == len(of_reason)
    assert shown.locator("#rows article").first.locator(".mark").inner_text() == reason
    word = of_reason[0]["question"]
    shown.get_by_label("search").fill(word.upper())
    assert number() == sum(word.lower() in row["question"].lower() for row in of_reason)
    shown.get_by_label("search").fill("nothing has this")
    assert number() == 0
    shown.get_by_label("search").fill("")
    shown.get_by_label("reason", exact=True).last.select_option("")
    shown.get_by_label("step", exact=True).select_option("")
    shown.get_by_label("status").select_option("kept")
    shown.locator("#rows article button").first.press("Enter")
    dialog = shown.locator("dialog")
    assert dialog.is_visible()
    text = dialog.inner_text()
    first = next(row for row in data["rows"] if "reason" not in row)
    for part in (
        first["question"],
        first["answer"],
        first["discipline"],
        "Asked in drafts",
        "Asked in answers",
    ):
        assert part in text
    shown.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert browser.errors == []
    shown.context.close()


def test_the_skip_link_is_the_first_that_the_keyboard_meets(browser: Browser, root: Path) -> None:
    shown = browser.open(root / "report.html")
    shown.keyboard.press("Tab")
    assert shown.evaluate("document.activeElement.getAttribute('href')") == "#rows"
    assert shown.locator("select:not([aria-label]), input:not([aria-label])").count() == 0
    assert shown.locator(".chart:not([aria-label])").count() == 0
    shown.context.close()


def hostile(value: Any) -> Any:
    """The same data, every text of which is hostile, but for keys that the page looks things up by."""
    if isinstance(value, str):
        return value + HOSTILE
    if isinstance(value, list):
        return [hostile(item) for item in value]
    if isinstance(value, dict):
        kept = ("id", "twin", "state", "column", "status")
        return {key: item if key in kept else hostile(item) for key, item in value.items()}
    return value


def test_what_rows_say_stays_text(browser: Browser, tmp_path: Path, data: dict[str, Any]) -> None:
    told = copy.deepcopy(data)
    file = tmp_path / "hostile.html"
    file.write_text(page([hostile(told)]), encoding="utf-8")
    shown = browser.open(file)
    for button in shown.locator("#rows article button").all()[:3]:
        button.click()
        assert HOSTILE[:9] in shown.locator("dialog").inner_text()
        shown.keyboard.press("Escape")
    assert HOSTILE[:9] in shown.locator("#rows article").first.inner_text()
    assert shown.evaluate("document.body.dataset.ran") is None
    assert shown.locator("img").count() == 0
    assert browser.errors == []
    assert browser.requests == [file.as_uri()]
    shown.context.close()


def test_two_runs_stand_side_by_side(browser: Browser, root: Path, tmp_path: Path) -> None:
    done = academe("report", "--root", str(root), "--against", str(root))
    assert done.returncode == 0, done.stderr
    file = Path(done.stdout.strip())
    shown = browser.open(file)
    assert browser.errors == []
    left, right = (shown.locator("#funnel > .runs > div").nth(side).bounding_box() for side in range(2))
    assert left["x"] + left["width"] <= right["x"]
    assert left["y"] == right["y"]
    shown.context.close()
