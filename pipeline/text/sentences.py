"""Where a text may be cut: sentences, and smaller pieces of those that are too long. Nothing is lost: the
pieces joined are the text.

sentencex (MIT, of Wikimedia) finds the ends of sentences by rules and lists of abbreviations, in many
languages, and keeps the white space.
"""

import re

import sentencex

BLOCK_CHARS = 20_000  # looked at together: over much longer text sentencex loses characters
PARAGRAPH = re.compile(r".*?\n(?:[ \t]*\n)+|.+", re.DOTALL)
# What a sentence begins with that leans on the one before it. English; other languages by their first letter.
LEANS = re.compile(
    r"\W*(?:it|its|they|their|them|he|his|him|she|her|hers|this|these|those|such|so|but|and|or|yet|nor|also|then"
    r"|however|therefore|thus|hence|moreover|furthermore|instead|otherwise|nevertheless|meanwhile|similarly"
    r"|likewise|consequently|accordingly|both|neither|the (?:former|latter|same)|on the other hand"
    r"|(?:each|one|some|many|most|all) of (?:them|these|those)|(?:for|because of|after) (?:this|that)"
    r"|in (?:this|that) (?:way|case)|as a result|for (?:example|instance)"
    r"|in (?:addition|contrast|other words))\b",
    re.IGNORECASE,
)
WORD = re.compile(r"\S+\s*|\s+")


def sentences(text: str, language: str = "en") -> list[str]:
    """The sentences of the text with the white space after them. `language`: ISO 639-1."""
    found: list[str] = []
    for paragraph in PARAGRAPH.findall(text):
        for start in range(0, len(paragraph), BLOCK_CHARS):
            found += _sentences_of(paragraph[start : start + BLOCK_CHARS], language)
    return found


def _sentences_of(block: str, language: str) -> list[str]:
    pieces: list[str] = []
    for piece in sentencex.segment(language, block):
        if piece.strip() or not pieces:
            pieces.append(piece)
        else:
            pieces[-1] += piece
    return pieces if "".join(pieces) == block else [block]


def leans_back(sentence: str) -> bool:
    """Whether a sentence cannot be understood without the one before it, as far as its first words tell."""
    start = sentence.lstrip()
    return start[:1].islower() or LEANS.match(start) is not None


def starts_paragraph(before: str) -> bool:
    """Whether a paragraph starts after a piece."""
    return re.search(r"\n[ \t]*\n\s*\Z", before) is not None


def smaller(piece: str) -> list[str]:
    """The piece in two or more: its words, or the halves of one word. Of one character there is no half."""
    words = WORD.findall(piece)
    if len(words) > 1:
        return words
    middle = len(piece) // 2
    return [piece[:middle], piece[middle:]] if middle else [piece]
