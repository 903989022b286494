"""What gives away a bad text, shared by the filters of questions and of answers: pure functions, first
fault found.

The phrases are those that models were seen to write; each list is matched without regard to case.
"""

import re
from functools import cache

from pipeline.model import Prompt
from pipeline.prompts import fixed_text
from pipeline.text.text import ngrams, words

LEAK_N = 5  # words in a row that a text and a prompt do not share by chance
REFUSALS = (
    "as an ai",
    "as a language model",
    "as an artificial intelligence",
    "i am an ai",
    "i'm an ai",
    "i cannot assist",
    "i can't assist",
    "i cannot help with",
    "i can't help with",
    "i'm unable to",
    "i am unable to",
    "i'm sorry, but",
    "i am sorry, but",
    "i apologize, but",
    "i do not have access to",
    "i don't have access to",
    "i don't have personal",
    "my knowledge cutoff",
    "my training data",
    "i was trained on",
    "i have no knowledge of",
    "i cannot answer",
    "i can't answer",
    "not enough context",
    "the user wants",
    "the user is asking",
    "let me think",
    "i need to come up with",
)
SLOTS = (
    "address|amount|author|city|company|country|date|email|industry|job title|language|level|location|"
    "name|number|person|phone number|place|position|price|product|subject|title|topic|year"
)
TEMPLATE = re.compile(
    r"\[(?:insert|your|topic|add|fill|placeholder)\b[^\]]*\]"  # [insert name here]
    rf"|\[(?:{SLOTS})\](?!\()|<(?:{SLOTS})>"
    r"|\{\{\s*\w+\s*\}\}|\{%"  # an unfilled template; LaTeX has braces too, but not around one word twice
    r"|<(?:insert|your|placeholder)\b[^>]*>|\blorem ipsum\b|(?-i:\bXXXX+\b|\b(?:TODO|TBD):)",
    re.IGNORECASE,
)
# A text that speaks of slots may have them.
ABOUT_SLOTS = re.compile(
    r"\bplaceholders?\b|\breplac|\bfill\b|\bblanks?\b|\bmask|\banonymi[sz]|<html|</", re.IGNORECASE
)
SPECIAL_TOKENS = re.compile(r"<\|[a-z_0-9]+\|>|\[/?INST\]|<</?SYS>>|</?s>|<(?:start|end)_of_turn>", re.I)
CHAT_MARKERS = re.compile(
    r"<\|[a-z_]+\|>|\[/?INST\]|<</?SYS>>|^(?:user|assistant|system|human)\s*:"
    r"|^#+\s*(?:user|assistant|system|human|instruction|input|response)\s*:",
    re.I | re.M,
)
FENCED = re.compile(r"```.*?```", re.DOTALL)
BRACE = re.compile(r"[{}]")
LEFT, RIGHT = re.compile(r"\\left(?![a-zA-Z])"), re.compile(r"\\right(?![a-zA-Z])")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
ENVIRONMENT = re.compile(r"\\(begin|end)\{(\w+\*?)\}")
SCRIPTS = (
    ("Cyrillic", re.compile(r"[\u0400-\u052f]")),
    ("Arabic", re.compile(r"[\u0600-\u06ff]")),
    ("Devanagari", re.compile(r"[\u0900-\u097f]")),
    ("Thai", re.compile(r"[\u0e00-\u0e7f]")),
    ("Kana", re.compile(r"[\u3040-\u30ff]")),
    ("Hangul", re.compile(r"[\uac00-\ud7af]")),
    ("Han", re.compile(r"[\u4e00-\u9fff]")),
    ("Latin", re.compile(r"[a-zA-Z]")),
)
TOGETHER = {"Kana", "Han", "Hangul", "Latin"}  # of Japanese and Korean text; Latin words stand anywhere
ITEM_MARK = re.compile(r"(?:[-*•]|\d+[.)])\s*(?=\s|\Z)")
PROSE_END = re.compile(r"[.!?;]\s")
MAX_LINE_WORDS = 14  # of a line that needs no full stop
SENTENCE_ENDS = (".", "!", "?", ":", "`", ")", "]", "}", "*", '"', "'", "$", "”", "’", "…", ">", "|", ";")  # noqa: RUF001


