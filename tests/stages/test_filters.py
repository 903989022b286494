"""Filters as tables: one row a reason, one just inside each limit, one that passes."""

import json
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import RecipeError
from pipeline.model import Prompt
from pipeline.records import Example, Instruction
from pipeline.stage import Measure, Reject, first_broken
from pipeline.text.text import normalised
from stages.drop_contaminated import DropContaminated
from stages.drop_poor_answers import DropPoorAnswers
from stages.drop_poor_questions import DropPoorQuestions
from stages.drop_wrong_language import DropWrongLanguage
from tests.stages.make import ANSWER, QUESTION, example, instruction

QUESTIONS = [
    (QUESTION, None),
    ("Explain, with one example, how dominance differs from codominance.", None),
    ("A farmer has 12 hens. If each lays 5 eggs a week, how many eggs are laid in four weeks?", None),
    ("Fill in the blank: the powerhouse of the cell is the ______ in most animals.", None),
    (r"Evaluate the integral $\int_0^1 \frac{1}{\sqrt{1-x^{2}}}\,dx$ and explain each step.", None),
    ("Write a C++ function that returns {1, 2} from a std::map<int, int>.", None),
    ("What's genetics?", None),
    ("Genetics, please?", "question_too_short"),
    ("Add 1. " * 750 + "?", "question_repeats_itself"),
    (" ".join(f"{n}" for n in range(1501)) + "?", "question_too_long"),
    ("What is a gene and what is a gene and what is a gene and what is a gene?", "question_repeats_itself"),
    ("What role does the gene play ineptitude ineptitude ineptitude in peas?", "question_repeats_itself"),
    (
        "What are flying machines, flying cars, cars, and flying machines, including cars?",
        "question_repeats_words",
    ),
    ("What is a very, very small gene?", None),
    ("As an AI, I would ask what a gene is and why?", "question_refused"),
    ("I'm sorry, but I cannot write a question about that topic.", "question_refused"),
    ("user: What is the difference between a gene and an allele?", "question_has_chat_marker"),
    ("What is the difference between a gene and an allele?<|im_end|>", "question_has_chat_marker"),
    ("What does [insert concept] mean for the study of heredity?", "question_has_template"),
    ("What does {{ concept }} mean for the study of heredity?", "question_has_template"),
    ("Which topic of the syllabus explains how alleles are inherited?", "question_leaks_prompt"),
    ("Using the key concepts, explain how alleles are inherited in peas.", "question_leaks_prompt"),
    ("How do genes work? Students have now studied everything up to it.", "question_leaks_prompt"),
    ("What does the passage above say about how alleles are inherited?", "question_needs_what_is_not_given"),
    (
        "According to the text, how are alleles inherited by the offspring?",
        "question_needs_what_is_not_given",
    ),
    ("Which of the labelled points in the figure is the gene?", "question_needs_what_is_not_given"),
    ("Using the data in Table 2, work out the share of tall peas.", "question_needs_what_is_not_given"),
    ("Why did you give that answer to the previous question?", "question_needs_what_is_not_given"),
    ("What is the main topic of the passage about genes?", "question_needs_what_is_not_given"),
    ("Name the topic of the following passage.\n\nA gene is a unit of heredity.", None),
    ("What do the colours of peas in the table of Mendel tell of their genes?", None),
    ("What kind of trait is it that the article discusses at length?", "question_needs_what_is_not_given"),
    ("Which of the following is an example of a recessive trait?", "question_without_options"),
    ("What is the output of the following Python code?", "question_needs_what_is_not_given"),
    ("What is the output of the following code: print(2 + 3)?", None),
    ("What is the data type of the given code?", "question_needs_what_is_not_given"),
    ("print(2 + 3)\nWhat is the output of the given code?", None),
    ("Ann sows six peas. How many of them sprout the following week if half do?", None),
    ("Which of these is a recessive trait? A) blue eyes B) brown eyes", None),
    ("What does this code do, and why?\n```python\nprint(2 + 3)", "question_has_broken_markup"),
    ("What does this code do, and why?\n```python\nprint(2 + 3)\n```", None),
    ("Почему у двух родителей бывает ребёнок with blue eyes? Explain it.", None),  # noqa: RUF001
    ("Why is it that дети похожи на своих родителей, and how do genes work?", "question_mixes_scripts"),
    ("What is the primary role of the gene in peas?}, {", "question_has_broken_markup"),
    ("What is the capital of [country], and why was it chosen?", "question_has_template"),
    ("Replace the placeholder [country] by the name of one, please.", None),
    ("Write to Ann at ann.lee@mail.org: why do peas differ so much?", "question_has_personal_data"),
    ("Write to Ann at ann@example.org: why do peas differ so much?", None),
    ("The inheritance of alleles from both parents of an organism.", "no_question_asked"),
    ("Dominance of some alleles over others in peas", "question_echoes_topic"),
]


