"""The forms of replies: lead-ins, notes, pairs, lists and tables, and what is left of them."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.synthesis.reply_forms import FormFault, Pair, cleaned, pairs_in, some_of

SOURCE = (
    "The bridge over the Tay in Scotland was opened in 1878 and was 3,264 metres long. It fell in a storm "
    "on the evening of 28 December 1879, while a train with 75 people was crossing it."
)
REPHRASED = (
    "In Scotland, a railway bridge of 3264 metres crossed the Tay from 1878 on. A storm of 28 December "
    "1879 brought it down in the evening; 75 people were on a train that was on it."
)


LEADS = [
    "Here is a paraphrase:\n\n",
    "Here's a paraphrased version of the text: ",
    "Sure! Here is the text in simple words:\n",
    "Paraphrase: ",
    "Rewritten text:\n\n",
    "In high-quality English, as in Wikipedia:\n\n",
    "Certainly, here is the rewritten passage:\n",
    "The following is a summary:\n",
]


@pytest.mark.parametrize("lead", LEADS)
def test_wrap_2_lead_ins_are_stripped(lead: str) -> None:
    """Acceptance check 2."""
    assert cleaned(lead + REPHRASED, "prose", SOURCE) == REPHRASED


@pytest.mark.parametrize(
    "lead",
    [
        "This is a simple way to express that ",
        "This is another, simpler way of saying it: ",
        "Sure! Here is a short way to put the same thing: ",
        "It's a different way to say that ",
    ],
)
def test_a_lead_in_within_the_sentence_goes_and_the_sentence_begins_large(lead: str) -> None:
    assert cleaned(lead + REPHRASED[0].lower() + REPHRASED[1:], "prose", SOURCE) == REPHRASED


TURNS = "Anna: How long was the bridge?\n\nBen: It was 3,264 metres long.\n\nAnna: And when did it fall?"


@pytest.mark.parametrize(
    "recap",
    [
        "In this conversation, Anna and Ben discuss a bridge.",
        "Through this dialogue we learn of a bridge.",
        "This short exchange illustrates how long the bridge was.",
    ],
)
def test_what_is_said_of_a_conversation_below_it_goes(recap: str) -> None:
    assert cleaned(f"{TURNS}\n\n{recap}", "dialogue", SOURCE) == TURNS
    assert cleaned(f"{TURNS}\n\n{recap}", "dialogue", f"{SOURCE}\n{recap}") == f"{TURNS}\n\n{recap}"


@pytest.mark.parametrize(
    "remark",
    [
        "This is a very simple and short explanation of the fall.",
        "It's a simplified version of the text.",
        "Note: I have kept all the facts.",
        "**Note:** The original meaning is preserved.",
    ],
)
def test_what_a_last_paragraph_says_of_the_text_goes(remark: str) -> None:
    assert cleaned(f"{REPHRASED}\n\n{remark}", "prose", SOURCE) == REPHRASED
    assert cleaned(remark, "prose", SOURCE) == remark


@pytest.mark.parametrize(
    "text",
    [
        "This is a simple way to say hello: wave.",
        f"{REPHRASED}\n\nThis is one example of how bridges fall.",
        f"{REPHRASED}\n\nIn this dialogue, Socrates asks what virtue is.",
        f"{REPHRASED}\n\nThis version is not compatible with the old one.",
        f"{REPHRASED}\n\nNote that we owe a third of our food to bees.",
        f"{REPHRASED}\n\nNote: The original version of this law was passed in 1901.",
        "It is a good way to explain a theory.",
        f"{REPHRASED}\n\nIn this exchange of letters he was told of it.",
        f"{REPHRASED}\n\nThis version of the bridge was built in 1887.",
    ],
)
def test_sentences_that_look_like_them_stay(text: str) -> None:
    assert cleaned(text, "prose", text) == text


@pytest.mark.parametrize(
    "text", [REPHRASED, "Here, in Scotland, a bridge fell. It was long.", "I have seen a bridge."]
)
def test_what_announces_nothing_stays(text: str) -> None:
    assert cleaned(text, "prose", SOURCE) == text


@pytest.mark.parametrize(
    "reply",
    [
        f"{REPHRASED} I hope this helps!",
        f"{REPHRASED}\n\nLet me know if you need more.",
        f"This text says: {REPHRASED} The paraphrased version of the text ends.",
        f"The original sentence is long. {REPHRASED}",
        f"It's a bit wordy and could be simplified to: {REPHRASED}",
    ],
)
def test_wrap_2_a_reply_that_still_speaks_of_itself_is_dropped(reply: str) -> None:
    """Acceptance check 2."""
    found = cleaned(reply, "prose", SOURCE)
    assert isinstance(found, FormFault)
    assert found.reason == "lead_in"


def test_fences_and_quotes_around_all_of_it_go() -> None:
    for reply in (f'"{REPHRASED}"', f"```\n{REPHRASED}\n```", f"```text\n{REPHRASED}\n```", f"“{REPHRASED}”"):
        assert cleaned(reply, "prose", SOURCE) == REPHRASED
    assert cleaned('"One" and "two"', "prose", SOURCE) == '"One" and "two"'


PAIRS = "Question: How long was it?\nAnswer: 3,264 metres.\n\nQuestion: When did it fall?\nAnswer: In 1879."


@pytest.mark.parametrize(
    "reply",
    [
        PAIRS,
        f"Here are the questions and answers:\n{PAIRS}",
        "".join(f"- {line} \n" for line in PAIRS.splitlines() if line),
        PAIRS.replace("Question:", "**Question 1:**").replace("Answer:", "**A2:**"),
        "1. Q: How long was it?\n   A: 3,264 metres.\n2. Q: When did it fall?\n   A: In 1879.",
        f"{PAIRS}\nQuestion: without an answer?",
        f"{PAIRS}\n{PAIRS}",
    ],
)
def test_pairs_are_read_however_they_are_marked(reply: str) -> None:
    assert cleaned(reply, "pairs", SOURCE) == PAIRS


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (f"The bridge was long.\nIt fell.\n{PAIRS}", "text_before_first_question"),
        (f"The bridge fell in a storm. {PAIRS.replace('Question', 'X', 1)}", "text_before_first_question"),
        (REPHRASED, "no_pairs"),
        ("Answer: 1\nAnswer: 2", "no_pairs"),
    ],
)
def test_wrap_4_text_before_the_first_question_rejects_the_reply(reply: str, reason: str) -> None:
    """Acceptance check 4."""
    found = cleaned(reply, "pairs", SOURCE)
    assert isinstance(found, FormFault)
    assert found.reason == reason


@given(st.integers(1, 40), st.integers(1, 2000), st.integers(0, 99))
def test_wrap_4_never_more_pairs_than_the_tokens_of_the_source_are_good_for(
    n: int, tokens: int, seed: int
) -> None:
    """Acceptance check 4: max(1, floor(10 * tokens / 150))."""
    pairs = [Pair(f"q{number}", "a") for number in range(n)]
    chosen = some_of(pairs, tokens, Random(seed))
    assert 1 <= len(chosen) <= max(1, 10 * tokens // 150)
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) <= set(pairs)


def test_other_forms() -> None:
    assert cleaned("Facts:\n* It was long.\n* It\n fell.", "list", SOURCE) == "- It was long.\n- It fell."
    assert cleaned("It was long.", "list", SOURCE).reason == "no_list"
    table = "| what | when |\n|---|---|\n| opened | 1878 |\n\nQuestion: When?\nAnswer: 1878"
    assert cleaned(f"Here is a table:\n{table}", "table", SOURCE) == table
    assert cleaned("what, when", "table", SOURCE).reason == "no_table"
    talk = "Anna: What fell?\nBen: The bridge."
    assert cleaned(talk, "dialogue", SOURCE) == talk
    assert cleaned(REPHRASED, "dialogue", SOURCE).reason == "no_dialogue"
    problem = "Problem: A bridge of 10 m lost 3 m. How long is it?\nSolution: 10 - 3 = 7 m."
    assert cleaned(problem, "problem", SOURCE) == problem
    assert pairs_in(problem, "problem")[0].answer == "10 - 3 = 7 m."


TEXTS_WITHOUT_LEAD = [
    "This is why water boils at 100 degrees: its vapour has the pressure of the air.",
    "In simple words, the dam did two things: it held water and it made power.",
    "I will never forget that night: the dam broke.",
    "The text of the treaty has three parts: one, two and three.",
    "Answer the phone with care: it may be the owner.",
    "Sure signs of failure were seen: cracks in the wall.",
    "Of course, the dam fell.",
    "Here in the valley two things matter: rain and sun.",
    "The following winter was hard: many died.",
    "Translation is hard: words differ.",
    "Rewriting history is common: victors do it.",
    "The answer is simple: no.",
    "Bees collect nectar.\n\nNote: the bridge was rebuilt later.",
]


@pytest.mark.parametrize("text", TEXTS_WITHOUT_LEAD)
def test_a_clause_before_a_colon_is_no_lead_in(text: str) -> None:
    assert cleaned(text, "prose", SOURCE) == text


LEADS_ELSEWHERE = [
    "以下是改写后的文本：\n",  # noqa: RUF001
    "**Rephrased text:**\n\n",
    "Sure, here you go:\n",
    "Of course! Here it is:\n\n",
    "**Simplified version:** ",
    "### Rewritten passage\n\n",
    "Voici le texte reformulé :\n",
    "Hier ist der umformulierte Text:\n",
    "Aquí tienes el texto reescrito:\n",
    "Вот перефразированный текст:\n",
    "Of course! Here's a simplified version:\n\n",
    "Summary: ",
]


@pytest.mark.parametrize("lead", LEADS_ELSEWHERE)
@pytest.mark.parametrize("note", ["", "\n\n(Note: I have kept all the facts of the original.)"])
def test_leads_in_other_languages_and_notes_go(lead: str, note: str) -> None:
    assert cleaned(f"{lead}{REPHRASED}{note}", "prose", SOURCE) == REPHRASED


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (f"<rewritten>\n{REPHRASED}\n</rewritten>", REPHRASED),
        (f"<paraphrase>{REPHRASED}</paraphrase>", REPHRASED),
        (f"{REPHRASED}\n\n*Note: the tone was kept neutral.*", REPHRASED),
        (f"{REPHRASED}\n\nNote: the style has been simplified.", REPHRASED),
        (
            f"{REPHRASED}\n\nNote: the seal must be kept dry.",
            f"{REPHRASED}\n\nNote: the seal must be kept dry.",
        ),
        (f"<b>{REPHRASED}</b>", f"<b>{REPHRASED}</b>"),
    ],
)
def test_tags_around_a_reply_and_notes_on_its_style_go(reply: str, text: str) -> None:
    assert cleaned(reply, "prose", SOURCE) == text


PAIRS_ELSEWHERE = [
    ("问：蜜蜂做什么？\n答：它们采蜜。", "蜜蜂做什么？", "它们采蜜。"),  # noqa: RUF001
    ("Pregunta: ¿Qué hacen?\nRespuesta: Miel.", "¿Qué hacen?", "Miel."),
    ("Frage 1: Was tun sie?\nAntwort 1: Honig.", "Was tun sie?", "Honig."),
    ("**Вопрос:** Что?\n**Ответ:** Мёд.", "Что?", "Мёд."),
    ("Q. What?\nA. Honey.", "What?", "Honey."),
    ("### Question 1: What?\n### Answer: Honey.", "What?", "Honey."),
    (
        "Question: Which?\nA. They warned\nB. They left\nAnswer: A.",
        "Which?\nA. They warned\nB. They left",
        "A.",
    ),
    ("Question: Which?\nA) red\nB) blue\nAnswer: B) blue", "Which?\nA) red\nB) blue", "B) blue"),
]


@pytest.mark.parametrize(("reply", "question", "answer"), PAIRS_ELSEWHERE)
def test_marks_of_pairs_in_other_languages_and_options(reply: str, question: str, answer: str) -> None:
    text = cleaned(reply, "pairs", SOURCE)
    assert pairs_in(text, "pairs") == [Pair(question, answer)]
