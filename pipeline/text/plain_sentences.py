"""Patterns that hold a small model to one plain sentence or a short phrase, and whether a text ran into their
limits.

They are English: how a question begins is a list of English openings. Decoding that is held to a pattern ends
where the pattern ends, not where the thought does: at the last word, or the last letter of a word, that a
pattern allows, a model glues on whatever still fits. Such a text is well formed, and broken.
"""

import re

# How a question begins, by two words: by one alone a small model goes on to "What a magical way" and "Are a".
# None begins with "Which": it is followed by "ofthefollowing" and no options.
OPENINGS = (
    r"(What|Who|Where|Why|How) (is|are|was|were)|(What|Where|Why|How) (do|does|did|can|could|should)"
    r"|What (causes|happens|makes|kind|type|types|role)|When (do|does|did|is|was|were)"
    r"|How (many|much|long|far|often)|Can you (explain|describe|give|name|list)"
)
YES_NO_OPENINGS = "Is|Are|Was|Were|Do|Does|Did|Can|Could|Has|Have|Had|Will|Would|Should|Must|May|Might"

MAX_WORD_CHARS = 24  # of one word: above "telecommunications", below where words are run together without end
MAX_MIDDLE_WORDS = 24  # of a question, between its opening and its last word
MAX_PHRASE_WORDS = 24  # above what is copied as an answer; of 8 most answers were cut off
PLAIN_WORD = rf"[A-Za-zÀ-ÿ0-9][A-Za-zÀ-ÿ0-9'-]{{0,{MAX_WORD_CHARS - 1}}}"
_MIDDLE = rf"( {PLAIN_WORD},?){{3,{MAX_MIDDLE_WORDS}}} {PLAIN_WORD}\?$"
ONE_SENTENCE = rf"^({OPENINGS}){_MIDDLE}"
ONE_YES_NO_SENTENCE = rf"^({YES_NO_OPENINGS}){_MIDDLE}"
PHRASE = rf"^{PLAIN_WORD}( {PLAIN_WORD}){{0,{MAX_PHRASE_WORDS - 1}}}$"

_OPENING = re.compile(rf"(?:{OPENINGS}) ")
_YES_NO_OPENING = re.compile(rf"(?:{YES_NO_OPENINGS}) ")


def sentence_at_limit(question: str, yes_or_no: bool = False) -> tuple[str, str] | None:
    """Of a question that was held to ONE_SENTENCE, or to ONE_YES_NO_SENTENCE: what ran into a limit, and the
    limit; None where it ended by itself.
    """
    opening = (_YES_NO_OPENING if yes_or_no else _OPENING).match(question)
    after = question[opening.end() :].split() if opening else []
    if len(after) > MAX_MIDDLE_WORDS:
        return question, f"at most {MAX_MIDDLE_WORDS} words after its opening"
    return _word_at_limit(question)


def phrase_at_limit(phrase: str) -> tuple[str, str] | None:
    """The same of a phrase that was held to PHRASE."""
    if len(phrase.split()) >= MAX_PHRASE_WORDS:
        return phrase, f"at most {MAX_PHRASE_WORDS - 1} words"
    return _word_at_limit(phrase)


def _word_at_limit(text: str) -> tuple[str, str] | None:
    lengths = {word: len(word.strip(",?")) for word in text.split()}
    longest = max(lengths, key=lambda word: lengths[word], default="")
    if lengths.get(longest, 0) < MAX_WORD_CHARS:
        return None
    return longest, f"words of at most {MAX_WORD_CHARS - 1} characters"