@pytest.mark.parametrize(("question", "reason"), QUESTIONS)
def test_poor_questions(question: str, reason: str | None) -> None:
    stage = DropPoorQuestions(prompts=(Prompt("write_questions/write"),))
    verdict = stage.judge(instruction(question, concepts=("dominance of some alleles over others in peas",)))
    assert (verdict.reason if verdict else None) == reason
    check_measures(verdict, stage.measures(instruction(question)))


def check_measures(verdict: Reject | None, measures: Iterable[Measure]) -> None:
    """What stays keeps all limits; what goes for a number is what the measures say."""
    broken = first_broken(measures)
    if verdict is None or isinstance(verdict.limit, int | float):
        assert broken == verdict


ANSWERS: list[tuple[dict, str | None]] = [
    ({}, None),
    ({"answer": "42"}, None),
    ({"answer": "Bioinformatics"}, None),
    ({"answer": "?!"}, "answer_too_short"),
    ({"answer": "Steps to follow here, in order:\n1. Cross the plants first\n2. Count the offspring"}, None),
    ({"answer": "word " * 3001 + "."}, "answer_too_long"),
    ({"answer_finish": "length"}, "answer_cut_off"),
    ({"answer": ANSWER[:-1]}, "answer_without_end"),
    ({"answer": "It is inherited from both parents. " * 6}, "answer_repeats_itself"),
    ({"answer": "Red\nGreen\nRed\nBlue\nRed\nRed\nViolet and all other colours."}, "answer_repeats_lines"),
    ({"answer": "Tall peas\nand round green ones\nsleep in their pods"}, None),
    ({"answer": "Count them:\n\n    for pea in peas:\n        n += 1\n    return n"}, None),
    ({"answer": "There are two steps.\n1. Cross the plants.\n2."}, "answer_without_end"),
    ({"answer": f"You ask: {QUESTION}"}, "answer_repeats_question"),
    ({"answer": QUESTION}, "answer_repeats_question"),
    (
        {
            "question": "How does a body use protein for heat, while fats are used for growth and walls?",
            "answer": "A body uses protein for heat, while fats are used for growth and walls.",
        },
        "answer_repeats_question",
    ),
    ({"question": f"Correct this.\n{QUESTION}", "answer": QUESTION}, None),
    (
        {
            "question": "What is the study of genes called?",
            "answer": "The study of genes is called genetics.",
        },
        None,
    ),
    (
        {"answer": "It is a very, very, very small difference in one gene of the two."},
        "answer_repeats_itself",
    ),
    ({"answer": "I'm sorry, but as an AI language model I have no eyes."}, "answer_refused"),
    (
        {"answer": "Like this, as an example:\n```python\nprint(2 + 3)\n\nThat prints five."},
        "answer_has_broken_markup",
    ),
    (
        {"answer": r"It is \\[ x = \\frac{1}{2} and that is the whole of the answer."},
        "answer_has_broken_markup",
    ),
    ({"answer": r"It is \\begin{align} x \\end{matrix} and that is all of it."}, "answer_has_broken_markup"),
    ({"answer": r"It is \\begin{align} x &= 2 \\end{align} and that is all of it."}, None),
    (
        {"answer": "An allele is a form of a gene, 等位基因是基因的一种形式 as they say."},
        "answer_mixes_scripts",
    ),
    ({"answer": "The Greek letters α and β stand for the two forms of the gene here."}, None),  # noqa: RUF001
    ({"answer": "遺伝子は親から子へ伝わるものであり、その形を対立遺伝子といいます。 a b c d e f g."}, None),
    (
        {"answer": "You can read more about it at https://genes-and-more.org/alleles today."},
        "answer_has_personal_data",
    ),
    ({"answer": "You can read more about it at https://example.com/alleles if you like."}, None),
    (
        {"answer": "Call the office at (415) 555-2671 and ask for the head of genetics."},
        "answer_has_personal_data",
    ),
    (
        {"answer": "Her office in Berlin answers at +49 30 12345678 on all working days."},
        "answer_has_personal_data",
    ),
    ({"answer": "The card 4000 0566 5566 5556 pays for the peas."}, "answer_has_personal_data"),
    ({"answer": "The card 4000 0566 5566 5557 is none, as its last digit is wrong."}, None),
    (
        {"answer": "Pay it into DE89 3704 0044 0532 0130 00 before the peas are sent."},
        "answer_has_personal_data",
    ),
    ({"answer": "Call 555-0138, a number that nobody has."}, None),
    ({"answer": "As 3025551234 is even, half of it is a whole number."}, None),
    ({"answer": "What is left is 1000-450-300=250 peas, and that is the whole answer."}, None),
    ({"answer": "Between 1900 - 1950 about 12 000 peas were counted, 3,141,592 in all years."}, None),
    (
        {"answer": "A gene is a unit of heredity.<|im_end|> user: and what is an allele?"},
        "answer_has_chat_marker",
    ),
    ({"answer": "A gene is a unit.\n\n### Human:\nAnd what is an allele?"}, "answer_has_chat_marker"),
    ({"answer": "Answer in a few sentences. A gene is a unit of heredity."}, "answer_leaks_prompt"),
    ({"answer": "You are a teacher of biology. A gene is a unit of heredity."}, "answer_leaks_prompt"),
    ({"answer": '{"answer": "A gene is a unit of heredity."}'}, "answer_leaks_prompt"),
    ({"question": "Give me some JSON about genes.", "answer": '{"type": "gene"}'}, None),
    ({"answer": "It is $$\\frac{1{2}$$ of all peas."}, "answer_has_broken_markup"),
    ({"answer": "It is \x0crac{1}{2} of all peas."}, "answer_has_broken_markup"),
    ({"answer": "It is $\\left(1$ of all peas."}, "answer_has_broken_markup"),
    ({"answer": "Okay, so the user wants a definition. A gene is a unit."}, "answer_refused"),
    (
        {"answer": "Dear [insert name], a gene is a unit of heredity in all living things."},
        "answer_has_template",
    ),
]


