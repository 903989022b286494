"""What a text is made of: code, formulas, tables, quotations, dialogue, headings, list items, prose.

A phrase, a brace or a repeated line means one thing in prose and another in code; filters look at the kinds
that they are about. Kinds are told by their marks (Markdown, LaTeX, quotation marks), code without a fence by
the look of its lines. Linear in the text.
"""

import re
from collections import Counter
from functools import lru_cache
from typing import Literal, NamedTuple

Kind = Literal["code", "math", "table", "quotation", "dialogue", "heading", "item", "prose"]

FENCED = re.compile(r"```.*?(?:```|\Z)|~~~\w*\n.*?(?:~~~|\Z)", re.DOTALL)
# Marks that enclose. A dollar with a space inside of it is money, an apostrophe has a letter before it.
ENCLOSED = re.compile(
    r"(?P<code>``[^`\n]+``|`[^`\n]+`)"
    r"|(?P<math>\$\$.{1,2000}?\$\$|\\\[.{1,2000}?\\\]|\\\(.{1,2000}?\\\)"
    r"|\\begin\{(?P<name>\w+\*?)\}.{0,2000}?\\end\{(?P=name)\}"
    r"|(?<![\\$\w])\$(?![\s$])[^$\n]{1,400}?(?<![\s\\])\$(?![\w$]))"
    r"|(?P<quotation>“[^”]{1,2000}+”|«[^»]{1,2000}+»|„[^“”\n]{1,2000}+[“”]|「[^」]{1,2000}+」|『[^』]{1,2000}+』"
    r"|(?<![\w\"])\"(?!\s)[^\"\n]{1,2000}(?<!\s)\"(?![\w\"])"
    r"|(?<![\w'])'(?![\s'])[^'\n]{2,300}(?<!\s)'(?![\w'])|‘[^’\n]{2,300}+’(?!\w))",  # noqa: RUF001
    re.DOTALL,
)
OPENERS = re.compile(r"[`$\\“«„「『\"'‘]")  # noqa: RUF001
LINE = re.compile(r"[^\n]*\n|[^\n]+")
HEADING = re.compile(r"#{1,6}[ \t]+\S")
ITEM_MARK = re.compile(r"(?:[-*•+–]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})[.)]|\d{1,3}[、．])(?:\s+|\Z)")  # noqa: RUF001
DASHED_SPEECH = re.compile(r"[—―–][ \t]?[^\W\d_]")  # noqa: RUF001
SPEECH = re.compile(
    r"(?:\*\*)?([^\W\d_][\w.'’-]{0,24}(?: [\w.'’-]{1,24}){0,2})(?: ?\([^()\n]{1,40}\))?(?:\*\*)?"  # noqa: RUF001
    r"[:：](?:\*\*)?[ \t]*\S"  # noqa: RUF001
)
CODE_LINE = re.compile(
    r"(?:def|class|function|fn|func|public|private|static|const|let|var|import|from|struct|enum)\b.*[({:;=.]"
    r"|import [\w.]+$|(?:for|if|elif|while|with|except|try|else)\b[^.?]*:$|(?:return|yield|raise"
    r"|throw)\b[^.?]*$"
    r"|(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE) |#include|@\w+|//|/\*|</?[a-zA-Z][^>]*>"
    r"|[{}\[\]()]+[;,]?$|[\w.\[\]\"']+ *(?:[-+*/|&]?=|:=|\+\+|--)(?!=)."
    r"|[\w.]+\(.*\)[;:]?$|\"\"\""
)
GAP = "\ufffc"  # the character of Unicode for an object that stands in a text
CODE_SIGN = re.compile(r"[=()\[\]<>]")
MIN_LINES = 2  # of code without a fence, of a table, and of a dialogue


class Piece(NamedTuple):
    """A stretch of a text that is of one kind."""

    kind: Kind
    text: str


@lru_cache(maxsize=8)  # the functions of a filter ask for the same text in turn
def pieces(text: str) -> tuple[Piece, ...]:
    """The pieces of the text, in order; joined they are the text."""
    found: list[Piece] = []
    start = 0
    for match in FENCED.finditer(text) if "```" in text or "~~~" in text else ():
        found += _unfenced(text[start : match.start()])
        found.append(Piece("code", match.group()))
        start = match.end()
    return tuple(found + _unfenced(text[start:]))


