"""Whether a text ends like a whole one: with the end of a sentence, of a list, of a piece of code. Linear.

And whether a reply ended because the model was done, by what its server says of it.
"""

import re

from pipeline.text.characters import MARKS
from pipeline.text.kinds import ITEM_MARK, is_code, pieces
from pipeline.text.sentence_marks import SENTENCE_ENDS, ends_sentence

# What servers call an end that the model chose: stop words of OpenAI, Anthropic, TGI, Cohere, Gemini, Ollama.
STOPS = {"stop", "eos", "eos_token", "end_turn", "stop_sequence", "complete", "completed", "done", "end", ""}
# What may stand at the end besides the end of a sentence: closing marks, symbols, what a formula ends with.
CLOSERS = "`)]}*\"'$”’»›」』】）>|_~/\\%°′″=€£¥₹½²³√∞∎□■"  # noqa: RUF001
CODA = ":;"  # "as follows:" and a line of code
CLOSED = frozenset(CLOSERS + CODA)
MAX_LINE_WORDS = 14  # of a line that needs no full stop
MAX_SHORT_WORDS = 8  # the same, where another sentence stands before it
MAX_LINE_SIGNS = 24  # the same in scripts without spaces
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
# Words and signs after which more must come.
GOES_ON = re.compile(
    r"(?:[,，、،]|\b(?:and|or|but|the|a|an|of|to|in|on|for|with|by|from|that|which|is|are|was|were|as|at|into|if"  # noqa: RUF001
    r"|because|their|its|his|our|your|my|these|those|such|while|than|has|had|been|will|would|should|must|may|might"
    r"|each|every|very|between|during|without|within|per|via|und|oder|der|die|das|y|de|la|el|et|le|les|des)"
    r"|而且|因为|但是|所以|和|或|以及|并且|因此|如果|是|在|の|は|が|を|に)\Z",
    re.IGNORECASE,
)
# A name does not end with one of these in small letters ("Vitamin A" does).
AWAITS = re.compile(r" (?:of|in|the|and|or|for|with|to|from|an?|as|into|between|their|its|&)\Z")
MIN_SIGNS = 6  # of a line of a script without spaces that may go on
LONGEST = 12  # characters of one of them
LABELLED = re.compile(r"(?:^|[,;] )[\w -]{2,30}: \S")  # of a line of values with their names
PROSE_END = re.compile(rf"(?<=[\w{MARKS}])[{re.escape(SENTENCE_ENDS)};](?=\s|[\u3040-\u9fff])")


def is_stop(finish: str) -> bool:
    """Whether a finish reason says that the model was done. All others are of replies that were cut."""
    return finish.casefold() in STOPS


def is_cut_name(name: str) -> bool:
    """Whether a name stops before its last word, as where a form leaves no room: "Cultures of nations in"."""
    return AWAITS.search(name) is not None


def has_end(text: str) -> bool:
    """Whether the text ends like a whole one: as a sentence, with a closing mark, a digit or a list item.
    What is no prose needs no full stop: a phrase, a line of verse, code, a signature.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return False
    last = lines[-1].strip()
    if len(lines) > 1 and ITEM_MARK.fullmatch(last):
        return False  # an item without a text
    return _is_closed(last) or _is_whole_line(lines, last) or _ends_in_code(text)


def _is_whole_line(lines: list[str], last: str) -> bool:
    """Whether the last line needs no full stop."""
    n_words = len(last.split())
    is_unspaced = UNSPACED.match(last[-1]) is not None or "，" in last  # noqa: RUF001
    if (n_words > 3 or (is_unspaced and len(last) > MIN_SIGNS)) and GOES_ON.search(last[-LONGEST:]):
        return False
    if ITEM_MARK.match(last) or is_code(last):
        return True
    if last.count(": ") > 1 and len(LABELLED.findall(last)) > 1:
        return True
    if is_unspaced:
        return len(last) <= MAX_LINE_SIGNS and not PROSE_END.search(last) and not _is_prose(lines[:-1])
    if n_words > MAX_LINE_WORDS or (n_words > MAX_SHORT_WORDS and PROSE_END.search(last)):
        return False
    return not _is_prose(lines[:-1]) or last.istitle() or lines[-1][:1].isspace()


def _ends_in_code(text: str) -> bool:
    if "\n" not in text and "`" not in text:
        return False
    return next(piece.kind for piece in reversed(pieces(text)) if piece.text.strip()) in ("code", "table")


def _is_closed(line: str) -> bool:
    return line[-1] in CLOSED or line[-1].isnumeric() or ends_sentence(line[-LONGEST:])


def _is_prose(lines: list[str]) -> bool:
    """Whether more than half of the lines end as sentences do."""
    return 2 * sum(map(_is_closed, map(str.rstrip, lines))) > len(lines)
