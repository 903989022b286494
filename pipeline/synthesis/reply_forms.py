"""Replies to a request to rephrase, cleaned, or what is wrong with their form: pure functions.

What announces the text goes; what is left of it after that, or is no text of that form, is a fault. Sources:
WRAP (https://arxiv.org/abs/2401.16380), appendix B; the post-processing of Nemotron-CC
(https://arxiv.org/abs/2412.02595).
"""

import re
from random import Random
from typing import NamedTuple

from pipeline.synthesis.styles import Form

TOKENS_A_PAIR = 15  # of a source: it is good for 10 pairs every 150
ANNOUNCES = re.compile(
    r"\A\s*(?:sure|certainly|of course|okay|absolutely|here(?:'s| is| are)|below (?:is|are)|the following"
    r"|this is|(?:the|a) text(?: is| says| reads)?(?: as follows)?|i (?:have|will|can)|paraphras\w*"
    r"|rephras\w*|rewrit\w*|(?:the )?(?:rewritten|simplified|revised)|in (?:simple|high-quality|other)"
    r"|question-answer|title|answer)\b[^\n]{0,200}?(?::\s*|!\s+|\.\s*\n)\s*",
    re.IGNORECASE,
)
MAX_LEADS = 2  # "Sure! Here is the text:"
FENCE = re.compile(r"\A```\w*\n(.*?)\n?```\Z", re.DOTALL)
QUOTES = (('"', '"'), ("“", "”"), ("'", "'"), ("<text>", "</text>"))
MARKERS = re.compile(
    r"\b(?:here(?:'s| is| are) (?:a|an|the|your|my) \w* ?"
    r"(?:paraphras|rephras|rewrit|version|summary|text|list)"
    r"|paraphrased? (?:version|text|of the)|rephrased (?:version|text)|rewritten (?:version|text)"
    r"|high-quality english|the original text|i hope this helps|let me know if|as requested)",
    re.IGNORECASE,
)
PAIR_MARK = re.compile(
    r"^[ \t]*(?:[-*•][ \t]*)?(?:\*\*)?(?:\d+[.)][ \t]*)?(?P<kind>Q|A|Question|Answer)(?:[ \t]*\d+)?"
    r"(?:\*\*)?[ \t]*[:.][ \t]*(?:\*\*)?[ \t]*",
    re.IGNORECASE | re.MULTILINE,
)
PROBLEM_MARK = re.compile(
    r"^[ \t]*(?:\*\*)?(?P<kind>Problem|Solution)(?:\*\*)?[ \t]*:[ \t]*(?:\*\*)?[ \t]*",
    re.IGNORECASE | re.MULTILINE,
)
MARKED = {  # forms of pairs: what marks the halves, the first letter of the first, how they are written
    "pairs": (PAIR_MARK, "q", ("Question", "Answer")),
    "problem": (PROBLEM_MARK, "p", ("Problem", "Solution")),
}
BULLET = re.compile(r"^[ \t]*(?:[-*•]|\d+[.)])[ \t]+", re.MULTILINE)
TABLE_LINE = re.compile(r"^[ \t]*\|?[ \t:]*-{2,}[-| :\t]*$", re.MULTILINE)
TURN = re.compile(r"^[ \t]*(?:\*\*)?[A-Z][\w .]{0,20}(?:\*\*)?:[ \t]*\S", re.MULTILINE)


class Pair(NamedTuple):
    """A question, or a problem, and its answer."""

    question: str
    answer: str


class FormFault(NamedTuple):
    """What is wrong with a reply."""

    reason: str
    got: str


def cleaned(reply: str, form: Form, source: str) -> str | FormFault:
    """The text of the reply, in its form: pairs as "Question: ..." and "Answer: ..." lines, a list as lines
    that begin with "- ".
    """
    text = _unwrapped(reply.strip())
    if form in MARKED:
        found = _pairs(_without_lead_line(text, form), form)
        return found if isinstance(found, FormFault) else as_text(found, form)
    for _ in range(MAX_LEADS):
        text = ANNOUNCES.sub("", text, count=1) if _announced(text) else text
    text = _unwrapped(text.strip())
    marker = MARKERS.search(text)
    if marker and marker.group().lower() not in source.lower():
        return FormFault("lead_in", marker.group())
    if not text:
        return FormFault("nothing_left", reply[:200])
    if form == "list":
        return _list(text)
    if form == "table" and not TABLE_LINE.search(text):
        return FormFault("no_table", text[:200])
    if form == "dialogue" and len(TURN.findall(text)) < 2:
        return FormFault("no_dialogue", text[:200])
    return text


def pairs_in(text: str, form: Form) -> list[Pair]:
    """The pairs of a cleaned text."""
    found = _pairs(text, form)
    return [] if isinstance(found, FormFault) else found


def some_of(pairs: list[Pair], source_tokens: int, rng: Random) -> list[Pair]:
    """A random number of the pairs, in a random order: at most one every 15 tokens of their source."""
    most = max(1, source_tokens // TOKENS_A_PAIR)
    return rng.sample(pairs, min(len(pairs), rng.randint(1, most)))


def as_text(pairs: list[Pair], form: Form) -> str:
    """The text of the pairs, as `pairs_in` reads it again."""
    *_, (first, second) = MARKED[form]
    return "\n\n".join(f"{first}: {pair.question}\n{second}: {pair.answer}" for pair in pairs)


def _pairs(text: str, form: Form) -> list[Pair] | FormFault:
    mark, first, _ = MARKED[form]
    marks = list(mark.finditer(text))
    if not marks:
        return FormFault("no_pairs", text[:200])
    if text[: marks[0].start()].strip():
        return FormFault("text_before_first_question", text[: marks[0].start()].strip()[:200])
    found: list[Pair] = []
    question = ""
    for place, one in enumerate(marks):
        stop = marks[place + 1].start() if place + 1 < len(marks) else len(text)
        said = text[one.end() : stop].strip().strip("*").strip()
        if one["kind"][0].lower() == first:
            question = said
        elif question and said:
            found.append(Pair(question, said))
            question = ""
    return list(dict.fromkeys(found)) or FormFault("no_pairs", text[:200])


def _without_lead_line(text: str, form: Form) -> str:
    """Without one line before the first mark that announces what comes."""
    first = MARKED[form][0].search(text)
    lead = text[: first.start()].strip() if first else ""
    if first and lead and "\n" not in lead and (lead.endswith(":") or _announced(lead + ":")):
        return text[first.start() :]
    return text


def _announced(text: str) -> bool:
    found = ANNOUNCES.match(text)
    if found is None:
        return False
    return "\n" in found.group() or ":" in found.group() or found.group().rstrip().endswith("!")


def _unwrapped(text: str) -> str:
    """Without a code fence, or quotes, around all of it."""
    fenced = FENCE.match(text)
    if fenced:
        text = fenced.group(1).strip()
    for start, stop in QUOTES:
        inner = text[len(start) : -len(stop)]
        if len(text) > 2 and text.startswith(start) and text.endswith(stop) and start not in inner:
            return inner.strip()
    return text


def _list(text: str) -> str | FormFault:
    first = BULLET.search(text)
    if first is None:
        return FormFault("no_list", text[:200])
    items = [line.strip() for line in BULLET.split(text[first.start() :])]
    lines = [" ".join(item.split()) for item in items if item]
    return "\n".join(f"- {line}" for line in lines)
