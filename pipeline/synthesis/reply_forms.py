"""Replies to a request to rephrase, cleaned, or what is wrong with their form: pure functions.

What announces the text goes; what is left of it after that, or is no text of that form, is a fault. Sources:
WRAP (https://arxiv.org/abs/2401.16380), appendix B; the post-processing of Nemotron-CC
(https://arxiv.org/abs/2412.02595).
"""

import re
from random import Random
from typing import NamedTuple

from pipeline.synthesis.lead_ins import is_lead_in, without_lead_ins, without_note
from pipeline.synthesis.styles import Form

TOKENS_A_PAIR = 15  # of a source: it is good for 10 pairs every 150
FENCE = re.compile(r"\A```\w*\n(.*?)\n?```\Z", re.DOTALL)
QUOTES = (('"', '"'), ("“", "”"), ("'", "'"))
# Around all of a reply: the prompt encloses its text so, and models do as it does.
TAGGED = re.compile(
    r"\A<(text|passage|paragraph|output|answer|result|response|document|version|(?:re|para|simpl|summ)\w+)>"
    r"(.*)</\1>\Z",
    re.DOTALL | re.IGNORECASE,
)
MARKERS = re.compile(
    r"\b(?:here(?:'s| is| are) (?:a|an|the|your|my) \w* ?"
    r"(?:paraphras|rephras|rewrit|version|summary|text|list)"
    r"|paraphrased? (?:version|text|of the)|rephrased (?:version|text)|rewritten (?:version|text)"
    r"|high-quality english|the original (?:text|sentence|passage)\b"
    r"|(?:can|could) be (?:simplified|shortened|rephrased|reworded) (?:to|as|in)\b"
    r"|i hope (?:this|it|that)(?: \w+){0,4} helps|let me know if"
    r"|as requested)",
    re.IGNORECASE,
)
COLON = "[:：]"  # noqa: RUF001


def _marks(first: str, second: str, end: str = COLON) -> re.Pattern[str]:
    """What stands before the halves of a pair, by the words for them."""
    return re.compile(
        r"^[ \t]*(?:[-*•][ \t]+)?(?:#+[ \t]*)?(?:\*\*)?(?:\d+[.)][ \t]*)?(?:\*\*)?"
        rf"(?:(?P<first>{first})|(?P<second>{second}))(?:[ \t]*\d+)?(?:\*\*)?"
        rf"[ \t]*{end}[ \t]*(?:\*\*)?[ \t]*",
        re.IGNORECASE | re.MULTILINE,
    )


QUESTION = (
    "question|问题?|問題?|質問|pregunta|frage|domanda|pergunta|вопрос|سؤال|السؤال|प्रश्न|질문|soru|vraag|pytanie|"
    "câu hỏi|pertanyaan|kysymys|fråga|ερώτηση"
)
ANSWER = (
    "answer|答案?|回答|答え|respuesta|antwort|réponse|risposta|resposta|ответ|جواب|الجواب|الإجابة|إجابة|उत्तर|답변?|cevap|"
    "antwoord|odpowiedź|trả lời|jawaban|vastaus|svar|απάντηση"
)
# Whole words first: where they are, a letter with a full stop is an option.
PAIR_MARKS = (
    _marks(QUESTION, ANSWER, "[:：.]"),  # noqa: RUF001
    _marks(f"Q|F|P|В|{QUESTION}", f"A|R|О|{ANSWER}"),  # noqa: RUF001
    _marks("Q", "A", r"[.)]"),
)
PROBLEM_MARKS = (
    _marks(
        "problem|问题|問題|题目|problema|problème|aufgabe|задача|مسألة|समस्या|문제",
        "solution|解答?|解决方案|答案|answer|solución|soluzione|solução|lösung|решение|الحل|हल|समाधान|풀이",
    ),
)
MARKED = {  # forms of pairs: what marks the halves, how they are written
    "pairs": (PAIR_MARKS, ("Question", "Answer")),
    "problem": (PROBLEM_MARKS, ("Problem", "Solution")),
}
BULLET = re.compile(r"^[ \t]*(?:[-*•]|\d+[.)])[ \t]+", re.MULTILINE)
TABLE_LINE = re.compile(r"^[ \t]*\|?[ \t:]*-{2,}[-| :\t]*$", re.MULTILINE)
TURN = re.compile(r"^[ \t]*(?:\*\*)?[A-Z][\w .]{0,20}(?:\*\*)?:[ \t]*\S", re.MULTILINE)


class Pair(NamedTuple):
    """A question, or a problem, and its answer."""

    question: str
    answer: str


