"""Texts that change their script in mid-sentence, or write words with look-alike letters. Linear."""

import re

from pipeline.text.kinds import without

SCRIPTS = (
    ("Cyrillic", re.compile(r"[\u0400-\u052f]")),
    ("Arabic", re.compile(r"[\u0600-\u06ff]")),
    ("Hebrew", re.compile(r"[\u0590-\u05ff]")),
    (
        "Devanagari",
        re.compile(r"[\u0900-\u0963\u0966-\u097f]"),  # its full stops are those of Bengali too
    ),
    ("Bengali", re.compile(r"[\u0980-\u09ff]")),
    ("Tamil", re.compile(r"[\u0b80-\u0bff]")),
    ("Thai", re.compile(r"[\u0e00-\u0e7f]")),
    ("Kana", re.compile(r"[\u3040-\u30ff]")),
    ("Hangul", re.compile(r"[\uac00-\ud7af]")),
    ("Han", re.compile(r"[\u4e00-\u9fff]")),
    ("Latin", re.compile(r"[a-zA-Z\u00c0-\u024f]")),
)
NO_LATIN = re.compile(
    "|".join(pattern.pattern for name, pattern in SCRIPTS if name != "Latin").replace("]|[", "")
)
TOGETHER = {"Kana", "Han", "Hangul", "Latin"}  # of Japanese and Korean text; Latin words stand anywhere
LOOK_ALIKE = re.compile(r"[a-zA-Z][\u0400-\u04ff]|[\u0400-\u04ff][a-zA-Z]")  # within one word
OF_LOOK_ALIKES = 0.02  # share of letters that only look like those of the text
NOT_LATIN = r"[^\W\d_a-zA-Z\u00c0-\u024f\u0370-\u03ff]"
# A word or a short phrase of another script that the sentence is about: named, glossed or in brackets.
# One class for all that may follow: two that overlap would be tried in every order.
FOLLOWS = (
    r"(?:(?![a-zA-Z\d_\u00c0-\u024f])[\w\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0dff\u0e00-\u0eff"
    r"\u200c\u200d'’・·-])"  # noqa: RUF001
)
WORD = rf"{NOT_LATIN}{FOLLOWS}{{0,30}}"
PHRASE = rf"{WORD}(?:[ ,，、]+{WORD}){{0,5}}"  # noqa: RUF001
NAMED = re.compile(
    rf"\b(?:is|are|was|means?|called|named|written|reads?|spelled|pronounced|say|says|said|as|for"
    rf"|or|and|word|words|phrase|"
    rf"term|name|character|characters|letter|letters|script|kanji|verb|noun|particle|particles"
    rf"|suffix|with|uses?|from|"
    rf"like|greeting|sentence|title|text|add|write|proverb|idiom|saying|expression|sign|symbol|syllable|compound|root|form"
    rf"|plural|pronoun|adjective|adverb|prefix|ending|radical|hangul|hiragana|katakana|hanzi|hanja|devanagari|cyrillic"
    rf"|arabic|hebrew|chinese|japanese|korean|russian|hindi|thai|ukrainian|persian|urdu|bengali|tamil)(?:\s*:)?\s+[*_(\"]*{PHRASE}"
    rf"|[(（\[]\s*(?:[\w .-]{{1,30}}: ?)?{PHRASE}\s*(?:[,;:] ?[\w .'-]{{1,40}})?[)）\]]"  # noqa: RUF001
    rf"|{PHRASE}\s*[(（][a-zA-Z\u00c0-\u024f' ,;.-]{{1,60}}[)）]"  # noqa: RUF001
    rf"|[*_]{{1,2}}{PHRASE}[*_]{{1,2}}|{PHRASE}\s*[-=:–—→]\s*[a-zA-Z\"']"  # noqa: RUF001
    rf"|[-=:–—→]\s*{PHRASE}(?=\s*(?:[.,;]|$))",  # noqa: RUF001
    re.IGNORECASE | re.MULTILINE,
)


def mixed_scripts_in(text: str, max_share: float) -> str | None:
    """The scripts of a text in which letters of a second one are more than `max_share` of all. Greek letters
    are not looked at: formulas have them. A Latin word in a text of another script is none, nor is Kana
    beside Han, nor a word or phrase of another script that a text quotes, names or explains.
    """
    if text.isascii() or not NO_LATIN.search(text):
        return None
    if LOOK_ALIKE.search(text):
        return _two_in(text, min(max_share, OF_LOOK_ALIKES))
    if _two_in(text, max_share) is None:
        return None
    return _two_in(NAMED.sub(" ", without(text, "quotation", "code", "table")), max_share)


def _two_in(text: str, max_share: float) -> str | None:
    counts = {name: len(pattern.findall(text)) for name, pattern in SCRIPTS}
    total = sum(counts.values())
    first, second = sorted(counts, key=counts.__getitem__, reverse=True)[:2]
    if not total or counts[second] <= max_share * total or second == "Latin":
        return None
    if first != "Latin" and {first, second} <= TOGETHER:
        return None
    return f"{first}, {second}"
