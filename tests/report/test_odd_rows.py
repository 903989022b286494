"""A report is written whatever the rows of a finished run hold."""

import base64
import dataclasses
import json
import math
import typing
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from pipeline import report
from pipeline.dag import steps_to
from pipeline.recipe import Recipe
from pipeline.recipes import load_recipe
from pipeline.report.page import page
from pipeline.report.plain import plain
from pipeline.stage import Reject
from pipeline.storage.replies import Replies
from pipeline.storage.root import Root
from pipeline.storage.store import to_table
from pipeline.storage.tally import Tally

SPEC = json.dumps({"name": "scripted", "serve": "endpoint", "url": "http://127.0.0.1:9/v1"})
DOCS = f"files.paths={json.dumps([str(Path(__file__).parent)])}"
RECIPES = {
    "instruct": ["planner", "judge", "embedder"],
    "documents": ["writer", "judge", "embedder"],
    "wrap": ["writer", "embedder"],
}
MORE = {
    "instruct": ["density={keep: 0.8}", "rephrasing={share: 0.5}", "restyling={share: 0.5}"],
    "documents": ["ratings={}", DOCS],
    "wrap": [DOCS],
}


def wired(name: str) -> Recipe:
    models = [f"{key}={SPEC}" for key in RECIPES[name]]
    return load_recipe(name, "laptop", [*models, *MORE[name]], {})


TEXTS = [
    "",
    "\0",
    "\u2028</script>",
    "A word. " * 1_000,
    "{{context}}",
    "Why?\n" * 9,
    "\ufffe\uffff",
    "🦠" * 900,
]
NUMBERS = [math.nan, math.inf, -math.inf, 1e308, -1e308, 5e-324, 0.0, 0.5, 1e15]
WHOLES = [-(2**63), 2**63 - 1, 0, 1, 5, -1]
VECTORS = [[0.0, 0.0], [1.0, 0.0], [math.nan, 1.0], [0.6, 0.8]]
ODD = [
    *NUMBERS,
    *TEXTS,
    *(None, True, 10**400, [], {}, ["\ud83d", math.nan], {"\ud83d": 1}),
    *("x" * 1_600, '{"a": ' * 400, "\ud83d", 'y"' * 20_000, '"' * 1_499, "\\" * 751),
]


def text(rng: Random) -> str:
    return rng.choice(TEXTS) if rng.random() < 0.5 else "".join(map(chr, rng.choices(range(0xD800), k=20)))


def odd(rng: Random, hint: Any, name: str) -> Any:
    """A value of the type, of the kinds that are easily forgotten."""
    if name == "embedding":
        return base64.b64encode(np.array(rng.choice(VECTORS), "<f2").tobytes()).decode()
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is tuple:
        return tuple(odd(rng, arguments[0], name) for _ in range(rng.randrange(3)))
    if arguments:
        return odd(rng, rng.choice(arguments), name)
    simple = {int: WHOLES, float: NUMBERS, bool: [True, False], type(None): [None]}
    return text(rng) if hint is str else rng.choice(simple[hint])


def records(rng: Random, kind: type, n: int, step: str) -> list[Any]:
    hints = typing.get_type_hints(kind)
    made = [
        {item.name: odd(rng, hints[item.name], item.name) for item in dataclasses.fields(kind)}
        for _ in range(n)
    ]
    return [
        kind(**{**one, "id": f"{step}{number}{rng.choice(TEXTS)[:9]}"}) for number, one in enumerate(made)
    ]


def fill(root: Root, recipe: Recipe, rng: Random, n_rows: int) -> None:
    """Finishes all steps, each with odd rows and rejects of its own."""
    for step in steps_to(recipe.last):
        folder = root.folder(step)
        reads = step.inputs[0].writes if step.inputs else step.writes
        rows, dropped = (
            records(rng, step.writes, n_rows, step.name),
            records(rng, reads, 2 * n_rows, f"-{step.name}"),
        )
        rejects = [
            (Reject("odd", rng.choice(ODD), rng.choice(ODD), rng.choice([None, *TEXTS])), one)
            for one in dropped
        ]
        part = folder.write_part("000000", to_table(rows, step.writes), rejects, Tally(rows_in=len(rows)))
        parts = {"000000": part.entry()} if n_rows else {}
        if not n_rows:
            folder.reopen()
        told = {"stage": type(step.stage).__name__, "tally": part.tally.as_dict(), "parts": parts}
        folder.finish(told)
    Replies(root.replies).close()
    root.write_run(recipe.name, recipe.settings_as_data(), steps_to(recipe.last))


def told(root: Root, recipe: Recipe) -> dict[str, Any]:
    path = report.write(root, recipe)
    assert "NaN" not in json.dumps(json.loads((root.path / report.JSON).read_text("utf-8")), allow_nan=False)
    assert path.stat().st_size > 1_000
    found: dict[str, Any] = json.loads((root.path / report.JSON).read_text(encoding="utf-8"))
    return found


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of numpy, on numbers that are none
@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("n_rows", [0, 1, 2, 5])
def test_odd_rows_are_told(name: str, n_rows: int, tmp_path: Path) -> None:
    root, recipe = Root(tmp_path), wired(name)
    fill(root, recipe, Random(f"{name}{n_rows}"), n_rows)
    assert told(root, recipe)["n_rows"] == n_rows


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, None),
        (-math.inf, None),
        (10**400, None),
        (-(10**400), None),
        (2**53 + 1, 2**53 + 1),
        (True, True),
        ("a\ud83d", "a\ufffd"),
        ("\ud83d\udc4d", "\ufffd\ufffd"),  # halves that came apart
        ("👍 \0", "👍 \0"),
        ({"\udfff": (1.5, math.inf)}, {"\ufffd": [1.5, None]}),
        ({3: None}, {"3": None}),
    ],
)
def test_what_no_reader_of_json_has_is_replaced(value: object, expected: object) -> None:
    assert plain(value) == expected
    json.dumps(plain(value), allow_nan=False, ensure_ascii=False).encode()


def test_a_page_of_odd_numbers_is_json() -> None:
    run = plain({"recipe": "odd", "n_rows": 1, "measures": [math.nan, math.inf], "text": "\ud83d\0"})
    text = page([run])
    island = text.split('type="application/json"')[1].split(">", 1)[1].split("</script>")[0]

    def refuse(name: str) -> None:
        raise AssertionError(name)

    assert json.loads(island, parse_constant=refuse)["runs"][0]["measures"] == [None, None]
