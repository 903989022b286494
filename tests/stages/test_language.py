"""Which texts are taken for a language that is wanted: all languages there are, lists, code, quotations."""

# ruff: noqa: RUF001

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from pipeline.errors import RecipeError
from pipeline.records import PLACEHOLDER, Document
from pipeline.stage import Reject
from pipeline.text.language_codes import NAMES, code_of
from stages.drop_wrong_language import DropWrongLanguage
from tests.conftest import ROOT
from tests.stages.make import example, instruction

# The first article of the Universal Declaration of Human Rights, and its first words of 20 letters.
ARTICLES = [
    json.loads(line)
    for line in (ROOT / "tests" / "data" / "article_1.jsonl").read_text(encoding="utf-8").splitlines()
]
SHARED = ROOT.parent / "shared" / "data"
ADAPTER = TypeAdapter(DropWrongLanguage)


def language_of(text: str, *languages: str) -> str:
    """The language that the text is kept as, or `not X`."""
    stage = DropWrongLanguage(languages=languages or ("en",))
    verdict = stage.judge(Document(id="1", name="n", title="", text=text))
    return f"not {verdict.got}" if isinstance(verdict, Reject) else verdict.language


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article["name"])
def test_no_other_language_passes_for_english(article: dict[str, str]) -> None:
    assert language_of(article["text"]).startswith("not ")
    assert language_of(article["start"]).startswith("not ")


def test_the_language_that_is_found_is_named() -> None:
    named = {
        "ar",
        "cs",
        "da",
        "de",
        "el",
        "es",
        "fi",
        "fr",
        "he",
        "hi",
        "hu",
        "it",
        "ja",
        "ko",
        "nl",
        "pl",
        "ru",
        "sv",
    }
    for article in ARTICLES:
        if article["language"] in named:
            assert language_of(article["text"]) == f"not {article['language']}"


@pytest.mark.parametrize(
    "code", ["ar", "da", "de", "el", "es", "fi", "hi", "id", "ja", "ko", "pl", "pt", "ru", "tr", "vi"]
)
def test_any_language_can_be_wanted_and_the_others_go(code: str) -> None:
    """The nearest relatives are those that are mixed up: Danish and Norwegian, Hindi and Nepali."""
    relatives = {"da": {"nb", "nn"}, "id": {"jv", "su"}, "es": {"gl"}, "pt": {"gl"}}.get(code, set())
    for article in ARTICLES:
        language = article["language"].partition("-")[0]
        found = language_of(article["text"], code)
        if language == code:
            assert found == code
        elif language not in relatives:
            assert found.startswith("not "), article


QUESTIONS = [  # short ones, as a teacher writes them
    ("Wo ist der Bahnhof, bitte?", "de"),
    ("Was sind die Vorteile von Python?", "de"),
    ("¿Dónde está la biblioteca central?", "es"),
    ("Are a la cosa que llama al pescador?", "es"),
    ("Pourquoi le ciel est-il bleu le jour?", "fr"),
    ("Qual é a capital da Austrália hoje?", "pt"),
    ("Qual è la capitale dell'Australia?", "it"),
    ("Wat is de hoofdstad van Nederland?", None),
    ("Hvad er hovedstaden i Danmark?", None),
    ("Hvor kommer vannet fra egentlig?", None),
    ("Hvað heitir höfuðborg Íslands?", None),
    ("Mikä on Suomen pääkaupunki?", "fi"),
    ("Jaka jest stolica Polski i dlaczego?", "pl"),
    ("Quomodo plantae crescunt?", None),
    ("Kio estas la ĉefurbo de Francio?", None),
    ("Zer da fotosintesia eta nola gertatzen da?", None),
    ("Beth yw prifddinas Cymru?", "cy"),
    ("Apakah ibu kota negara Malaysia?", None),
    ("Unasemaje kuhusu hali ya hewa?", "sw"),
    ("Ano ang kabisera ng Pilipinas?", "tl"),
    ("Türkiye'nin başkenti neresidir?", "tr"),
    ("Thủ đô của nước Việt Nam là gì?", "vi"),
    ("Какая столица у Австралии?", "ru"),
    ("什么是光合作用？请解释一下。", "zh-cn"),
    ("光合成とは何か、説明してください。", "ja"),
    ("광합성이란 무엇입니까?", "ko"),
    ("ما هي عاصمة أستراليا الحديثة؟", "ar"),
    ("ऑस्ट्रेलिया की राजधानी कहाँ है और क्या इसका नाम बदल गया है?", "hi"),
    ("ALLE MENSCHEN SIND FREI UND GLEICH AN WÜRDE", "de"),
    ("Ja, ich weiß, dass du es weißt, aber nicht, warum.", "de"),
]


