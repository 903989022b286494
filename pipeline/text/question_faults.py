"""What makes a question one that nobody would ask: words of the course it was made for, something that is not
given, a choice without options, a thing compared with itself. Pure functions, linear in the text.
"""

import re
from collections import Counter

from pipeline.text.kinds import without

PART = r"(?:course|class|(?:class )?sessions?|lectures?|lessons?|modules?|units?)"
# The prompt's own words: a question that speaks of its course leaks how it was made.
LEAKS = re.compile(
    r"\b(?:the|this|our|your|above|following|given|course) syllab(?:us|i)\b|\bin syllabus\b"
    r"|\b(?:using|use|with|from|of|all|apply|applying|based on|these) (?:the |these |those "
    r"|this )(?:\w+ )?key concepts?\b"
    r"(?! (?:of|in|behind|from|about|that|underlying|and))"
    r"|\bthese key concepts?\b|\b(?:this|the|here is a|a) homework question\b(?! about)"
    r"|\A\W*homework question\b"
    r"|\A\W*here(?: is|'s) (?:a|an|the|your|one) (?:\w+ ){0,2}(?:question|task|instruction)"
    r"(?:\s*:| (?:that|which|to|for|based|as|about|on)\b[^.:?!\n]{0,60}"
    r"\b(?:requirements?|criteria|constraints?|request\w*|topics?|concepts?|prompt|instructions?|guidelines?)\b)"
    r"|\b(?:discuss|cover|learn|studi|taught|teach|present|introduc|mention|explor"
    r"|seen)\w*\b[^.?!\n]{0,30}\b(?:in|during|by|"
    rf"throughout|from) (?:this|the|our|your) (?:\w+ )?{PART}\b"
    rf"|\b(?:in|of|for|from|during|after|throughout|does|by|to) (?:this|our|your) (?:course"
    rf"|class session|sessions?|lecture|"
    r"lesson)\b(?! of (?:action|treatment|events|study|therapy|antibiotics))"
    r"|\bin (?:this|our) class(?= ?[,.?]| (?:we|you|that|about)\b|\s*\Z)"
    r"|\b(?:objectives?|goals?|topics?|content|structure|aims?|outline|title|focus|purpose"
    r"|prerequisites) (?:of|for|in|from) "
    r"(?:the|this) (?:\w+ ){0,3}(?:course|class session|session)\b"
    r"|\bthe course(?:'s)? (?:covers?|syllabus|materials?|content|objectives?|outline|teaches"
    r"|discuss\w*|introduc\w*|focus\w*|"
    r"provid\w*|emphasi\w*|description|work)\b"
    r"|\b(?:in|from|for|according to) the (?:(?!main|golf|crash|collision|obstacle|race|first"
    r"|second|third)\w+ )?course"
    r"(?=[,.?!]|\s*\Z| (?:that|we|you|on)\b)"
    r"|\bthe class session\b|\b(?:concepts?|topics?|content|material) of (?:the )?(?:class"
    r" )?sessions? \d|\bsessions? \d+ (?:and|of the (?:course|class|syllabus))\b"
    r"|\bin (?:the )?sessions? (?:\d|\"|“|on |titled)"
    r"|\banswer to (?:the|this) (?:text|question)\b|\btext about,? and what\b"
    r"|\bstudents have (?:now )?studied\b"
    r"|\breturn (?:one|a|the) json object\b.{0,20}\"question\"|\A\W*\"question\"\s*:"
    r"|\{\s*\"(?:question|task|instruction)\"\s*:",
)

WHOLE_FENCE = re.compile(r"```\w*\s*([^`]*)```")