class FormFault(NamedTuple):
    """What is wrong with a reply."""

    reason: str
    got: str


def cleaned(reply: str, form: Form, source: str) -> str | FormFault:
    """The text of the reply, in its form: pairs as "Question: ..." and "Answer: ..." lines, a list as lines
    that begin with "- ".
    """
    text = without_note(_unwrapped(reply.strip()), source)
    if form in MARKED:
        found = _pairs(_without_lead_line(text, form), form)
        return found if isinstance(found, FormFault) else as_text(found, form)
    text = _unwrapped(without_lead_ins(text, source).strip())
    marker = MARKERS.search(text)
    if marker and marker.group().lower() not in source.lower():
        return FormFault("lead_in", marker.group())
    if not text:
        return FormFault("nothing_left", reply[:200])
    if form == "list":
        return _list(text)
    if form == "table" and not TABLE_LINE.search(text):
        return FormFault("no_table", text[:200])
    if form == "dialogue" and len(TURN.findall(text)) < 2:
        return FormFault("no_dialogue", text[:200])
    return text


def pairs_in(text: str, form: Form) -> list[Pair]:
    """The pairs of a cleaned text."""
    found = _pairs(text, form)
    return [] if isinstance(found, FormFault) else found


def some_of(pairs: list[Pair], source_tokens: int, rng: Random) -> list[Pair]:
    """A random number of the pairs, in a random order: at most one every 15 tokens of their source."""
    most = max(1, source_tokens // TOKENS_A_PAIR)
    return rng.sample(pairs, min(len(pairs), rng.randint(1, most)))


def as_text(pairs: list[Pair], form: Form) -> str:
    """The text of the pairs, as `pairs_in` reads it again."""
    _, (first, second) = MARKED[form]
    return "\n\n".join(f"{first}: {pair.question}\n{second}: {pair.answer}" for pair in pairs)


def without_last(reply: str, form: Form) -> str | None:
    """A reply that was cut off without its last item, or pair, of which nobody knows whether it is"
    " whole; None
    where nothing is left, or the form has no items.
    """
    if form == "list":
        marks = [mark.start() for mark in BULLET.finditer(reply)]
    elif form == "pairs":
        marks = [mark.start() for mark in _marks_in(reply, form) if mark["first"]]
    else:
        marks = []
    return reply[: marks[-1]] if len(marks) > 1 else None


def _marks_in(text: str, form: Form) -> list[re.Match[str]]:
    """The marks of the halves, of the first kind of which there are both."""
    for pattern in MARKED[form][0]:
        marks = list(pattern.finditer(text))
        if any(mark["first"] for mark in marks) and any(mark["second"] for mark in marks):
            return marks
    return []


def _pairs(text: str, form: Form) -> list[Pair] | FormFault:
    marks = _marks_in(text, form)
    if not marks:
        return FormFault("no_pairs", text[:200])
    if text[: marks[0].start()].strip():
        return FormFault("text_before_first_question", text[: marks[0].start()].strip()[:200])
    found: list[Pair] = []
    question = ""
    for place, one in enumerate(marks):
        stop = marks[place + 1].start() if place + 1 < len(marks) else len(text)
        said = text[one.end() : stop].strip().strip("*").strip()
        if one["first"]:
            question = said
        elif question and said:
            found.append(Pair(question, said))
            question = ""
    return list(dict.fromkeys(found)) or FormFault("no_pairs", text[:200])


def _without_lead_line(text: str, form: Form) -> str:
    """Without one line before the first mark that announces what comes."""
    first = next(iter(_marks_in(text, form)), None)
    lead = text[: first.start()].strip() if first else ""
    if first and lead and "\n" not in lead and (lead.endswith((":", "：")) or is_lead_in(lead)):  # noqa: RUF001
        return text[first.start() :]
    return text


def _unwrapped(text: str) -> str:
    """Without a code fence, a tag, or quotes around all of it."""
    fenced = FENCE.match(text)
    if fenced:
        text = fenced.group(1).strip()
    tagged = TAGGED.match(text)
    if tagged and f"<{tagged[1]}>" not in tagged[2]:
        text = tagged[2].strip()
    for start, stop in QUOTES:
        inner = text[len(start) : -len(stop)]
        if len(text) > 2 and text.startswith(start) and text.endswith(stop) and start not in inner:
            return inner.strip()
    return text


def _list(text: str) -> str | FormFault:
    first = BULLET.search(text)
    if first is None:
        return FormFault("no_list", text[:200])
    items = [line.strip() for line in BULLET.split(text[first.start() :])]
    lines = [" ".join(item.split()) for item in items if item]
    return "\n".join(f"- {line}" for line in lines)
