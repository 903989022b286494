"""Marks that are opened and not closed: code fences, formulas, braces, LaTeX environments. Linear.

In code and in quotation marks a brace may stand alone, and in a sentence about braces; an escaped one is a
sign of a formula.
"""

import re

from pipeline.text.damage import eaten_latex_in
from pipeline.text.kinds import without

BRACE = re.compile(r"(?<!\\)[{}]")
SET_APART = re.compile(r"(?:^|\s|[(\"'])[{}](?=[\s,.;:?!)\"']|$)")  # one brace as a word of its own
FACE = re.compile(r"(?<!\w)[:;=][-'^]?[{}](?!\w)")  # a smiley
NO_PROSE = re.compile(r"[;=()\[\]\"\\]")  # signs beside which a lone brace is one of code, JSON or LaTeX
LEFT, RIGHT = re.compile(r"\\left(?![a-zA-Z])"), re.compile(r"\\right(?![a-zA-Z])")
ENVIRONMENT = re.compile(r"\\(begin|end)\{(\w+\*?)\}")
LINE_SPACE = re.compile(r"\\\\\[-?[\d.]+ ?(?:pt|em|ex|mm|cm)\]")  # of a break: \\[4pt]
BRACE_WORDS = re.compile(
    r"\bbraces?\b|\bbrackets?\b|\bcharacters?\b|\bsymbols?\b|\bdelimiters?\b", re.IGNORECASE
)
# A function or class of Python whose body is not indented.
NO_BODY = re.compile(
    r"^([ \t]*)(?:def \w+\([^)\n]*+\).*|class \w+(?:\(.*\))?):[ \t]*\n\1(?=[^\s#])", re.MULTILINE
)


def broken_markup_in(text: str) -> str | None:
    """What is opened and not closed, or a control character, as is left of LaTeX in JSON ("\\frac" read as a
    form feed).
    """
    eaten = eaten_latex_in(text)
    if eaten is not None:
        return eaten
    if text.count("```") % 2:
        return "```"
    if "def " in text or "class " in text:
        unindented = NO_BODY.search(text)
        if unindented:
            return unindented.group()
    if "{" not in text and "}" not in text and "\\" not in text:
        return None
    prose = without(text, "code")
    return _brace_in(prose) or _formula_in(prose)


def _brace_in(text: str) -> str | None:
    text = without(text, "quotation") if "\\" not in text else text
    text = FACE.sub(" ", text)
    unclosed = _unclosed_in(text)
    if unclosed and (BRACE_WORDS.search(text) or not NO_PROSE.search(text)):
        return _unclosed_in(SET_APART.sub(" ", text))
    return unclosed


def _unclosed_in(text: str) -> str | None:
    open_braces = 0
    for brace in BRACE.findall(text):
        open_braces += 1 if brace == "{" else -1
        if open_braces < 0:
            return "}"
    return "{" if open_braces else None


def _formula_in(text: str) -> str | None:
    text = LINE_SPACE.sub(" ", text)
    if len(LEFT.findall(text)) != len(RIGHT.findall(text)):
        return "\\left \\right"
    if text.count("$$") % 2 and "\\" in text:  # else dollars
        return "$$"
    for start, end in (("\\(", "\\)"), ("\\[", "\\]")):
        if text.count(start) != text.count(end):
            return start
    opened: list[str] = []
    for kind, name in ENVIRONMENT.findall(text):
        if kind == "begin":
            opened.append(name)
        elif not opened or opened.pop() != name:
            return f"\\end{{{name}}}"
    return f"\\begin{{{opened[-1]}}}" if opened else None
