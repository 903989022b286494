"""What a text costs grows as its length does, whatever it is made of."""

import importlib
import inspect
import pkgutil
import time
from collections.abc import Callable
from typing import Any

import pytest

import pipeline.text
from pipeline.text.language_codes import code_of
from pipeline.text.languages import Wanted
from pipeline.text.text import words

LENGTH, TIMES = 1_500, 4  # characters of the short text, and how much longer the other is
MAX_GROWTH, SPARE_S = 12, 0.05  # 4 is linear and 16 is quadratic; and what a busy machine may take
UNITS = (
    "a ", "xy", "A", "1 ", "1", "12 34 ", "1, ", "1. ", "+1 ", "(1) ", ", ", ",a", ". ", "..", "? ", "! ",
    "if ", "and ", "please ", "to the ", "this text ", "the following ", "which of these ", "a or ", "a/",
    "as an ", "i am ", "my ", "call ", "call me 1", "between a and ", "is the same as ", "in this course ",
    "\n", "\n\n", " ", " \n", "\t", "\r\n", "\xa0", "\n- ", "\n1. ", "a\n", "X: a\n", "## ", "> a\n", "|a|\n",
    '"', '" ', 'a"', "'a ", "“", "“a”", "„", "«", "「", "‘", "`", "` ", "``", "```", "~~~a\n",  # noqa: RUF001
    "(", ") ", "[", "[insert ", "[a](", "<", "<a", "<insert ", "<s>", "</s>", "<s>a</s>", "<think>", "[INST]",
    "{", "{{a", '{"a": ', '\\"', "\\", "\\(", "\\[", "$", "$$", "$a ", "\\begin{a}", "def a(", "class a(",
    ")", "http://a ", "www.", "a@", "a.a@a.", "user: ", "-", "- ", "a-", "--", "*", "**a** ", "_", "#", "=",
    "|", "é ", "e\u0301", "क्", "का ", "пр", "λ;", "λ ", "я a ", "中", "中 ", "か", "각 ", "กำ",
    "\u200b", "\u00c3\u00a9",
    "\U0001f44d\u200d", "\U0001d11e", "½", "İ",
)  # fmt: skip
OTHERS = {
    "max_share": 0.1, "phone_region": "US", "prompts": (), "question": "Is it so?", "kind": "item", "n": 3,
    "source": "the words of a source", "other": "a b c",
}  # fmt: skip
NO_TEXTS = ("char", "last", "ranges", "share", "language", "finish", "word", "said")  # first parameters


def _functions() -> dict[str, Callable[[str], Any]]:
    """All public functions of pipeline/text that take a text, or its words."""
    found: dict[str, Callable[[str], Any]] = {}
    for info in pkgutil.iter_modules(pipeline.text.__path__):
        module = importlib.import_module(f"pipeline.text.{info.name}")
        for name, function in vars(module).items():
            if name.startswith("_") or inspect.isclass(function) or not callable(function):
                continue
            if getattr(function, "__module__", "") != module.__name__:
                continue
            first, *rest = inspect.signature(function).parameters.values() or [None]
            if first is None or first.name in NO_TEXTS:
                continue
            others = {
                parameter.name: OTHERS[parameter.name]
                for parameter in rest
                if parameter.default is parameter.empty and parameter.kind != parameter.VAR_POSITIONAL
            }
            found[f"{info.name}.{name}"] = _of_text(function, first.name, others)
    del found["languages.prose_in"]  # for the few hundred characters that a language is told by
    return found


def _of_text(function: Callable[..., Any], first: str, others: dict[str, Any]) -> Callable[[str], Any]:
    def call(text: str) -> Any:
        given = {"items": words, "texts": lambda text: [text, text]}.get(first, lambda text: text)(text)
        made = function(given, **others)
        return list(made) if inspect.isgenerator(made) else made

    return call


FUNCTIONS = {
    **_functions(),
    "languages.Wanted.judge": lambda text: Wanted([code_of("en")]).judge(text, 20, 400),
}


def _cpu_s(function: Callable[[str], Any], text: str) -> float:
    started = time.process_time()
    function(text)
    return time.process_time() - started


@pytest.mark.parametrize("name", FUNCTIONS)
def test_four_times_the_text_takes_no_more_than_a_few_times_as_long(name: str) -> None:
    function = FUNCTIONS[name]
    function("warm " * 10)
    for place, unit in enumerate(UNITS):
        end = ("", "?", ' x"', ".")[place % 4]
        short, long = (
            (unit * (length // len(unit) + 1))[:length] + end for length in (LENGTH, LENGTH * TIMES)
        )
        took = _cpu_s(function, long)
        if took < SPARE_S:
            continue
        limit = MAX_GROWTH * max(_cpu_s(function, start + short) for start in "ab") + SPARE_S
        took = min(took, _cpu_s(function, "a" + long), _cpu_s(function, "b" + long))
        assert took < limit, f"{unit!r} {end!r}: {took:.2f} s, and {limit:.2f} s is the limit"
