"""The marks by which sentences end and questions are known, of all scripts.

Source: Unicode's property Sentence_Terminal (PropList.txt), and the question marks among it.
"""

import re

from pipeline.text.scripts import UNMARKED, script_of

SENTENCE_ENDS = (
    ".!?\u0589\u061d\u061e\u061f\u06d4\u0700\u0701\u0702\u07f9\u0837\u0839\u083d\u083e\u0964\u0965"
    "\u104a\u104b\u1362\u1367\u1368\u166e\u1735\u1736\u17d4\u17d5\u1803\u1809\u1944\u1945"
    "\u1aa8\u1aa9\u1aaa\u1aab\u1b5a\u1b5b\u1b5e\u1b5f\u1b7d\u1b7e\u1b7f\u1c3b\u1c3c\u1c7e\u1c7f"
    "\u203c\u203d\u2047\u2048\u2049\u2cf9\u2cfa\u2cfb\u2e2e\u2e3c\u2e53\u2e54\u3002\ua4ff\ua60e\ua60f"
    "\ua6f3\ua6f7\ua876\ua877\ua8ce\ua8cf\ua92f\ua9c8\ua9c9\uaa5d\uaa5e\uaa5f\uaaf0\uaaf1\uabeb"
    "\ufe12\ufe15\ufe16\ufe52\ufe56\ufe57\uff01\uff0e\uff1f\uff61"
    "\u0f0d\u0f0e"  # Tibetan, which has Terminal_Punctuation alone
    "\u2026\u22ef"  # a sentence may trail off
    "\U00010a56\U00010a57\U00010f55\U00011047\U00011048\U000110be\U000110bf\U000110c0\U000110c1"
    "\U00011141\U00011142\U00011143\U000111c5\U000111c6\U000111cd\U000111de\U000111df\U00011238"
    "\U0001144b\U0001144c\U000115c2\U000115c3\U0001e95f\U0001da88"
)
QUESTION_MARKS = (
    "?\u037e\u055e\u061f\u1367\u1945\u2047\u2048\u2049\u203d\u2cfa\u2cfb\u2e2e\u2e54\ua60f\ua6f7"
    "\ufe16\ufe56\uff1f\U00011143\U0001e95f"
)
WHITE = "".join(char for char in map(chr, range(0x3001)) if char.isspace())
CLOSING = f"{WHITE}\"'`*_)]}}>\u2019\u201d\u201c\u00bb\u203a\u300d\u300f\u300b\u3009\u3011\u3015\uff09"
GREEK_SEMICOLON = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff][\s\"\u00bb\u201d')]*;")
ENDS = frozenset(SENTENCE_ENDS)
ASKING = frozenset(QUESTION_MARKS)


def ends_sentence(text: str) -> bool:
    """Whether the text ends as a sentence does, by its last mark before closing quotes and brackets. Thai and
    Lao have no such mark: there any letter may be the end.
    """
    bare = text.rstrip(CLOSING)
    return bool(bare) and (bare[-1] in ENDS or script_of(bare[-1]) in UNMARKED)


def has_question_mark(text: str) -> bool:
    """Whether the text has a question mark of any script; in Greek a semicolon is one."""
    if text.isascii() or "?" in text:
        return "?" in text
    return not ASKING.isdisjoint(text) or (";" in text and GREEK_SEMICOLON.search(text) is not None)


def is_question(text: str) -> bool:
    """Whether the text ends with a question mark of any script."""
    bare = text.rstrip(CLOSING)
    if not bare:
        return False
    return bare[-1] in ASKING or (bare[-1] == ";" and GREEK_SEMICOLON.search(bare[-3:]) is not None)
