"""Numbers as words, and what multiplies a number: facts of languages, for pipeline/synthesis/fidelity.py.

English as far as it goes; of other languages the words up to twelve, which are those that style guides
have spelt out. A word that says several numbers ("sei" is six and a form of "to be") says each.
"""

import re

UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)
TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
# From zero to twelve.
ELSEWHERE = (
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
    "null ein zwo drei vier fünf sechs sieben acht neun zehn elf zwölf",
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze",
    "zéro une deux trois quatre cinq six sept huit neuf dix onze douze",
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce",
    "cero una dos tres cuatro cinco seis siete ocho nueve diez once doce",
    "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici",
    "zero um dois três quatro cinco seis sete oito nove dez onze doze",
    "zero uma duas três quatro cinco seis sete oito nove dez onze doze",
    "nul een twee drie vier vijf zes zeven acht negen tien elf twaalf",
    "noll en två tre fyra fem sex sju åtta nio tio elva tolv",
    "nul en to tre fire fem seks syv otte ni ti elleve tolv",
    "zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć dziesięć jedenaście dwanaście",
    "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать",
    "s\u0131f\u0131r bir iki üç dört beş alt\u0131 yedi sekiz dokuz on onbir oniki",
    "nol satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas duabelas",
    "शून्य एक दो तीन चार पाँच छह सात आठ नौ दस ग्यारह बारह",
    "صفر واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة",
)
HAN = {
    "零": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "兩": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
    "十": 10,
}
OTHER = {"dozen": 12, "half": 0.5, "quarter": 0.25, "twice": 2, "once": 1, "single": 1, "pair": 2, "both": 2}
SCALES = {
    "hundred": 100, "thousand": 1_000, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "lakh": 10**5, "crore": 10**7,
    "tausend": 1_000, "millionen": 10**6, "milliarde": 10**9, "milliarden": 10**9,
    "mille": 1_000, "millions": 10**6, "milliard": 10**9, "milliards": 10**9, "billions": 10**9,
    "mil": 1_000, "millones": 10**6, "millón": 10**6, "milioni": 10**6, "milione": 10**6,
    "miliardi": 10**9, "miliardo": 10**9, "milhões": 10**6, "milhão": 10**6, "bilhões": 10**9,
    "miljoen": 10**6, "miljard": 10**9, "miljoner": 10**6, "miljarder": 10**9, "millioner": 10**6,
    "milliarder": 10**9, "milionów": 10**6, "miliony": 10**6, "milion": 10**6, "miliardów": 10**9,
    "тысяч": 1_000, "тысячи": 1_000, "миллион": 10**6, "миллиона": 10**6, "миллионов": 10**6,
    "миллиардов": 10**9, "миллиарда": 10**9, "milyon": 10**6, "milyar": 10**9, "bin": 1_000,
    "ribu": 1_000, "juta": 10**6, "लाख": 10**5, "करोड़": 10**7, "हज़ार": 1_000,
    "مليون": 10**6, "ألف": 1_000, "مليار": 10**9,
    "百": 100, "千": 1_000, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8, "兆": 10**12,
}  # fmt: skip
SHORT_SCALES = {"k": 1_000, "m": 10**6, "bn": 10**9, "mio": 10**6, "mrd": 10**9, "b": 10**9}


def _spelt() -> dict[str, set[float]]:
    spelt: dict[str, set[float]] = {}
    lists = (UNITS, ORDINALS, *ELSEWHERE)
    counted = ((word, value) for words in lists for value, word in enumerate(words.split()))
    for word, value in (*counted, *TENS.items(), *HAN.items(), *OTHER.items()):
        spelt.setdefault(word, set()).add(value)
    for ten, value in TENS.items():
        for lists_of_units in (UNITS, ORDINALS):
            for unit, word in enumerate(lists_of_units.split()[1:10], 1):
                spelt[f"{ten}-{word}"] = {value + unit}
        spelt[f"{ten[:-1]}ieth"] = {value}
    return spelt


SPELT = _spelt()
_SMALL = {word: value for value, word in enumerate(UNITS.split())} | TENS
_LARGE = {"thousand": 1_000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_PART = "|".join(sorted({*_SMALL, "hundred", *_LARGE}, key=len, reverse=True))
_LONG = re.compile(
    rf"(?<![^\W\d_])(?:{_PART})"
    rf"(?:(?:[\s-]|, |(?<=hundred) and |(?<=usand) and |(?<=illion) and )(?:{_PART})(?![^\W\d_]))+"
)


def long_numbers(folded: str) -> set[int]:
    """The numbers of English that several words of a text say: "one hundred and fifty", "two million"."""
    return {value for run in _LONG.findall(folded) if (value := _value(run)) is not None}


def _value(run: str) -> int | None:
    """What the words say together; None for words that follow one another otherwise, as in "five six"."""
    whole = part = 0
    for word in re.findall("[a-z]+", run.replace(" and ", " ")):
        if word == "hundred":
            part = (part or 1) * 100
        elif word in _LARGE:
            whole, part = whole + (part or 1) * _LARGE[word], 0
        elif part % 100 == 0 or (_SMALL[word] < 10 <= 20 <= part % 100 and part % 10 == 0):
            part += _SMALL[word]
        else:
            return None
    return whole + part
