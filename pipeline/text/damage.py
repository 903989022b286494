"""What was lost on the way of a text: characters that could not be decoded, UTF-8 that was read as another
encoding, LaTeX whose backslashes a JSON parser took for escapes, and characters that nobody sees.

Linear in the text.
"""

import re

REPLACED = "\ufffd"  # where bytes were no text
# UTF-8 read as Latin-1 or cp1252: a lead byte as a letter, and what the bytes behind it look like in either.
BYTES = {bytes([byte]).decode("cp1252", "ignore") or chr(byte): byte for byte in range(0x80, 0xC0)}
NEXT = "".join({*BYTES, *map(chr, range(0x80, 0xC0))}).replace("-", "\\-")
MISREAD = re.compile(f"[\u00c2-\u00df][{NEXT}]|[\u00e0-\u00ef][{NEXT}]{{2}}|[\u00f0-\u00f4][{NEXT}]{{3}}")
ALONE = "ÂÃÄÅâ"  # leads of what stands between letters of ASCII: accents of Latin, quotation marks
CLOSES = "»«”“’‘"  # noqa: RUF001
# The same of cp1251, in which Cyrillic letters begin with one of two.
NEXT_CYRILLIC = "".join(bytes([byte]).decode("cp1251", "ignore") for byte in range(0x80, 0xC0))
MISREAD_CYRILLIC = re.compile(f"(?:[\u0420\u0421][{re.escape(NEXT_CYRILLIC)}]){{3}}")
# Names of LaTeX's commands without the letter that became a tab, a line end or a return; what may stand at
# the start of a line or a cell of a table by itself needs a formula around it.
EATEN = re.compile(
    r"\t(?:imes|heta|frac|herefore|riangle\w*|hickapprox|binom)(?![a-z])|\t(?:ext\w{0,2}|ilde)\{"
    r"|\ta(?:u|nh?)(?=[_^(){}$\\]| ?\\| ?[(=])|\to(?= ?\\| ?[0-9+-]|(?<=[a-zA-Z] \to) [0-9a-z]\b)"
    r"|(?<=[\^{])\top(?![a-z])"
    r"|\n(?:abla|eq|otin|earrow|warrow|leq|geq|subseteq|onumber|olimits|ewline(?=\s*\\))(?![a-z])"
    r"|\neg(?= ?[A-Z(\\]|[pqx]\b)|\not(?= ?[\\=<>])|(?<=[\w)}\]] )\ne(?= ?[\w\\]{1,3}\b)"
    r"|(?<=[$({=+*])\nu(?![a-z])"
    r"|\nu(?=[_^}$)])|\ni(?= ?\\)"
    r"|\r(?:ight|ho|angle|ceil|floor|brace|brack|ightarrow|ightharpoon\w*|oot)(?![a-z])|\rm\{"
)
WHITE = re.compile(r"[\t\n\r](?=[a-z])")  # what EATEN begins with
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f]")
# Of no use in a text: soft hyphens, zero-width spaces, direction overrides, tags, private use. Joiners stay:
# Persian, Indic scripts and emoji need them; so do variation selectors and the marks of right-to-left text.
UNSEEN = re.compile(
    "[\u00ad\u200b\u2060-\u2064\u202a-\u202e\u2066-\u2069\u206a-\u206f\ufeff\ue000-\uf8ff\ufff9-\ufffb"
    "\u115f\u1160\u3164\uffa0\u180e]|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0000-\U000e007f]"
)


def damage_in(text: str) -> str | None:
    """The first trace of text that was lost or garbled in encoding: U+FFFD, mojibake."""
    if text.isascii():
        return None
    if REPLACED in text:
        return _around(text, text.index(REPLACED))
    found = next((match for match in MISREAD.finditer(text) if _is_misread(match)), None)
    found = found or MISREAD_CYRILLIC.search(text)
    return found.group() if found else None


def unseen_in(text: str) -> str | None:
    """A character that nobody sees, by its code point."""
    found = None if text.isascii() else UNSEEN.search(text)
    return f"U+{ord(found.group()):04X}" if found else None


def eaten_latex_in(text: str) -> str | None:
    """A control character, or a tab or line end with the rest of a LaTeX command behind it."""
    found = CONTROLS.search(text)
    places = WHITE.finditer(text) if not found else ()
    found = found or next((eaten for place in places if (eaten := EATEN.match(text, place.start()))), None)
    return repr(found.group()) if found else None


def _is_misread(match: re.Match[str]) -> bool:
    """Whether the characters are the bytes of a letter, and not letters themselves, as in "Â£" or "É…", nor a
    letter before closing marks, as in "Spaß«" or "résumé”—". Letters of most scripts were lost in a row.
    """
    chars, text = match.group(), match.string
    raw = bytes(BYTES.get(char, ord(char) if ord(char) < 256 else 0) for char in chars)
    said = raw.decode("utf-8", "ignore")
    if len(said) != 1 or not said.isprintable():
        return False
    if chars[0] not in ALONE and MISREAD.match(text, match.end()) is None:
        start = max(0, match.start() - 4)
        return any(MISREAD.fullmatch(text, place, match.start()) for place in range(start, match.start()))
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    ends_word = before.isalpha() and not after.isalnum() and chars[1] in CLOSES
    return not ends_word or (chars[0] in "ÂÃâ" and before.islower())


def _around(text: str, place: int) -> str:
    return text[max(0, place - 20) : place + 20]
