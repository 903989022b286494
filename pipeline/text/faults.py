"""Traces of how a text was made: marks of chats, and words of the prompts that it was asked for with. Pure
functions, first fault found, linear in the text.
"""

import re
from functools import cache

from pipeline.model import Prompt
from pipeline.prompts import fixed_text
from pipeline.text.control_tokens import control_token_in
from pipeline.text.kinds import without
from pipeline.text.text import ngrams, words

LEAK_N = 5  # words in a row that a text and a prompt do not share by chance
ROLE = re.compile(
    r"^[ \t]*(?:\*\*)?(user|assistant|system|human|ai)(?:\*\*)?[ \t]*:", re.IGNORECASE | re.MULTILINE
)
LATER_ROLE = re.compile("\n" + ROLE.pattern.removeprefix("^"), re.IGNORECASE)  # a line end is found at once
ROLE_HEADING = re.compile(
    r"^#{2,}\s*(?:user|assistant|human|instruction|response)\s*:", re.IGNORECASE | re.MULTILINE
)
ANSWERING = {"assistant", "ai"}
FIRST_ROLES = {"user", "assistant", "human"}  # that begin no other text; "system:" begins one of a computer's
# HTML, and words of language models, that an answer in code marks may speak of
SPOKEN_OF = re.compile(r"</?s>|<(?:unk|pad|eos|bos)>|\[(?:MASK|EOS)\]|</?think>", re.IGNORECASE)
ASKS_FOR_ROLES = re.compile(
    r"\b(?:conversations?|dialogues?|dialogs?|chats?|roles?|scripts?|interviews?|transcripts?|roleplay)\b",
    re.IGNORECASE,
)


def chat_marker_in(text: str, asked: str = "") -> str | None:
    """A control token of a chat format; or a role's name where a turn begins, at the start of the text or of
    two roles, unless a conversation was `asked` for. A turn begins as a sentence does: behind one role alone,
    small letters are a value ("user: root") or a definition ("Human: a member of the species").
    """
    token = special_token_in(text)
    if token is not None or not _may_have_roles(text) or ASKS_FOR_ROLES.search(asked):
        return token
    prose = without(text, "code")
    heading = ROLE_HEADING.search(prose)
    if heading:
        return heading.group()
    roles = [match[1].lower() for match in ROLE.finditer(prose)]
    first = ROLE.match(prose.lstrip())
    says = prose.lstrip()[first.end() :].lstrip("* \t") if first else ""
    is_value = says[:1].islower()
    if len(set(roles)) > 1 and not (is_value and ANSWERING.isdisjoint(roles)):
        return f"{roles[0]}:"
    if first and first[1].lower() in FIRST_ROLES and not is_value:
        return f"{roles[0]}:"
    return None


def _may_have_roles(text: str) -> bool:
    if ":" not in text:
        return False
    return (
        ROLE.match(text) is not None
        or LATER_ROLE.search(text) is not None
        or ("##" in text and ROLE_HEADING.search(text) is not None)
    )


def special_token_in(text: str) -> str | None:
    """A token by which a chat model tells turns and thoughts apart."""
    if control_token_in(text) is None:
        return None
    code_apart = without(text, "code")
    if code_apart != text and control_token_in(SPOKEN_OF.sub(" ", text)) is None:
        return control_token_in(code_apart)
    return control_token_in(text)


def leak_in(text: str, prompts: tuple[Prompt, ...], system: str | None = None) -> str | None:
    """Words in a row that the text shares with what a model was told."""
    grams = _told(prompts, system)
    return next((gram for gram in ngrams(words(text), LEAK_N) if gram in grams), None) if grams else None


@cache
def _told(prompts: tuple[Prompt, ...], system: str | None) -> set[str]:
    """The word n-grams of the templates' own text, and of the system message. Once a worker."""
    texts = [text for name in prompts for text in fixed_text(name)]
    return set().union(*(ngrams(words(text), LEAK_N) for text in [*texts, system or ""]))
