"""What is read as JSON of what models write, and what it says."""

import json
import time

import pytest

from pipeline.text.json_objects import objects_in

WHY = {"question": "Why?"}


@pytest.mark.parametrize(
    "text",
    [
        '{"question": "Why?"}',
        '\ufeff{"question": "Why?"}',
        ' \n{"question": "Why?"}\n\n',
        '```json\n{"question": "Why?"}\n```',
        '```\n{"question": "Why?"}\n```',
        'Here is the JSON:\n```json\n{"question": "Why?"}\n```\nI hope this {helps}!',
        'Sure! {"question": "Why?"} Anything else?',
        '{"question": "Why?"}<|im_end|>',
        '{"question": "Why?"}\n{"question": "And how?"}',
        '<think>\n{"a": 1}?\n</think>\n{"question": "Why?"}',
        '<think>The schema is {"question": string}.</think>{"question": "Why?"}',
        'I need {"a": 1}.\n</think>\n\n```json\n{"question": "Why?"}\n```',
        '<|channel|>analysis<|message|>{"a": 1}<|end|><|channel|>final<|message|>{"question": "Why?"}',
        '{"question": "Why?",}',
        '{\n  "question": "Why?",\n}\n',
        'The set {x: x > 0} is open. {"question": "Why?"}',
    ],
)
def test_the_object_is_found_in_what_stands_around_it(text: str) -> None:
    assert json.loads(next(objects_in(text))) == WHY


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"q": "line one\nline two?"}', "line one\nline two?"),
        ('{"q": "a\ttab and\r\na break"}', "a\ttab and\r\na break"),
        ('{"q": "braces } and { in it"}', "braces } and { in it"),
        ('{"q": "a fence:\\n```\\n{\\"a\\": 1}\\n```"}', 'a fence:\n```\n{"a": 1}\n```'),
        ('{"q": "What does </think> do?"}', "What does </think> do?"),
        ('{"q": "a comma, ] and, }"}', "a comma, ] and, }"),
        (r'{"q": "half \ud83d a pair"}', "half \ufffd a pair"),
        (r'{"q": "a bee \ud83d\udc1d"}', "a bee 🐝"),
        (r'{"q": "caf\u00e9 \"au lait\" \/ \\ "}', 'café "au lait" / \\ '),
        (r'{"q": "it\'s"}', "it's"),
    ],
)
def test_strings_say_what_they_are_meant_to(text: str, said: str) -> None:
    assert json.loads(next(objects_in(text)))["q"] == said


@pytest.mark.parametrize(
    "latex",
    [
        r"Why is \(x\) here?",
        r"\[ x^2 \]",
        r"Compute $3 \times 4 + \theta$ when $\theta = 2$.",
        r"$\nabla \cdot B = 0$",
        r"$\frac{1}{2}$ and $\dfrac{a}{b}$ and $\tfrac12$",
        r"$\beta$, $\bar{x}$, $\binom{n}{k}$, $\boldsymbol{v}$, $\big($",
        r"$\rho \to \infty$, $\right)$, $\rangle$, $\rightarrow$",
        r"$\tan x \ne \tau$, $\tilde{u}$, $\text{if } x \neq 0$, $\top$",
        r"$\neg p \not\in S$, $\nu$, $\ni$, $\notin$, $\nexists$",
        r"$\forall x: f(x) \le \alpha$ \quad \forall",
        r"$\underline{x}$, $\uparrow$, $\upsilon$, $\unlhd$",
        r"\$5 and 5\% of \#1, \{a, b\}, \_",
        r"\begin{cases} x & x > 0 \end{cases}",
        r"\textbf{Note}: \therefore x = 1",
    ],
)
def test_latex_keeps_its_backslashes_escaped_or_not(latex: str) -> None:
    assert json.loads(next(objects_in('{"q": "' + latex + '"}')))["q"] == latex
    assert json.loads(next(objects_in(json.dumps({"q": latex}))))["q"] == latex


@pytest.mark.parametrize(
    "text",
    [
        "First line\nnext line\nnot this one\nno, nu, ni, ne",
        "name\ttext\ttop\nAnna\tan apple\ttea",
        "1. Rome\n2. Berne\n\nright?\r\nreally",
        "It costs $5\ni think\nneither of us knows",
        r"a path C:\temp\new\bin",
        "We have $x > 0$.\nNow\ttake \\(y\\).\nnothing else",
        "the \\times is doubled\nnabla",
    ],
)
def test_breaks_and_tabs_stay_breaks_and_tabs(text: str) -> None:
    assert json.loads(next(objects_in(json.dumps({"q": text}))))["q"] == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "{",
        "[1, 2]",
        '{"question": "Why',
        "<think>{",
        '<think>{"question": "Why?"}',
        "{broken}",
        "{1, 2}",
        "{'question': 'cut",
    ],
)
def test_what_holds_no_object_gives_none(text: str) -> None:
    assert list(objects_in(text)) == []


@pytest.mark.parametrize(
    "text", ["{" * 300_000, '{"a":' * 100_000, "[" * 200_000, '{"a": "' + "x" * 3_000_000]
)
def test_hostile_text_takes_no_time(text: str) -> None:
    started = time.monotonic()
    assert list(objects_in(text)) == []
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "text",
    [
        "{'question': 'Why is ice slippery?'}",
        "Here: {'question': \"Why isn't ice dry?\", 'hint': None} as asked.",
        "```python\n{'question': 'Is it so?', 'ok': True}\n```",
    ],
)
def test_a_dict_in_the_notation_of_python_is_read(text: str) -> None:
    (found,) = objects_in(text)
    assert json.loads(found)["question"].endswith("?")
