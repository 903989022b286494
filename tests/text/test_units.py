"""What tells texts apart, and what does not."""

import re
import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.characters import (
    JOINER,
    LAST_OF_ALL,
    LAYOUT,
    MARKS,
    OPERATORS,
    PRIMED,
    QUOTES,
    SENTENCE_SIGNS,
    SINGLES,
    SYMBOLS,
    folded,
    lowered,
)
from pipeline.text.scripts import n_letters, n_words_like, n_words_said, script_of
from pipeline.text.sentence_marks import ends_sentence, has_question_mark, is_question
from pipeline.text.text import normalised, prose_units, stands_in, stutters, units, words

APART = [
    ("What is C++?", "What is C#?"),
    ("What is C#?", "What is C?"),
    ("What is F#?", "What is F?"),
    ("Simplify (a + b)^2.", "Simplify (a - b)^2."),
    ("Simplify 2(x + 1).", "Simplify 2x + 1."),
    ("Is 2 in [1, 2)?", "Is 2 in [1, 2]?"),
    ("Is A \u222a B empty?", "Is A \u2229 B empty?"),
    ("Is A \u2282 B?", "Is A \u2286 B?"),
    ("What does == do?", "What does != do?"),
    ("What does === do?", "What does == do?"),
    ("What does = do?", "What does := do?"),
    ("What does : do?", "What does :: do?"),
    ("What does && do?", "What does || do?"),
    ("Is !x true?", "Is x true?"),
    ("Is a <= b?", "Is a >= b?"),
    ("Does p -> q hold?", "Does p <-> q hold?"),
    ("Is f: A \u2192 B onto?", "Is f: A \u2190 B onto?"),
    ("What does the regex a+ match?", "What does the regex a* match?"),
    ("What does the regex a? match?", "What does the regex a match?"),
    ("What does the regex .* match?", "What does the regex .+ match?"),
    ("What is 2\u00b9\u2070?", "What is 210?"),
    ("What is x\u00b2?", "What is x2?"),
    ("What is 3\u00bd?", "What is 31/2?"),
    ("What is 3.14?", "What is 314?"),
    ("What is 3.14?", "What is 3 14?"),
    ("Add .5 and 1.", "Add 5 and 1."),
    ("What is 5!?", "What is 5?"),
    ("Is n! even for n > 1?", "Is n even for n > 1?"),
    ("Find f'(2).", "Find f(2)."),
    ("Find f\u2032.", "Find f."),
    ("What does i++ do?", "What does i-- do?"),
    ("What is 10 %?", "What is 10?"),
    ("Is it $5?", "Is it \u20ac5?"),
    ("Print @name.", "Print &name."),
    ("What is *p?", "What is &p?"),
    ("What does \\n mean?", "What does /n mean?"),
    ("What is 3 + 4?", "What is 3 * 4?"),
    ("What is -5 + 2?", "What is 5 + 2?"),
    ("What does \U0001f602 mean?", "What does \U0001f62d mean?"),
    ("What does \U0001f44d\U0001f3fb mean?", "What does \U0001f44d\U0001f3ff mean?"),
    ("Is it \U0001f468\u200d\U0001f4bb?", "Is it \U0001f469\u200d\U0001f4bb?"),
    ("Is it \U0001f468\u200d\U0001f469\u200d\U0001f467?", "Is it \U0001f468\U0001f469\U0001f467?"),
    ("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
     "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"),
    ("लड़का कहाँ है?",
     "लड़की कहाँ है?"),
    ("คำว่า ม้า", "คำว่า มา"),
    ("How is كَتَبَ said?", "How is كُتِبَ said?"),
    ("இது கல் தானே?",
     "இது கால் தானே?"),
    ("שָׁלוֹם", "שָׂלוֹם"),
    ("ကို", "ကူ"),
    ("el a\u00f1o", "el ano"),
    ("What does . match in a regex?", "What does , match in a regex?"),
    ("What does . match in a regex?", "What does match in a regex?"),
    ("What does `.` match?", "What does `?` match?"),
    ("What does '...' do?", "What does '..' do?"),
    ("What is (\u201c;\u201d)?", "What is (\u201c:\u201d)?"),
    ("\"!\" oder \"?\"?", "\"?\" oder \"!\"?"),
    ("\u300c\u3002\u300d是什么?", "\u300c\u3001\u300d是什么?"),
    ("Split at . or , then.", "Split at , or . then."),
    ("What is «।»?", "What is «॥»?"),
    ("What is .NET?", "What is NET?"),
    ("What is in `.env`?", "What is in `env`?"),
    ("Why does a?.b work?", "Why does a.b work?"),
    ("Is `!x` true?", "Is `x` true?"),
    ("Solve y'' + y = 0.", "Solve y' + y = 0."),
    ("Solve y' = 2x.", "Solve y = 2x."),
    ("Solve y'' + 2y' = 0.", "Solve y'' + 2y = 0."),
    ("Find f' for f(x) = x.", "Find f for f(x) = x."),
    ("Is x' = Ax linear?", "Is x = Ax linear?"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), APART)
