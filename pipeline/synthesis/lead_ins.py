"""What a reply says of itself before and after the text that was asked for: pure functions.

"Here is the rewritten text:" goes, "This is why water boils at 100 degrees: its vapour ..." is text. A
lead-in speaks of the task: of rewriting, of a version, of the text itself. One that stands on a line of
its own needs less of that than one with the text behind it.
"""

import re

RE = (  # but for verbs that tell somebody to do so
    r"(?!(?:translate|simplify|summari[sz]e|shorten|condense|reword|restate)\b)"
    r"(?:paraphras|re-?phras|re-?writ|re-?word|re-?stat|simplif|summar[iy]|condens|shorten"
    r"|reformulat|translat)\w*"
)
PLAIN = r"in (?:very |much )?(?:simple|simpler|plain|easy|other|your own|my own|different|high-quality)\b"
KIND = (
    r"(?:text|passage|paragraphs?|article|version|answer|lists?|table|questions?|q&a|pairs?|facts?|points|"
    r"conversation|dialogue|tutorial|problem|rendition|result|output|response|explanation|content)"
)
POINTS = (
    r"(?:here(?:'s| is| are)|below (?:is|are)|(?:the )?following (?:is|are)|this is|"
    r"i(?:'ve| have| will| can|'ll)|let me)"
)
MOOD = r"(?:sure(?: thing)?|certainly|of course|okay|ok|absolutely|no problem|gladly|great)"
MARK = r"[*_#> \t]*"
INLINE = re.compile(  # with the text behind it, or on its own line
    rf"\A\s*{MARK}(?:{MOOD}[,!.]+\s*)?(?:{POINTS}\b[^\n:.!?]{{0,160}}?\b(?:{RE}|{PLAIN}"
    rf"|version\b)[^\n:]{{0,120}}?"
    rf"|(?:the |a |my )?(?:{RE}(?: (?:and \w+ )?{KIND}| form)?|revised {KIND}"
    rf"|{PLAIN} (?:words|terms|english|language)|output|result)"
    rf"|title|answer|text|passage|the text (?:is|says|reads)(?: as follows)?){MARK}:{MARK}\s*",
    re.IGNORECASE,
)
OWN_LINE = re.compile(
    rf"\A\s*{MARK}(?:{MOOD}[,!.]+\s*)?(?:{POINTS}\b[^\n.!?]{{0,160}}?\b{KIND}\b[^\n]{{0,120}}?"
    rf"|(?:the |a )?{RE}\b[^\n.!?]{{0,80}}|{PLAIN}[^\n.!?]{{0,60}}"
    rf"|(?:the |key |main )?(?:facts|questions and answers"
    rf"|question-answer pairs))"
    rf"(?::{MARK}|\.)[ \t]*\n\s*"
    rf"|\A\s*(?:#+ |\*\*)(?:{RE}|simplified)\b[^\n]{{0,60}}\n\s*",
    re.IGNORECASE,
)
COURTESY = re.compile(
    rf"\A\s*{MOOD}(?:[,!.]+\s*here (?:you go|it is|you are|they are)\s*[:!.]?{MARK}\n\s*"
    rf"|!+\s+|[.,]?[ \t]*\n\s*)(?=\S)",
    re.IGNORECASE,
)
# Other languages: the words for "here is", then within the line those for the task.
ELSEWHERE = re.compile(
    r"\A\s*[*_#]*(?:(?:好的[,，!！。]?\s*)?(?:以下|下面|这|這|此)?(?:是|为|為)?[^\n:：。]{0,20}(?:改写|改寫|重写|简化|簡化|释义"  # noqa: RUF001
    r"|"
    r"复述|转述|轉述|总结|摘要|翻译)[^\n:：。]{0,15}"  # noqa: RUF001
    r"|(?:以下|こちら)(?:は|が)?[^\n:：。]{0,25}(?:言い換え|書き換え|書き直|要約|リライト)[^\n:：。]{0,20}"  # noqa: RUF001
    r"|다음은[^\n:]{0,30}(?:바꿔|다시 쓴|요약|재구성)[^\n:]{0,20}"
    r"|(?:claro[,!.] )?(?:aquí|aqui|a continuación|a seguir|segue|esta es"
    r"|este é)[^\n:]{0,60}(?:par[aá]fras|reformul|reescri|"
    r"simplific|resum|versi[óo]n|vers[ãa]o|texto)[^\n:]{0,50}|texto (?:parafrasead|reescrit"
    r"|reformulad|simplificad)o"
    r"|(?:bien sûr[,!.] )?(?:voici|ci-dessous)[^\n:]{0,60}(?:paraphras|reformul|réécri|simplifi"
    r"|résum|version|texte)[^\n:]{0,50}"
    r"|texte (?:reformulé|paraphrasé|réécrit|simplifié)"
    r"|(?:gerne[,!.] )?(?:hier (?:ist|sind)|nachfolgend|im folgenden"
    r"|das ist)[^\n:]{0,60}(?:umschrieben|umformul|paraphras|"
    r"vereinfach|zusammenfass|fassung|version|text)[^\n:]{0,50}|(?:umformulierter|vereinfachter"
    r"|umgeschriebener) text"
    r"|(?:ecco|di seguito)[^\n:]{0,60}(?:parafras|riformul|riscri|semplific|riassunt|version"
    r"|testo)[^\n:]{0,50}"
    r"|(?:вот|ниже|конечно)[^\n:]{0,60}(?:перефраз|перепис|пересказ|упрощ|верси|текст)[^\n:]{0,50}"
    r"|перефразированный текст"
    r"|(?:إليك|فيما يلي|هذا هو|هذه هي)[^\n:]{0,60}(?:صياغة|ملخص|نسخة|النص)[^\n:]{0,50}"
    r"|(?:यहाँ|यहां|निम्नलिखित|यह)[^\n:]{0,60}(?:पुनर्लेख|सरल|संस्करण|पाठ"
    r"|सारांश)[^\n:]{0,50})[*_]*\s*[:：]\s*[*_]*\s*",  # noqa: RUF001
    re.IGNORECASE,
)
NOTE = re.compile(  # a last line
    r"\s*[(\[*_]*(?:please )?(?:note|n\.b\.|disclaimer|explanation"
    r"|changes made|注|注意|说明|備考|nota|"
    r"remarque|hinweis|anmerkung|примечание|ملاحظة)\b",
    re.IGNORECASE,
)
RULE = re.compile(r"\n[ \t]*[-*_]{3,}\Z")  # above it
OF_THE_TASK = re.compile(
    rf"\b(?:i|i've)\b|\bwe (?:have )?(?:kept|used|changed|replaced|{RE})\b|\b{RE}\b"
    r"|\boriginal (?:text|passage|sentence|question|answer|paragraph|article|source|meaning|tone|wording)\b"
    r"|\b(?:this|the|my|above) (?:simplified |revised )?version (?:is|keeps|uses|has been|was kept)\b"
    r"|\bmeaning\b[^.\n]{0,30}\b(?:kept|preserved|retained|maintained|unchanged|same|intact)\b"
    r"|\b(?:keep|kept|preserv\w+|retain\w*|maintain\w*|chang\w+|alter\w*)\b[^.\n]{0,30}\bmeaning\b|原文|改写|原意"
    r"|\b(?:tone|style|wording|length|facts|details|structure)\b[^.\n]{0,40}\b(?:kept|preserved|retained|maintained|unchanged|adjusted|simplified)\b"
    rf"|\boriginale\b|\boriginaltext\b|"
    r"исходн|оригинал|ichs?\b|\bhe (?:mantenido|conservado)\b|\bj'ai\b",
    re.IGNORECASE,
)
# "This is a simple way to express that ...": the text goes on behind it.
WAY_TO_SAY = re.compile(
    rf"\A\s*{MARK}(?:{MOOD}[,!.]+\s*)?(?:this|that|it|here)(?: is|'s) (?:a|an|one|another),?"
    r" (?:\w+,? (?:and )?){0,3}(?:way (?:to|of)|rendition of|attempt (?:to|at))"
    r" (?:express|say|put|explain|describe|phrase|state|convey|word|rephrase|rewrite|paraphras)\w*"
    r"(?: (?:it|this|the same(?: thing)?|the (?:text|answer|question|sentence|passage|idea)))?"
    r"(?: in [\w ]{1,30})?(?: that|:)\s+",
    re.IGNORECASE,
)
# A last paragraph tells what the conversation above it is about.
RECAP = re.compile(
    r"[(\[*_]*(?:(?:in|through|throughout|with|by) (?:this|the above) (?:short |brief |simple )?"
    r"(?:conversation|dialogue|dialog|discussion|exchange|chat|interview)"
    r"|(?:this|the above) (?:short |brief |simple )?(?:conversation|dialogue|dialog|exchange)"
    r" (?:\w+ )?(?:is|was|shows?|illustrates?|highlights?|discuss(?:es)?|covers?|describes?|explains?"
    r"|captures?|demonstrates?|uses?|keeps?|presents?|reflects?|provides?))\b",
    re.IGNORECASE,
)
TURN = re.compile(r"^[ \t]*[*_]*[^\W\d_][\w .'-]{0,30}[*_]*:", re.MULTILINE)
MIN_TURNS = 2
# ... or how simple the text is.
PRAISE = re.compile(
    r"[(\[*_]*(?:this|that|it|the above)(?: is|'s| was) (?:just |only )?an? (?:very |really |quite )?"
    r"(?:simple|simplified|short|brief|easy|easy-to-understand|concise|basic)(?:,? (?:and )?[\w-]+){0,3}"
    r" (?:explanation|summary|overview|version|rewrite|rephrasing|description)\b",
    re.IGNORECASE,
)
MAX_LEADS = 2  # "Sure! Here is the text:"


