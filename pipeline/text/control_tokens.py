"""The control tokens and thought marks of chat models: the one list, for the door that replies come through
and for the filters.

A server that does not know a model's template leaves such tokens in the text, and one without a reasoning
parser leaves the model's thoughts before its answer. The names are those of the templates of ChatML, Llama,
Mistral, Gemma, Phi, Qwen, DeepSeek, GLM, Kimi, Cohere, Seed and gpt-oss (harmony).
"""

import bisect
import re

# Names of tags that hold thoughts: <think>...</think>. `analysis` and `reason` are left out: texts use them.
THOUGHT_TAGS = (
    "think|thinking|thoughts?|reasoning|reflection|scratchpad|cot|chain_of_thought|inner_thoughts?"
    "|inner_monologue|internal_monologue|seed:think|ant_?thinking"
)
OPENS_THOUGHT = (
    rf"<\|?\s*(?:{THOUGHT_TAGS})(?:\s[^<>]{{0,80}})?\|?>|\[THINK\]|◁think▷|<unused94>|<\|channel>\s*thought"
    r"|<\|(?:begin_of_thought|start_thinking)\|>|<\|channel\|>\s*(?:analysis|commentary)\b"
)
ENDS_THOUGHT = (
    rf"<\|?\s*/\s*(?:{THOUGHT_TAGS})\s*\|?>|\[/THINK\]|◁/think▷|<unused95>|<channel\|>"
    r"|<\|(?:end_of_thought|end_thinking)\|>|<\|channel\|>\s*final\b[^<]{0,40}<\|message\|>"
)
THOUGHT_MARK = re.compile(f"{OPENS_THOUGHT}|{ENDS_THOUGHT}", re.IGNORECASE)
_MARKS = re.compile(f"(?P<ends>{ENDS_THOUGHT})|(?P<opens>{OPENS_THOUGHT})", re.IGNORECASE)
# Harmony whose control tokens the server has left out: analysisThe user asks ...assistantfinalHoney is ...
_BARE_CHANNELS = re.compile(r"\s*analysis(?=[A-Z]).*assistantfinal", re.DOTALL)
_HARMONY_END = "<|end|>"  # of a message, of the analysis too
_FENCE = re.compile(r"^\s{0,3}(?:```|~~~)", re.MULTILINE)
_WRAPPED = re.compile(r"<(answer|final|output|response)>(.*)</\1>", re.DOTALL | re.IGNORECASE)

CONTROL_TOKEN = re.compile(
    r"<[|｜][\w▁.:/-]{3,40}[|｜]>"  # noqa: RUF001  <|im_end|>; DeepSeek has full-width bars
    r"|<\|(?:turn|channel|tool)>|<(?:turn|channel|tool)\|>"
    r"|</?s>|<(?:start|end)_of_(?:turn|utterance|text|image)>"
    r"|<(?:unk|eos|bos|pad|eot|eod|eop|sop)>|<unused\d+>|<extra_id_\d+>|<reserved_\d+>|<0x[0-9a-f]{2}>"
    r"|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]|\[g?MASK\]|<</?SYS>>|\[EOS\]",
    re.IGNORECASE,
)
_ROLE = "assistant|user|system|model|human"
_OPENS = re.compile(r"[<\[◁]")  # what tokens and marks begin with
_AT_END = re.compile(rf"(?:{CONTROL_TOKEN.pattern})(?:\s*(?:{_ROLE}))?\s*\Z", re.IGNORECASE)
_AT_START = re.compile(rf"\s*(?:{CONTROL_TOKEN.pattern})(?:\s*(?:{_ROLE})(?=\s|<))?", re.IGNORECASE)
_LONGEST = 64  # characters of a token with its role
PIPE = "<|pipe|>"  # of Bonito: it parts the halves of a reply
_STRUCK = re.compile(r"<s>(?:(?!</?s>).)+</s>", re.DOTALL | re.IGNORECASE)  # struck through: HTML, Markdown


