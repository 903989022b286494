"""Whether a text ends like a whole one: with the end of a sentence, of a list, of a piece of code. Linear.

And whether a reply ended because the model was done, by what its server says of it.
"""

import re

from pipeline.text.kinds import CODE_LINE, ITEM_MARK, pieces
from pipeline.text.sentence_marks import SENTENCE_ENDS

# What servers call an end that the model chose: stop words of OpenAI, Anthropic, TGI, Cohere, Gemini, Ollama.
STOPS = {"stop", "eos", "eos_token", "end_turn", "stop_sequence", "complete", "done", "end", ""}
# What may stand at the end besides the end of a sentence: closing marks, symbols, what a formula ends with.
CLOSERS = "`)]}*\"'$”’»›」』】）>|_~/\\%°′″=€£¥₹½²³√∞"  # noqa: RUF001
CODA = ":;"  # "as follows:" and a line of code
MAX_LINE_WORDS = 14  # of a line that needs no full stop
MAX_SHORT_WORDS = 8  # the same, where another sentence stands before it
MAX_LINE_SIGNS = 24  # the same in scripts without spaces
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
# Words and signs after which more must come.
GOES_ON = re.compile(
    r"(?:[,，、،]|\b(?:and|or|but|the|a|an|of|to|in|on|for|with|by|from|that|which|is|are|was|were|as"  # noqa: RUF001
    r"|at|into|if|"
    r"because|und|oder|der|die|das|y|de|la|el|et|le|les|des)|而且|因为|但是|所以|和|或|以及|并且|因此|如果|是|在)\Z",
    re.IGNORECASE,
)
LABELLED = re.compile(r"(?:^|[,;] )[\w -]{2,30}: \S")  # of a line of values with their names
PROSE_END = re.compile(rf"(?<=\w)[{re.escape(SENTENCE_ENDS)};](?=\s|[\u3040-\u9fff])")


def is_stop(finish: str) -> bool:
    """Whether a finish reason says that the model was done. All others are of replies that were cut."""
    return finish.casefold() in STOPS


def has_end(text: str) -> bool:
    """Whether the text ends like a whole one: as a sentence, with a closing mark, a digit or a"
    " list item. What
    is no prose needs no full stop: a phrase, a line of verse, code, a signature.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return False
    last = lines[-1].strip()
    if len(lines) > 1 and ITEM_MARK.fullmatch(last):
        return False  # an item without a text
    if _is_closed(last) or next(p.kind for p in reversed(pieces(text)) if p.text.strip()) in (
        "code",
        "table",
    ):
        return True
    if len(last.split()) > 3 and GOES_ON.search(last):
        return False
    if ITEM_MARK.match(last) or len(LABELLED.findall(last)) > 1 or CODE_LINE.match(last):
        return True
    if UNSPACED.search(last[-1]):
        return len(last) <= MAX_LINE_SIGNS and not PROSE_END.search(last) and not _is_prose(lines[:-1])
    n_words = len(last.split())
    if n_words > MAX_LINE_WORDS or (PROSE_END.search(last) and n_words > MAX_SHORT_WORDS):
        return False
    return not _is_prose(lines[:-1]) or last.istitle() or lines[-1][:1].isspace()


def _is_closed(line: str) -> bool:
    return line.endswith((*SENTENCE_ENDS, *CLOSERS, *CODA)) or line[-1].isnumeric()


def _is_prose(lines: list[str]) -> bool:
    """Whether more than half of the lines end as sentences do."""
    return 2 * sum(map(_is_closed, map(str.rstrip, lines))) > len(lines)