def refusal_in(text: str) -> str | None:
    """The phrase by which the model declines or speaks of itself, in the first 300 characters."""
    start = text[:300].casefold().replace("’", "'")  # noqa: RUF001
    return next((phrase for phrase in REFUSALS if phrase in start), None)


def template_in(text: str) -> str | None:
    """A placeholder that nobody filled in."""
    found = TEMPLATE.search(text)
    return found.group() if found and not ABOUT_SLOTS.search(text) else None


def chat_marker_in(text: str) -> str | None:
    """A role marker or special token of a chat format."""
    found = CHAT_MARKERS.search(text)
    return found.group() if found else None


def special_token_in(text: str) -> str | None:
    """A token by which a chat model tells turns apart."""
    found = SPECIAL_TOKENS.search(text)
    return found.group() if found else None


def leak_in(text: str, prompts: tuple[Prompt, ...], system: str | None = None) -> str | None:
    """Words in a row that the text shares with what a model was told."""
    grams = _told(prompts, system)
    return next((gram for gram in ngrams(words(text), LEAK_N) if gram in grams), None) if grams else None


@cache
def _told(prompts: tuple[Prompt, ...], system: str | None) -> set[str]:
    """The word n-grams of the templates' own text, and of the system message. Once a worker."""
    texts = [text for name in prompts for text in fixed_text(name)]
    return set().union(*(ngrams(words(text), LEAK_N) for text in [*texts, system or ""]))


def has_end(text: str) -> bool:
    """Whether the text ends like a whole one: with punctuation, a closing mark, a digit or a list item.
    What is no prose needs none: a phrase, a line of verse, code or a list, a signature.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return False
    last = lines[-1].strip()
    if len(lines) > 1 and ITEM_MARK.fullmatch(last):
        return False  # an item without a text
    if last.endswith(SENTENCE_ENDS) or last[-1].isdigit() or ITEM_MARK.match(last + " "):
        return True
    if len(last.split()) > MAX_LINE_WORDS or PROSE_END.search(last):
        return False  # prose
    others = [line for line in lines[:-1] if not line.rstrip().endswith(SENTENCE_ENDS)]
    return len(lines) == 1 or len(others) >= len(lines) / 2 or last.istitle() or lines[-1][:1].isspace()


def broken_markup_in(text: str) -> str | None:
    """A code fence, a formula, a brace or a LaTeX environment that is opened and not closed, or a control
    character, as is left of LaTeX in JSON ("\\frac" read as a form feed).
    """
    controls = CONTROLS.search(text)
    if controls:
        return repr(controls.group())
    if text.count("```") % 2:
        return "```"
    prose = FENCED.sub("", text)
    open_braces = 0
    for brace in BRACE.findall(prose):
        open_braces += 1 if brace == "{" else -1
        if open_braces < 0:
            return "}"
    if open_braces:
        return "{"
    if len(LEFT.findall(prose)) != len(RIGHT.findall(prose)):
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


def mixed_scripts_in(text: str, max_share: float) -> str | None:
    """The scripts of a text in which letters of a second one are more than `max_share` of all. Greek
    letters are not looked at: formulas have them. A Latin word in a text of another script is none, nor is
    Kana beside Han.
    """
    counts = {name: len(pattern.findall(text)) for name, pattern in SCRIPTS}
    total = sum(counts.values())
    first, second = sorted(counts, key=counts.__getitem__, reverse=True)[:2]
    if not total or counts[second] <= max_share * total or second == "Latin":
        return None
    if first != "Latin" and {first, second} <= TOGETHER:
        return None
    return f"{first}, {second}"
