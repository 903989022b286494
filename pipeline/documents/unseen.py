"""Characters of a document that nobody sees: halves of surrogate pairs, controls, what turns the direction of
text around, tags and runs of selectors that hide words from a reader and show them to a model.

Joiners stay where a script or an emoji needs them, marks of direction where there is right-to-left text.
"""

import re

ALWAYS = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ud800-\udfff\ue000-\uf8ff\ufff0-\ufffc"  # halves of pairs, private use, annotations
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # tags, selectors above 16
    "\U000f0000-\U0010ffff"
)
# Scripts that join and part letters by them: Arabic, Syriac, those of India, Tibetan to Khmer, Mongolian.
JOINING = "\u0600-\u0fff\u1000-\u109f\u1780-\u18af\ua840-\ua8ff\uaa00-\uabff\ufb50-\ufdff\ufe70-\ufefc"
JOINING += "\U00010a00-\U00010aff\U00011000-\U00011fff\U0001e900-\U0001e95f"
SYMBOLS = "\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff\ufe0f"
RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
TAGS_OF_FLAG = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"  # of a region: England
UNSEEN = re.compile(
    f"({TAGS_OF_FLAG})|[{ALWAYS}]"
    f"|(?<![{JOINING}{SYMBOLS}])[\u200c\u200d]|[\u200c\u200d](?![{JOINING}{SYMBOLS}])"
    "|(?<=[\ufe00-\ufe0f])[\ufe00-\ufe0f]+"  # a second selector for one character
    "|(?<![\u0023\u002a0-9\u00a9\u00ae\u2000-\U0001ffff])[\ufe00-\ufe0f]"  # of a letter
    "|(?<![\u1800-\u18af])[\u180b-\u180f]"
)
DIRECTION = re.compile("[\u200e\u200f\u061c]")


def without_unseen(text: str) -> str:
    """The text without them. Tabs and line ends stay."""
    if text.isascii():
        return UNSEEN.sub(_flag, text) if not text.isprintable() else text
    if not RIGHT_TO_LEFT.search(text):
        text = DIRECTION.sub("", text)
    while (
        found := UNSEEN.sub(_flag, text)
    ) != text:  # what stood between others may have been needed by them
        text = found
    return text


def _flag(found: re.Match[str]) -> str:
    return found[1] or ""
