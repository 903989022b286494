"""Where a model speaks of itself instead of answering: it declines, thinks aloud, or tells of a
life of its own.

What somebody in a story says, or a program, is not the model's: quotations, dialogue and code are left out,
and a phrase counts where a sentence begins with it. Linear in the text.
"""

import re

from pipeline.text.kinds import without

HEAD = 300  # characters in which a refusal comes, if one does
DOES = (
    r"(?:(?:assist|help|answer|provide|fulfil+|comply|generate|engage|create|write|give|tell|offer"
    r"|discuss|support|"
    r"determine|access|browse|verify|predict|identify|recommend|share|complete"
    r"|process|perform|do that|"
    r"respond|continue|translate|produce|participate)\b"
    # ... and what a person cannot do either, but for what is sent to a model
    r"|(?:see|view|open|find) (?:any|that|this|your|images?|pictures?|links?|urls?|attachments?|files"
    r"|the (?:image|picture|link|url|attachment|text|passage|context|article|answer|information))\b)"
)
CANNOT = (
    r"(?:cannot|can't|can not|could not|couldn't|won't|will not|am (?:unable|not able) to"
    r"|'m (?:unable|not able) to|"
    r"must decline to|have to decline to)"
)
MODEL = (
    r"(?:an? )?(?:ai|artificial intelligence|(?:large )?language model|ai (?:language )?model"
    r"|virtual assistant|"
    r"chatbot|ai (?:assistant|chatbot|system|program))\b"
)
DECLINES = re.compile(
    r"(?:\A|(?<=[.!?:\n])\s*|(?<=, )|(?<=but )|(?<=and )|(?<=however, ))(?:"
    rf"as {MODEL}(?= ?[,.:]| i\b| (?:and|who|that|trained|developed|without)\b|$)"
    rf"|(?:i am|i'm) (?:just |only |merely )?{MODEL}(?! (?:engineer|researcher|student|developer"
    rf"|scientist|expert|fan))"
    rf"|(?:(?:i am|i'm) (?:very |so |truly |really )?sorry|sorry|i apologi[sz]e|apologies"
    rf"|unfortunately)(?:,| for [^.,]*,)?"
    rf" (?:but )?(?:i {CANNOT} {DOES}|as {MODEL}|i (?:do not|don't) have|i'm (?:not|unable)"
    rf"|there is not enough"
    r"|the (?:question|passage|text|prompt|input|context)"
    r" (?:is (?:not|un|too|in|missing|cut|empty)|does|you))"
    rf"|i(?: regret that i|'m afraid i| am afraid i)? ?{CANNOT}"
    rf" (?:directly |currently |really |possibly )?{DOES}(?!\s*[:;])"
    r"|i (?:do not|don't) have (?:access to (?:real-time|external|current|personal|your|any|that|this|live"
    r"|browsing|information|data|specific|up-to-date"
    r"|the (?:internet|web|text|passage|document|image|article|context|full))"
    r"|personal|the ability|real-time|enough (?:context"
    r"|information)|feelings|opinions)"
    r"|i have no knowledge of|(?:there is |i have )?not enough context"
    r"|(?:my knowledge cut-?off|my training data (?:only|ends|goes|cuts|does not|doesn't|was last))"
    r"|i was trained (?:by|on (?:data|a (?:large|data|corpus)|text|information))"
    r")"
)
# One of these is in all that it finds: the pattern is slow, and few texts have one.
DECLINING = (
    "i am", "i'm", "sorry", "apolog", "unfortunately", "not enough context", "i have no", "my knowledge cut",
    "my training data", "i was trained", "i don't have", "i do not have", "cannot", "can't", "can not",
    "could not", "couldn't", "won't", "will not", "able to", "decline to",
    "as ai", "as a ai", "as an ai", "as artificial", "as a artificial", "as an artificial",
    "as la", "as a la", "as an la", "as virtual", "as a virtual", "as an virtual",
    "as chatbot", "as a chatbot", "as an chatbot",
)  # fmt: skip
# What a model is asked for, in the sentence that declines it in another language.
TASK = (
    r"[^.!?\n]{0,60}?(?:ayud|asist|respond|proporcion|cumpl|gener|escrib|ofrec|discut|complet|solicitud|pregunta"
    r"|aid|répond|fourni|demande|génér|écri|helf|hilf|beantwort|anfrage|bereitstell|erstell|schreib|frage"
    r"|aiut|rispond|forni|richiest|domanda|ajud|forne|pergunta|pedido)"
)
# Other languages, as the words that a refusal begins with.
DECLINES_ELSEWHERE = re.compile(
    rf"(?:\A|(?<=[.!?。！？\n])\s*)(?:(?:lo siento|perdón|disculpa),? (?:pero )?(?:no puedo {TASK}|como)"  # noqa: RUF001
    r"|como (?:una? )?(?:ia|modelo de lenguaje)"
    rf"|(?:je suis )?désolée?,? (?:mais )?je ne (?:peux {TASK}|suis pas)|en tant qu['’](?:ia"  # noqa: RUF001
    r"|intelligence artificielle|assistant)"
    rf"|en tant que modèle|(?:es )?tut mir leid,? (?:aber )?(?:ich kann {TASK}|als)|als (?:ki|sprachmodell"
    r"|künstliche intelligenz)(?:,|-| (?:kann|habe|bin|darf|verfüge) ich\b)"
    rf"|(?:mi dispiace|desculpe|sinto muito),? (?:ma |mas )?(?:non posso {TASK}|não posso {TASK}|come|como)"
    r"|como (?:uma )?(?:ia|modelo de linguagem)"
    r"|(?:很?抱歉|对不起|對不起)[,，]?(?:但?我)?(?:无法|不能|無法)|作为(?:一个)?(?:人工智能|ai|语言模型)"  # noqa: RUF001
    r"|申し訳(?:ありません|ございません)が|(?:к сожалению|извините|простите),? (?:но )?я не (?:могу|имею)"
    r"|как (?:языковая модель|искусственный интеллект|ии)\b|(?:عذرًا|عذرا|آسف)،? ?(?:لا|ولكن))"
)
DECLINING_ELSEWHERE = (  # of ASCII
    "siento", "disculpa", "como ", "en tant qu", "mir leid", "als ki", "als sprachmodell",
    "mi dispiace", "desculpe", "sinto muito",
)  # fmt: skip
THINKS = re.compile(
    r"\A\W*(?:"
    r"(?:okay|ok|alright|hmm+)\b[,.!…]*\s+(?:so,? )?(?:the (?:user|person|question|prompt)\b"
    r"|i (?:need|have) to (?:figure|find|come up|think|write|create|generate|answer|explain|respond|provide"
    r"|rephrase|rewrite|produce|make sure|understand what|start by|help|address|come|turn|list)"
    r"|i should|let me|let's see|we need to|we are asked|i'm (?:asked|supposed)"
    r"|i am (?:asked|supposed))"
    r"|(?:the|this) user (?:wants me|is asking|asks|asked|has asked|wants (?:a|an|to know|the)\b)"
    r"|let me think\b(?! of it as\b)"
    r"|i need to come up with (?:a (?:question|task|problem)|an? (?:answer|instruction)|something)"
    r"|we need to (?:answer|produce|respond|write an answer)|嗯[,，]|好的[,，](?:用户|我需要))"  # noqa: RUF001
)
OWN_LIFE = re.compile(
    r"\bin my (?:own )?(?:daily|everyday|personal|own|professional|day-to-day) (?:life|lives"
    r"|experience|routine)\b"
    r"|\bmy (?:own )?(?:childhood|wife|husband|mother|father|mom|mum|dad|parents|grandmother"
    r"|grandfather|grandparents|"
    r"brother|sister|kids|children|son|daughter|friends|boss|coworkers|colleagues|classmates|job as"
    r"|career as)\b"
    r"|\bwhen i was (?:a (?:child|kid|boy|girl|student|teenager)|young(?:er)?|growing up"
    r"|in (?:school|college|high school))\b"
    r"|\bi (?:grew up|was born|was raised|went to (?:school|college|university)|work as an?|live in"
    r"|have been working as)\b"
    r"|\bas an? (?:student|teacher|parent|doctor|nurse|mother|father|engineer|scientist|programmer"
    r"|business owner),? i\b"
    r"|\b(?:in|from) my (?:personal )?experience\b|\b(?:last|this) (?:week|weekend|summer|year"
    r"|night),? i (?:went|had|was|bought)\b",
    re.IGNORECASE,
)
# A question that asks for words of somebody, or speaks of the asker.
ASKS_FOR_A_VOICE = re.compile(
    r"\b(?:write|compose|draft|letters?|e-?mails?|story|stories|poem|essay|diary|dialogue"
    r"|conversation|speech|pretend|"
    r"imagine|role|persona|first person|monologue|review|interview|rewrite|rephrase|paraphrase"
    r"|translate|complete|continue|"
    r"reply|respond|lyrics|song|message|post|script|sentence|example|quote|joke|proverb|sayings?"
    r"|make up|invent|i|my|me|i'm|we|our|tell me)\b",
    re.IGNORECASE,
)


def refusal_in(text: str) -> str | None:
    """The words by which the model declines, speaks of itself or thinks aloud, in the first HEAD
    characters.
    """
    said = without(text, "quotation", "dialogue", "code")
    if not any(map(str.isalpha, said)):
        said = without(text, "dialogue", "code").strip("\"'“”«» \n")  # a refusal in quotes
    said = said[:HEAD].casefold().replace("’", "'")  # noqa: RUF001
    found = DECLINES.search(said) if any(map(said.__contains__, DECLINING)) else None
    found = found or THINKS.match(said)
    if not found and (not said.isascii() or any(map(said.__contains__, DECLINING_ELSEWHERE))):
        found = DECLINES_ELSEWHERE.search(said)
    return found.group().strip() if found else None


def own_life_in(answer: str, question: str) -> str | None:
    """Where the model tells of a life that it does not have, unless it was to speak as somebody."""
    if "my " not in answer.casefold() and "I " not in answer and "I'" not in answer:
        return None
    found = OWN_LIFE.search(without(answer, "quotation", "dialogue", "code", "item"))
    return found.group() if found and not ASKS_FOR_A_VOICE.search(question) else None