# Something to look at that was not given.
SEEN = r"(?:figure|diagram|image|picture|graph|chart|table|video|map|illustration)"
READ = r"(?:passage|text|excerpt|article|essay|paragraph|poem|story|document|dataset|code snippet)"
THINGS = rf"(?:{SEEN}|{READ})"
GIVEN = (
    r"(?:code|function|list|question|sentence|equation|expression|sequence|array|string|matrix|program|data|"
    r"reaction|set)"
)
READ_ONLY = r"(?:passage|excerpt|article|essay|poem|story|paragraph)"
OF_ALL = r"(?:main|central|key) (?:idea|point|topic|theme|argument|message|claim|purpose)s?"
OF_READING = (
    r"(?:the (?:theme|moral|tone|mood|message|plot|narrator|speaker|setting|summary|purpose|conclusion)s?"
    r"|the author's \w+)"
)
NOT_GIVEN = re.compile(
    rf"\b(?:the|this|following) {THINGS} (?:above|below|shown|provided|given)\b"
    rf"|\b(?:above|below|following) {THINGS}\b|\b(?:in|from|to|according to) the (?:text|passage|excerpt)\b"
    r"|\bthe (?:article|passage|text|author|story|sentence|paragraph|excerpt|poem)"
    r" (?:discuss|mention|describe|say|talk|mean|tell|suggest|imply)"
    rf"|(?P<numbered>\b(?:in|from|of|on|see|to) (?:{SEEN}|fig\.|exercise|appendix|equation) \d)"
    r"|\b(?:the|your) (?:answer to the )?previous (?:answer|exercise|passage|problem|question|section)\b"
    # The last sentence asks for what should follow it.
    r"|\bthe following (?!(?:day|week|month|year)s?\b|morning\b|night\b)[^:.\n]*\?\s*\Z"
    # One sentence is all there is.
    rf"|\A[^:.?\n]*\b(?:the given|this) (?:{THINGS}|{GIVEN})\b[^:.\n]*\?\s*\Z"
    rf"|\A[^:.?\n]*\b(?:(?:in|on) the {SEEN} (?!of\b)|the {READ} (?:about|on)\b"
    rf"|author of the {READ})[^:.\n]*\?\s*\Z"
    # What is asked of a text that one reads, at the end of the one sentence, so that no name follows.
    rf"|\A[^:.?\n]*\b(?:{OF_ALL} (?:of|in) the {READ}|{OF_READING} (?:of|in) the {READ_ONLY})\W*\Z",
)
# The thing stands behind the word for it: a formula, a quotation, code, a name, numbers.
IS_GIVEN = re.compile(
    rf"\b(?i:{THINGS}|{GIVEN}|reactions?|numbers|words|values|terms)s?,? (?:(?:called|titled|named"
    rf"|of|is|are) )?"
    r"(?:[\"“'«`‘$\[{(\\*]|(?:the )?[A-Z][a-z]+(?!\w)|[a-zA-Z]\w*\(|[a-zA-Z] ?=|-?\d)|=|[`$]"  # noqa: RUF001
    r"|\w\(\w\)|[\"“«][^\"”»]+[\"”»]"
)
AFTER = 60  # characters behind the word, in which the thing begins

# A choice, and what it would be made from.
CHOICE = re.compile(
    r"\b(?:one |which )(?:one )?of (?:these|the following|the options)\b|\bwhich option\b"
    r"|\bchoose the (?:best|correct|right) "
    r"(?:option|answer)\b|(?:下列|以下)(?:哪|选项)|\b(?:cuál|cual) de (?:estos|estas|los siguientes"
    r"|las siguientes)\b|"
    r"\b(?:lequel|laquelle) (?:de ces|des)\b|\bwelche[rs]? (?:der folgenden|dieser)\b|\bкак(?:ой"  # noqa: RUF001
    r"|ая"
    r"|ое) из (?:следующих|этих)\b",  # noqa: RUF001
    re.IGNORECASE,
)
OPTION = re.compile(
    r"(?:^|[\s(（\[{*:,;])(?:[A-Ha-h1-8А-Га-гＡ-Ｈ][).:：）．、\]}]|[①-⑧Ⓐ-Ⓗ])(?:[\s*\\\]})]"  # noqa: RUF001
    r"|(?=[\u3040-\u9fff]))"
    r"|\((?:[A-Ha-h1-8]|i{1,3}|iv)\)|（[A-Ha-h1-8一二三四]）",  # noqa: RUF001
    re.MULTILINE,
)
# Choices in the sentence itself: "...: lead or feathers?", "... (a, b or c)", "..., x or y?"
BEFORE_NAMES = ":：,—–(-"  # noqa: RUF001
MAX_NAME = 200  # characters between such a mark and what parts the names
BETWEEN_NAMES = re.compile(
    r"(?:\b(?:or|oder|o|ou|или|and)\b|或|还是|または|,|;|/|、)"
    r"(?=\s*[^?？]{1,100}?[)?？.])",  # noqa: RUF001
    re.IGNORECASE,
)
# ... or behind the question: "Which of these is the largest? Mars, Venus or Jupiter"
OF_FEW = r"[^\s,;?？.]+(?: [^\s,;?？.]+){0,4}"  # noqa: RUF001
NAMED_AFTER = re.compile(
    rf"[?？]\s*{OF_FEW}(?:[,;、/]\s*{OF_FEW})*[,;]?\s*(?:\b(?:or|oder|o|ou|или)\b|或|还是|または)"  # noqa: RUF001
    rf"\s*{OF_FEW}[?？.]?\s*\Z",  # noqa: RUF001
    re.IGNORECASE,
)
MAX_SLASHES = 8  # that may part names or be in them: each doubles the ways to read a text
LINES = 2  # below the question, that are its options