@pytest.mark.parametrize(("text", "language"), QUESTIONS)
def test_short_questions_in_other_languages_go(text: str, language: str | None) -> None:
    assert language_of(text).startswith(f"not {language or ''}")


NO_LANGUAGE = [
    "Wolfgang Amadeus Mozart, Johann Sebastian Bach, Ludwig van Beethoven, Franz Schubert, Johannes Brahms.",
    "Giuseppe Verdi, Giacomo Puccini, Gioachino Rossini, Gaetano Donizetti, Vincenzo Bellini",
    "Vincent van Gogh, Leonardo da Vinci, Charles de Gaulle, Otto von Bismarck",
    "Rogier van der Weyden, Hugo van der Goes, Vincent van Gogh",
    "Tokyo, Osaka, Kyoto, Nagoya, Sapporo, Fukuoka, Yokohama",
    "1. Zürich\n2. Genève\n3. Basel\n4. Lausanne\n5. Winterthur",
    "Ragu alla Bolognese, Spaghetti alla Carbonara, Pizza Margherita",
    "Acetylsalicylic acid, paracetamol, ibuprofen, diclofenac, naproxen, metamizole, celecoxib, etoricoxib.",
    "Quercus robur, Fagus sylvatica, Betula pendula, Pinus sylvestris, Picea abies",
    "- natrium\n- kalium\n- rubidium\n- caesium\n- francium",
    "for (int i = 0; i < n; i++) { sum += array[i]; }",
    "def f(werte):\n    return [wert * 2 for wert in werte]",
    "SELECT name, COUNT(*) FROM users WHERE age > 30 GROUP BY name;",
    "```python\nimport numpy as np\nergebnis = np.sum(matrix)\n```",
    "$$\\int_0^\\infty e^{-x^2} dx = \\frac{\\sqrt{\\pi}}{2}$$",
    "x^2 + y^2 = z^2, \\int_0^1 f(x) dx = \\frac{1}{2}",
    "2H2 + O2 -> 2H2O, NaCl + AgNO3 -> AgCl + NaNO3",
    "https://www.beispiel.de/ein/langer/pfad/zu/einer/seite https://beispiel.de/und/noch/eine",
    "jemand@beispiel.de, niemand@beispiel.de, irgendwer@beispiel.de",
    "😀😃😄😁😆😅😂🤣😊😇🙂🙃😉😌😍🥰😘",
    "1234567890 42 3.14159 2.71828 1,000,000",
    "rnbqkbnr/pp1ppppp/8/2p5/4P3/5N2/PPPP1PPP/RNBQKB1R b KQkq - 1 2",
    "Jeg elsker deg",  # too short to tell
    "光合作用",
    "",
]


@pytest.mark.parametrize("text", NO_LANGUAGE)
@pytest.mark.parametrize("language", ["en", "fr", "zh"])
def test_lists_code_and_formulas_are_in_no_language(text: str, language: str) -> None:
    assert language_of(text, language) in ("und", "en" if language == "en" else "und")


ENGLISH = [
    "Why do two parents with brown eyes sometimes have a child with blue eyes?",
    "lol u gonna come 2 the party tmrw or nah? im so tired rn",
    "wassup bro, gimme ur thoughts on dis movie pls, its lit",
    "Colour and flavour are spelt with a u in Britain, aren't they, mate?",
    "Refactor this React component using hooks instead of classes.",
    "Write a function `f(x)` that returns the sum of all primes below x.",
    "Here is the code:\n```js\nconst ergebnis = werte.map(wert => wert * 2);\n```\nIt doubles each value.",
    "Let α, β, γ be the angles of a triangle. Show that α + β + γ = π.",
    'Explain the meaning of the German word "Schadenfreude".',
    "What does 'Wo ist der Bahnhof?' mean in English?",
    "The word 'mother' in Russian is 'мать' and in Greek it is 'μητέρα'.",
    "Translate the following sentence into English: El perro corre por el parque todas las mañanas.",
    "Translate into English: 我喜欢在图书馆看书，因为那里很安静，而且有很多书。",
    "ARE ALL PEOPLE BORN FREE AND EQUAL IN DIGNITY AND RIGHTS?",
    "Angela Merkel, Helmut Kohl and Gerhard Schröder were chancellors of Germany before Olaf Scholz.",
    "The Rio de la Plata lies between Buenos Aires and Montevideo.",
]


