"""Model stages against scripted replies: real prompts, real schemas."""

import asyncio
import dataclasses
import json
from typing import Any

import pytest

from pipeline.inference.fake_model import Script, fake_model
from pipeline.records import Instruction, Node, Subject, content_id
from pipeline.stage import ModelStage, Reject
from pipeline.storage.replies import StoredReply
from stages.answer_questions import AnswerQuestions
from stages.list_subjects import ListSubjects
from stages.propose_nodes import ProposeNodes
from stages.write_questions import WriteQuestions
from stages.write_syllabi import WriteSyllabi
from tests.stages.make import discipline, instruction, subject, syllabus


def run(stage: ModelStage, record: Any, script: Script) -> list[Any]:
    return list(asyncio.run(stage.map(record, fake_model(script))))


def entry(name: str, *subtopics: str) -> dict[str, Any]:
    return {"subject_name": name, "level": "introductory", "subtopics": list(subtopics)}


def subjects_script(lists: list[list[dict[str, Any]] | str]) -> Script:
    """The n-th query gets the n-th list; a string is sent as it is."""
    by_sample = dict(enumerate(lists))
    script = Script(lambda _: "")

    def answer(body: dict[str, Any]) -> Any:
        if "response_format" not in body:
            return "1. Heredity"
        found = by_sample[script.bodies[-1]["sample"] // 3]
        return found if isinstance(found, str) else {"subjects": found}

    script.answer = answer
    return script


def test_lists_are_merged_within_a_discipline() -> None:
    script = subjects_script(
        [[entry("Heredity", "genes")], [entry("heredity!", "Genes", "alleles"), entry("Cells", "c")]]
    )
    made = run(ListSubjects(queries=2), discipline(), script)
    *made, again = made
    assert [(s.subject, s.subtopics) for s in made] == [("Heredity", ("genes", "alleles")), ("Cells", ("c",))]
    assert (again.reason, again.got, again.twin) == ("subject_listed_again", "heredity!", made[0].id)
    assert len(script.bodies) == 4
    conversation = next(body for body in script.bodies if "response_format" in body)["messages"]
    assert [message["role"] for message in conversation] == ["user", "assistant", "user"]


def test_a_name_that_loops_is_dropped() -> None:
    lists = [[entry("Genetics Genetics", "genes"), entry("Heredity", "genes", "gene gene")]]
    made = run(ListSubjects(queries=1), discipline(), subjects_script(lists))
    heredity, *rejects = made
    assert (heredity.subject, heredity.subtopics) == ("Heredity", ("genes",))
    assert [(reject.reason, reject.got) for reject in rejects] == [
        ("subject_stutters", "Genetics Genetics"),
        ("subtopic_stutters", "gene gene"),
    ]


def test_a_name_that_stops_before_its_last_word_is_dropped() -> None:
    lists = [[entry("Cultures of ancient nations in", "genes"), entry("Vitamin A", "genes", "genes of the")]]
    made = run(ListSubjects(queries=1), discipline(), subjects_script(lists))
    vitamin, *rejects = made
    assert (vitamin.subject, vitamin.subtopics) == ("Vitamin A", ("genes",))
    assert [(reject.reason, reject.got) for reject in rejects] == [
        ("subject_cut_off", "Cultures of ancient nations in"),
        ("subtopic_cut_off", "genes of the"),
    ]


def test_subjects_that_differ_in_symbols_are_as_many_and_doubled_names_stay() -> None:
    names = [
        "C Programming",
        "C++ Programming",
        "C# Programming",
        "Bora Bora Studies",
        "History of Baden-Baden",
    ]
    names += ["วิศวกรรมศาสตร์", "妈妈的健康"]  # words of which letters stand twice in a row
    made = run(ListSubjects(queries=1), discipline(), subjects_script([[entry(n, "a b") for n in names]]))
    assert [item.subject for item in made] == names
    assert len({item.id for item in made}) == len(names)


def test_subjects_beyond_the_most_are_rejects() -> None:
    lists = [[entry(name, "a b") for name in ("Cells", "Genes", "Traits", "cells")]]
    made = run(ListSubjects(queries=1, max_subjects=2), discipline(), subjects_script(lists))
    assert [getattr(item, "reason", "kept") for item in made] == [
        "kept",
        "kept",
        "subject_beyond_limit",
        "subject_listed_again",
    ]
    assert (made[2].got, made[2].limit) == ("Traits", 2)


def test_one_bad_list_costs_that_list_alone() -> None:
    made = run(
        ListSubjects(queries=2), discipline(), subjects_script(["no JSON", [entry("Heredity", "genes")]])
    )
    assert [type(item) for item in made] == [Subject, Reject]
    assert (made[1].reason, made[1].got) == ("bad_reply", "no JSON")


def test_the_same_subject_in_two_disciplines_is_two_subjects() -> None:
    lists = [[entry("Statistics", "means")]]
    stage = ListSubjects(queries=1)
    one, other = (
        run(stage, discipline(name), subjects_script(lists))[0] for name in ("Genetics", "Economics")
    )
    assert one.subject == other.subject
    assert one.id != other.id


def test_one_turn_asks_for_json_at_once() -> None:
    script = subjects_script([[entry("Heredity", "genes")]])
    run(ListSubjects(queries=1, two_turns=False), discipline(), script)
    assert len(script.bodies) == len(script.bodies[0]["messages"]) == 1


@pytest.mark.parametrize("name", ["1. Heredity", '{"x"', "", "a" * 81])
def test_a_name_that_is_none_is_a_bad_reply(name: str) -> None:
    made = run(ListSubjects(queries=1), discipline(), subjects_script([[entry(name, "genes")]]))
    assert [item.reason for item in made] == ["bad_reply"]


def syllabus_script(text: str | StoredReply, sessions: list[tuple[str, list[str]]]) -> Script:
    data = {"sessions": [{"session_name": name, "key_concepts": concepts} for name, concepts in sessions]}
    return Script(lambda body: data if "response_format" in body else text)


def test_of_a_syllabus_that_was_cut_off_the_last_line_goes() -> None:
    whole = "Session 1. Of a locus, and where genes are. " * 5
    sessions = [("Genes", ["locus"]), ("Mutations", ["mutagens"])]
    cut = StoredReply(f"{whole}\nSession 2. Mutagens and oth", "length", 1, 1)
    made, *rejects = run(WriteSyllabi(), subject(), syllabus_script(cut, sessions))
    assert made.text == whole.rstrip()
    assert [(reject.reason, reject.got) for reject in rejects] == [
        ("concept_not_in_text", "mutagens"),
        ("session_without_concepts", "Mutations"),
    ]
    stopped = dataclasses.replace(cut, finish="stop")
    (made,) = run(WriteSyllabi(), subject(), syllabus_script(stopped, sessions))
    assert made.text == stopped.text


def test_a_syllabus_has_distinct_sessions_and_concepts() -> None:
    sessions = [
        ("Genes", ["locus", "Locus", "key concepts"]),
        ("Alleles", ["LOCUS", "dominance"]),
        ("genes", ["exon", "dominance"]),
        ("Empty", ["Session", "Exon", "Exon exon", "exons and", "Unicorns"]),
    ]
    script = syllabus_script("Of a locus, its exons and dominance. " * 10, sessions)
    made, *rejects = run(WriteSyllabi(), subject(), script)
    assert [(reject.reason, reject.got) for reject in rejects] == [
        ("concept_repeated", "Locus"),
        ("not_a_concept", "key concepts"),
        ("concept_repeated", "LOCUS"),
        ("concept_repeated", "dominance"),
        ("not_a_concept", "Session"),
        ("concept_repeated", "Exon"),
        ("concept_stutters", "Exon exon"),
        ("concept_cut_off", "exons and"),
        ("concept_not_in_text", "Unicorns"),
        ("session_without_concepts", "Empty"),
    ]
    assert made.sessions == ("Genes", "Alleles")
    assert made.concepts == (("locus", "exon"), ("dominance",))  # each in one session, so in no pair twice
    assert made.text == ("Of a locus, its exons and dominance. " * 10).strip()
    assert len(script.bodies) == 2
    assert made.text in script.bodies[1]["messages"][1]["content"]


def test_school_subjects_in_a_row_are_no_concept() -> None:
    listed = [
        "locus",
        "Math Physics Science English Science",
        "Math, Science and English",
        "History of Science",
    ]
    text = "Of a locus, math, physics, science, English and the history of science. " * 5
    made, *rejects = run(WriteSyllabi(), subject(), syllabus_script(text, [("Genes", listed)]))
    assert [reject.reason for reject in rejects] == ["not_a_concept"] * 2
    assert made.concepts == (("locus", "History of Science"),)


def test_a_syllabus_that_is_none_is_rejected() -> None:
    (short,) = run(WriteSyllabi(), subject(), syllabus_script("I cannot.", []))
    assert (short.reason, short.limit) == ("syllabus_too_short", 200)
    made = run(WriteSyllabi(), subject(), syllabus_script("text " * 100, [("Genes", ["session"])]))
    assert [reject.reason for reject in made] == [
        "syllabus_without_concepts",
        "not_a_concept",
        "session_without_concepts",
    ]


CONCEPTS = {
    "Session hijacking": True, "Session management": True, "Concept art": True, "Executive summary": True,
    "Keyword research": True, "Job description": True, "Concepts of programming": True, "C++": True,
    "Bora Bora": True,
    "Session 3": False, "Key concepts": False, "Summary of the course": False, "Course description": False,
    "keywords": False, "Session session": False,
}  # fmt: skip


def test_only_whole_names_of_the_form_are_no_concepts() -> None:
    text = f"It is about {', '.join(CONCEPTS)}. " * 5
    sessions = [(f"Session {n} of it", [name]) for n, name in enumerate(CONCEPTS)]
    made, *_ = run(WriteSyllabi(), subject(), syllabus_script(text, sessions))
    assert [name for (name,) in made.concepts] == [name for name, kept in CONCEPTS.items() if kept]


def test_sessions_beyond_the_most_are_rejects() -> None:
    sessions = [("One", ["genes"]), ("Two", ["cells"]), ("Three", ["traits"])]
    script = syllabus_script("Of genes, cells and traits. " * 10, sessions)
    made, reject = run(WriteSyllabi(max_sessions=2), subject(), script)
    assert made.sessions == ("One", "Two")
    assert (reject.reason, reject.got, reject.limit) == ("session_beyond_limit", "Three", 2)


def test_questions_come_in_their_shares_without_repeating_a_draw() -> None:
    script = Script(lambda _: {"question": "What is a locus?"})
    made = run(WriteQuestions(per_syllabus=10, pair_share=0.5), syllabus(), script)
    assert all(isinstance(item, Instruction) for item in made)
    assert sum(len(item.sessions) == 2 for item in made) == 5
    assert len({item.concepts for item in made}) == len({item.id for item in made}) == 10
    assert all(syllabus().text in body["messages"][0]["content"] for body in script.bodies)
    starts = {body["messages"][0]["content"].split("</material>")[0] for body in script.bodies}
    assert len(starts) == 1  # one shared prefix
    again = run(WriteQuestions(per_syllabus=10, pair_share=0.5), syllabus(), script)
    assert again == made


def test_where_pairs_run_out_singles_fill_up_and_then_it_ends() -> None:
    one = syllabus(sessions=("Genes",), concepts=(("locus", "gene"),))
    made = run(WriteQuestions(per_syllabus=10), one, Script(lambda _: {"question": "What is a locus?"}))
    assert sorted(item.concepts for item in made) == [("gene",), ("locus",), ("locus", "gene")]


def test_one_sentence_is_held_to_one() -> None:
    stage = WriteQuestions(per_syllabus=1, one_sentence=True)
    (good,) = run(stage, syllabus(), Script(lambda _: {"question": "What is a locus in genetics?"}))
    assert good.question == "What is a locus in genetics?"
    for question in (
        "What is it in genetics? And why?",
        "What a way to write of a gene?",
        "What is a,,,&gene to us?",
    ):
        (bad,) = run(stage, syllabus(), Script(lambda _, text=question: {"question": text}))
        assert bad.reason == "bad_reply"


def test_a_question_that_ran_into_the_limit_of_its_form_is_rejected() -> None:
    at_it = "What are " + "many parts of it " * 6 + "thesumeable?"
    stage = WriteQuestions(per_syllabus=1, one_sentence=True)
    (made,) = run(stage, syllabus(), Script(lambda _: {"question": at_it.replace("many ", "", 1)}))
    assert isinstance(made, Instruction)
    (cut,) = run(stage, syllabus(), Script(lambda _: {"question": at_it}))
    assert (cut.reason, cut.got) == ("question_at_pattern_limit", at_it)
    assert cut.limit == "at most 24 words after its opening"
    (free,) = run(WriteQuestions(per_syllabus=1), syllabus(), Script(lambda _: {"question": at_it}))
    assert isinstance(free, Instruction)  # of a question that is held to no form


def test_the_answerer_sees_the_question_alone() -> None:
    script = Script(lambda _: StoredReply("  It is a place. ", "length", 11, 22))
    (made,) = run(AnswerQuestions(), instruction(), script)
    assert script.bodies[0]["messages"] == [{"role": "user", "content": instruction().question}]
    assert (made.answer, made.answer_finish, made.n_prompt_tokens, made.n_answer_tokens) == (
        "It is a place.",
        "length",
        11,
        22,
    )
    assert (made.id, made.sessions, made.concepts) == ("instruction", ("Alleles",), ("dominance",))


def test_an_outage_is_not_swallowed() -> None:
    def fails(_: dict[str, Any]) -> str:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        run(AnswerQuestions(), instruction(), Script(fails))


def node(*path: str, proposals: int = 0) -> Node:
    return Node(
        id=content_id(path),
        path=path,
        description="d",
        children=("Known",),
        proposals=proposals,
        expanded=False,
    )


def test_proposals_are_united_and_counted() -> None:
    replies = iter([["New", "known"], ["new!", "Other"], [], ["NEW"], ["Other"]])
    script = Script(lambda _: {"children": [{"name": name, "description": "line"} for name in next(replies)]})
    made = run(ProposeNodes(), node("Field"), script)
    assert [(child.path, child.proposals) for child in made] == [
        (("Field", "New"), 3),
        (("Field", "Other"), 2),
    ]
    assert len({json.dumps(body["messages"]) for body in script.bodies}) == 5  # differently worded


def test_a_leaf_is_passed_on_and_an_old_node_with_nothing_new_says_so() -> None:
    script = Script(lambda _: {"children": []})
    (leaf,) = run(ProposeNodes(), node("a", "b", "c", proposals=1), script)
    assert leaf.expanded
    assert script.bodies == []
    (nothing,) = run(ProposeNodes(), node("a"), script)
    assert nothing.reason == "nothing_missing"
