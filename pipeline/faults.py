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
