"""Where a text may be cut: blocks of code and tables, sentences, and smaller pieces of what is too
long.
Nothing is lost: the pieces joined are the text.

sentencex (MIT, of Wikimedia) finds the ends of sentences by rules and lists of abbreviations, in many
languages, and keeps the white space.
"""

import re

import sentencex

BLOCK_CHARS = 20_000  # looked at together: over much longer text sentencex loses characters
PARAGRAPH = re.compile(r".*?\n(?:[ \t]*\n)+|.+", re.DOTALL)
LINES_TO_BLANK = re.compile(r"(?:[^\n]*\S[^\n]*\n?)+(?:[ \t]*\n)*|(?:[ \t]*\n)+|[ \t]+")
# A blank line that LINES_TO_BLANK cannot take, and looks for from each of its characters.
OTHER_BLANK = re.compile(r"^(?=[ \t]*+[^\S\n])[^\S\n]++$", re.MULTILINE)
# What is read as a whole: fenced and indented code, displayed formulas, tables.
BLOCK = re.compile(
    r"^(?P<fence>`{3,}|~{3,})[^\n]*\n(?:[^\n]*\n)*?(?P=fence)[ \t]*(?:\n\s*|\Z)"
    r"|^\$\$[^$]*\$\$[ \t]*(?:\n\s*|\Z)"
    r"|(?:^[ \t]*\|[^\n]*(?:\n|\Z))+\s*"
    r"|(?:^(?: {4}|\t)(?=[^\n]*\S)[^\n]*+(?:\n|\Z)(?:[ \t]*\n(?= {4}|\t))*){2,}\n*",
    re.MULTILINE,
)
HEADED = re.compile(r"\s*#{1,6}\s")  # a heading of Markdown
# What a sentence begins with that leans on the one before it, in English and the languages most often asked
# for; of others their first letter tells.
LEANS = re.compile(
    r"\W*(?:it|its|they|their|them|he|his|him|she|her|hers|this|that|these|those|such|so|but|and|or|yet|nor|also"
    r"|then|because|still|afterwards|conversely|besides|finally|additionally|nonetheless"
    r"|however|therefore|thus|hence|moreover|furthermore|instead|otherwise|nevertheless|meanwhile|similarly"
    r"|likewise|consequently|accordingly|both|neither|the (?:former|latter|same)|on the other hand"
    r"|(?:each|one|some|many|most|all) of (?:them|these|those)"
    r"|(?:for|because of|after|by|at) (?:this|that|contrast)"
    r"|in (?:this|that) (?:way|case)|as (?:a result|such)|for (?:example|instance)"
    r"|in (?:addition|contrast|other words|turn|fact)"
    r"|er|sie|es|dies|diese[rsmn]?|und|aber|oder|denn|doch|jedoch|deshalb|daher|dennoch|dann|dadurch"
    r"|il|elle|ils|elles|ce|cela|cette|ces|et|mais|donc|ainsi|cependant|alors|puis"
    r"|él|ella|ellos|ellas|esto|este|esta|estos|estas|eso|y|pero|entonces|luego|sin embargo"
    r"|questo|questa|ma|quindi|però|ele|ela|eles|elas|isso|isto|mas|então|hij|zij|dit|dus)\b"
    r"|\W*(?:[他她它]|这|因此|所以|然而|而且|但是|それ|これ|その|この|しかし|そして|また|彼)",
    re.IGNORECASE,
)
WORD = re.compile(r"\S+\s*|\s+")


def sentences(text: str, language: str = "en") -> list[str]:
    """The blocks and sentences of the text with the white space after them. `language`: ISO 639-1."""
    found, end = [], 0
    for block in BLOCK.finditer(text):
        if block.group():
            found += [*_of_prose(text[end : block.start()], language), block.group()]
            end = block.end()
    return [*found, *_of_prose(text[end:], language)]


def _of_prose(text: str, language: str) -> list[str]:
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


def leans_forward(piece: str) -> bool:
    """Whether a piece belongs to the next: a heading, or what ends with a colon."""
    return is_heading(piece) or piece.rstrip().endswith((":", "\uff1a"))


def starts_paragraph(before: str) -> bool:
    """Whether a paragraph starts after a piece."""
    return re.search(r"\n[ \t]*\n", before[len(before.rstrip()) :]) is not None


def is_heading(piece: str) -> bool:
    return HEADED.match(piece) is not None


def smaller(piece: str) -> list[str]:
    """The piece in two or more: its paragraphs, its lines, its words, or the halves of one word. Of one
    character there is no half.
    """
    to_blank = [] if OTHER_BLANK.search(piece) else LINES_TO_BLANK.findall(piece)
    for parts in (to_blank, piece.splitlines(keepends=True), WORD.findall(piece)):
        if len(parts) > 1 and "".join(parts) == piece:
            return parts
    middle = len(piece) // 2
    return [piece[:middle], piece[middle:]] if middle else [piece]
