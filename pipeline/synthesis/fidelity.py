"""What a rephrasing kept of its original: pure functions on two texts."""

import re

NUMBER = re.compile(r"\d[\d.,]*")
GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
NAME = re.compile(r"(?<![.!?:\"“(\n*#-] )(?<![.!?:\"“(\n*#-])(?<!^)\b[A-Z][a-zA-Z'-]+")
ITEM = re.compile(
    r"^[ \t]*(?:\(?\d+[.)]|#+ .*|(?:step|question|answer|q|a) *\d+)", re.IGNORECASE | re.MULTILINE
)


def numbers_in(text: str) -> set[str]:
    """The numbers of a text, as digits: "1,500" is "1500". Those that number its items are none."""
    found = set()
    for number in NUMBER.findall(ITEM.sub("", text)):
        plain = number.rstrip(".,")
        if GROUPED.fullmatch(plain):
            plain = plain.replace(",", "")
        found.add(plain.lstrip("0") or "0")
    return found


def names_in(text: str) -> set[str]:
    """The capitalised words of a text that do not begin a sentence, case folded."""
    return {name.casefold().removesuffix("'s") for name in NAME.findall(text)}


def lost_names(text: str, original: str) -> list[str]:
    """The names of the original that the text does not have."""
    folded = text.casefold()
    return sorted(name for name in names_in(original) if name not in folded)
