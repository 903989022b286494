"""What a question is: whether a text asks for something, by a question mark or by a verb that sets a task;
and the pattern of a plain one, for small models to be held to.
"""

import re

# A question asks by a question mark or tells by one of these at the start of a sentence or clause.
TASK_VERBS = (
    r"add|analyse|analyze|answer|apply|argue|arrange|assess|brainstorm|build|calculate|"
    r"categorise|categorize|change|check|choose|classify|come|compare|complete|compose|"
    r"compute|conduct|consider|construct|continue|contrast|convert|correct|count|create|"
    r"critique|decide|deduce|define|demonstrate|derive|describe|design|detect|determine|"
    r"develop|diagnose|differentiate|discuss|distinguish|draft|draw|edit|estimate|"
    r"evaluate|examine|expand|explain|explore|express|extend|extract|factor|fill|find|"
    r"formulate|generate|give|help|identify|illustrate|imagine|implement|infer|insert|"
    r"integrate|interpret|investigate|justify|label|link|list|locate|make|match|model|name|"
    r"organise|organize|outline|output|paraphrase|pick|plan|please|plot|predict|prepare|"
    r"present|pretend|propose|prove|provide|put|quote|rank|read|recite|recommend|reconstruct|"
    r"reflect|remove|reorder|rephrase|replace|reply|respond|return|review|rewrite|say|score|"
    r"select|shorten|show|simplify|sketch|solve|sort|specify|split|state|suggest|summarise|"
    r"summarize|suppose|tag|teach|tell|test|trace|transform|translate|try|turn|update|use|"
    r"using|verify|work|write"
)
ASKS = re.compile(
    rf"(?:^|[.:;,!?\n)\"]\s*|\s-\s|\b(?:and|then|to|please)\s+)(?:{TASK_VERBS})\b"
    r"|\bhow (?:much|many|far|long|old|often)\b",
    re.IGNORECASE,
)


# How a question begins, by two words: by one alone a small model goes on to "What a magical way" and "Are a".
# None begins with "Which": it is followed by "ofthefollowing" and no options.
OPENINGS = (
    r"(What|Who|Where|Why|How) (is|are|was|were)|(What|Where|Why|How) (do|does|did|can|could|should)"
    r"|What (causes|happens|makes|kind|type|types|role)|When (do|does|did|is|was|were)"
    r"|How (many|much|long|far|often)|Can you (explain|describe|give|name|list)"
)
PLAIN_WORD = r"[A-Za-zÀ-ÿ0-9][A-Za-zÀ-ÿ0-9'-]{0,17}"
# A question of one sentence in plain words.
ONE_SENTENCE = rf"^({OPENINGS})( {PLAIN_WORD},?){{3,24}} {PLAIN_WORD}\?$"

YES_NO_OPENINGS = "Is|Are|Was|Were|Do|Does|Did|Can|Could|Has|Have|Had|Will|Would|Should|Must|May|Might"
ONE_YES_NO_SENTENCE = rf"^({YES_NO_OPENINGS})( {PLAIN_WORD},?){{3,24}} {PLAIN_WORD}\?$"
PHRASE = rf"^{PLAIN_WORD}( {PLAIN_WORD}){{0,7}}$"  # a few plain words
YES_NO = re.compile(rf"(?:^|[.,:;]\s+|\b(?:and|or|but)\s+)(?:{YES_NO_OPENINGS})\b", re.IGNORECASE)


def asks_yes_or_no(text: str) -> bool:
    """Whether it can be answered with yes or no, as far as its form tells."""
    return text.endswith("?") and YES_NO.search(text) is not None


def has_task(text: str) -> bool:
    return "?" in text or ASKS.search(text) is not None
