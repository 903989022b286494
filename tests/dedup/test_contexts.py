"""Two tasks on one text are two; one task on it, said a little otherwise, is one."""

import pyarrow as pa
import pytest

from pipeline.dedup.contexts import pieces
from stages.drop_near_duplicates import DropNearDuplicates
from tests.stages.make import example
from tests.stages.test_duplicates import decided, numbered

BAKERY = (
    "A bakery sells bread for 3 euros and cakes for 12 euros. On Monday it sold 40 loaves of bread and 12 "
    "cakes, on Tuesday 35 loaves and 20 cakes, and on Wednesday it was closed because the oven had to be "
    "repaired by a mechanic from the next town."
)
MONEY = f"{BAKERY} How much money did the bakery take on Monday?"
CODE = """def f(xs):
    total = 0
    for x in xs:
        if x > 0:
            total += x
    return total
"""
QUERY = "SELECT name, count(*) FROM a JOIN users ON users.id = a.user_id WHERE year = 2020 GROUP BY name"
LIST = "[3, 14, 15, 92, 65, 35, 89, 79, 32, 38, 46, 26, 43, 38]"
ZH = "小明家住在北京市,他每天早上七点起床,八点坐地铁上学,下午四点和朋友一起踢足球。"

TWO_TASKS = [
    (MONEY, f"{BAKERY} On which day was the bakery closed, and why?"),
    (f"Translate to French: {BAKERY}", f"Translate to German: {BAKERY}"),
    (f"Find the bug in this code:\n{CODE}", f"Write unit tests for this code:\n{CODE}"),
    (f"{CODE}\nWhat does it print for [1, 2]?", f"{CODE}\nRewrite it as one line."),
    (f"Summarise this text.\n\n{BAKERY}", f"Give this text a title.\n\n{BAKERY}"),
    (f"{BAKERY}\n\nHow many cakes did it sell?", f"{BAKERY}\n\nHow many loaves did it sell?"),
    (f"{BAKERY} How much did it take on Monday?", f"{BAKERY} How much did it take on Tuesday?"),
    (f'Who is "{BAKERY}" written for?', f'Which tense is "{BAKERY}" written in?'),
    (f"What is the sum of the numbers in {LIST}?", f"What is the product of the numbers in {LIST}?"),
    (f"Explain this query:\n```sql\n{QUERY}\n```", f"Speed up this query:\n```sql\n{QUERY}\n```"),
    (f"Read this. {BAKERY} Write it as a table.", f"Read this. {BAKERY} Write a sequel to it."),
    (f"{ZH}小明几点起床?", f"{ZH}小明和谁一起踢足球?"),
]  # fmt: skip
ONE_TASK = [
    (MONEY, f"{BAKERY} How much did the bakery take on Monday?"),
    (MONEY, f"{BAKERY} How much money did the bakery take in on Monday?"),
    (f"{BAKERY} How much did it take?", f"{BAKERY}\n\nHow much did it take?"),
    (f"{BAKERY} How much did it take on Monday?", f"{BAKERY} How much did it take on Monday? Explain."),
    (f"Translate to French: {BAKERY}", f"Translate this to French: {BAKERY}"),
    (f"Translate to French: {BAKERY}", f"Translate to French: {BAKERY.replace('mechanic', 'plumber')}"),
    (f"Find the bug in this code:\n{CODE}", f"Please find the bug in this code:\n{CODE}"),
    (BAKERY, f"{BAKERY} Think step by step."),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), TWO_TASKS)
def test_two_tasks_on_one_text_both_stay(one: str, other: str) -> None:
    for pair in ((one, other), (other, one)):
        assert decided(DropNearDuplicates(), numbered(pair)) == []


@pytest.mark.parametrize(("one", "other"), ONE_TASK)
def test_one_task_on_one_text_said_otherwise_goes(one: str, other: str) -> None:
    for pair in ((one, other), (other, one)):
        assert [row["reason"] for row in decided(DropNearDuplicates(), numbered(pair))] == ["near_duplicate"]


@pytest.mark.parametrize(("one", "other"), TWO_TASKS)
def test_answered_tasks_on_one_text_both_stay(one: str, other: str) -> None:
    rows = [example("It was 264 euros.", id="a", question=one), example("No.", id="b", question=other)]
    assert decided(DropNearDuplicates(), rows) == []


def test_many_tasks_on_one_long_text_cost_little() -> None:
    text = " ".join(f"Sentence {'abcdefghij'[n % 10] * (n // 10 + 1)} stands here." for n in range(60))
    asks = ["abcdefghijklmnopqrstuvwxyz"[n % 26] * (n // 26 + 1) for n in range(600)]
    assert (
        decided(DropNearDuplicates(), numbered([f"{text}\nWhat of {ask}, then {ask}{ask}?" for ask in asks]))
        == []
    )


def test_rows_whose_answer_says_more_than_their_question_are_compared_whole() -> None:
    answer = (
        "The bakery sold its bread and its cakes on two days of the week and none on the third, because "
        "the oven "
        "broke down early in the morning and the mechanic who could repair it lives in the next town and "
        "came only "
        "after noon. Whoever wants to know what it took in must add up what each loaf and each cake "
        "brought, day by "
        "day, and leave out the one on which its doors stayed shut; flour, wages, rent and heating are "
        "other matters "
        "that no figure here tells of, so nobody can say from this alone whether the owner had a profit."
    )
    rows = [
        example(answer, id=one, question=f"{BAKERY} Say {asked}.")
        for one, asked in (("a", "how"), ("b", "why"))
    ]
    assert [row["reason"] for row in decided(DropNearDuplicates(), rows)] == ["near_duplicate"]


@pytest.mark.parametrize(
    ("question", "n_pieces"),
    [
        ("Why do leaves that were green all summer turn red and yellow in autumn?", 0),  # no context
        ("Why do the 3.5 million leaves of the U.S.A turn red in a cold autumn?!", 0),
        ("Read this: why do leaves that were green turn red in a cold autumn?", 2),
        ("Why do they? Read this.", 0),  # too short for one
        (MONEY, 3),
        (f"{ZH}小明几点起床?", 2),
    ],
)
def test_only_questions_of_several_pieces_are_taken_apart(question: str, n_pieces: int) -> None:
    (found,) = pieces(pa.array([question])).to_pylist()
    assert sum(value <= 1 for value in found) == n_pieces