@pytest.mark.parametrize("text", ENGLISH)
def test_english_of_all_kinds_stays(text: str) -> None:
    verdict = DropWrongLanguage().judge(instruction(text))
    assert getattr(verdict, "language", verdict) == "en"


def test_a_question_is_judged_without_its_passage() -> None:
    spanish = "¿Cómo se llama la cosa que atrae al pescador?"
    passage = (
        "The lure of the fish is a light that hangs before its mouth, and by which it draws its prey. " * 5
    )
    asked = instruction(f"{PLACEHOLDER}\n\n{spanish}", passage=passage)
    assert DropWrongLanguage().judge(asked) == Reject("wrong_language", got="es", limit="en")
    english = instruction(f"What is this text about, and who wrote it?\n\n{PLACEHOLDER}", passage=spanish * 9)
    assert DropWrongLanguage().judge(english).language == "en"


SPANISH = "El tiempo es agradable hoy y por eso vamos a ir a la playa con nuestros amigos de la escuela."


@pytest.mark.parametrize(
    ("question", "answer", "kept"),
    [
        ("What do you want to do on such a nice day as today?", SPANISH, False),
        ("How would you say in Spanish that you will go to the beach?", SPANISH, True),
        ("Translate this: The weather is nice, so we go to the beach.", SPANISH, True),
        ("What do you want to do on such a nice day as today?", "We go to the beach with our friends.", True),
        (
            "¿Qué quieres hacer en un día tan bonito como el de hoy?",
            "We go to the beach with friends.",
            False,
        ),
        ("Warum?", "Weil es so ist, und nicht anders.", False),  # each alone is nearly too short
        ("42 + 17 = ?", "59", True),
    ],
)
def test_question_and_answer_are_judged_by_themselves(question: str, answer: str, kept: bool) -> None:
    verdict = DropWrongLanguage().judge(example(answer, question=question))
    assert isinstance(verdict, Reject) is not kept


@pytest.mark.parametrize(
    ("said", "code"),
    [
        *(("zh", "zh"), ("zh-cn", "zh-cn"), ("zh_TW", "zh-tw"), ("zh-Hans", "zh-cn"), ("cmn", "zh")),
        *(("nb", "no"), ("nn", "no"), ("nob", "no"), ("no", "no")),
        *(
            ("eng", "en"),
            ("deu", "de"),
            ("ger", "de"),
            ("fra", "fr"),
            ("en-US", "en"),
            ("pt_BR", "pt"),
            ("iw", "he"),
        ),
    ],
)
def test_codes_of_iso_639_are_understood(said: str, code: str) -> None:
    """`zh` and `nb` were once to be errors; they are codes of ISO 639-1, which the setting asks for."""
    assert code_of(said) == code
    assert ADAPTER.validate_python({"languages": [said]}).languages == (code,)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("xx", "There are: af, ar"),
        ("english", "did you mean 'en'"),
        ("Germn", "did you mean 'de'"),
        ("", "no language"),
    ],
)
def test_an_unknown_code_is_an_error_of_the_settings(said: str, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        ADAPTER.validate_python({"languages": [said]})
    with pytest.raises(RecipeError, match=told):
        DropWrongLanguage(languages=(said,)).check()
    with pytest.raises(ValidationError):
        ADAPTER.validate_python({"languages": []})


def test_chinese_is_both_scripts_unless_one_is_named() -> None:
    simplified, traditional = (
        next(article["text"] for article in ARTICLES if article["language"] == language)
        for language in ("zh", "zh-Hant")
    )
    assert language_of(simplified, "zh") == language_of(traditional, "zh") == "zh"
    assert language_of(simplified, "zh-cn") == language_of(traditional, "zh-tw") == "zh"
    assert language_of(traditional, "zh-cn") == "not zh-tw"
    assert language_of("すべての人間は、生れながらにして自由であり、平等である。", "zh") == "not ja"


def test_every_code_that_is_named_can_be_wanted() -> None:
    for code in NAMES:
        assert DropWrongLanguage(languages=(code,)).judge(instruction("42 + 17 = ?")).language == "und"


def english_texts() -> list[str]:
    texts: list[Any] = []
    for name in ("self_instruct_seed_tasks.jsonl", "gsm8k_test.jsonl", "able_teacher.jsonl"):
        for line in (SHARED / name).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            texts += [row.get("instruction"), row.get("question"), row.get("answer")]
    return [text for text in texts if isinstance(text, str)]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the texts are not here")
def test_fewer_than_one_english_text_in_two_hundred_goes() -> None:
    found = [language_of(text) for text in english_texts()]
    assert len(found) > 2_000
    assert sum(language.startswith("not ") for language in found) < 0.005 * len(found)
    assert sum(language == "en" for language in found) > 0.95 * len(found)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Who wrote Don Quijote de la Mancha?", True),
        ("Who composed Die Zauberflöte?", True),
        ("Who directed La vita è bella?", True),
        ("Who wrote Der Untergang des Abendlandes?", True),
        ("What do you say of a la carte?", True),
        ("Are a la cosa que llama al Pescador?", False),
        ("Wer komponierte Die Zauberflöte?", False),
        ("Quién escribió Don Quijote de la Mancha?", False),
        ("Who wrote que los niños de la Mancha no quieren comer?", False),
    ],
)
def test_a_short_question_may_name_a_title_in_another_language(text: str, kept: bool) -> None:
    row = Document(id="1", name="n", title="", text=text)
    assert (not isinstance(DropWrongLanguage(languages=("en",)).judge(row), Reject)) is kept


