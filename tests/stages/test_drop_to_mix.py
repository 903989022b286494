"""Mixtures: shares are reached to within one row, caps hold, and what stays does not depend on the parts."""

from collections import Counter

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.engine.spread import in_threads
from pipeline.synthesis.mixing import apportioned, beside_real, mixed
from stages.drop_to_mix import REAL, DropToMix

NAMES = ("a", "b", "c", "d")
COUNTS = st.fixed_dictionaries({name: st.integers(0, 300) for name in NAMES})
WEIGHTS = st.fixed_dictionaries({name: st.sampled_from([0.0, 0.1, 0.5, 1.0, 2.0, 3.7]) for name in NAMES})


@given(WEIGHTS, st.integers(0, 1000))
def test_parts_sum_up_and_are_proportional_to_within_one(weights: dict[str, float], total: int) -> None:
    counts = apportioned(weights, total)
    whole = sum(weights.values())
    assert sum(counts.values()) == (total if whole else 0)
    for name, weight in weights.items():
        assert whole == 0 or abs(counts[name] - total * weight / whole) < 1


@given(COUNTS, WEIGHTS, st.one_of(st.none(), st.integers(1, 500)))
def test_a_mixture_reaches_its_shares_and_wastes_nothing(
    available: dict[str, int], weights: dict[str, float], total: int | None
) -> None:
    counts = mixed(available, weights, total)
    n, whole = sum(counts.values()), sum(weights.values())
    assert all(counts[name] <= available[name] for name in NAMES)
    assert total is None or n <= total
    for name, weight in weights.items():
        assert whole == 0 or abs(counts[name] - n * weight / whole) < 1
    if whole and n != total:  # one source at least is used up, to within a row
        asked = [name for name in NAMES if weights[name]]
        assert any(available[name] < (n + 2) * weights[name] / whole + 1 for name in asked)


@given(
    st.integers(0, 500),
    st.fixed_dictionaries({name: st.integers(0, 200) for name in NAMES}),
    st.fixed_dictionaries({name: st.sampled_from([0.5, 0.6, 0.7, 0.8, 1.0]) for name in NAMES}),
)
def test_real_texts_stand_beside_each_style_in_its_share(
    n_real: int, styles: dict[str, int], shares: dict[str, float]
) -> None:
    """Acceptance check 3: the mixer hits 1:1, or the style's ratio, within 1 % or one row."""
    available = {REAL: n_real, **styles}
    counts = mixed(available, beside_real(available, REAL, shares))
    wanted = sum(counts[name] * (1 - shares[name]) / shares[name] for name in NAMES)
    assert abs(counts[REAL] - wanted) <= max(0.01 * wanted, 1 + len(NAMES))
    assert all(counts[name] <= available[name] for name in available)


def table(rows: list[tuple[str, str]]) -> pa.Table:
    ids = [f"{number:04d}" for number in range(len(rows))]
    columns = {"id": ids, "style": [style for style, _ in rows], "task": [task for _, task in rows]}
    return pa.table({name: pa.array(column, pa.string()) for name, column in columns.items()})


ROWS = st.lists(st.tuples(st.sampled_from(["", "easy"]), st.sampled_from(["", "qa", "nli"])), max_size=80)


@given(ROWS, st.integers(1, 7), st.randoms(use_true_random=False))
def test_what_stays_does_not_depend_on_the_parts(rows, n_parts, random) -> None:
    stage = DropToMix(weights={"style/easy": 1, "task/qa": 2, "taxonomy": 1}, caps={"task/qa": 11}, total=30)

    def gone(tables: list[pa.Table]) -> set[str]:
        sketches = pa.concat_tables([stage.sketch(part) for part in tables]).unify_dictionaries()
        return set(stage.decide(sketches, in_threads).verdicts["id"].to_pylist())

    whole = table(rows)
    order = list(range(len(rows)))
    random.shuffle(order)
    shuffled = whole.take(pa.array(order, pa.int64()))
    size = -(-len(rows) // n_parts) or 1
    parts = [shuffled.slice(start, size) for start in range(0, max(1, len(rows)), size)]
    assert gone(parts) == gone([whole])


def test_sources_are_styles_tasks_and_what_is_neither() -> None:
    rows = [("", "")] * 40 + [("easy", "")] * 30 + [("", "nli")] * 20
    stage = DropToMix(weights={"taxonomy": 2, "style/easy": 1, "task/nli": 1}, caps={"task/nli": 5})
    decision = stage.decide(stage.sketch(table(rows)), in_threads)
    assert decision.report["mixture"] == {
        "style/easy": {"rows": 30, "kept": 6},
        "task/nli": {"rows": 20, "kept": 5},
        "taxonomy": {"rows": 40, "kept": 11},
    }
    assert Counter(decision.verdicts["reason"].to_pylist()) == {"not_in_the_mixture": 68}
    assert DropToMix().decide(stage.sketch(table(rows)), in_threads).verdicts.num_rows == 0


def test_texts_without_weights_are_mixed_by_the_shares_of_their_styles() -> None:
    ids = [f"{number:04d}" for number in range(300)]
    styles = [""] * 100 + ["easy"] * 120 + ["table"] * 80
    texts = pa.table({"id": ids, "style": styles, "text": ids})
    stage = DropToMix(shares={"style/easy": 0.5, "style/table": 0.8})
    kept = {n: e["kept"] for n, e in stage.decide(stage.sketch(texts), in_threads).report["mixture"].items()}
    assert kept[REAL] == 100
    assert abs(kept["style/easy"] + kept["style/table"] / 4 - 100) <= 1.5
