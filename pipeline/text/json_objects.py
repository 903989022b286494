"""JSON objects in what a model wrote: in a fence, among words, behind thoughts, with the slips of models.

Mended before anything is parsed: a backslash that JSON does not know (LaTeX's `\\(`, `\\alpha`), and one that
it knows for something else (`\\times` is a tab and "imes" to it). Read as they are meant: literal line breaks
in strings, commas behind the last item, and
the single quotes of a Python dict.
"""

import ast
import json
import re
from collections.abc import Iterator

from pipeline.text.control_tokens import without_thoughts
from pipeline.text.encodable import encodable

MAX_STARTS = 64  # places that an object is looked for at: a text of braces alone costs no more
MAX_PYTHON = 100_000  # characters of a dict in the notation of Python
_LENIENT = json.JSONDecoder(strict=False)  # control characters in strings
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|[a-zA-Z]+|.|\Z)", re.DOTALL)
_LAST_COMMA = re.compile(r'("[^"\\]*+(?:\\.[^"\\]*+)*+")|,(?=\s*[}\]])', re.DOTALL)
_A_LAST_COMMA = re.compile(r",\s*[}\]]")
_HEX = re.compile("[0-9a-fA-F]{4}")
# A formula's marks, or a command that no escape of JSON begins.
_MATHS = re.compile(r"\$[^$\n]+\$|\\[(\[]|\\[ac-eg-mo-qsv-zA-Z][a-zA-Z]+|\\(?:frac|beta|begin|times|theta)\b")
# LaTeX commands that begin as one of JSON's escapes for white space does.
_COMMANDS = frozenset(
    [
        "nabla",
        "natural",
        "ncong",
        "nearrow",
        "neq",
        "newline",
        "ngeq",
        "nleq",
        "nmid",
        "nolimits",
        "nonumber",
        "nparallel",
        "nprec",
        "nsim",
        "nsubset",
        "nsubseteq",
        "nsucc",
        "nsupseteq",
        "nwarrow",
        "notin",
        "rangle",
        "rbrace",
        "rbrack",
        "rceil",
        "ref",
        "restriction",
        "rfloor",
        "rgroup",
        "rho",
        "right",
        "rightarrow",
        "rightharpoonup",
        "rightleftharpoons",
        "rightsquigarrow",
        "risingdotseq",
        "rlap",
        "rm",
        "root",
        "rtimes",
        "rvert",
        "tag",
        "tanh",
        "tau",
        "tbinom",
        "text",
        "textbf",
        "textcolor",
        "textit",
        "textrm",
        "textsc",
        "textsf",
        "textstyle",
        "texttt",
        "tfrac",
        "therefore",
        "theta",
        "thetasym",
        "thickapprox",
        "thicksim",
        "thinspace",
        "tilde",
        "times",
        "tiny",
        "triangle",
        "triangledown",
        "triangleleft",
        "triangleq",
        "triangleright",
        "twoheadrightarrow",
    ]
)
# What may as well be a break and a word or a letter: LaTeX where the text has mathematics.
_COMMANDS_IN_MATHS = frozenset(["ne", "neg", "nexists", "ni", "not", "nu", "tan", "to", "top"])


def objects_in(text: str) -> Iterator[str]:
    """The JSON objects of the text, one after the other, as JSON that any parser takes."""
    text = text.lstrip("\ufeff \t\r\n")
    bodies = [text] if text.startswith("{") else []  # a thought mark in it is in one of its strings
    rest = without_thoughts(text)
    if rest is not None and (not bodies or rest != text):
        bodies.append(rest)
    for body in bodies:
        body = mended(body)
        found = list(_objects(body))
        if not found and _A_LAST_COMMA.search(body):
            found = list(_objects(_LAST_COMMA.sub(lambda match: match[1] or "", body)))
        found = found or list(_of_python(body))
        if found:
            yield from found
            return


def _objects(text: str) -> Iterator[str]:
    start = text.find("{")
    for _ in range(MAX_STARTS):
        if start < 0:
            return
        try:
            found, end = _LENIENT.raw_decode(text, start)
        except RecursionError:
            return
        except ValueError:
            end = start + 1
        else:
            yield encodable(json.dumps(found, ensure_ascii=False))
        start = text.find("{", end)


def _of_python(text: str) -> Iterator[str]:
    """The dict that Python's own notation has: names in single quotes, True, None."""
    start, end = text.find("{"), text.rfind("}") + 1
    if not 0 <= start < end <= start + MAX_PYTHON:
        return
    try:
        found = ast.literal_eval(text[start:end])
        written = json.dumps(found, ensure_ascii=False)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return
    if isinstance(found, dict):
        yield encodable(written)


def mended(text: str) -> str:
    """The text with its backslashes as JSON knows them."""
    if "\\" not in text:
        return text
    # Who escapes some command as JSON wants it means the breaks that he writes.
    has_maths = "\\\\" not in text and _MATHS.search(text) is not None
    return _ESCAPE.sub(lambda escape: _meant(escape, has_maths), text)


def _meant(escape: re.Match[str], has_maths: bool) -> str:
    word = escape[1]
    if word == "'":
        return word  # of a model that escapes as Python does
    first, rest = word[:1], word[1:]
    is_known = first in ('"', "\\", "/")
    if first in ("b", "f"):
        is_known = not rest  # nobody means a backspace or a form feed
    elif first in ("n", "r", "t"):
        is_known = word not in _COMMANDS and not (has_maths and word in _COMMANDS_IN_MATHS)
    elif first == "u":
        is_known = len(word) == 5 and _HEX.fullmatch(rest) is not None
    return escape[0] if is_known else f"\\{escape[0]}"