LONG = 4
COUNTED = 2  # numbers in a question of so many of a thing
SAME = 3  # times of one word, which is half of the long ones: nothing is asked


# One of these is in all that the patterns find: patterns are slow, and few questions have one.
LEAKY = (
    "syllab", "concepts", "homework", "course", "in class", "this class", "our class", "the class", "session",
    "lecture", "lesson", "this module", "the module", "this unit", "the unit", "question\"", "task\"",
    "instruction\"", "here is", "here's", "studied", "text about", "answer to",
)  # fmt: skip
NEEDY = (
    "figure", "diagram", "image", "picture", "graph", "chart", "table", "video", "map", "illustration",
    "passage", "text", "excerpt", "article", "essay", "poem", "story", "document", "dataset", "code", "given",
    "this", "previous", "author", "following", "sentence", "paragraph", "fig.", "exercise", "appendix",
    "equation",
)  # fmt: skip
CHOOSING = (
    " of these", " of the following", " of the options", "which option", "choose the ", "下列", "以下",
    "cuál de", "cual de", "lequel ", "laquelle ", "welche", "как",
)  # fmt: skip


def leak_of_course_in(question: str) -> str | None:
    """Words of the prompt: of a syllabus, a course, the JSON that was to come."""
    folded = question.lower()
    if not any(map(folded.__contains__, LEAKY)):
        return None
    whole = WHOLE_FENCE.fullmatch(question.strip())  # code alone is no question: a reply in JSON
    return _found(LEAKS, (whole[1] if whole else without(question, "code")).lower())


def not_given_in(question: str) -> str | None:
    """Words for a text, a figure or a thing that is not there."""
    asked = without(question, "code") if "```" in question else question
    folded = asked.lower()
    if not any(map(folded.__contains__, NEEDY)):
        return None
    found = NOT_GIVEN.search(folded)
    if (
        found is None
        or _names_choices(asked)
        or (not found["numbered"] and IS_GIVEN.search(asked, found.start(), found.end() + AFTER))
    ):
        return None
    return asked[found.start() : found.end()]


def choice_without_options_in(question: str) -> str | None:
    """Words for a choice, where nothing is there to be chosen."""
    folded = question.casefold()
    choice = CHOICE.search(question) if any(map(folded.__contains__, CHOOSING)) else None
    if choice is None or OPTION.search(question):
        return None
    behind = question[choice.end() :]
    if _has_names(behind):
        return None
    below = [line for line in behind.splitlines()[1:] if line.strip()]
    return None if len(below) >= LINES or "|" in question else choice.group()


def of_one_word(items: list[str]) -> str | None:
    """The word that is SAME of the long words of a short question, or more, and half of them: "How does it
    differ from it in it?" Things that are counted come again.
    """
    if sum(item[0].isdigit() for item in items) >= COUNTED or len(items) - len(set(items)) < SAME - 1:
        return None
    long = [word for word in items if len(word) >= LONG and word[0].isalpha()]
    [(often, times)] = Counter(long).most_common(1) or [("", 0)]
    return often if times >= SAME and 2 * times >= len(long) else None


def _names_choices(question: str) -> bool:
    """Whether what can be chosen stands behind the words for a choice."""
    choice = CHOICE.search(question)
    return choice is not None and _has_names(question[choice.end() :])


def _has_names(behind: str) -> bool:
    if any(_follows_a_name(behind, found.start()) for found in BETWEEN_NAMES.finditer(behind)):
        return True
    if behind.count("/") + behind.count("、") > MAX_SLASHES:
        behind = behind.replace("/", ",").replace("、", ",")
    return NAMED_AFTER.search(behind) is not None


def _follows_a_name(text: str, place: int) -> bool:
    """Whether what stands before a place is a mark and a name of some length: ": lead"."""
    start = max(text.rfind(":", 0, place), max(text.rfind("?", 0, place), text.rfind("？", 0, place)) + 1, 0)  # noqa: RUF001
    mark = max(text.rfind(char, start, max(start, place - 1)) for char in BEFORE_NAMES)
    return mark >= 0 and len(text[mark + 1 : place].lstrip()) <= MAX_NAME


def _found(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found.group() if found else None
