"""A row of somebody's dataset -> its question and answer, whatever columns they are in.

Chats are lists of turns, or a dict of lists (what `datasets` makes of a list of dicts), or either of them as
JSON in a string; of a chat the first question and the first answer count. What a turn says is a text, or a
list of parts of which some are texts.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.errors import RecipeError

CHATS = ("messages", "conversations", "conversation")
# Columns of question and answer, in the order in which they are looked for. Each may be a chat, too.
PAIRS = (
    ("question", "answer"),
    ("instruction", "output"),
    ("instruction", "response"),
    ("prompt", "completion"),
    ("prompt", "response"),
    ("prompt", "chosen"),
    ("question", "response"),
    ("question", "solution"),
    ("problem", "solution"),
    ("problem", "answer"),
    ("query", "response"),
    ("query", "answer"),
    ("prompt", "output"),
    ("prompt", "answer"),
    ("input", "output"),
)
ROLES, SAID = ("role", "from"), ("content", "value")
ASKING, ANSWERING = ("user", "human"), ("assistant", "gpt", "model")

Pair = tuple[str | None, str | None]


def pair_in(row: Any, name: str) -> Pair:
    """Question and answer, None where there is none. Raises RecipeError, for the dataset `name`, where no
    column could hold them.
    """
    columns = row if isinstance(row, Mapping) else {}
    for column in CHATS:
        if column in columns:
            turns = list(turns_in(columns[column]))
            return _first(turns, ASKING), _first(turns, ANSWERING)
    for question, answer in PAIRS:
        if question in columns and answer in columns:
            asked = _said(columns[question], ASKING)
            if question == "instruction" and isinstance(given := columns.get("input"), str):  # of Alpaca
                asked = f"{asked or ''}\n{given}".strip()
            return asked, _said(columns[answer], ANSWERING)
    pairs = ", ".join(f"{question} and {answer}" for question, answer in PAIRS)
    raise RecipeError(
        f"earlier dataset {name}: expected a column messages or conversations, or two of {pairs}; "
        f"got {', '.join(map(str, columns)) or 'a row that is no object'}"
    )


def turns_in(value: Any) -> Iterator[tuple[str, str]]:
    """Who says what, in order; what is no turn or says nothing is left out."""
    if isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, Mapping):
        role, said = (_of(value, names) for names in (ROLES, SAID))
        pairs = (
            zip(role, said, strict=False)
            if isinstance(role, list) and isinstance(said, list)
            else [(role, said)]
        )
    elif isinstance(value, list):
        turns = [turn for turn in value if isinstance(turn, Mapping)]
        pairs = [(_of(turn, ROLES), _of(turn, SAID)) for turn in turns]
    else:
        return
    for role, said in pairs:
        text = _text(said)
        if isinstance(role, str) and text.strip():
            yield role.lower(), text


def _said(value: Any, who: tuple[str, ...]) -> str | None:
    """The text of a column, or what `who` says first where it holds a chat."""
    turns = list(turns_in(value))
    if turns:
        return _first(turns, who)
    if value is None or isinstance(value, list | Mapping):
        return None
    return value if isinstance(value, str) else str(value)


def _first(turns: list[tuple[str, str]], who: tuple[str, ...]) -> str | None:
    return next((text for role, text in turns if role in who), None)


def _of(turn: Mapping[str, Any], names: tuple[str, str]) -> Any:
    return next((turn[name] for name in names if turn.get(name) is not None), None)


def _text(said: Any) -> str:
    if isinstance(said, list):  # parts, some of them texts
        return "\n".join(
            part["text"] for part in said if isinstance(part, Mapping) and isinstance(part.get("text"), str)
        )
    return said if isinstance(said, str) else ""


def _parsed(text: str) -> Any:
    """The data in a text that may be JSON."""
    if not text.lstrip().startswith(("[", "{")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
