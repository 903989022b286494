from pathlib import Path

import pytest
import yaml

from pipeline.errors import RecipeError
from pipeline.taxonomy.review import merge_review
from pipeline.taxonomy.taxonomy import find_taxonomy, load_taxonomy

GOOD = """
fields:
  - id: f
    name: Field
    description: d
    subfields:
      - id: s
        name: Sub
        description: d
        disciplines:
          - {id: a, name: Alpha, description: d}
          - {id: b, name: Beta, description: d}
"""


def load(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(text, encoding="utf-8")
    load_taxonomy(path)


def test_the_packaged_taxonomies_are_whole() -> None:
    knowledge = load_taxonomy(find_taxonomy(Path("knowledge")))
    assert len(knowledge.fields) >= 10
    assert len(list(knowledge.leaves())) >= 126
    assert any(field.id == "capabilities" for field in knowledge.fields)
    assert len(list(load_taxonomy(find_taxonomy(Path("laptop"))).leaves())) >= 4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("id: b,", "id: a,"), "the id 'a' stands at 'Field > Sub > Alpha' and at 'Field > Sub > Beta'"),
        (("name: Beta", "name: ' ALPHA! '"), "the name 'ALPHA!' stands at 'Field > Sub > Alpha'"),
        (("name: Beta", "name: ''"), r"disciplines\[1\] > name: String should have at least 1 character"),
        (("name: Beta", "nmae: Beta"), r"disciplines\[1\] > name: Field required"),
        (("id: b,", "id: ../b,"), "String should match pattern"),
        (("    subfields:", "    subfields: []\n    x:"), "subfields: List should have at least 1 item"),
        (("  - id: f", "  - &f\n    id: f"), None),
        (("{id: b, name: Beta, description: d}", "[unclosed"), r"t\.yaml is not YAML"),
    ],
)
def test_a_fault_is_named_with_its_place(tmp_path: Path, change: tuple[str, str], said: str | None) -> None:
    text = GOOD.replace(*change)
    assert text != GOOD
    if said is None:
        load(tmp_path, text)
        return
    with pytest.raises(RecipeError, match=said):
        load(tmp_path, text)


def test_a_cycle_is_named(tmp_path: Path) -> None:
    text = GOOD.replace("  - id: f", "  - &top\n    id: f").replace(
        "{id: b, name: Beta, description: d}", "*top"
    )
    with pytest.raises(RecipeError, match=r"fields.0.subfields.0.disciplines.1: an alias leads back"):
        load(tmp_path, text)


def test_aliases_upon_aliases_are_no_cycle_and_cost_nothing(tmp_path: Path) -> None:
    levels = "\n".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 30))
    with pytest.raises(RecipeError, match="fields: Field required"):
        load(tmp_path, f"x0: &x0 [a]\n{levels}\n")


def review_file(tmp_path: Path, votes: dict[str, dict[str, str]]) -> Path:
    nodes = [
        {"path": ["Field"], "id": "f", "description": "d"},
        {"path": ["Field", "Sub"], "id": "s", "description": "d"},
        {"path": ["Field", "Sub", "Alpha"], "id": "a", "description": "d"},
        {"path": ["Field", "Sub", "Beta"], "id": "b", "description": "d"},
        {"path": ["Field", "Sub", "Gamma"], "id": "c", "description": "d", "proposals": 3},
        {"path": ["New"], "id": "n", "description": "d", "proposals": 2},
        {"path": ["New", "Below"], "id": "nb", "description": "d", "proposals": 2},
        {"path": ["New", "Below", "Leaf"], "id": "nl", "description": "d", "proposals": 1},
    ]
    for node in nodes:
        node["votes"] = votes.get(node["path"][-1], {})
    path = tmp_path / "review.yaml"
    path.write_text(yaml.safe_dump({"nodes": nodes}))
    return path


def names(path: Path) -> list[str]:
    return [place.name for _, place in load_taxonomy(path).places()]


def test_the_majority_decides_and_a_removed_node_takes_what_is_below(tmp_path: Path) -> None:
    yes = {"ann": "keep", "bob": "keep", "cyd": "remove"}
    review = review_file(tmp_path, {"Gamma": yes, "Beta": {"ann": "remove"}, "Below": yes, "Leaf": yes})
    out = tmp_path / "out.yaml"
    assert merge_review(review, out) == (1, 1)
    assert names(out) == ["Field", "Sub", "Alpha", "Gamma"]  # New has no votes, so nothing below it comes in
    merge_review(review_file(tmp_path, {"New": yes, "Below": yes, "Leaf": yes}), out)
    assert names(out) == ["Field", "Sub", "Alpha", "Beta", "New", "Below", "Leaf"]


@pytest.mark.parametrize(
    ("seen", "votes", "comes_in"),
    [
        (None, {}, []),
        (4, {}, []),
        (3, {}, ["Gamma"]),
        (1, {}, ["Gamma", "New", "Below", "Leaf"]),
        (1, {"New": {"ann": "remove"}}, ["Gamma"]),
        (3, {"Gamma": {"ann": "remove"}}, []),
    ],
)
def test_what_enough_wordings_named_comes_in_without_votes(
    seen: int | None, votes: dict[str, dict[str, str]], comes_in: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "out.yaml"
    assert merge_review(review_file(tmp_path, votes), out, seen) == (len(comes_in), 0)
    assert names(out) == ["Field", "Sub", "Alpha", "Beta", *comes_in]


def test_a_merge_that_leaves_no_valid_taxonomy_writes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out.yaml"
    with pytest.raises(RecipeError, match="a kept node needs a kept child"):
        merge_review(review_file(tmp_path, {"New": {"ann": "keep"}}), out)
    with pytest.raises(RecipeError, match="Input should be 'keep' or 'remove'"):
        merge_review(review_file(tmp_path, {"New": {"ann": "yes"}}), out)
    assert not out.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"path": ["Field", "Sup", "Alpha"]}, r"'Field > Sup > Alpha' has no parent"),
        ({"path": ["Field", "Sub", "x" * 121]}, r"nodes\.2\.path\.2: String should have at most 120"),
        ({"path": ["Field", "Sub", "a\nb"]}, r"nodes\.2\.path\.2: String should match pattern"),
        ({"path": ["Field", "Sub", " "]}, r"nodes\.2\.path\.2: String should have at least 1"),
        ({"path": ["Field", "Sub", "Alpha", "Deeper"]}, "at most 3 items"),
        ({"path": ["Field", "Sub", "Beta"]}, "'Field > Sub > Beta' is kept twice"),
        ({"id": "../x"}, r"nodes\.2\.id: String should match pattern"),
        ({"id": "b"}, "the id 'b' stands at"),
        ({"colour": 1}, r"nodes\.2\.colour: Extra inputs"),
    ],
)
def test_a_broken_review_is_named_and_nothing_written(change: dict, said: str, tmp_path: Path) -> None:
    review, out = review_file(tmp_path, {}), tmp_path / "out.yaml"
    data = yaml.safe_load(review.read_text())
    data["nodes"][2].update(change)
    review.write_text(yaml.safe_dump(data))
    with pytest.raises(RecipeError, match=said):
        merge_review(review, out)
    for content in (b"", b"- 1", b"nodes:", b"\xff\xfe", review.read_bytes()[:60]):
        review.write_bytes(content)
        with pytest.raises(RecipeError, match=r"review\.yaml"):
            merge_review(review, out)
    assert not out.exists()
