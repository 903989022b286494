"""Placeholders that nobody filled in: [insert name here], <city>, {{ topic }}, TODO. Linear in the text.

In code the same signs are an index, a type, a tag or a template engine's own.
"""

import re

from pipeline.text.characters import lowered
from pipeline.text.kinds import pieces, without

NAMES = (
    "address|amount|author|city|company|country|date|email|industry|job title|language|level|location|"
    "name|number|person|phone number|place|position|price|product|subject|title|topic|year"
)
SLOT = re.compile(
    r"(?<![\w\])])\[(?:insert|your|topic|add|fill|placeholder)\b[^\]]*+\](?!\()"  # [insert name here]
    rf"|(?<![\w\])])\[(?:{NAMES})\](?![(\[])|(?<![\w.])<(?:{NAMES})>"
    r"|<(?:insert|your|placeholder)\b[^>]*+>|\blorem ipsum dolor\b|(?-i:\bXXXX+\b|\b(?:TODO|TBD):)",
    re.IGNORECASE,
)
# Of a template that was not rendered. LaTeX has braces too, but not around one word twice.
UNRENDERED = re.compile(
    rf"\{{\{{\s*\w+\s*\}}\}}|\{{%|(?<![\w\\$}}^_{{])\{{(?:{NAMES})\}}(?!\}})", re.IGNORECASE
)
BRACKET = re.compile(
    r"[\[<](?=[a-zA-Z\u0130\u0131\u017f\u212a])"
)  # and the letters that are such in lower case
ABOUT_TEMPLATES = re.compile(
    r"\b(?:jinja|ansible|vue|angular|handlebars|mustache|liquid|django|helm|hugo|twig|svelte"
    r"|templat\w*|interpolat\w*|"
    r"bindings?|double (?:curly )?braces|wikitext|wikipedia)\b",
    re.IGNORECASE,
)
# A program of which the part that was asked for is missing.
CODE_SLOT = re.compile(
    r"\b(?:TODO|FIXME)\b:?\s*(?:implement|complete|fill|write|finish|add (?:your|the))"
    r"|\b(?:your|the|rest of (?:the|your)) code (?:goes )?here\b|\brest of (?:the|your) code\b",
    re.IGNORECASE,
)
# A text that speaks of slots may have them.
ABOUT_SLOTS = re.compile(
    r"\bplaceholders?\b|\breplac|\bfill\b|\bblanks?\b|\bmask|\banonymi[sz]|<html|</", re.IGNORECASE
)
# ... and one that speaks of code, what is no slot there; "[name]" is one all the same.
ABOUT_CODE = re.compile(
    r"\b(?:html|xml|svg|tags?|elements?|routes?|path parameters?|generics?|comments?|f-strings?)\b"
    r"|(?<!\w)f[\"'][^\"'\n]*\{",
    re.IGNORECASE,
)
BARE_SLOTS = (
    "TODO",
    "TBD",
    "XXXX",
    "FIXME",
    "orem ipsum",
    "code here",
    "goes here",
    "of the code",
    "of your code",
)


def template_in(text: str) -> str | None:
    """A placeholder that nobody filled in."""
    if {"[", "<", "{"}.isdisjoint(text) and not any(word in text for word in BARE_SLOTS):
        return None
    prose = without(text, "code", "math", "table")
    code = "\n".join(piece.text for piece in pieces(text) if piece.kind == "code")
    found = _slot_in(prose) or CODE_SLOT.search(code)
    if not found and not code and "{" in prose and not ABOUT_TEMPLATES.search(prose):
        found = UNRENDERED.search(prose)
    if not found or ABOUT_SLOTS.search(prose):
        return None
    return None if found[0][0] != "[" and ABOUT_CODE.search(prose) else found[0]


def _slot_in(prose: str) -> re.Match[str] | None:
    """The first SLOT: where no words may be one, only brackets are looked at."""
    if any(map(prose.__contains__, ("TODO", "TBD", "XXXX"))) or "lorem" in lowered(prose):
        return SLOT.search(prose)
    last = max(prose.rfind("]"), prose.rfind(">"))
    found = (SLOT.match(prose, bracket.start()) for bracket in BRACKET.finditer(prose, 0, last + 1))
    return next((slot for slot in found if slot), None)
