"""Stages that look at embeddings: semantic duplicates and density, whatever the parts."""

import asyncio
import base64
import dataclasses
import json
import struct
import tracemalloc
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipeline.embeddings import local_embedder
from pipeline.embeddings.clusters import clustered
from pipeline.embeddings.vectors import as_matrix, packed, unpacked
from pipeline.engine.spread import in_threads
from pipeline.errors import PipelineError
from pipeline.inference.fake_model import Script, fake_model
from pipeline.io.packaged import packaged_folder
from pipeline.records import Example, Instruction
from pipeline.stage import DatasetStage, Decision
from pipeline.storage.replies import StoredReply
from pipeline.storage.store import to_table
from stages.drop_by_density import DropByDensity
from stages.drop_exact_duplicates import DropExactDuplicates
from stages.drop_semantic_duplicates import DropSemanticDuplicates
from stages.embed_locally import EmbedLocally
from stages.embed_questions import EmbedQuestions
from tests.stages.make import example, instruction


def embedded(vectors: np.ndarray) -> list[Instruction]:
    return [
        instruction(id=f"{number:04}", embedding=packed(vector.astype(np.float32)))
        for number, vector in enumerate(vectors)
    ]


def decided(stage: DatasetStage, records: list[Instruction], n_parts: int = 1) -> Decision:
    parts = [records[start::n_parts] for start in range(n_parts)]
    return stage.decide(
        pa.concat_tables([stage.sketch(to_table(part, Instruction)) for part in parts]), in_threads
    )


def test_an_embedding_is_asked_for_and_packed() -> None:
    vector = [3.0, 4.0, 0.0]
    text = base64.b64encode(struct.pack("<3f", *vector)).decode()
    script = Script(lambda _: StoredReply(text, "stop", 7, 0))
    (record,) = asyncio.run(EmbedQuestions().map(instruction(), fake_model(script)))
    assert isinstance(record, Instruction)
    assert script.bodies[0]["input"] == record.question
    found = as_matrix(pa.chunked_array([unpacked(pa.chunked_array([[record.embedding]]))]))
    assert found == pytest.approx(np.array([[0.6, 0.8, 0.0]]), abs=1e-3)


def test_of_a_long_question_the_start_is_embedded() -> None:
    script = Script(
        lambda _: StoredReply(base64.b64encode(struct.pack("<3f", 1, 2, 3)).decode(), "stop", 7, 0)
    )
    asyncio.run(EmbedQuestions(max_chars=10).map(instruction("Why is the sky blue?"), fake_model(script)))
    assert script.bodies[0]["input"] == "Why is the"


def test_embeddings_must_be_there_and_of_one_length() -> None:
    with pytest.raises(PipelineError, match="have 0 dimensions; put an EmbedQuestions step"):
        DropByDensity().sketch(to_table([instruction()], Instruction))
    mixed = [*embedded(np.ones((1, 3))), *embedded(np.ones((1, 4)))]
    with pytest.raises(PipelineError, match="have 3, 4 dimensions"):
        DropSemanticDuplicates().sketch(to_table(mixed, Instruction))


def test_of_records_that_mean_the_same_the_first_stays() -> None:
    rng = np.random.default_rng(0)
    meanings = rng.normal(size=(40, 16))
    records = embedded(np.concatenate([meanings, meanings + 0.1 * rng.normal(size=(40, 16))]))
    stage = DropSemanticDuplicates(min_cosine=0.9, cluster_rows=20)
    one = decided(stage, records).verdicts
    assert decided(stage, records, 7).verdicts.sort_by("id") == one.sort_by("id")
    twins = dict(zip(one["id"].to_pylist(), one["twin"].to_pylist(), strict=True))
    assert all(int(gone) - int(twin) == 40 for gone, twin in twins.items())
    assert len(twins) >= 36  # a pair on the border of two clusters is not compared
    assert set(one["reason"].to_pylist()) == {"semantic_duplicate"}

    stayed = [record for record in records if record.id not in twins]
    embeddings = pa.chunked_array([[record.embedding for record in stayed]])
    vectors = as_matrix(pa.chunked_array([unpacked(embeddings)]))
    nearest = (vectors @ vectors.T - 2 * np.eye(len(vectors))).max(axis=1)
    measured = [measure.got for measure in stage.measures(to_table(stayed, Instruction))]
    assert measured == pytest.approx(np.maximum(nearest, 0), abs=2e-3)


