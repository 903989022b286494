"""What gives away a bad text, shared by the filters of questions and of answers: pure functions, first
fault found.

The phrases are those that models were seen to write; each list is matched without regard to case.
"""

import re

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
)
TEMPLATE = re.compile(
    r"\[(?:insert|your|topic|add|fill|placeholder)\b[^\]]*\]"  # [insert name here]
    r"|\{\{\s*\w+\s*\}\}|\{%"  # an unfilled template; LaTeX has braces too, but not around one word twice
    r"|<(?:insert|your|placeholder)\b[^>]*>|\blorem ipsum\b",
    re.IGNORECASE,
)
CHAT_MARKERS = re.compile(
    r"<\|[a-z_]+\|>|\[/?INST\]|<</?SYS>>|^(?:user|assistant|system|human)\s*:", re.I | re.M
)
# Addresses under the domains that RFC 2606 keeps for examples are nobody's.
E_MAIL = re.compile(r"\b[\w.+-]+@(?!example\b)[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b", re.IGNORECASE)
URL = re.compile(r"\b(?:https?://|www\.)(?!(?:www\.)?example\.)[^\s<>)\]\"']+", re.IGNORECASE)
# +49 30 1234567, (415) 555-2671, 415-555-2671: other runs of digits are sums and years.
PHONE = re.compile(
    r"(?<![\w+])\+\d{1,3}(?:[ .-]?\(?\d{2,4}\)?){2,4}(?!\d)"
    r"|\([2-9]\d{2}\) ?[2-9]\d{2}[ -]\d{4}\b|\b[2-9]\d{2}-[2-9]\d{2}-\d{4}\b"
)
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
SENTENCE_ENDS = (".", "!", "?", ":", "`", ")", "]", "}", "*", '"', "'", "$", "”", "’", "…", ">", "|", ";")  # noqa: RUF001


def refusal_in(text: str) -> str | None:
    """The phrase by which the model declines or speaks of itself, in the first 300 characters."""
    start = text[:300].casefold().replace("’", "'")  # noqa: RUF001
    return next((phrase for phrase in REFUSALS if phrase in start), None)


def template_in(text: str) -> str | None:
    """A placeholder that nobody filled in."""
    found = TEMPLATE.search(text)
    return found.group() if found else None


def chat_marker_in(text: str) -> str | None:
    """A role marker or special token of a chat format."""
    found = CHAT_MARKERS.search(text)
    return found.group() if found else None


def has_end(text: str) -> bool:
    """Whether the text ends like a whole one: punctuation, closing mark, digit, or a last line that is a
    list item.
    """
    text = text.rstrip()
    last_line = text.rsplit("\n", 1)[-1].lstrip()
    is_item = bool(re.match(r"(?:[-*•]|\d+[.)])\s", last_line))
    return text.endswith(SENTENCE_ENDS) or text[-1:].isdigit() or is_item


def contact_in(text: str) -> str | None:
    """An e-mail address, a web address or a phone number: made up, or somebody's."""
    found = E_MAIL.search(text) or URL.search(text) or PHONE.search(text)
    return found.group() if found else None


def broken_markup_in(text: str) -> str | None:
    """A code fence, a formula or a LaTeX environment that is opened and not closed."""
    if text.count("```") % 2:
        return "```"
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