@pytest.mark.parametrize(("changes", "reason"), ANSWERS)
def test_poor_answers(changes: dict, reason: str | None) -> None:
    stage = DropPoorAnswers(
        prompts=(Prompt("answer_questions/answer_short"),), system="You are a teacher of biology."
    )
    verdict = stage.judge(example(**changes))
    assert (verdict.reason if verdict else None) == reason
    check_measures(verdict, stage.measures(example(**changes)))


def test_a_cut_off_answer_can_be_kept() -> None:
    assert DropPoorAnswers(keep_cut_off=True).judge(example(answer_finish="length")) is None


LANGUAGES = [
    (QUESTION, "en"),
    ("Warum haben zwei Eltern mit braunen Augen manchmal ein Kind mit blauen Augen?", None),
    ("¿Por qué dos padres de ojos marrones tienen a veces un hijo de ojos azules?", None),
    ("42 + 17 = ?", "und"),
    ("Dominance?", "und"),
    ("x y z 1 2 3 4 5 6", "und"),
]


@pytest.mark.parametrize(("text", "language"), LANGUAGES)
def test_languages(text: str, language: str | None) -> None:
    for _ in range(3):  # seeded: the same every time
        verdict = DropWrongLanguage().judge(instruction(text))
        if language is None:
            assert isinstance(verdict, Reject)
            assert (verdict.reason, verdict.limit) == ("wrong_language", "en")
        else:
            assert isinstance(verdict, Instruction)
            assert verdict.language == language


def test_a_long_answer_in_another_language_is_seen() -> None:
    german = (
        "Beide Eltern tragen oft ein Merkmal, das sich bei ihnen selbst nicht zeigt, aber bei ihrem Kind. "
    )
    verdict = DropWrongLanguage().judge(example(german * 20))
    assert isinstance(verdict, Reject)
    assert isinstance(DropWrongLanguage().judge(example(ANSWER * 20)), Example)


def test_an_example_stays_an_example() -> None:
    assert isinstance(DropWrongLanguage().judge(example()), Example)


ITEM = (
    "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May. "
    "How many clips did Natalia sell altogether in April and May?"
)


@pytest.fixture(params=["jsonl", "jsonl.gz", "parquet"])
def benchmark_file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"bench.{request.param}"
    rows = [{"question": "Another one entirely?", "meta": {"answer": "72"}}, {"question": ITEM, "meta": None}]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    if request.param == "parquet":
        pq.write_table(pa.table({"question": [row["question"] for row in rows]}), path)
    elif request.param == "jsonl.gz":
        import gzip

        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def test_contaminated_rows(benchmark_file: Path) -> None:
    stage = DropContaminated(benchmarks=(benchmark_file,))
    held = {
        ITEM: 1.0,
        ITEM.upper().replace(" ", "  "): 1.0,
        f"Please solve this. {ITEM} Show your work.": 1.0,
        ITEM[:90] + "?": 0.3,
    }
    found = stage.judge_all([instruction(text) for text in held])
    for (text, share), verdict in zip(held.items(), found, strict=True):
        assert isinstance(verdict, Reject), text
        assert (verdict.reason, verdict.twin) == ("contaminated", f"{benchmark_file.name}:1")
        assert verdict.got == {"run": verdict.got["run"], "share": pytest.approx(share, abs=0.1)}
        assert verdict.got["run"] in normalised(text)
    near = "Natalia sold 48 clips in April and half as many in May. What share of the year's sales was that?"
    rows = [instruction(near), example(answer=f"Think of this: {ITEM}")]
    assert [verdict is None for verdict in stage.judge_all(rows)] == [True, False]
    most = DropContaminated(benchmarks=(benchmark_file,), min_share=0.5)
    assert [row is None for row in most.judge_all([instruction(text) for text in held])] == [False] * 3 + [
        True
    ]
    assert DropContaminated().judge_all([instruction(ITEM)]) == [None]


def test_a_benchmark_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bench.csv"
    path.write_text("question")
    with pytest.raises(RecipeError, match=r"expected \.jsonl, \.jsonl\.gz or \.parquet, got '\.csv'"):
        DropContaminated(benchmarks=(path,)).judge_all([instruction()])