def test_symbols_and_marks_tell_texts_apart(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


ALIKE = [
    ("  Hello,\tWORLD!\n", "hello world"),
    ("\uff48\uff45\uff4c\uff4c\uff4f\uff0c world", "Hello, world."),
    ("Caf\u00e9", "cafe\u0301"),
    ("It\u2019s \u201cgood\u201d", "it's \"good\""),
    ("Object-oriented programming", "Object oriented programming"),
    ("Rome \u2013 the city", "Rome \u2014 the city"),
    ("Rome - the city", "Rome: the city"),
    ("1914\u20131918", "1914-1918"),
    ("a \u2212 b = 3", "a - b = 3"),
    ("a+b=c", "a + b = c"),
    ("x!=y", "x != y"),
    ("2\u00b9\u2070", "2^10"),
    ("H\u2082O", "h2o"),
    ("photo\u00adsynthesis", "photosynthesis"),
    ("STRASSE", "stra\u00dfe"),
    ("\u0130stanbul", "i\u0307stanbul"),
    ("\u2764\ufe0f", "\u2764"),
    ("\u0645\u06cc\u200cد\u0645", "\u0645\u06ccد\u0645"),
    ("蜂\u3002", "蜂\uff01"),
    ("तुम कहाँ हो।", "तुम कहाँ हो?"),
    ("What is C++?", "what is c++ ?"),
    ("Is it so...?", "is it so"),
    ("Is it so ... ?", "is it so"),
    ("He said: 'Vitamin C' is it.", "He said \"vitamin C\" is it"),
    ("\"Yes,\" he said. \"No.\"", "yes he said no"),
    ("The dogs' and 'a b' of 5'", "the dogs and a b of 5"),
    ("Wait...and see.", "Wait... and see."),
    ("Pourquoi ? Explique ! La France : Paris ; oui", "Pourquoi? Explique! La France: Paris; oui"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_case_width_form_spacing_and_the_punctuation_of_sentences_do_not(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


# What words and units are, said plainly: slow, and the same for all texts.
LETTER, SINGLE = rf"[^\W_{SINGLES}]", rf"(?=[{SINGLES}])\w"
RUN = rf"{LETTER}+(?:[{MARKS}]+{LETTER}*)*"
WORD = rf"{RUN}|{SINGLE}[{MARKS}]*|[{re.escape(OPERATORS)}](?=\s*\d)"
POINT, NOT = rf"(?<![^\W\d_])(?<!{SINGLE})(?<![{MARKS}.])\.(?=\d)", rf"(?<![^\s{SYMBOLS}{QUOTES}])!(?=[^\W_])"
DOT, OPTION = rf"(?<![^\s(/{QUOTES}])\.(?=[^\W\d_])", r"(?<=[\w)\]])\?\.(?=[^\W\d_])"
PRIME = rf"(?<=[^\W\d_])(?<![^\W\d_].)(?<!'.)(?:''+|(?<=[{PRIMED}])'|'(?=\s*[=+*/^<>]))(?![^\W_]|')"
SPOKEN = (
    rf"(?<![^\s(])[{QUOTES}][{SENTENCE_SIGNS}{re.escape(LAYOUT)}]+[{QUOTES}]"
    r"|(?<!\S)(?:[.,]+|\?\.)(?=\s+[^\W_])"
)
UNIT = (
    rf"{SPOKEN}|::+|[!?:]=|{OPTION}|(?<![^\W_])(?<![{MARKS}])\.[=+<>&*]|(?<!')'+\("
    rf"|(?:{POINT}|{NOT}|{DOT})?(?:{LETTER}(?!{LETTER}|[{MARKS}])(?:!(?!=)|(?<!\d)\?(?=\s+[^\W_])|{PRIME})?"
    rf"|{RUN}(?:(?<=\d)!(?!=)|{PRIME})?)|(?:{NOT})?{SINGLE}[{MARKS}]*|{JOINER}?[{SYMBOLS}]|[{MARKS}]"
)


TEXTS = st.text(
    st.characters(exclude_categories=("Cs",))
    | st.sampled_from("ab 1+-*.!?:='(`f,]\"\u0301\u200d\u00df\u2019")
)


@given(TEXTS)
def test_units_joined_are_their_own_units_in_every_form(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)
    for form in ("NFC", "NFD"):
        assert units(unicodedata.normalize(form, text)) == units(text)
        assert words(unicodedata.normalize(form, text)) == words(text)


@given(TEXTS)
def test_words_and_units_are_those_of_the_plain_patterns(text: str) -> None:
    assert words(text) == re.findall(WORD, folded(text))
    if "-" not in folded(text):  # some of them are no units
        assert units(text) == re.findall(UNIT, folded(text))


def test_characters_that_are_said_not_to_be_letters_are_none() -> None:
    unlisted = "".join(map(chr, [*range(0x1F300, 0x1FB00), *range(LAST_OF_ALL + 1, 0x110000)]))
    assert re.findall(rf"[\w{MARKS}]", unlisted) == []


def test_a_text_in_lower_case_is_what_ignorecase_compares_ascii_letters_with() -> None:
    every = "".join(map(chr, range(0x110000)))
    lower = lowered(every)
    assert len(lower) == len(every)
    for letter in string.ascii_lowercase:
        found = [match.start() for match in re.finditer(letter, every, re.IGNORECASE)]
        assert found == [match.start() for match in re.finditer(letter, lower)]
    for kind in (r"\w", r"\s", r"\d"):
        assert [*map(re.Match.start, re.finditer(kind, every))] == [
            *map(re.Match.start, re.finditer(kind, lower))
        ]


@given(TEXTS)
def test_words_are_the_same_whatever_the_case_of_ascii(text: str) -> None:
    changed = "".join(char.upper() if char.isascii() else char for char in text)
    assert words(changed) == words(text)
    assert units(changed) == units(text)


def test_marks_belong_to_their_letter_and_digits_make_numbers() -> None:
    assert words("लड़का") == ["लड़का"]
    assert words("ปี ๒๕๖๗") == ["ปี", "๒๕๖๗"]
    assert words("3 + 4, C++") == ["3", "+", "4", "c"]
    assert prose_units("**C++** (a | b): -3") == ["c", "+", "+", "a", "b", "-", "3"]


def test_a_long_run_of_punctuation_costs_no_more_than_its_length() -> None:
    for char in "'?!.:-( ":
        assert len(units("a" + char * 200_000 + "b")) < 200_003


STUTTERS = {
    "Maths Maths Maths": True, "Genetics, genetics": True, "gene gene": True, "Physics Physics": True,
    "Introduction to to Biology": True, "Exon exon": True, "Bora Bora Bora": True,
    "Bora Bora": False, "Walla Walla": False, "Baden-Baden": False, "Pago Pago culture": False,
    "Boutros Boutros-Ghali": False, "Supply and demand and supply": False, "Vitamin C c": False, "": False,
    "วิศวกรรมศาสตร์": False,
    "妈妈的健康": False, "ರರ": False,
}  # fmt: skip


def test_a_word_again_at_once_stutters_but_for_doubled_names() -> None:
    assert {text: stutters(text) for text in STUTTERS} == STUTTERS


def test_a_text_of_any_script_has_a_length_in_words() -> None:
    chinese = "蜜蜂是一种会飞行的群居昆虫\u3002"
    assert (len(words(chinese)), n_words_like(chinese)) == (13, 9)
    assert n_words_like("Bees make honey.") == 3
    assert n_words_like("ผึ้งทำน้ำผึ้ง") == 2
    assert n_words_like("Python 是什么") == 3
    assert n_letters("தேனீ, e\u0301 1") == 6
    scripts = {"a": "Latin", "\u044f": "Cyrillic", "漢": "Han", "ー": "Kana", "々": "Han", "1": None,
               "\u0301": None, "้": "Thai", "က": "Myanmar", "한": "Hangul", "\U0001d400": None}  # fmt: skip
    assert {char: script_of(char) for char in scripts} == scripts | {"\U0001d400": script_of("\U0001d400")}


ENDS = ["Done.", "Done?\u201d", "完了\u3002", "है।", "ہے\u06d4", "\u0561\u0576\u0589",
        "ሰላም።", "បាន។", "သည်။", "ดีครับ",
        "(Done.)", "「完\u3002」"]  # fmt: skip
NO_ENDS = ["and the", "蜂蜜", "है", "honey,", ""]


def test_sentences_end_by_the_marks_of_their_script() -> None:
    assert [text for text in ENDS if not ends_sentence(text)] == []
    assert [text for text in NO_ENDS if ends_sentence(text)] == []


ASKED = ["Why?", "为什么\uff1f", "لماذا؟", "\u0393\u03b9\u03b1\u03c4\u03af;",
         "\u03a4\u03b9 \u03b5\u03af\u03bd\u03b1\u03b9\u037e", "\u056b\u0576\u0579\u055e", "ምንድን ነው፧",
         "\u201cWhy?\u201d", "Why?!".rstrip("!")]  # fmt: skip


def test_questions_are_known_by_the_marks_of_their_script() -> None:
    assert [text for text in ASKED if not is_question(text)] == []
    assert not any(has_question_mark(text) for text in ("Done.", "int a = 1;", "完了\u3002"))


@pytest.mark.parametrize(
    ("text", "other", "stands"),
    [
        ("수소와 산소", "물은 수소와 산소로 이루어져 있다.", True),
        ("서울", "서울은 대한민국의 수도이다.", True),
        ("부산", "그는 부산에서 태어났다.", True),
        ("배", "배나무밭에서도 만났다.", False),
        ("산소", "그것은 수소이다.", False),
        ("oxy", "It has oxygen.", False),
        ("6", "Bees have 16 legs, or 60.", False),
    ],
)
def test_a_korean_particle_may_follow_a_word_that_stands_in_a_text(
    text: str, other: str, stands: bool
) -> None:
    assert stands_in(text, other) is stands


def test_one_word_may_say_several() -> None:
    assert n_words_said("Fotosentez nedir?") == 3
    assert n_words_said("중력이란 무엇입니까?") == 3
    assert n_words_said("What is it?") == 3
    assert n_words_said("The term") == 2