def test_of_two_that_mean_the_same_the_better_stays() -> None:
    vector = packed(np.ones(4, np.float32))
    scored = {"clarity": 3, "relevance": 3, "correctness": 3}
    pair = [
        example(id="1", embedding=vector, completeness=4, **scored),
        example(id="2", embedding=vector, completeness=5, **scored),
    ]
    stage = DropSemanticDuplicates()
    for records in (pair, pair[::-1]):
        (row,) = stage.decide(stage.sketch(to_table(records, Example)), in_threads).verdicts.to_pylist()
        assert (row["id"], row["twin"]) == ("1", "2")


@pytest.mark.skipif(packaged_folder(local_embedder.MODULE) is None, reason="the packaged embedder is missing")
def test_the_packaged_model_finds_what_means_the_same() -> None:
    texts = [
        "What causes the seasons on Earth?",
        "Why does Earth have different seasons during the year?",
        "How do vaccines protect people against disease?",
        "word " * 1000,
    ]
    records = EmbedLocally().judge_all([instruction(text, id=str(n)) for n, text in enumerate(texts)])
    (row,) = decided(DropSemanticDuplicates(min_cosine=0.75), records).verdicts.to_pylist()
    assert (row["id"], row["twin"]) == ("1", "0")
    alone = EmbedLocally().judge_all([instruction(texts[2], id="2")])
    vectors = as_matrix(
        pa.chunked_array([unpacked(to_table([records[2], *alone], Instruction)["embedding"])])
    )
    assert vectors[0] @ vectors[1] == pytest.approx(1, abs=1e-3)


def clouds() -> tuple[np.ndarray, list[Instruction]]:
    """Two clusters: 100 records close together, 100 that differ."""
    rng = np.random.default_rng(0)
    centres = np.repeat(np.eye(8)[:2], 100, axis=0)
    spread = np.repeat([0.02, 0.2], 100)[:, None]
    vectors = centres + spread * rng.normal(size=(200, 8))
    return vectors, embedded(vectors)


@pytest.mark.parametrize(("keep", "left"), [(0.5, 100), (1, 200), (37, 37), (2, 2), (1000, 200)])
def test_density_keeps_exactly_what_is_asked_for(keep: float, left: int) -> None:
    _, records = clouds()
    stage = DropByDensity(keep=keep, n_clusters=5, outliers=0)
    one = decided(stage, records)
    assert 200 - one.verdicts.num_rows == left
    for row in one.verdicts.to_pylist():
        assert json.loads(row["got"]) <= (1 if row["limit"] is None else json.loads(row["limit"]))
    assert decided(stage, records, 3).verdicts.sort_by("id") == one.verdicts.sort_by("id")
    report: Any = one.report["clusters"]
    assert sum(cluster["kept"] for cluster in report) == left
    assert sum(cluster["size"] for cluster in report) == 200


def test_the_cluster_that_differs_keeps_more_and_the_hardest_stay() -> None:
    _, records = clouds()
    one = decided(DropByDensity(keep=100, n_clusters=2, temperature=0.05, outliers=0), records)
    gone = [int(key) for key in one.verdicts["id"].to_pylist()]
    assert sum(key < 100 for key in gone) > sum(key >= 100 for key in gone)
    vectors = as_matrix(pa.chunked_array([unpacked(to_table(records, Instruction)["embedding"])]))
    centroid = vectors[100:].mean(axis=0) / np.linalg.norm(vectors[100:].mean(axis=0))
    distance = 1 - vectors[100:] @ centroid
    lost = [key - 100 for key in gone if key >= 100]
    stays = [number for number in range(100) if number not in lost]
    assert min(distance[stays]) >= max(distance[lost]) - 1e-3


