"""What a number is, in all the ways it is written; methods/02 acceptance check 5."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import Passage
from pipeline.synthesis.fidelity import lacking, numbers_in
from pipeline.synthesis.styles import STYLES
from stages.drop_poor_rephrasings import DropPoorRephrasings
from stages.drop_ungrounded import DropUngrounded
from tests.stages.make import example

SAME = [
    ("A 2019 study found 45 cases.", "In 2019, a study found 45 cases."),
    ("3.5 million people live there.", "There live about 3.5 million people."),
    ("3.5 million people", "3,500,000 people"),
    ("$1.5bn", "1.5 billion dollars"),
    ("Bees have 6 legs.", "Bees have six legs."),
    ("It has 12 months.", "It has twelve months, a dozen."),
    ("25 pupils", "twenty-five pupils"),
    ("the 19th century", "the nineteenth century"),
    ("2 million", "two million"),
    ("150 bees, 2,345 wasps", "one hundred and fifty bees, two thousand, three hundred and forty-five wasps"),
    ("40,500", "forty thousand five hundred"),
    (".5 percent", "0.50 percent"),
    ("3.50", "3.5"),
    ("007", "7"),
    ("1,500", "1500"),
    ("1 500", "1500"),
    ("1\u202f500", "1,500"),
    ("1'500", "1500"),
    ("1.500 Euro", "1500 Euro"),
    ("1.234.567,8", "1234567.8"),
    ("1,50,000", "150000"),
    ("12,5 kg", "12.5 kg"),
    ("-5 degrees", "minus 5 degrees"),
    ("\u22125 \u00b0C", "5 degrees below zero"),
    ("+7", "7"),
    ("\u00bd cup", "0.5 cup"),
    ("3\u00bd", "3.5"),
    ("1/2", "\u00bd"),
    ("\u0662\u0660\u0661\u0669", "2019"),
    ("\u0968\u0966\u0967\u096f", "2019"),
    ("6条腿", "六条腿"),
    ("35亿", "3500000000"),
    ("sechs Beine, 6 Beine", "6 Beine"),
    ("between 3 and 4 million", "between 3 million and 4 million"),
    ("2010-2015", "from 2010 to 2015"),
    ("10%", "10 percent"),
    ("1. Bees have 4 wings.\n2. So it is.", "Bees have 4 wings."),
    ("## 3 Results\nStep 4: go on. Q1. Why?", "Results. Go on. Why? 1."),
    ("He did. In 12 500 g bags", "12 500"),
    ("the 1990s", "the 1990s"),
    ("version 3.11.2", "3.11.2 is the version"),
    ("no numbers", "none"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_a_number_is_the_same_however_it_is_written(one: str, other: str) -> None:
    assert lacking(one, other) == []


ALTERED = [
    ("A 2019 study found it.", "A 1985 study found it."),
    ("3.5 million people live there.", "9.5 million people live there."),
    ("So it is.\n3.5 g were lost.", "So it is.\n9.5 g were lost."),
    ("3.5 million", "3.5 billion"),
    ("It was -5 degrees.", "It was 5 degrees."),
    ("Bees have 6 legs.", "Bees have 9 legs."),
    ("1,500", "15,000"),
    ("0.5", "5"),
    ("10%", "100%"),
    ("A 3.5 study", "A 9.5 study"),
    ("1/2", "1/3"),
    ("In 1914-1918", "In 1914-1919"),
    ("Q 1999 was low", "Q 1998 was low"),
    ("Step 30 people back", "Step 40 people back"),
    ("# 2019 in review", "# 2018 in review"),
    ("1. In 1990", "1. In 1991"),
    ("19.99", "19.90"),
    ("\u0662\u0660\u0661\u0669", "\u0662\u0660\u0661\u0668"),
    ("第15章", "第16章"),
    ("It rose by .5 points", "It rose by .7 points"),
    ("between 3 and 4 million", "between 3 and 5 million"),
]


@pytest.mark.parametrize(("one", "other"), ALTERED)
def test_an_altered_number_is_found_both_ways(one: str, other: str) -> None:
    assert lacking(one, other) != []
    assert lacking(other, one) != []


@given(st.text(st.characters() | st.sampled_from("0123456789.,'/- \n%\u00bd")))
def test_a_text_lacks_no_number_of_its_own(text: str) -> None:
    assert lacking(text, text) == []
    assert len(numbers_in(text)) <= len(text)


@given(st.integers(0, 10**12), st.sampled_from([",", "\u202f", "'"]))
def test_thousands_are_separated_in_several_ways(value: int, mark: str) -> None:
    assert lacking(f"It is {value:,}.".replace(",", mark), f"{value} it is") == []
    assert lacking(f"{value}", f"It is {value + 1:,}.") != []


# Every place in which a figure of the original can stand.
PLACES = [
    "The famine of the island killed {} people in the towns of the coast, as the records say.",
    "{} people died in the famine of the island, as the records of the church on the coast all say.",
    "A {} study looked at the records of the church on the coast, and told how the famine came there.",
    "The famine came to the island with the winter, as they say.\n{} million people had no bread.",
    "The records of the church on the coast tell how the famine came to the island (with {} deaths a day).",
    "The church on the coast, the winter, and the island where the famine came: the deaths were {}.",
]
RESTATED = (
    "Church records from the shore tell that a famine struck this island in {} once winter arrived there."
)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("figure", "altered"), [("3.5", "9.5"), ("2019", "1985"), ("1,500", "15,000"), ("-7", "7")]
)
def test_methods_02_check_5_an_altered_figure_is_flagged_in_every_place(
    place: str, figure: str, altered: str
) -> None:
    stage = DropPoorRephrasings(styles=STYLES, min_names=0, max_copied=1)
    row = Passage(
        id="p", parent_id="c", document="a", start=0, title="", text=place.format(altered), style="medium",
        original=place.format(figure), rephrased_from="r", writer="m", n_tokens=9, likeness=None,
    )  # fmt: skip
    assert stage.judge(row).reason == "number_lost"
    scale = " million" if "{} million" in place else ""
    told = f"{RESTATED.format(figure + scale)}"
    assert (
        stage.judge(Passage(**{**{f: getattr(row, f) for f in row.__dataclass_fields__}, "text": told}))
        is None
    )


PASSAGE = "The bridge cost 1,500 pounds in 1879 and was 3.50 miles long. Six men built it for the town."
GROUNDED = [
    ("The bridge cost 1500 pounds in the town.", None),
    ("The bridge was 3.5 miles long in 1879.", None),
    ("It took 6 men to built the bridge.", None),
    ("The bridge cost 15,000 pounds in the town.", "answer_has_new_number"),
    ("A 1897 bridge for the town.", "answer_has_new_number"),
    ("1. The bridge cost 1 500 pounds.", None),
    ("Elephants remember every waterhole across savannas.", "answer_not_grounded"),
    ("6 men", None),
]


@pytest.mark.parametrize(("answer", "reason"), GROUNDED)
def test_grounding_reads_numbers_as_fidelity_does(answer: str, reason: str | None) -> None:
    verdict = DropUngrounded().judge(example(answer, passage=PASSAGE))
    assert (verdict and verdict.reason) == reason


def test_answers_of_scripts_without_spaces_are_grounded_by_their_characters() -> None:
    passage = "蜜蜂是一种会飞行的群居昆虫。它们采集花蜜并酿造蜂蜜。"
    assert DropUngrounded().judge(example("蜜蜂采集花蜜酿造蜂蜜", passage=passage)) is None
    verdict = DropUngrounded().judge(example("罗马帝国征服了许多遥远国家", passage=passage))
    assert verdict is not None
    assert verdict.reason == "answer_not_grounded"