def is_code(line: str) -> bool:
    """Whether a line, stripped, looks like code: by how it begins or ends."""
    if line.endswith("{") or (line.endswith(";") and CODE_SIGN.search(line)):
        return True
    return CODE_LINE.match(line) is not None


def without(text: str, *kinds: Kind) -> str:
    """The text with GAP, or a line break, where pieces of these kinds stood."""
    return "".join(
        piece.text if piece.kind not in kinds else "\n" if "\n" in piece.text else GAP
        for piece in pieces(text)
    )


def runs(text: str, kind: Kind) -> list[list[str]]:
    """The pieces of one kind, those that follow one another together: the items of each list, say."""
    found: list[list[str]] = []
    last = None
    for piece in pieces(text):
        if not piece.text.strip():
            continue
        if piece.kind == kind:
            if last != kind:
                found.append([])
            found[-1].append(piece.text)
        last = piece.kind
    return found


def _unfenced(text: str) -> list[Piece]:
    """The pieces of a text without fences: code by its lines, then what is enclosed in the rest."""
    lines = LINE.findall(text)
    found: list[Piece] = []
    rest = ""
    for line, is_code in zip(lines, _code_lines(lines), strict=True):
        if is_code:
            found += _inline(rest)
            found.append(Piece("code", line))
            rest = ""
        else:
            rest += line
    return found + _inline(rest)


def _inline(text: str) -> list[Piece]:
    found: list[Piece] = []
    start = 0
    for opener in OPENERS.finditer(text):  # far quicker than to search for what may follow
        match = ENCLOSED.match(text, opener.start()) if opener.start() >= start else None
        if match is None:
            continue
        found += _lines_of(text[start : match.start()])
        kind: Kind = "code" if match["code"] else "math" if match["math"] else "quotation"
        found.append(Piece(kind, match.group()))
        start = match.end()
    return found + _lines_of(text[start:])


def _lines_of(text: str) -> list[Piece]:
    lines = LINE.findall(text)
    speech = _speech_of(lines) if ":" in text or "：" in text or "—" in text or "–" in text else set()  # noqa: RUF001
    kinds = [_kind_of(line.strip(), speech) for line in lines]
    if 0 < kinds.count("table") < MIN_LINES:
        kinds = ["prose" if kind == "table" else kind for kind in kinds]
    return [Piece(kind, line) for kind, line in zip(kinds, lines, strict=True)]


def _kind_of(line: str, speech: set[str]) -> Kind:
    if HEADING.match(line):
        return "heading"
    if line.startswith(">"):
        return "quotation"
    if line.count("|") > 1 or line.startswith("|") or "\t" in line:
        return "table"
    if line in speech:
        return "dialogue"
    return "item" if ITEM_MARK.match(line) else "prose"


def _speech_of(lines: list[str]) -> set[str]:
    """The lines that are said by somebody: of two or more speakers one comes again, or all
    begin with a dash.
    """
    spoken = {
        line.strip(): match[1] for line in lines if ":" in line and (match := SPEECH.match(line.strip()))
    }
    turns = Counter(spoken.values())
    said = set(spoken) if len(turns) >= MIN_LINES and max(turns.values()) >= MIN_LINES else set()
    dashed = {line.strip() for line in lines if DASHED_SPEECH.match(line.strip())}
    return said | dashed if len(dashed) >= MIN_LINES else said


def _code_lines(lines: list[str]) -> list[bool]:
    """Whether each line is code: of MIN_LINES or more that look like it, with what is indented below them."""
    found = [False] * len(lines)
    start, looks = 0, 0
    for place, line in enumerate([*lines, "."]):
        bare = line.strip()
        if is_code(bare):
            looks += 1
        elif bare and not (looks and line[0] in " \t"):
            if looks >= MIN_LINES:
                found[start:place] = [True] * (place - start)
            start, looks = place + 1, 0
    return found
