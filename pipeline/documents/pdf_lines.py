"""Lines of PDF pages -> running text: what only the width and the height of a page had cut is joined again.

Rules, as a page says nothing of them: lines that are indented stay lines (code); heads and feet that many
pages repeat go; a line that nearly fills its page goes on in the next, as does a page that ends within a
sentence; a hyphen at the end of a line stays where it belongs to the word.
"""

import itertools
import re
from collections import Counter
from collections.abc import Sequence

from pipeline.text.characters import ALONE, charset

FULL_LINE = 0.75  # of the longest line of a page, from which a line is one that goes on in the next
ITEM = re.compile(r"(?:[-*•–]|\d+[.)]|\(?[a-z]\))\s")  # noqa: RUF001
# What PDFium writes for a hyphen at the end of a line, where it joins the lines itself.
SOFT = "\ufffe\u00ad\x02"
CUT = "\x02"  # a hyphen at the end of a line, here
HYPHEN = re.compile(rf"([^\s{SOFT}]*)([{SOFT}])(?=\w)")
CUT_WORD = re.compile(rf"\w+(?:-\n|[{SOFT}]\n?)\w+")
ENDS_IN_HYPHEN = re.compile(rf"\w[{SOFT}-]$")
AFTER = re.compile(r"\w+")
WORD = re.compile(r"\w+(?:-\w+)*")
# First halves of compounds, which keep their hyphen wherever a line ends, but before an ending.
COMPOUND = re.compile(r"(?:well|self|non|vice|quasi|high|low|long|short|full|half|cross)", re.IGNORECASE)
ENDING = re.compile(
    r"(?:e[rnd]|est|ly|ness|ened|ening|ish|ity|ages?|ings?|itude|light|way|land|word)s?", re.IGNORECASE
)
SENTENCE_END = re.compile(r"[.!?:;…。！？；：][\"'”’»)\]」』]*$")  # noqa: RUF001
_ALONE = charset(ALONE)
UNSPACED = re.compile(rf"[{_ALONE}\u3000-\u303f\uff00-\uffef]\n[{_ALONE}\u3000-\u303f\uff00-\uffef]")
NUMBER = re.compile(r"\d+|\b[ivxlc]+\b")
MIN_SHARE = 0.5  # of the pages, that a head or foot stands on


def joined(pages: Sequence[str]) -> str:
    """The text of pages whose lines end with a line break."""
    bodies = [page for page in _without_heads(pages) if page.strip()]
    whole = (CUT_WORD.sub(" ", page) for page in bodies)
    known = Counter(word.casefold() for page in whole for word in WORD.findall(page))
    text = ""
    for page in map(_paragraphs, bodies):
        text = _continued(text, page) if text else page
    return HYPHEN.sub(lambda found: _rejoined(found, text, known), text)


def _continued(text: str, page: str) -> str:
    """The pages one after the other; within a sentence they are one."""
    last, page = text.rstrip(), page.lstrip("\n")
    if not SENTENCE_END.search(last) and (page[:1].islower() or _alone_meet(last, page)):
        return _one_line(last, page)
    return f"{last}\n\n{page}"


def _one_line(before: str, line: str) -> str:
    """Two lines of a sentence as one."""
    if ENDS_IN_HYPHEN.search(before) and line[:1].isalnum():
        return before[:-1] + ("\u00ad" if before[-1] == "\u00ad" else CUT) + line
    return before + line if _alone_meet(before, line) else f"{before} {line}"


def _alone_meet(text: str, page: str) -> bool:
    return UNSPACED.fullmatch(f"{text[-1:]}\n{page[:1]}") is not None


def _without_heads(pages: Sequence[str]) -> list[str]:
    """The pages without first and last lines that most of them have, but for their numbers."""
    lines = [[line for line in page.split("\n") if line.strip()] for page in pages]
    if len(pages) < 2:
        return ["\n".join(page) for page in lines]
    for end in (0, -1):
        shapes = Counter(_shape(page[end]) for page in lines if page)
        often = {shape for shape, count in shapes.items() if count >= max(2, MIN_SHARE * len(pages))}
        for number, page in enumerate(lines):
            if len(page) > 1 and _shape(page[end]) in often:
                lines[number] = page[1:] if end == 0 else page[:-1]
    return ["\n".join(page) for page in lines]


def _shape(line: str) -> str:
    return NUMBER.sub("#", line.strip().casefold())


def _rejoined(found: re.Match[str], text: str, known: Counter[str]) -> str:
    """The word before a hyphen, with the hyphen where it belongs to the word."""
    before, mark = found[1], found[2]
    after = AFTER.match(text, found.end())
    first, second = re.split(r"\W", before)[-1], after[0] if after else ""
    if mark == "\u00ad":
        return before
    whole, parted = f"{first}{second}".casefold(), f"{first}-{second}".casefold()
    belongs = (
        not second[:1].islower()
        or first[-1:].isdigit()
        or len(first) == 1
        or "-" in before
        or (COMPOUND.fullmatch(first) is not None and ENDING.fullmatch(second) is None)
        or known[parted] > 0
        or (known[first.casefold()] > 1 and known[second.casefold()] > 1)
    )
    if known[whole] > 0 or not belongs:
        return before
    return f"{before}-"


def _paragraphs(page: str) -> str:
    """The page with the lines joined that only its width had cut."""
    lines = [line.rstrip() for line in page.split("\n")]
    longest = max(map(len, lines))
    text = lines[0]
    for before, line in itertools.pairwise(lines):
        is_code = before.startswith(" ") or line.startswith(" ")
        is_cut = ENDS_IN_HYPHEN.search(before) is not None and line[:1].isalnum()
        is_full = len(before) >= FULL_LINE * longest and before and line and not ITEM.match(line)
        text = _one_line(text, line) if not is_code and (is_full or is_cut) else f"{text}\n{line}"
    return text