def control_token_in(text: str) -> str | None:
    """The first control token or thought mark. A pair <s>...</s> inside a text strikes words through and is
    none; one around the whole text is two.
    """
    if not _may_have_marks(text):
        return None
    inside = text if _STRUCK.fullmatch(text.strip()) else _STRUCK.sub(" ", text)
    for place in _OPENS.finditer(inside):  # far quicker than to search for what may follow
        start = place.start()
        found = CONTROL_TOKEN.match(inside, start) or THOUGHT_MARK.match(inside, start)
        if found:
            return found.group()
    return None


def without_thoughts(text: str) -> str | None:
    """What stands behind the last thought; None where a thought has no end or nothing behind it.

    Marks in code or quotation marks, and those that a sentence speaks of ("the </think> tag"), are text.
    """
    if text.lstrip().startswith("analysis") and (bare := _BARE_CHANNELS.match(text)) is not None:
        return text[bare.end() :].strip() or None
    if not _may_have_marks(text):
        return text
    fences = [fence.end() for fence in _FENCE.finditer(text)]
    first = len(text) - len(text.lstrip())
    marks = [mark for mark in _MARKS.finditer(text) if _is_mark(mark, text, first, fences)]
    if not marks:
        return text
    ends = [mark.end() for mark in marks if mark["ends"]]
    if not ends and "channel|>" in text and _HARMONY_END in text:
        ends = [text.rindex(_HARMONY_END) + len(_HARMONY_END)]
    last = ends[-1] if ends else 0
    if any(mark["opens"] and mark.start() >= last for mark in marks):
        return None
    rest = without_end_tokens(text[last:])
    wrapped = _WRAPPED.fullmatch(rest)
    return (wrapped[2].strip() if wrapped is not None else rest) or None


def _is_mark(mark: re.Match[str], text: str, first: int, fences: list[int]) -> bool:
    """`first`: where the text begins; `fences`: where each fence ends."""
    start = mark.start()
    before, after = text[max(0, start - 1) : start], text[mark.end() : mark.end() + 2]
    if before in set("`'\"") or after[:1] in set("`'\""):
        return False
    if first < start and after[:1] == " " and after[1:].islower():
        return False
    return bisect.bisect_right(fences, start) % 2 == 0 or not after.strip()


def _may_have_marks(text: str) -> bool:
    """False for most texts, at a hundredth of what looking for marks and tokens costs."""
    return "<" in text or "[" in text or "◁" in text


def without_end_tokens(text: str) -> str:
    """The text without the control tokens that it begins and ends with, stripped. A token inside stays."""
    text = text.strip()
    pairs = [pair.span() for pair in _STRUCK.finditer(text)] if "</s>" in text.lower() else []
    struck = {edge: pair for pair in pairs for edge in (pair[0], -pair[1])}
    start, stop = 0, len(text)  # of what is left
    while _may_have_marks(text[max(start, stop - _LONGEST) : stop]):
        token = _AT_END.search(text, max(start, stop - _LONGEST), stop)
        if token is None or _stays(token, struck, start, stop):
            break
        stop = start + len(text[start : token.start()].rstrip())
    while start < stop and text[start] in "<[":
        token = _AT_START.match(text, start, stop)
        if token is None or _stays(token, struck, start, stop):
            break
        start = stop - len(text[token.end() : stop].lstrip())
    return text[start:stop]


def _stays(token: re.Match[str], struck: dict[int, tuple[int, int]], start: int, stop: int) -> bool:
    """Whether a token at the start or end of what is left belongs to the text. `struck`: by where it begins,
    and by where it ends as a negative number, what is struck through.
    """
    name = token.group().strip().lower()
    if name not in ("<s>", "</s>"):
        return name == PIPE
    pairs = [struck.get(token.start()), struck.get(-token.end())]
    return any(pair and start <= pair[0] and pair[1] <= stop and pair != (start, stop) for pair in pairs)