def without_lead_ins(text: str, source: str) -> str:
    """The text without what announces it. Words that the source begins with too are text."""
    for _ in range(MAX_LEADS):
        found = next((m for p in (INLINE, OWN_LINE, ELSEWHERE, COURTESY) if (m := p.match(text))), None)
        if found is None or found.group().strip().casefold() in source.casefold():
            break
        text = text[found.end() :]
    way = WAY_TO_SAY.match(text)
    if way is None or way.group().strip().casefold() in source.casefold():
        return text
    said = text[way.end() :]
    return said[:1].upper() + said[1:]


def without_announcements(text: str, source: str) -> str:
    """The text without lead-ins and notes; as it is where nothing else is in it."""
    return without_lead_ins(without_note(text, source), source).strip() or text


def is_lead_in(line: str) -> bool:
    """Whether a line is nothing but an announcement."""
    return without_lead_ins(line.rstrip(": *") + ":\n", "") == ""


def without_note(text: str, source: str) -> str:
    """The text without a last paragraph in which the model tells what it did, or what a conversation was."""
    above, _, last = text.rpartition("\n")
    if not above.strip() or last.strip() in source:
        return text
    told = NOTE.match(last) is not None and OF_THE_TASK.search(last) is not None
    if not told and not above.rpartition("\n")[2].strip():  # a paragraph of its own
        of_turns = RECAP.match(last) is not None and len(TURN.findall(above)) >= MIN_TURNS
        told = of_turns or PRAISE.match(last) is not None
    return RULE.sub("", above.rstrip()).rstrip() if told else text