def test_duplicates_change_what_is_selected_unless_they_went_before() -> None:
    vectors, records = clouds()
    copies = embedded(np.concatenate([vectors, np.repeat(vectors[:1], 100, axis=0)]))
    density = DropByDensity(keep=60, n_clusters=2, outliers=0)
    distinct = DropSemanticDuplicates(min_cosine=0.9999, cluster_rows=1000)

    def selected(pool: list[Instruction]) -> set[str]:
        return {record.id for record in pool} - set(decided(density, pool).verdicts["id"].to_pylist())

    def without_twins(pool: list[Instruction]) -> list[Instruction]:
        gone = set(decided(distinct, pool).verdicts["id"].to_pylist())
        return [record for record in pool if record.id not in gone]

    assert selected(copies) != selected(records)
    assert selected(without_twins(copies)) == selected(without_twins(records))


def test_outliers_go_first_and_each_reject_says_how_far_it_was() -> None:
    _, records = clouds()
    everything = decided(DropByDensity(keep=1, n_clusters=1, outliers=0.1), records).verdicts.to_pylist()
    assert [row["reason"] for row in everything] == ["outlier_of_its_cluster"] * 20
    assert all(float(row["got"]) >= float(row["limit"]) for row in everything)
    some = decided(DropByDensity(keep=50, n_clusters=1, outliers=0.1), records).verdicts.to_pylist()
    reasons = [row["reason"] for row in some]
    assert (reasons.count("outlier_of_its_cluster"), reasons.count("typical_of_its_cluster")) == (20, 130)
    typical = [row for row in some if row["reason"] == "typical_of_its_cluster"]
    assert all(float(row["got"]) <= float(row["limit"]) for row in typical)


def test_rephrasings_of_one_instruction_mean_the_same_and_stay() -> None:
    rows = embedded(np.ones((3, 4)))
    rows[2] = dataclasses.replace(rows[2], rephrased_from=rows[0].id)
    found = decided(DropSemanticDuplicates(), rows, 2).verdicts.to_pylist()
    assert [(row["id"], row["twin"]) for row in found] == [("0001", "0000")]


def test_questions_on_two_passages_stay_however_like_they_are() -> None:
    shown = [
        dataclasses.replace(row, passage=text)
        for row, text in zip(embedded(np.ones((3, 8), np.float32)), ("one", "two", "one"), strict=True)
    ]
    gone = decided(DropSemanticDuplicates(), shown).verdicts.to_pylist()
    assert [(row["id"], row["twin"]) for row in gone] == [(shown[2].id, shown[0].id)]


