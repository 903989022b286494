"""What a question is: whether a text asks for something, by a question mark or by a verb that sets a task."""

import re

from pipeline.text.plain_sentences import YES_NO_OPENINGS

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

YES_NO = re.compile(rf"(?:^|[.,:;]\s+|\b(?:and|or|but)\s+)(?:{YES_NO_OPENINGS})\b", re.IGNORECASE)


def asks_yes_or_no(text: str) -> bool:
    """Whether it can be answered with yes or no, as far as its form tells."""
    return text.endswith("?") and YES_NO.search(text) is not None


def has_task(text: str) -> bool:
    return "?" in text or ASKS.search(text) is not None