# Tasks without a function word.
SHORT_ENGLISH = """
Solve quadratic equations quickly.
Plants absorb carbon dioxide.
Estimate population parameters.
Illustrate Mendelian inheritance patterns.
Describe cellular respiration.
Explain photosynthesis briefly.
Compare mitosis and meiosis.
Define marginal utility.
List prime numbers below fifty.
Name three renewable energy sources.
Calculate compound interest.
Translate Latin inscriptions.
Summarize Darwin's main argument.
Differentiate trigonometric functions.
Discuss Renaissance painting techniques.
Identify common grammatical errors.
Analyze monetary policy decisions.
Outline constitutional amendments.
Bees pollinate flowering plants.
Evaluate statistical significance.
Convert decimal fractions.
Classify igneous rocks.
Interpret correlation coefficients.
Balance chemical equations.
Sketch parabolic curves.
Water boils rapidly.
Enzymes catalyze biochemical reactions.
Simplify algebraic expressions.
Recommend healthy breakfast ideas.
Suggest creative business names.
""".strip().splitlines()
SHORT_OTHERS = """
Escribe tres nombres comunes.
Resuelve ecuaciones cuadráticas rápidamente.
Plantas absorben dióxido carbono.
Décrivez brièvement photosynthèse.
Résolvez équations quadratiques rapidement.
Comparez mitose et méiose.
Pflanzen nehmen Kohlendioxid auf.
Beschreibe kurz Photosynthese.
Löse quadratische Gleichungen schnell.
Descrivi brevemente fotosintesi cellulare.
Risolvi equazioni quadratiche velocemente.
Resolva equações quadráticas rapidamente.
Descreva brevemente fotossíntese.
Beskriv kortfattat fotosyntesen.
Kirjoita lyhyt tarina koirasta.
Ratkaise nopeasti toisen asteen yhtälöt.
Opisz krótko fotosyntezę roślin.
Rozwiąż szybko równania kwadratowe.
Ilarawan nang maikli ang potosintesis.
Jelaskan fotosintesis secara singkat.
Selesaikan persamaan kuadrat.
Rezolvă ecuații pătratice rapid.
Descrieu breument fotosíntesi.
Resol equacions quadràtiques ràpidament.
Beschrijf kort fotosynthese planten.
Fotosentezi kısaca açıklayın.
Mô tả ngắn gọn quang hợp.
Eleza kwa kifupi usanisinuru.
Írd le röviden fotoszintézis.
Popište stručně fotosyntézu rostlin.
Aprakstiet fotosintēzi īsi.
Kirjelda lühidalt fotosünteesi.
Descriu plantes verdes grans.
Bonum vinum laetificat cor hominis.
Plantae aquam et lucem requirunt.
""".strip().splitlines()


def test_most_short_tasks_without_function_words_are_told_apart() -> None:
    """The counts stand in pipeline/text/languages.py."""
    assert (len(SHORT_ENGLISH), len(SHORT_OTHERS)) == (30, 35)
    passed, wrongly = (
        [task for task in tasks if not language_of(task).startswith("not ")]
        for tasks in (SHORT_ENGLISH, SHORT_OTHERS)
    )
    assert (len(passed), len(wrongly)) == (27, 2)
