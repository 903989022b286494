"""Benchmark items are found however they are put, and nothing else is."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipeline.dedup.overlap import Index
from stages.drop_contaminated import DropContaminated
from tests.stages.make import example, instruction

LONG = (
    "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May. How many?"
)
GAS = {
    "question": "Which gas do plants absorb?",
    "choices": ["Oxygen", "Carbon dioxide", "Nitrogen", "Helium"],
    "answer": 1,
}
ZH = {
    "question": "我国宪法规定的最高国家行政机关是____。",
    "A": "中华人民共和国国务院",
    "B": "全国人民代表大会",
    "C": "最高人民法院",
    "D": "中央军事委员会",
    "answer": "A",
}
JA_ITEM = {"question": "日本の首都である東京都の人口は、現在およそ何万人と言われているか答えよ。"}
THAI = {"question": "ประเทศไทยมีกี่จังหวัด", "choices": ["กรุงเทพมหานคร", "เชียงใหม่"]}
ALPACA = {
    "instruction": "Read the passage and choose the best answer to the question.",
    "input": "Tom has a cat.",
    "output": "B",
}
ARC = {
    "question": {
        "stem": "What melts first?",
        "choices": [{"label": "A", "text": "ice"}, {"label": "B", "text": "gold"}],
    }
}
SHARED = [
    {"prompt": f"Answer with one of the letters below, and give no reason for your choice at all. {asked}"}
    for asked in ("What floats on water?", "What sinks in oil?", "What burns in air?", "What melts at noon?")
]


def is_found(benchmark: list[Any], question: str, folder: Path, **settings: Any) -> bool:
    path = folder / "bench.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in benchmark), encoding="utf-8")
    stage = DropContaminated(benchmarks=(path,), **settings)
    return stage.judge_all([instruction(question)])[0] is not None


def full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


PUT = {
    "verbatim": LONG,
    "case": LONG.upper(),
    "spacing": LONG.replace(" ", "  \n"),
    "punctuation": LONG.replace(",", " -").replace(".", "!").replace("?", ""),
    "full width": full_width(LONG),
    "NBSP": LONG.replace(" ", "\u00a0"),
    "inside": f"Here is a task for you. {LONG} Think step by step.",
}
ACCENTED = "Où se trouve la célèbre école où étudia le poète né à Genève au siècle dernier?"


@pytest.mark.parametrize("min_share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("how", PUT)
def test_glan_3_a_planted_item_is_found_and_a_near_topic_stays(
    how: str, min_share: float, tmp_path: Path
) -> None:
    """Acceptance check 3 of GLAN."""
    benchmark = [{"question": LONG}, {"question": ACCENTED}]
    assert is_found(benchmark, PUT[how], tmp_path, min_share=min_share)
    assert is_found(benchmark, unicodedata.normalize("NFD", ACCENTED), tmp_path, min_share=min_share)
    near = "Natalia sold cakes to some of her friends in June, and then to others. How many did she sell?"
    assert not is_found(benchmark, near, tmp_path, min_share=min_share)


FOUND = [
    (GAS, "Which gas do plants absorb?"),
    (GAS, "Which gas do plants absorb?\nA) Oxygen\nB) Carbon dioxide\nC) Nitrogen\nD) Helium"),
    (GAS, "Which gas do plants absorb?\n(a) Oxygen\n(b) Carbon dioxide\n(c) Nitrogen\n(d) Helium"),
    (GAS, "Which gas do plants absorb?\n1. Oxygen\n2. Carbon dioxide\n3. Nitrogen\n4. Helium\nAnswer:"),
    (GAS, "Which gas do plants absorb? A. Oxygen B. Carbon dioxide C. Nitrogen D. Helium"),
    (GAS, "Which gas do plants absorb? (A) Oxygen, (B) Carbon dioxide, (C) Nitrogen, (D) Helium"),
    (GAS, "Which gas do plants absorb?\nOptions: Oxygen, Carbon dioxide, Nitrogen, Helium"),
    (GAS, "Which gas do plants absorb?\n- Oxygen\n- Carbon dioxide\n- Nitrogen\n- Helium"),
    (GAS, "Which gas do plants absorb?\nOxygen\nCarbon dioxide\nNitrogen\nHelium"),
    (GAS, "Which gas do plants absorb?\nA: Helium\nB: Nitrogen\nC: Oxygen\nD: Carbon dioxide"),
    (GAS, "Question: Which gas do plants absorb?\nAnswer:"),
    (GAS, "**Question 3:** Which gas do plants absorb?\n**Answer:**"),
    (GAS, "Q: Which gas do plants absorb?\nA:"),
    (GAS, "7. Which gas do plants absorb?"),
    (GAS, "Question: Which gas do plants absorb?\nChoices:\nA. Oxygen\nB. Carbon dioxide\nAnswer:"),
    (GAS, "Think, then tell: which gas do plants absorb? A) Oxygen B) Carbon dioxide C) Nitrogen D) Helium"),
    (ARC, "What melts first?\nA. ice\nB. gold"),
    (ZH, "我国宪法规定的最高国家行政机关是____。"),
    (ZH, "我国宪法规定的最高国家行政机关是( )。" + "".join(f"\n{mark}. {ZH[mark]}" for mark in "ABCD")),
    (ZH, ZH["question"] + "".join(f"\uff08{mark}\uff09{ZH[mark]}" for mark in "ABCD")),
    (ZH, "我国宪法规定的最高国家行政机关是____。" + "".join(f"{mark}.{ZH[mark]}" for mark in "ABCD")),
    (ZH, "\u95ee\u9898\uff1a我国宪法规定的最高国家行政机关是____。\n\u7b54\u6848\uff1a"),
    (JA_ITEM, f"次の問いに答えよ。{JA_ITEM['question']}"),
    (ALPACA, "Read the passage and choose the best answer to the question.\nTom has a cat."),
    ({**ALPACA, "input": ""}, f"Please do this. {ALPACA['instruction']}"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "question"), FOUND)
def test_an_item_is_found_however_it_is_put(row: dict, question: str, tmp_path: Path) -> None:
    assert is_found([row], question, tmp_path)


PASSES = [
    (GAS, "Which gas do plants give off at night?"),
    (GAS, "Name a gas that plants need.\nA) Oxygen\nB) Carbon dioxide\nC) Nitrogen\nD) Helium"),
    (GAS, "Carbon dioxide and nitrogen: which of the two is heavier?"),
    (GAS, "Which gas do plants absorb, and what do they make of it? Give the formula of it."),
    (ZH, "请介绍中华人民共和国国务院的职能和组成。"),
    (ZH, "中华人民共和国国务院总理由谁提名\uff1f"),
    (ZH, "全国人民代表大会和最高人民法院有什么区别\uff1f"),
    (JA_ITEM, "日本の首都である東京都について教えてください。"),
    (THAI, "กรุงเทพมหานครมีประชากรเท่าไร"),
    (ALPACA, f"{ALPACA['instruction']} The Nile floods because of rain in Ethiopia. Why does it flood?"),
    ({"system": f"{ALPACA['instruction']} Be brief.", "question": "Does Tom have a cat or a dog?"},
     f"{ALPACA['instruction']} Be brief. Why does the Nile flood?"),
    (ARC, "What melts first in a volcano, and why is that so?"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "question"), PASSES)
def test_what_only_names_an_option_or_shares_an_instruction_passes(
    row: dict, question: str, tmp_path: Path
) -> None:
    assert not is_found([row], question, tmp_path)


def test_what_many_rows_of_a_benchmark_share_is_no_item(tmp_path: Path) -> None:
    lead = SHARED[0]["prompt"].removesuffix(" What floats on water?")
    assert not is_found(SHARED, f"{lead} Why is the sky blue?", tmp_path)
    assert is_found(SHARED, SHARED[2]["prompt"], tmp_path)
    vague = [
        {"question": "Which of these is true?", "choices": [f"{n} is even", f"{n} is odd"]} for n in "abcdef"
    ]
    assert not is_found(vague, "Which of these is true?\nA) Honey spoils\nB) Honey keeps", tmp_path)


def test_only_the_columns_that_are_named_have_items(tmp_path: Path) -> None:
    row = {"question": LONG, "source": "This text was taken from the web page of a school in the north of it"}
    assert is_found([row], f"Well: {row['source']}", tmp_path)
    assert not is_found([row], f"Well: {row['source']}", tmp_path, columns=("question",))
    assert is_found([row], LONG, tmp_path, columns=("question",))


def test_shares_do_not_depend_on_the_order_of_items_nor_on_what_is_said_again() -> None:
    short = " ".join(f"w{number}" for number in range(20))
    long = f"{short} {' '.join(f'v{number}' for number in range(60))}"
    for items in ([short, long], [long, short]):
        index = Index.of(pa.table({"text": items}), 13, 8)
        (found,) = index.find([f"so {short} there"], [""])
        assert found is not None
        assert (items[found.item], found.runs) == (short, 8)
    index = Index.of(pa.table({"text": [long]}), 13, 8)
    thirteen = " ".join(f"w{number}" for number in range(13))
    (found,) = index.find([f"{thirteen}. " * 13], [""])
    assert found is not None
    assert found.runs == 1


def test_rows_with_an_answer_are_looked_at_together(tmp_path: Path) -> None:
    path = tmp_path / "bench.jsonl"
    path.write_text(json.dumps({"question": LONG}), encoding="utf-8")
    rows = [example(LONG, question="What was the task?"), example("Twelve.", question="What was the task?")]
    found = DropContaminated(benchmarks=(path,)).judge_all(rows)
    assert [verdict and verdict.twin for verdict in found] == ["bench.jsonl:0", None]
