"""Acceptance checks of the methods that need no server, each by its name; others are in tests/test_engine.py
(GLAN 2, 4, 5), tests/stages/test_filters.py (GLAN 3) and beside what they test.
"""

import asyncio
import itertools
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from pipeline.inference.fake_model import Script, fake_model
from pipeline.records import Chunk, Example, Passage
from pipeline.stage import ModelStage, Reject
from pipeline.storage.replies import StoredReply
from pipeline.synthesis.bonito import prompt_for
from pipeline.synthesis.mixing import beside_real, mixed
from pipeline.synthesis.reply_forms import FormFault, Pair, as_text, cleaned, pairs_in
from pipeline.synthesis.styles import STYLES
from pipeline.synthesis.task_types import TASK_TYPES, task_type
from stages.answer_questions import AnswerQuestions
from stages.drop_poor_rephrasings import DropPoorRephrasings
from stages.drop_to_mix import REAL
from stages.keep_chunks import KeepChunks
from stages.list_subjects import ListSubjects
from stages.rephrase_chunks import RephraseChunks
from stages.write_questions import WriteQuestions
from stages.write_syllabi import WriteSyllabi
from stages.write_tasks import WriteTasks
from tests.stages.make import discipline, instruction, syllabus

SOURCE = (
    "The Tay Bridge was 3,264 metres long. It fell in a storm on 28 December 1879 while a train was on it, "
    "and nobody on the train lived."
)


def run(stage: ModelStage, record: Any, script: Script) -> list[Any]:
    return list(asyncio.run(stage.map(record, fake_model(script))))


@pytest.mark.parametrize(("n_first", "n_second"), [(5, 5), (1, 3), (4, 2)])
def test_glan_1_every_pair_draws_on_both_sessions_and_all_choices_come_once(
    n_first: int, n_second: int
) -> None:
    first = tuple(f"first {name}" for name in "abcde"[:n_first])
    second = tuple(f"second {name}" for name in "abcde"[:n_second])
    pairs = {
        frozenset(chosen)
        for size in range(2, 6)
        for chosen in itertools.combinations(first + second, size)
        if set(chosen) & set(first) and set(chosen) & set(second)
    }
    stage = WriteQuestions(per_syllabus=5000, pair_share=1.0)
    taught = syllabus(concepts=(first, second))
    made = run(stage, taught, Script(lambda _: {"question": "What is it?"}))
    drawn = [frozenset(row.concepts) for row in made if len(row.sessions) == 2]
    assert len(drawn) == len(set(drawn)) == len(pairs)
    assert set(drawn) == pairs
    if (n_first, n_second) == (5, 5):
        assert len(pairs) == 575


def test_glan_2_subjects_are_ten_conversations_of_two_turns_and_an_answer_sees_its_question_alone() -> None:
    entry = {"subject_name": "Heredity", "level": "introductory", "subtopics": ["genes"]}
    script = Script(lambda body: {"subjects": [entry]} if "response_format" in body else "1. Heredity")
    subject, *repeats = run(ListSubjects(), discipline(), script)
    assert {repeat.reason for repeat in repeats} == {"subject_listed_again"}, "nine lists named it again"
    turns = [len(body["messages"]) for body in script.bodies]
    assert sorted(turns) == [1] * 10 + [3] * 10
    assert (
        "JSON" not in script.bodies[turns.index(1)]["messages"][0]["content"]
    )  # no format in the first turn

    sessions = [{"session_name": "Genes", "key_concepts": ["locus", "allele"]}]
    text = "The locus of an allele. " * 20
    script = Script(lambda body: {"sessions": sessions} if "response_format" in body else text)
    (course,) = run(WriteSyllabi(), subject, script)
    assert len(script.bodies) == 2  # one syllabus, one extraction
    assert course.text == text.strip()

    script = Script(lambda _: {"question": "What is a locus?"})
    made = run(WriteQuestions(per_syllabus=3), course, script)
    for row, body in zip(made, script.bodies, strict=True):
        asked = body["messages"][-1]["content"]
        assert course.text in asked
        assert all(name in asked for name in (*row.sessions, *row.concepts))

    script = Script(lambda _: StoredReply("It is a place.", "stop", 9, 9))
    run(AnswerQuestions(), instruction("What is a locus?"), script)
    assert [body["messages"] for body in script.bodies] == [[{"role": "user", "content": "What is a locus?"}]]


