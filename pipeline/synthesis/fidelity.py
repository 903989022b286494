"""What a text kept of another: its numbers and its names. Pure functions on two texts.

A number may be written in several ways: "1,500", "1 500" and "1500"; ".5" and "0.50"; "3.5 million" and
"3,500,000"; "-5", "minus 5" and "5 below zero"; "½" and "0.5"; "6" and "six"; and with the digits of any
script. What is written in digits must be found in the other text, in digits or words; what is written in
words need not. Where a writing can be read in two ways ("1.500" is 1500 in German), either will do.
"""

import re
import unicodedata
from decimal import Decimal
from typing import NamedTuple

from pipeline.synthesis.number_words import SCALES, SHORT_SCALES, SPELT, long_numbers
from pipeline.text.characters import composed

NAME = re.compile(r"(?<![.!?:\"“(\n*#-] )(?<![.!?:\"“(\n*#-])(?<!^)\b[A-Z][a-zA-Z'-]+")
# The number of an item of a list or of a heading: with its mark, and white space after it.
ITEM = re.compile(
    r"^[ \t>]*(?:#+[ \t]+\d{1,3}(?:\.\d{1,3})*[.)]?(?=\s)"
    r"|(?:[-*•]\s+|#+[ \t]+)?\**(?:\(?\d{1,3}[.)](?=\s|\Z)"
    r"|(?:step|question|answer|exercise|part)[ \t]+\d{1,3}(?=\**[:.)](?:\s|\Z)|\**[ \t]*$)"
    r"|[qa][ \t]?\d{1,3}(?=\**[:.)](?:\s|\Z))))",
    re.IGNORECASE | re.MULTILINE,
)
_SPACE = "[ \u00a0\u2009\u202f]"
_SCALE = "|".join(sorted(map(re.escape, SCALES), key=len, reverse=True))
_SHORT = "|".join(SHORT_SCALES)
_NUMBER = re.compile(
    rf"(?P<sign>(?:(?<![^\s(\[=,;:])[-+]|\b(?:minus|negative)\s+))?"
    rf"(?P<digits>(?:(?<!\d)\d{{1,3}}(?:{_SPACE}\d{{3}})+(?!\d)(?:[.,]\d+)?|\d[\d.,'_]*\d|\d)|(?<![\d\w.])\.\d+)"
    rf"(?P<over>/\d+(?![\d/]))?"
    rf"(?:[\s-]?(?P<scale>{_SCALE})(?![^\W\d_])|{_SPACE}?(?P<short>{_SHORT})\b)?",
    re.IGNORECASE,
)
_BELOW = re.compile(r"\W*(?:\w+\W+){0,3}below\s+(?:zero|freezing)", re.IGNORECASE)
_RANGE = re.compile(rf"\s*(?:-|to|and|or|bis|à|a)\s*\d[\d.,]*[\s-]?({_SCALE})(?![^\W\d_])", re.IGNORECASE)
_GROUPED = re.compile(
    r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?|\d{1,3}(?:['_]\d{3})+(?:\.\d+)?"
)
_POINTED = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?")
_FRACTION = re.compile(r"(\d*) ?([\u00bc-\u00be\u2150-\u215e])")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)?")
_SPELT_SCALE = re.compile(rf"(?<![^\W\d_])([^\W\d_]++)[\s-]++({_SCALE})(?![^\W\d_])", re.IGNORECASE)


class Written(NamedTuple):
    """A number as it stands in a text. Any one of `readings` will do: all values of it."""

    text: str
    readings: frozenset[tuple[str, ...]]


def numbers_in(text: str) -> list[Written]:
    """The numbers of a text that are written in digits, in order, but for those that number its items."""
    plain = ITEM.sub("", _in_ascii_digits(text))
    return [_written(found, plain) for found in _NUMBER.finditer(plain)]


def lacking(text: str, other: str) -> list[str]:
    """The numbers that `text` has in digits and `other` has not, in digits or words."""
    there = {value for number in numbers_in(other) for reading in number.readings for value in reading}
    there |= _spelt_in(_in_ascii_digits(other))
    numbers = [
        number for number in numbers_in(text) if not any(there.issuperset(one) for one in number.readings)
    ]
    return list(dict.fromkeys(number.text for number in numbers))


def _in_ascii_digits(text: str) -> str:
    """The text composed, its digits and the marks in numbers as in English."""
    if text.isascii():
        return text
    for space in "\u00a0\u202f\u2009":
        text = text.replace(space, " ")
    plain = composed(_FRACTION.sub(_as_decimal, text))
    for char in {char for char in plain if not char.isascii()}:
        if char.isdecimal():
            plain = plain.replace(char, str(unicodedata.decimal(char)))
    for char, sign in (("\u066b", "."), ("\u066c", ","), ("\u2212", "-"), ("\u2044", "/"), ("\u2019", "'")):
        plain = plain.replace(char, sign)
    return plain


def _as_decimal(found: re.Match[str]) -> str:
    value = Decimal(str(unicodedata.numeric(found[2]))) + Decimal(found[1] or 0)
    return f" {_plain(value)}"


def _written(found: re.Match[str], text: str) -> Written:
    digits = found["digits"]
    is_negative = bool(found["sign"]) and not found["sign"].startswith("+")
    if _BELOW.match(text, found.end()):
        is_negative = True
    readings: set[tuple[str, ...]] = {(value,) for value in _values(digits)}
    if found["over"] and digits.isdecimal() and found["over"].strip("/0"):
        readings = {
            (_plain(Decimal(digits) / Decimal(found["over"][1:])),),
            (digits, _plain(Decimal(found["over"][1:]))),
        }
    if " " in digits:
        readings.add(tuple(_plain(Decimal(part)) for part in digits.split() if part.isdecimal()))
    if found["scale"]:
        readings = {_scaled(one, SCALES[found["scale"].casefold()]) for one in readings}
    elif found["short"]:
        readings |= {_scaled(one, SHORT_SCALES[found["short"].casefold()]) for one in readings}
    elif ahead := _RANGE.match(text, found.end()):
        readings |= {_scaled(one, SCALES[ahead[1].casefold()]) for one in readings}
    if is_negative:
        readings = {tuple(f"-{value}" if value != "0" else value for value in one) for one in readings}
    return Written(found.group().strip(), frozenset(readings))


def _values(digits: str) -> set[str]:
    """What a run of digits and the marks in it may be read as."""
    bare = digits.replace(" ", "")
    if _GROUPED.fullmatch(bare):
        return {_plain(Decimal(re.sub("[,'_]", "", bare)))}
    found = set()
    if _POINTED.fullmatch(bare):  # of German, Spanish, ...
        found.add(_plain(Decimal(bare.replace(".", "").replace(",", "."))))
    for number in (bare, bare.replace(",", ".")):
        if re.fullmatch(r"\d*\.?\d+", number):
            found.add(_plain(Decimal(number)))
    return found or {bare}  # a version, a date


def _plain(value: Decimal) -> str:
    """The value without zeros that say nothing, with at most 9 decimals."""
    text = f"{value:f}"
    if "." in text:
        text = f"{round(value, 9):f}".rstrip("0").rstrip(".")
    return (
        text.lstrip("0") if len(text.lstrip("0")) and text.lstrip("0")[0] != "." else "0" + text.lstrip("0")
    )


def _scaled(reading: tuple[str, ...], scale: int) -> tuple[str, ...]:
    """The reading whose last number is multiplied."""
    try:
        return (*reading[:-1], _plain(Decimal(reading[-1]) * scale))
    except ArithmeticError:
        return reading


def _spelt_in(text: str) -> set[str]:
    """The numbers that the words of a text may say."""
    folded = text.casefold()
    found = {value for word in _WORD.findall(folded) for value in _said(word)}
    found |= {value for char in set(folded) & SPELT.keys() for value in _said(char)}
    for word, scale in _SPELT_SCALE.findall(folded):
        found |= {_plain(Decimal(value) * SCALES[scale]) for value in _said(word) or {"1"}}
    return found | {str(value) for value in long_numbers(folded)}


def _said(word: str) -> set[str]:
    parts = (word, *word.split("-"))
    return {_plain(Decimal(str(value))) for part in parts for value in SPELT.get(part, ())}


def names_in(text: str) -> set[str]:
    """The capitalised words of a text that do not begin a sentence, case folded."""
    return {name.casefold().removesuffix("'s") for name in NAME.findall(text)}


def lost_names(text: str, original: str) -> list[str]:
    """The names of the original that the text does not have."""
    folded = text.casefold()
    return sorted(name for name in names_in(original) if name not in folded)