def all_in_clusters(stage: DropSemanticDuplicates, sketches: pa.Table) -> dict[str, str]:
    """Every pair of a cluster at once, as it was."""
    ordered = sketches.sort_by([("score", "descending"), ("id", "ascending")])
    rows, vectors = (
        ordered.select(["id", "rephrased_from", "passage"]).to_pylist(),
        as_matrix(ordered["vector"]),
    )
    clusters = clustered(vectors, -(-len(rows) // stage.cluster_rows), stage.seed)
    cosines = vectors @ vectors.T
    parents = {one["id"]: one["rephrased_from"] or one["id"] for one in rows}
    family = {name: name for name in parents}
    for _ in range(64):  # generations, as pipeline/dedup/families.py counts them
        family = {name: parents.get(first, first) for name, first in family.items()}
    goes: dict[int, int] = {}
    for row, one in enumerate(rows):
        near = [
            (-cosines[row, twin], twin)
            for twin, other in enumerate(rows[:row])
            if clusters.of_row[row] == clusters.of_row[twin]
            and cosines[row, twin] >= stage.min_cosine
            and one["passage"] == other["passage"]
            and family[one["id"]] != family[other["id"]]
            and twin not in goes
        ]
        if near:
            goes[row] = min(near)[1]
    return {rows[row]["id"]: rows[twin]["id"] for row, twin in goes.items()}


@pytest.mark.parametrize("few", [3, 512])
@pytest.mark.parametrize("seed", range(6))
def test_a_block_at_a_time_gives_the_verdicts_of_all_pairs(
    few: int, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chains of near vectors, families and passages, in any order of the records."""
    monkeypatch.setattr("pipeline.embeddings.clusters.FEW", few)
    monkeypatch.setattr("pipeline.embeddings.clusters.BLOCK", 7)
    rng = np.random.default_rng(seed)
    steps = 0.3 * rng.normal(size=(30, 5, 12))
    steps[:, 0] = rng.normal(size=(30, 12))
    records = embedded(np.cumsum(steps, axis=1).reshape(-1, 12))  # walks: each near the one before
    for place in rng.choice(150, 40, replace=False):
        records[place] = dataclasses.replace(
            records[place], rephrased_from=records[int(rng.integers(150))].id
        )
    for place in rng.choice(150, 40, replace=False):
        records[place] = dataclasses.replace(records[place], passage=f"Passage {place % 3}.")
    stage = DropSemanticDuplicates(min_cosine=0.9, cluster_rows=40)
    shuffled = [records[place] for place in rng.permutation(150)]
    expected = all_in_clusters(stage, stage.sketch(to_table(shuffled, Instruction)))
    found = decided(stage, shuffled, 3).verdicts.to_pylist()
    assert {row["id"]: row["twin"] for row in found} == expected
    assert len(expected) > 5


def test_rows_of_one_meaning_take_linear_memory() -> None:
    """155 kB a row once, at 6,000 rows."""
    rng = np.random.default_rng(0)
    records = embedded(np.ones(64) + 0.01 * rng.normal(size=(6_000, 64)))
    stage = DropSemanticDuplicates()
    sketches = stage.sketch(to_table(records, Instruction))
    tracemalloc.start()
    gone = stage.decide(sketches, in_threads).verdicts.num_rows
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert gone == 5_997 or gone == 5_999
    assert peak / 6_000 < 10 * 64 + 500 + 40 * 2**20 / 6_000  # and a block


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9])
def test_density_4_of_each_cluster_what_stays_is_farther_out_than_what_goes(seed: int, keep: float) -> None:
    """Acceptance check 4 of density-based pruning, where no outliers are left out."""
    records = embedded(np.random.default_rng(seed).normal(size=(150, 6)))
    gone = set(
        decided(DropByDensity(keep=keep, n_clusters=7, outliers=0), records).verdicts["id"].to_pylist()
    )
    vectors = as_matrix(pa.chunked_array([unpacked(to_table(records, Instruction)["embedding"])]))
    clusters = clustered(vectors, 7, 0)
    for members in clusters.members():
        stays = [clusters.distance[row] for row in members if records[row].id not in gone]
        goes = [clusters.distance[row] for row in members if records[row].id in gone]
        assert min(stays, default=2) >= max(goes, default=0)


@pytest.mark.parametrize("seed", range(4))
def test_density_5_copies_of_one_item_change_nothing_where_exact_duplicates_went_before(seed: int) -> None:
    """Acceptance check 5 of density-based pruning: the selection is the same for the same distinct rows.
    Copies that only semantic deduplication could remove may move its clusters, and what it finds near.
    """
    rng = np.random.default_rng(seed)
    centres, spread = np.repeat(rng.normal(size=(5, 8)), 40, axis=0), np.repeat(rng.uniform(0.05, 0.5, 5), 40)
    vectors = centres + spread[:, None] * rng.normal(size=(200, 8))
    records = [dataclasses.replace(row, question=f"Question {row.id}?") for row in embedded(vectors)]
    copies = [dataclasses.replace(records[7], id=f"9{number:03}") for number in range(100)]
    density = DropByDensity(keep=60, n_clusters=5, outliers=0)

    def selected(pool: list[Instruction], distinct: bool) -> set[str]:
        gone = set(decided(DropExactDuplicates(), pool).verdicts["id"].to_pylist()) if distinct else set()
        left = [record for record in pool if record.id not in gone]
        return {record.id for record in left} - set(decided(density, left).verdicts["id"].to_pylist())

    assert selected([*records, *copies], True) == selected(records, True)
    assert selected([*records, *copies], False) != selected(records, False)