@pytest.mark.parametrize(
    "names",
    [
        ("C", "C++", "C#"),
        ("F", "F#"),
        ("TCP", "TCP/IP"),
        ("Sums: 2 + 2", "Sums: 2 - 2"),
        ("हिन्दी", "हिन्दू"),
    ],
)
def test_glan_4_names_that_differ_in_a_symbol_are_subjects_of_their_own(names: tuple[str, ...]) -> None:
    def listing(form: str) -> list[str]:
        entries = [
            {"subject_name": form.format(name), "level": "introductory", "subtopics": ["x"]} for name in names
        ]
        script = Script(lambda body: {"subjects": entries} if "response_format" in body else "...")
        made = run(ListSubjects(queries=2), discipline(), script)
        return [row.subject for row in made if not isinstance(row, Reject)]

    plain = [name for name in names if ":" not in name]
    if plain:
        assert listing("{} programming") == [f"{name} programming" for name in names]
    else:
        assert len(set(listing("{}"))) in (0, 2)  # a name with a colon is a bad reply, never one of two


def test_glan_4_one_subject_of_two_disciplines_has_two_syllabi() -> None:
    entry = {"subject_name": "Calculus", "level": "introductory", "subtopics": ["limits"]}
    script = Script(lambda body: {"subjects": [entry]} if "response_format" in body else "1. Calculus")
    text = "The limit of a series. " * 20
    course = Script(
        lambda body: (
            {"sessions": [{"session_name": "Limits", "key_concepts": ["limit", "series"]}]}
            if "response_format" in body
            else text
        )
    )
    made = []
    for name in ("Mathematics", "Physics"):
        (subject,) = run(ListSubjects(queries=1), discipline(name), script)
        made += run(WriteSyllabi(), subject, course)
    assert len({row.id for row in made}) == len({row.subject_id for row in made}) == 2
    asked = [body["messages"][0]["content"] for body in course.bodies if "response_format" not in body]
    assert len(set(asked)) == 2  # each is asked for with its discipline


@pytest.mark.parametrize(
    ("lead", "text"),
    [
        ("Here is a paraphrase: ", "The bridge fell."),
        ("Sure, here is the rewritten text:\n\n", "The bridge fell."),
        ("Paraphrase:\n", "The bridge fell."),
        ("", "This is why water boils at 100 degrees: its vapour presses as hard as the air."),
        ("", "In simple words the law says two things: do not steal, and do not lie."),
        ("", "The text of the treaty has three parts: the borders, the army and the debts."),
        ("", "Answer the phone before it rings three times: that was the rule of the house."),
    ],
)
def test_wrap_2_lead_ins_go_and_sentences_that_look_like_them_stay(lead: str, text: str) -> None:
    assert cleaned(lead + text, "prose", text) == text


def test_wrap_2_what_still_speaks_of_the_task_is_dropped() -> None:
    found = cleaned("The bridge fell. I hope this paraphrase helps!", "prose", SOURCE)
    assert isinstance(found, FormFault)
    row = Passage(
        id="p", parent_id="chunk", document="a", start=0, title="", style="medium", original=SOURCE,
        text="The Tay Bridge, 3,264 metres long, came down in a storm on 28 December 1879. Note: the "
        "paraphrased version of the text keeps all facts.", rephrased_from="r", writer="m", n_tokens=9,
    )  # fmt: skip
    verdict = DropPoorRephrasings(styles=STYLES).judge(row)
    assert verdict is not None
    assert verdict.reason == "lead_in"


@pytest.mark.parametrize("share", [0.5, 0.7, 0.8])
@pytest.mark.parametrize(("n_real", "n_made"), [(3000, 3001), (100, 100), (1000, 2000), (929, 4000)])
def test_wrap_3_the_mixture_has_the_ratio_of_the_style(n_real: int, n_made: int, share: float) -> None:
    counts = mixed(
        {REAL: n_real, "style/easy": n_made},
        beside_real({REAL: n_real, "style/easy": n_made}, REAL, {"style/easy": share}),
    )
    wanted = counts["style/easy"] * (1 - share) / share
    assert counts[REAL] == pytest.approx(wanted, rel=0.01, abs=1)


def chunk(**changes: Any) -> Chunk:
    made = {
        "id": "chunk", "parent_id": "d", "document": "a.txt", "title": "", "quality": None, "start": 7,
        "text": SOURCE, "n_tokens": 40, "before": "",
    }  # fmt: skip
    return Chunk(**{**made, **changes})


