"""Styles that texts are rephrased in: what a style asks for, how its replies are cleaned, and what must hold.

Sources: WRAP (https://arxiv.org/abs/2401.16380) for easy, medium, hard and qa; Nemotron-CC
(https://arxiv.org/abs/2412.02595) for distill, extract and knowledge_list, and for the limit of pairs;
FinePhrase (https://arxiv.org/abs/2604.13977) for table, faq, tutorial and math_problem, and for their shares;
BeyondWeb (https://arxiv.org/abs/2508.10975) for dialogue. A style is data: a prompt file and a line in the
settings add one.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipeline.model import Prompt

Form = Literal["prose", "pairs", "problem", "list", "table", "dialogue"]


class Wording(BaseModel):
    """How a model is asked for a style."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: Prompt
    weight: float = Field(1.0, ge=0)  # how often it is drawn


def wordings(stage: str) -> dict[str, Wording]:
    """Those that the prompts of `stage` have for questions and answers."""
    return {name: Wording(prompt=Prompt(f"{stage}/{name}")) for name in ("easy", "medium", "hard")}


class Style(Wording):
    """A style that chunks are rephrased in."""

    request: str = "Rephrase the following text.\n\n$context"  # how a user asks for it, in rows made of it
    share: float = Field(0.5, gt=0, le=1)  # of its texts in a mix with real ones
    form: Form = "prose"  # what a reply must look like, see pipeline/synthesis/reply_forms.py
    # Numbers of a text and of what it rephrases: the same ones, none that is new, or any
    numbers: Literal["same", "known", "any"] = "known"
    names: bool = False  # whether the names of the original must be there


def _style(name: str, request: str, **fields: Any) -> Style:
    return Style(prompt=Prompt(f"rephrase_chunks/{name}"), request=request, **fields)


STYLES = {
    "easy": _style("easy", "Say this in simple words that a child knows.\n\n$context"),
    "medium": _style(
        "medium", "Rewrite this as an encyclopedia would put it.\n\n$context", numbers="same", names=True
    ),
    "hard": _style(
        "hard", "Rewrite this in terse, scholarly language.\n\n$context", numbers="same", names=True
    ),
    "qa": _style("qa", "Write questions about this text with their answers.\n\n$context", form="pairs"),
    "table": _style(
        "table", "Put what this text says into a table.\n\n$context", form="table", share=0.7
    ),
    "faq": _style(
        "faq", "Turn this text into frequently asked questions.\n\n$context", form="pairs", share=0.6
    ),
    "tutorial": _style(
        "tutorial", "Make a step by step tutorial of this text.\n\n$context", share=0.6, numbers="any"
    ),
    "math_problem": _style(
        "math_problem", "Make a word problem of this text and solve it.\n\n$context",
        form="problem", share=0.8, numbers="any",
    ),
    "distill": _style("distill", "Shorten this text to what matters in it.\n\n$context"),
    "extract": _style("extract", "What can one learn from this text? State its facts.\n\n$context"),
    "knowledge_list": _style(
        "knowledge_list", "List the facts in this text.\n\n$context", form="list"
    ),
    "dialogue": _style(
        "dialogue", "Turn this text into a conversation of two people.\n\n$context", form="dialogue"
    ),
}  # fmt: skip
KNOWLEDGE = ("qa", "distill", "extract", "knowledge_list")  # for documents that are good (Nemotron-CC)
ENCYCLOPEDIC = ("medium",)  # for the others


def _with_defaults(styles: Any) -> Any:
    """The settings of each style over those that are known of its name."""
    if not isinstance(styles, Mapping):
        return styles
    return {name: _merged(name, given) for name, given in styles.items()}


def _merged(name: str, given: Any) -> Any:
    known = STYLES.get(name)
    if isinstance(given, Style) or (given is not None and not isinstance(given, Mapping)):
        return given
    return {**(known.model_dump() if known else {}), **(given or {})}


Styles = Annotated[Mapping[str, Style], Field(min_length=1), BeforeValidator(_with_defaults)]
