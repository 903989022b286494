"""A question as a benchmark's row may have been put: in a frame of "Question:" and "Answer:", or with its
options below it or behind it.
"""

import re
from collections.abc import Iterator

from pipeline.text.characters import lowered

ASKED = (
    r"question|problem|exercise|query|q|frage|aufgabe|pregunta|pergunta|domanda|вопрос|问题|問題|题目|題目|質問|문제|질문"
    r"|السؤال|سؤال|प्रश्न"
)
ANSWERED = (
    r"answers?|solution|a|antwort|lösung|respuesta|réponse|resposta|risposta|ответ|答案|答|回答|解答|解|정답|답"
    r"|الإجابة|उत्तर"
)
CHOICES = r"options?|choices?|answer choices|antworten|opciones|选项|選項|選択肢|보기|варианты"
BEFORE = re.compile(
    rf"^\W*(?:{ASKED})\s*(?:no\.?)?\s*\d*\s*(?:\*\*)?\s*[:\uff1a.)\-]\s*(?:\*\*)?\s*|^\W*\d+\s*[.)]\s+",
    re.IGNORECASE,
)
AFTER = re.compile(
    rf"[\s*_#>(]*(?:\b(?:the|your|correct)\s+)*\b(?:{ANSWERED})\b\s*(?:is|ist)?\s*[:\uff1a]?[\s*_]*$",
    re.IGNORECASE,
)
ASKED_FOR = re.compile(rf"(?:^|\n|(?<=[?\uff1f。.!]))[\s*]*(?:{CHOICES})\s*[:\uff1a]\s*", re.IGNORECASE)
# Marks of options, as the first two in their order: "A)", "(b)", "1.", "①".
ORDERS = (
    *(
        "ABCDEFGHIJ",
        "abcdefghij",
        [str(number) for number in range(1, 11)],
        [str(number) for number in range(10)],
    ),
    *(
        ["i", "ii", "iii", "iv", "v", "vi"],
        "①②③④⑤⑥⑦⑧",
        "АБВГД",
        "أبجدهـ",
        "アイウエオ",
        "甲乙丙丁",
        "가나다라마",
    ),
)
MAX_OPTION_WORDS = 12  # of an option without a mark


def _mark(mark: str) -> re.Pattern[str]:
    """The mark of an option: at a line's start, or behind a space, and before a sign or in brackets."""
    mark = re.escape(mark)
    if mark in "①②③④⑤⑥⑦⑧":
        return re.compile(mark)
    closed = rf"[(\[\uff08【]{mark}[)\]\uff09】]|{mark}[).:\uff1a、\uff0e\uff09]"
    # Chinese and Japanese need no space; "第1.2节" is a section.
    before = r"[\s,;/|?\uff1f。:\uff1a" + ("]" if mark.isdecimal() else r"\u3040-\u9fff]")
    return re.compile(rf"(?:^|(?<={before})|(?<=\*))(?:{closed})\s*", re.MULTILINE)


FIRST = re.compile("|".join(_mark(marks[0]).pattern for marks in ORDERS), re.MULTILINE)
# What stands in all that FIRST finds, and what ends all that AFTER finds: few texts have it, and both are
# slow.
FIRST_CLOSED = re.compile(rf"[{''.join(marks[0] for marks in ORDERS)}][)\]\uff09】.:\uff1a、\uff0e]|①")
BEHIND = "*_:\uff1a" + "".join(char for char in map(chr, range(0x3001)) if char.isspace())
MAX_END = 40  # characters, more than any of these
ENDS_AFTER = (*ANSWERED.replace("answers?", "answer|answers").split("|"), "is", "ist")


def forms_of(asked: str) -> Iterator[str]:
    """Each way to read the text without its frame, without its options, and without their marks; none where
    it has none of these. Cost: a few regular expressions.
    """
    bare = _unframed(asked)
    if bare != asked.strip():
        yield bare
    place = _options_start(bare)
    if place is None:
        return
    stem, options = bare[: place[0]], bare[place[0] :]
    yield _unframed(stem)
    yield f"{_unframed(stem)}\n{place[1].sub(' ', options)}"


def _unframed(text: str) -> str:
    """Without "Question:" before and "Answer:" behind it."""
    text = text.strip()
    for _ in range(2):
        text = BEFORE.sub("", text, count=1).strip()
        if lowered(text.rstrip(BEHIND)[-MAX_END:]).endswith(ENDS_AFTER):
            shorter = AFTER.sub("", text).strip()
            text = shorter if len(shorter) > len(text) // 3 else text
    return text


def _options_start(text: str) -> tuple[int, re.Pattern[str]] | None:
    """Where the options begin, and the pattern of their marks."""
    found = ASKED_FOR.search(text) if ":" in text or "\uff1a" in text else None
    start = found.start() if found and found.start() > 0 else None
    for marks in ORDERS if FIRST_CLOSED.search(text) and FIRST.search(text) else ():
        first, second = (_mark(mark).search(text, start or 1) for mark in marks[:2])
        if first and second and first.start() < second.start():
            any_mark = re.compile(
                "|".join(_mark(mark).pattern for mark in marks) + f"|{ASKED_FOR.pattern}", re.IGNORECASE
            )
            return (first.start() if start is None else min(start, first.start())), any_mark
    if start is not None:
        return start, re.compile(f"{ASKED_FOR.pattern}|^[-*•]\\s*", re.IGNORECASE | re.MULTILINE)
    lines = [line for line in text.splitlines() if line.strip()] if "\n" in text else []
    options = lines[1:]
    if len(options) < 2 or any(
        len(line.split()) > MAX_OPTION_WORDS or line.rstrip().endswith("?") for line in options
    ):
        return None
    return text.index("\n", text.index(lines[0])), re.compile(r"^\s*[-*•+]\s*", re.MULTILINE)