def rephrased(style: str, reply: str, finish: str = "stop", **changes: Any) -> Passage | Reject:
    stage = RephraseChunks(styles={style: STYLES[style]}, per_chunk=1)
    (made,) = run(stage, chunk(**changes), Script(lambda _: StoredReply(reply, finish, 1, 1)))
    return made


def test_wrap_3_every_rephrasing_links_to_its_real_chunk() -> None:
    (real,) = KeepChunks().map(chunk())
    for style in ("easy", "medium", "hard"):
        made = rephrased(style, "In 1879 a storm threw down the Tay Bridge, of 3,264 metres, and a train.")
        assert isinstance(made, Passage)
        assert (made.rephrased_from, made.original) == (real.id, real.text)


PAIRS = [Pair(f"How long was part {n} of the bridge?", f"It was {n} metres long.") for n in range(1, 31)]


@pytest.mark.parametrize("n_tokens", [1, 14, 15, 29, 30, 149, 150, 300])
def test_wrap_4_pairs_are_no_more_than_the_tokens_of_the_source_allow(n_tokens: int) -> None:
    most = max(1, 10 * n_tokens // 150)
    counts = set()
    for number in range(40):
        made = rephrased("qa", as_text(PAIRS, "pairs"), id=f"chunk {number}", n_tokens=n_tokens)
        assert isinstance(made, Passage)
        counts.add(len(pairs_in(made.text, "pairs")))
    assert max(counts) <= most
    assert min(counts) >= 1


@pytest.mark.parametrize(
    ("reply", "finish", "pairs"),
    [
        ("The bridge fell.\nIt was long.\nQuestion: When?\nAnswer: In 1879.", "stop", None),
        ("Question: When did it fall?\nAnswer: In 1879.", "stop", [("When did it fall?", "In 1879.")]),
        (
            "Question: Which bridge?\nA. Tay\nB. Forth\nAnswer: A.",
            "stop",
            [("Which bridge?\nA. Tay\nB. Forth", "A.")],
        ),
        ("Question: When did it fall?\nAnswer: In 18", "length", None),
        (
            "Question: When did it fall?\nAnswer: In 1879.\n\nQuestion: How long was it?\nAnswer: 3,2",
            "length",
            [("When did it fall?", "In 1879.")],
        ),
    ],
)
def test_wrap_4_pairs_are_read_whole_or_not_at_all(
    reply: str, finish: str, pairs: list[tuple[str, str]] | None
) -> None:
    made = rephrased("qa", reply, finish, n_tokens=300)
    if pairs is None:
        assert isinstance(made, Reject), made
        assert made.reason in ("text_before_first_question", "cut_off")
    else:
        assert isinstance(made, Passage), made
        assert [(pair.question, pair.answer) for pair in pairs_in(made.text, "pairs")] == pairs


@pytest.mark.parametrize("one", TASK_TYPES, ids=lambda one: one.short)
def test_bonito_1_the_prompt_is_the_format_byte_for_byte(one: Any) -> None:
    wanted = f"<|tasktype|>\n{one.name}\n<|context|>\n{SOURCE}\n<|task|>\n"
    for name in (one.short, one.name):
        assert prompt_for(task_type(name).name, f"\n {SOURCE} \n") == wanted


@pytest.mark.parametrize("name", ["", "nlu", "QA", "question-answering"])
def test_bonito_1_an_unknown_type_raises(name: str) -> None:
    with pytest.raises(KeyError, match="there are exqa"):
        task_type(name)
    with pytest.raises(ValidationError, match="there are exqa"):
        TypeAdapter(WriteTasks).validate_python({"types": {name: 1}})


@pytest.mark.parametrize(
    ("reply", "made"),
    [
        ("no pipe", None),
        ("a <|pipe|> b <|pipe|> c", None),
        ("<|pipe|>", None),
        ("When did it fall?\n{{context}}\n<|pipe|>\n1879", ("When did it fall?", "1879")),
        ("Say it again: {{context}} <|pipe|> {{context}}", ("Say it again", SOURCE)),
    ],
)
def test_bonito_2_one_pipe_makes_a_task_with_its_paragraph(reply: str, made: tuple[str, str] | None) -> None:
    stage = WriteTasks(types={"qa": 1}, per_chunk=1, bonito=True)
    (found,) = run(stage, chunk(), Script(lambda _: reply))
    if made is None:
        assert isinstance(found, Reject)
        assert found.reason in ("not_one_pipe", "half_of_a_task")
    else:
        assert isinstance(found, Example)
        assert found.asked.startswith(made[0])
        assert SOURCE in found.asked
        assert found.answer == made[1]
