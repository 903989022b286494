"""Whether a text is in one of the languages that are wanted.

Scripts decide first: a text in a script that no wanted language is written in is in none of them. Of
languages that share a script two things tell: function words (the, of, and), of which running text has many
and a list of names none, and how likely its letters are in langdetect's profiles of 55 languages. A text must
show that it is in a wanted language, so that languages without a profile do not pass. Code, formulas,
addresses and lists are no language: they are undetermined. Cost: 25 microseconds for 400 characters of plain
prose in a wanted language, up to 2 ms for others (benchmarks/filters.py). Limits were set on the Universal
Declaration of Human Rights in 500 languages, the messages of Django in 90, and English questions and answers.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.text.language_codes import code_of
from pipeline.text.language_profiles import Scores, languages, letters_of, scores_of
from pipeline.text.language_scripts import BEYOND_LATIN, LATIN, letters_by_script, script_of, scripts_of

UNDETERMINED = "und"  # ISO 639-2
UNKNOWN = "unknown"  # in none of the wanted languages, and in none that is known well enough to be named

MIN_KANA = 0.1  # of the signs of Japanese

FENCED = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)", re.DOTALL)
NO_PROSE = re.compile(  # addresses, code, formulas, markup and control sequences within a text
    r"https?://\S+|www\.\S+|\S+@\S+\.\w+|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]{1,200}\$|\\\(.*?\\\)|\\\[.*?\\\]"
    r"|</?[a-zA-Z][^<>]{0,200}>|&\w+;|\\[a-zA-Z]+|\{\{.*?\}\}"
    r"|[^\W\d_]*(?:_|\d|(?<=[a-z])[A-Z]|(?<=\w)[./\\:](?=\w))\w[\w./\\:]*",
    re.DOTALL,
)
CODE_LINE = re.compile(
    r"^\s*(?:def |class |import |from \w+ import|function |var |let |const |return\b|#include|public |print"
    r"|//|\* |@\w)"
)
CODE_MARKS = re.compile(r"[{}()\[\];=<>|\\*&^%$#@_+~/]")
MAX_CODE_MARKS = 0.08  # of the characters of a line of prose
MARKS = (  # of a letter
    "\u0300-\u036f\u0591-\u05c7\u064b-\u0655\u0670\u0900-\u0903\u093a-\u094f\u0980-\u0983\u09bc-\u09cd"
)
WORD = re.compile(rf"(?:[^\W\d_][{MARKS}]*)+")
ITEM_END = re.compile(r"[,;:\n|•·/()\t]|[.!?](?=\s|$)|\s[-–—*]\s|\s&\s")  # noqa: RUF001
NAME_PARTS = "van von de der den da di du del della des do dos la le el al bin ibn ter ten zu y e und et i og"
PARTICLES = frozenset(NAME_PARTS.split())  # and what stands before the last item of a list
LATIN_WORD = re.compile(r"[a-z\u00df-\u024f]+")
SHARED = (LATIN, "Cyrillic", "Arabic", "Devanagari")  # scripts of several languages that are told apart
MAX_WORD = 40  # letters of a word that are looked at
MAX_BEYOND = 0.05  # of the characters, beyond Latin letters: as a formula or a name has
MIN_INSTRUCTION = 0.2  # of the letters, of a task in a wanted language on a text in another
FAST_SHARE = 0.2  # of function words of a wanted language, from which
MAX_FOREIGN = 0.34  # as many of other languages, of those of the wanted one, leave no doubt
MIN_ALONE = 2  # of those, that no other language has,
SHORT, LONG = 6, 14  # words: between them the proof that is asked for rises
MIN_PROOF = 0.15  # of LONG words and more; none of SHORT ones. See `_proof`
# "Plants absorb carbon dioxide": without a function word of any language, other languages may be likelier by
# this. Of 30 such tasks in English 27 pass, of 35 in 20 other languages two do (20, and one, with 0).
SPARED = 0.1
STRANGE = 2  # function words of another language, that a letter weighs which the wanted one has not
ITEM_WORDS = 3  # of what is more than a name or an item of a list
MIN_PROSE = 0.4  # of all words, that stand in prose
MIN_FOREIGN_SHARE = 0.15  # of function words of one other language, that show it outside of prose
DATA = Path(__file__).parent / "function_words.txt"


class Found(NamedTuple):
    """A language, and whether it is one of those that were wanted."""

    language: str  # a code, UNKNOWN, the name of a script, or UNDETERMINED
    is_wanted: bool


NOTHING = Found(UNDETERMINED, True)


@cache
def function_words() -> dict[str, frozenset[str]]:
    """Of each language; of one letter only in languages that have accents for it."""
    found = {}
    for line in DATA.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            code, *items = line.split()
            parts = {part for item in items for part in WORD.findall(item.casefold())}
            found[code] = frozenset(
                part for part in parts if len(part) > 1 or code == "en" or ord(part) > 127
            )
    return found


class Wanted:
    """Tells texts in one of the wanted languages from others. `codes`: as `code_of` takes them; raises
    ValueError as it does.
    """

    def __init__(self, codes: Iterable[str]) -> None:
        self.codes = tuple(dict.fromkeys(map(code_of, codes)))
        self._written: dict[str, list[str]] = {}  # script -> wanted languages
        for code in self.codes:
            for script in scripts_of(code):
                self._written.setdefault(script, []).append(code)
        listed = function_words()
        self._own = {code: listed.get(code, frozenset()) for code in self.codes}
        shared = Counter(word for words in listed.values() for word in words)
        self._alone = frozenset(word for word, count in shared.items() if count == 1)
        self._foreign: dict[str, list[str]] = {}  # word -> the other languages that have it
        known = frozenset().union(*self._own.values())
        for code, words in listed.items():
            for word in words - known if code not in self._own else ():
                self._foreign.setdefault(word, []).append(code)
        everything = known | frozenset(self._foreign)
        latin = [(code, self._own[code]) for code in self._written.get(LATIN, ())]
        self._latin = [(code, own, own & self._alone, everything - own) for code, own in latin]

    def judge(self, text: str, min_letters: int, max_chars: int) -> Found:
        """What the text is in, by its first and last `max_chars` / 2 characters; UNDETERMINED where it has
        fewer than `min_letters` letters of prose.
        """
        if "```" in text or "~~~" in text:
            text = FENCED.sub("\n", text)
        half = max_chars // 2
        sample = text if len(text) <= max_chars else f"{text[:half]}\n{text[-half:]}"
        found = self._at_once(sample, min_letters)
        if found is not None:
            return found
        prose = prose_in(sample)
        letters = letters_by_script(prose)
        if sum(letters.values()) < min_letters:
            return NOTHING
        ours = sum(count for script, count in letters.items() if script in self._written)
        if ours >= sum(letters.values()) / 2:
            return self._contest(prose, letters)
        if ours >= sum(letters.values()) * MIN_INSTRUCTION and self._instructs(prose):
            return NOTHING
        script = max((s for s in letters if s not in self._written), key=letters.__getitem__)
        words = [word for word in WORD.findall(prose.casefold()) if script_of(word[0]) == script]
        if script == LATIN and not self._is_told(prose, words):
            return NOTHING
        return Found(self._named(script, words), False)

    def _at_once(self, sample: str, min_letters: int) -> Found | None:
        """The language of a text that has many function words of a wanted one, and few of others."""
        if not sample.isascii() and len(BEYOND_LATIN.findall(sample)) > MAX_BEYOND * len(sample):
            return None
        words = LATIN_WORD.findall(sample.casefold())
        for code, own, alone, others in self._latin:  # `alone`: words that no other language has
            n_own = sum(map(own.__contains__, words))
            if n_own < FAST_SHARE * len(words) or sum(map(alone.__contains__, words)) < MIN_ALONE:
                continue
            if sum(map(others.__contains__, words)) <= MAX_FOREIGN * n_own:
                return Found(code, True) if sum(map(len, words)) >= min_letters else None
        return None

    def _contest(self, prose: str, letters: dict[str, float]) -> Found:
        """The language of a text in a script that a wanted one is written in."""
        script = max((s for s in letters if s in self._written), key=letters.__getitem__)
        if script in ("Han", "Kana", "Hangul"):
            return self._in_east_asian(prose, letters)
        words = [word for word in WORD.findall(prose.casefold()) if script_of(word[0]) == script]
        codes = self._written[script]
        if not words or all(scripts_of(code) != (script,) for code in codes) or script not in SHARED:
            return Found(codes[0], True) if words else NOTHING
        best, proof = self._proof(words, codes)
        asked = MIN_PROOF * min(1.0, max(0.0, (len(words) - SHORT) / (LONG - SHORT)))
        if len(words) <= SHORT and not self._most_foreign(words)[1]:
            asked = -SPARED
        if proof >= asked or self._asks_of_a_title(prose, best):
            return Found(best, True)
        if script == LATIN and not self._is_told(prose, words):
            return NOTHING
        return Found(self._named(script, words), False)

    def _proof(self, words: list[str], codes: list[str]) -> tuple[str, float]:
        """The best of the wanted languages, and by how much it is before all others: in share of function
        words, less that of words with letters that it has not, plus in log-likelihood an n-gram.
        """
        scores, n_grams = _summed(words)
        columns = {name: column for column, name in enumerate(languages())}
        own = {code: self._weight(words, self._own[code]) / len(words) for code in codes}
        likely = {code: float(scores[columns[code]]) / max(1, n_grams) for code in codes}
        best = max(codes, key=lambda code: own[code] + likely[code])
        rest = [column for name, column in columns.items() if name not in self.codes]
        ahead = likely[best] - float(scores[rest].max()) / max(1, n_grams)
        letters = letters_of(best)
        n_strange = sum(not letters.issuperset(char for char in word if char.isalpha()) for word in words)
        return best, ahead + own[best] - (self._most_foreign(words)[1] + STRANGE * n_strange) / len(words)

    def _asks_of_a_title(self, prose: str, code: str) -> bool:
        """Whether a short text begins in a language, and a name or a title follows, which may be in another:
        "Who wrote Der Untergang des Abendlandes?"
        """
        parts = WORD.findall(prose)
        start = next((place for place, part in enumerate(parts) if place and part[0].isupper()), LONG)
        before = [part.casefold() for part in parts[:start]]
        begins = before[0] in self._own[code] & self._alone
        return begins and start < len(parts) < LONG and self._foreign.keys().isdisjoint(before)

    def _weight(self, words: Iterable[str], own: frozenset[str]) -> float:
        """How many of the words are `own`; by half where other languages have them too."""
        return sum(1.0 if word in self._alone else 0.5 for word in words if word in own)

    def _most_foreign(self, words: Iterable[str]) -> tuple[str, int]:
        """The other language that most of the words are function words of, and how many are."""
        counts = Counter(code for word in words for code in self._foreign.get(word, ()))
        return counts.most_common(1)[0] if counts else (UNKNOWN, 0)

    def _is_told(self, prose: str, words: list[str]) -> bool:
        """Whether there is running text, or the function words of one language; else it is a list of names,
        of substances, of what else is called the same everywhere.
        """
        if prose.isupper():
            prose = prose.lower()
        if (
            prose.rstrip().endswith(("?", "!", "."))
            and len(words) > 1
            and not ITEM_END.search(prose.rstrip()[:-1])
        ):
            return True
        n_prose = 0
        for item in ITEM_END.split(prose):
            parts = WORD.findall(item)
            lower = [part for part in parts if len(part) > 1 and part[0].islower()]
            is_name = all(part in PARTICLES for part in lower) and len(parts) > len(lower) + 1
            if len(parts) >= ITEM_WORDS and len(lower) >= max(2, len(parts) / 2) and not is_name:
                n_prose += len(parts)
        if n_prose >= MIN_PROSE * len(words):
            return True
        distinct = set(words) - PARTICLES
        code, n_distinct = self._most_foreign(distinct)
        n_all = sum(code in self._foreign.get(word, ()) for word in words if word not in PARTICLES)
        return n_distinct >= 2 and n_all >= MIN_FOREIGN_SHARE * len(words)

    def _named(self, script: str, words: list[str]) -> str:
        """The likeliest of the languages that are not wanted."""
        names = [name for name in languages() if name not in self.codes and script in scripts_of(name)]
        if not names:
            return f"{script.lower()} script"
        scores, _ = _summed(words)
        likely = max(names, key=lambda name: float(scores[languages().index(name)]))
        code, count = self._most_foreign(words)
        n_likely = sum(likely in self._foreign.get(word, ()) for word in words)
        return code.partition("-")[0] if count > n_likely + 1 else likely

    def _instructs(self, prose: str) -> bool:
        """Whether words of a wanted language speak of the words of another."""
        words = WORD.findall(prose.casefold())
        return any(sum(word in own for word in words) >= 3 for own in self._own.values())

    def _in_east_asian(self, prose: str, letters: dict[str, float]) -> Found:
        """Chinese, Japanese or Korean, which share signs: Kana is Japanese, Hangul Korean."""
        signs = letters.get("Han", 0) + letters.get("Kana", 0) + letters.get("Hangul", 0)
        if letters.get("Hangul", 0) >= signs / 2:
            language = "ko"
        elif letters.get("Kana", 0) >= MIN_KANA * signs:
            language = "ja"
        elif "zh" in self.codes:
            language = "zh"
        else:
            columns = [languages().index(name) for name in ("zh-cn", "zh-tw")]
            scores = _summed([word for word in WORD.findall(prose) if script_of(word[0]) == "Han"])[0][
                columns
            ]
            language = "zh-tw" if scores[1] > scores[0] else "zh-cn"
        is_wanted = language in self.codes
        return Found(language.partition("-")[0] if is_wanted else language, is_wanted)


def prose_in(text: str) -> str:
    """The text without what is no language: addresses, code, formulas, markup."""
    text = NO_PROSE.sub(" ", text)
    lines = (line for line in text.splitlines() if not _is_code(line))
    return "\n".join(lines)


def _is_code(line: str) -> bool:
    return CODE_LINE.match(line) is not None or len(CODE_MARKS.findall(line)) > MAX_CODE_MARKS * len(line)


def _summed(words: Iterable[str]) -> tuple[Scores, int]:
    """The scores of all words, and their n-grams."""
    found = [scores_of(word[:MAX_WORD]) for word in words]
    if not found:
        return np.zeros(len(languages()), np.float32), 0
    return np.sum([scores for scores, _ in found], axis=0), sum(count for _, count in found)
