"""The scripts that languages are written in, and how many letters of each a text has."""

import bisect
import re
from collections import Counter, defaultdict

LATIN = "Latin"
BEYOND_LATIN = re.compile("[\u0370-\U0003ffff]")
OTHER = "another"
SCRIPTS = (  # first and last code point, the script; letters of no entry are of OTHER
    (0x0000, 0x036F, LATIN),
    (0x0370, 0x03FF, "Greek"),
    (0x0400, 0x052F, "Cyrillic"),
    (0x0530, 0x058F, "Armenian"),
    (0x0590, 0x05FF, "Hebrew"),
    (0x0600, 0x06FF, "Arabic"),
    (0x0700, 0x074F, "Syriac"),
    (0x0750, 0x077F, "Arabic"),
    (0x0780, 0x07BF, "Thaana"),
    (0x07C0, 0x07FF, "NKo"),
    (0x0900, 0x097F, "Devanagari"),
    (0x0980, 0x09FF, "Bengali"),
    (0x0A00, 0x0A7F, "Gurmukhi"),
    (0x0A80, 0x0AFF, "Gujarati"),
    (0x0B00, 0x0B7F, "Oriya"),
    (0x0B80, 0x0BFF, "Tamil"),
    (0x0C00, 0x0C7F, "Telugu"),
    (0x0C80, 0x0CFF, "Kannada"),
    (0x0D00, 0x0D7F, "Malayalam"),
    (0x0D80, 0x0DFF, "Sinhala"),
    (0x0E00, 0x0E7F, "Thai"),
    (0x0E80, 0x0EFF, "Lao"),
    (0x0F00, 0x0FFF, "Tibetan"),
    (0x1000, 0x109F, "Burmese"),
    (0x10A0, 0x10FF, "Georgian"),
    (0x1100, 0x11FF, "Hangul"),
    (0x1200, 0x139F, "Ethiopic"),
    (0x13A0, 0x13FF, "Cherokee"),
    (0x1400, 0x167F, "Canadian"),
    (0x1780, 0x17FF, "Khmer"),
    (0x1800, 0x18AF, "Mongolian"),
    (0x1B00, 0x1B7F, "Balinese"),
    (0x1C50, 0x1C7F, "Ol Chiki"),
    (0x1C90, 0x1CBF, "Georgian"),
    (0x1D00, 0x1EFF, LATIN),
    (0x1F00, 0x1FFF, "Greek"),
    (0x2070, 0x218F, LATIN),  # raised letters, and those of units and formulas
    (0x2C60, 0x2C7F, LATIN),
    (0x2D00, 0x2D2F, "Georgian"),
    (0x2D30, 0x2D7F, "Tifinagh"),
    (0x2D80, 0x2DDF, "Ethiopic"),
    (0x3040, 0x30FF, "Kana"),
    (0x3100, 0x312F, "Bopomofo"),
    (0x3400, 0x9FFF, "Han"),
    (0xA000, 0xA4CF, "Yi"),
    (0xA720, 0xA7FF, LATIN),
    (0xA840, 0xA87F, "Phags-pa"),
    (0xAB30, 0xAB6A, LATIN),
    (0xAC00, 0xD7AF, "Hangul"),
    (0xF900, 0xFAFF, "Han"),
    (0xFB00, 0xFB06, LATIN),
    (0xFB1D, 0xFB4F, "Hebrew"),
    (0xFB50, 0xFDFF, "Arabic"),
    (0xFE70, 0xFEFC, "Arabic"),
    (0xFF21, 0xFF5A, LATIN),
    (0xFF66, 0xFF9D, "Kana"),
    (0x1D400, 0x1D7FF, LATIN),  # of formulas
    (0x20000, 0x31FFF, "Han"),
)
WRITTEN = {
    **dict.fromkeys(("bg", "mk", "ru", "uk"), ("Cyrillic",)),
    **dict.fromkeys(("ar", "fa", "ur"), ("Arabic",)),
    **dict.fromkeys(("hi", "mr", "ne"), ("Devanagari",)),
    **dict.fromkeys(("zh", "zh-cn", "zh-tw"), ("Han", "Bopomofo")),
    "ja": ("Kana", "Han"),
    "ko": ("Hangul", "Han"),
    "bn": ("Bengali",),
    "el": ("Greek",),
    "gu": ("Gujarati",),
    "he": ("Hebrew",),
    "kn": ("Kannada",),
    "ml": ("Malayalam",),
    "pa": ("Gurmukhi",),
    "ta": ("Tamil",),
    "te": ("Telugu",),
    "th": ("Thai",),
}
LETTERS_A_SIGN = {"Han": 2.5, "Kana": 2.5, "Hangul": 2.5, "Yi": 2.5}  # of a word of five letters, two signs

_FIRST = [first for first, _, _ in SCRIPTS]


def script_of(char: str) -> str:
    """The script of a letter."""
    at = bisect.bisect_right(_FIRST, ord(char)) - 1
    return SCRIPTS[at][2] if ord(char) <= SCRIPTS[at][1] else OTHER


def letters_by_script(text: str) -> dict[str, float]:
    """The letters of each script. A sign that stands for several letters counts as LETTERS_A_SIGN."""
    found: dict[str, float] = defaultdict(float)
    others = Counter(filter(str.isalpha, BEYOND_LATIN.findall(text)))
    for char, count in others.items():
        script = script_of(char)
        found[script] += count * LETTERS_A_SIGN.get(script, 1)
    found[LATIN] += sum(map(str.isalpha, text)) - others.total()
    return found


def scripts_of(language: str) -> tuple[str, ...]:
    """The scripts that a language is written in."""
    return WRITTEN.get(language, (LATIN,))
