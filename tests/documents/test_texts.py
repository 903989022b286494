"""What a text loses and keeps on its way out of a file: unseen characters, lines of PDF, formulas."""

# ruff: noqa: RUF001

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.documents.documents import find_files
from pipeline.documents.extract import extract
from pipeline.documents.pdf_lines import joined
from pipeline.documents.unseen import without_unseen
from pipeline.records import Document, File
from pipeline.stage import Reject
from pipeline.storage.store import to_table
from stages.read_documents import ReadDocuments
from tests.conftest import ROOT

TEXT = "A paragraph of plain English text that says something about bees and honey, long enough to be kept."
PDF = (ROOT / "examples" / "documents" / "bridges.pdf").read_bytes()


def read(path: Path, **settings: object) -> list[Document | Reject]:
    return [item for file in find_files([str(path)]) for item in ReadDocuments(**settings).map(file)]  # type: ignore[arg-type]


def one(path: Path, **settings: object) -> str:
    """The text, or the reason why there is none."""
    (found,) = read(path, **settings)
    return found.text if isinstance(found, Document) else found.reason


GOES = {
    "zero-width space": "in\u200bvis\u200bible",
    "word joiner": "in\u2060visible",
    "soft hyphen": "in\u00advisible",
    "byte order mark": "in\ufeffvisible",
    "direction override": "\u202einvisible\u202c",
    "isolate": "\u2066invisible\u2069",
    "tags": "invisible\U000e0049\U000e0067\U000e006e",
    "selectors that hide bytes": "invisible\ufe01\ufe02\ufe03\ufe0f",
    "selectors beyond 16": "invisible\U000e0100\U000e01ef",
    "joiner in Latin": "in\u200dvis\u200cible",
    "marks of direction in Latin": "in\u200evis\u200fible",
    "invisible operators": "in\u2062vis\u2063ible",
    "filler": "in\u3164vis\u115fible",
    "grapheme joiner": "in\u034fvisible",
    "Mongolian separator": "in\u180evisible",
    "private use": "in\ue000visible",
    "half a pair": "in\ud83dvisible",
    "control": "in\x08vis\x7fible",
    "tags behind a flag, without their end": "invi\U000e0067\U000e0062\U000e0065sible",
    "annotation": "in\ufff9vis\ufffbible",
}


@pytest.mark.parametrize("what", GOES)
def test_what_nobody_sees_goes(what: str) -> None:
    assert without_unseen(GOES[what]) == "invisible"


STAYS = [
    "می‌خواهم",  # Persian: parts letters
    "क्‍ष",  # Hindi: joins them
    "👨\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f\u20e3 ☎\ufe0e",
    "שלום \u200fABC\u200e",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # the flag of England
    "葛\ufe00",  # a variant of a sign
    "e\u0301 Grüße\tmit Tab\nund Zeile",
    "ᠠ\u180b",
    "E = mc² ≠ ∅ \u00a0 non-breaking",
]


@pytest.mark.parametrize("text", STAYS)
def test_what_a_script_or_a_symbol_needs_stays(text: str) -> None:
    assert without_unseen(text) == text


@pytest.mark.parametrize(
    "start",
    [
        "PAR1 is a receptor. ",
        "GIF89a is a version. ",
        "BZh is a county code. ",
        "PK is a film. ",
        "%PDF- begins one. ",
    ],
)
def test_a_text_that_begins_like_another_kind_of_file_is_a_text(start: str, tmp_path: Path) -> None:
    for name in ("a.txt", "b.md"):
        (tmp_path / name).write_text(start + TEXT)
        assert one(tmp_path / name) == start + TEXT


@pytest.mark.parametrize(
    "data",
    [b"GIF89a\x01\x00\x01\x00", b"BZh91AY&SY\x01\x02", b"PAR1\x15\x04\x15", PDF, b"\xff\xd8\xff\xe0JFIF"],
)
def test_another_kind_of_file_that_is_called_a_text_is_none(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(data + bytes(range(32)) * 4)
    assert one(tmp_path / "a.txt") == "wrong_kind"
    assert one(tmp_path / "a.txt", encodings=("utf-8", "latin-1")) == "wrong_kind"


@pytest.mark.parametrize(
    "before", [b"", b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n", b"\n" * 900]
)
def test_a_pdf_may_have_other_bytes_before_its_header(before: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(before + PDF)
    assert "How bridges carry weight" in one(tmp_path / "a.pdf")
    (tmp_path / "b.pdf").write_bytes(b" " * 1100 + PDF)
    assert one(tmp_path / "b.pdf") == "wrong_kind"


@pytest.mark.parametrize(
    ("pages", "text"),
    [
        (["蜜蜂采集花蜜并酿造\n蜂蜜，每个巢\n房都是六角形。"],
         "蜜蜂采集花蜜并酿造蜂蜜，每个巢\n房都是六角形。"),
        (["a well\x02known plan of state-of-the\x02art\nand 24-\nhour COVID\x0219 e\x02mail"],
         "a well-known plan of state-of-the-art and 24-hour COVID-19 e-mail"),
        (["viele Dinge ge\x02ändert und über\x02örtlich"], "viele Dinge geändert und überörtlich"),
        (["an im-\nportant thing that is very im-\nportant"], "an important thing that is very important"),
        (["a co-operative is a co-\noperative of them"], "a co-operative is a co-operative of them"),
        (["a self-\nish man of self-\nesteem here"], "a selfish man of self-esteem here"),
        (["soft\u00adware"], "software"),
        (["Head 1\nIt was full of peo-", "Head 2\nple, and it closed."],
         "It was full of people, and it closed."),
        (["Head 1\nIt was full.", "Head 2\nPeople came."], "It was full.\n\nPeople came."),
        (["It was full of\n1", "people then.\n2"], "It was full of people then."),
        (["def f(x):\n    if x:\n        return 1\n    return 2"],
         "def f(x):\n    if x:\n        return 1\n    return 2"),
        (["- one thing that is long\n- another thing, long"],
         "- one thing that is long\n- another thing, long"),
        (["Only one line"], "Only one line"),
        (["", "\n"], ""),
    ],
)  # fmt: skip
def test_lines_that_only_a_page_had_cut_are_joined(pages: list[str], text: str) -> None:
    assert joined(pages) == text


ENERGY = [
    ("<math><mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup></math>", "is E = m c^2 as"),
    ('<math alttext="E=mc^2"><mi>E</mi></math>', "is $E=mc^2$ as"),
    ('<script type="math/tex">a_1*b_2*[c]</script>', "is $a_1*b_2*[c]$ as"),
    (
        "<math><semantics><mi>E</mi><annotation encoding='application/x-tex'>E=mc^2</annotation>"
        "</semantics></math>",
        "E=mc^2",
    ),
    ("<math><mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac></math>", "is (a + b)/2 as"),
    ("<math><msqrt><mi>x</mi></msqrt></math>", "is sqrt(x) as"),
    ("<math><msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup></math>", "is x_1^2 as"),
    ('<script type="math/tex">E=mc^2</script>', "is $E=mc^2$ as"),
    ('<script type="math/tex; mode=display">E=mc^2</script>', "is $$E=mc^2$$ as"),
    ('<span class="MathJax_Preview">E=m</span><script type="math/tex">E=mc^2</script>', "is $E=mc^2$ as"),
    ('<img src="e.png" alt="E=mc^2">', "is E=mc^2 as"),
    ('<img class="tex" src="e.png" alt="E = m c^2"/>', "is E = m c^2 as"),
]


@pytest.mark.parametrize(("formula", "told"), ENERGY)
def test_a_formula_leaves_no_hole_in_a_sentence(formula: str, told: str) -> None:
    page = f"<html><body><article><p>{TEXT * 2}</p><p>The energy is {formula} as is known.</p>"
    text = extract("html", f"{page}<p>{TEXT * 2}</p></article></body></html>".encode(), 60.0).text
    assert told in text
    assert text.count("as is known") == 1
    assert "E=m E=mc" not in text


def test_pictures_beside_the_text_and_scripts_are_not_read() -> None:
    page = f"<html><body><article><p>{TEXT * 3}</p><figure><img src='x' alt='a logo'></figure>"
    page += "<div><img alt='icon'></div>"
    text = extract(
        "html", f"{page}<script>var x = 'run';</script><p>{TEXT}</p></article></body></html>".encode(), 60.0
    ).text
    assert not any(word in text for word in ("logo", "icon", "run"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"])
def test_rows_of_lines_are_read_in_the_encodings_that_are_named(encoding: str, tmp_path: Path) -> None:
    rows = [{"text": f"caf\u00e9 {TEXT}"}, {"text": "na\u00efve"}]
    path = tmp_path / "a.jsonl"
    path.write_bytes("\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode(encoding))
    found = read(path, encodings=("utf-8", "latin-1"))
    assert [getattr(item, "text", item) for item in found] == [row["text"] for row in rows]
    if encoding == "latin-1":
        assert [getattr(item, "reason", "") for item in read(path)] == ["wrong_encoding"] * 2


def test_halves_of_surrogate_pairs_in_rows_cost_only_themselves(tmp_path: Path) -> None:
    rows = [
        '{"\\ud83d": 1, "body": "x"}',
        '{"text": "half \\ud83d a pair", "title": "\\udc00T"}',
        '{"text": "\\ud83d"}',
    ]
    (tmp_path / "a.jsonl").write_text("\n".join([*rows, '{"text": "whole \\ud83d\\ude00"}', '["\\ud83d"]']))
    found = read(tmp_path / "a.jsonl")
    assert [item.text for item in found if isinstance(item, Document)] == ["half  a pair", "whole \U0001f600"]
    assert [item.reason for item in found if isinstance(item, Reject)] == ["no_text", "empty", "broken"]
    to_table([item for item in found if isinstance(item, Document)], Document)
    json.dumps([item.got for item in found if isinstance(item, Reject)], ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "column",
    [
        pa.array([TEXT.encode(), b"ab\xff\xfe", "caf\u00e9".encode()], pa.binary()),
        pa.array([TEXT.encode(), b"ab\xff\xfe", "caf\u00e9".encode()], pa.large_binary()),
        pa.array([TEXT.encode(), b"ab\xff\xfe", "caf\u00e9".encode()], pa.binary()).view(pa.string()),
        pa.array([TEXT.encode(), b"ab\xff\xfe", "caf\u00e9".encode()], pa.binary()).dictionary_encode(),
    ],
    ids=lambda column: str(column.type),
)
def test_parquet_columns_of_bytes_are_text_where_they_are(column: pa.Array, tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": column}), tmp_path / "a.parquet")
    found = read(tmp_path / "a.parquet")
    assert [getattr(item, "text", None) or item.reason for item in found] == [
        TEXT,
        "wrong_encoding",
        "caf\u00e9",
    ]


def test_a_file_that_went_after_it_was_listed_is_a_reject(tmp_path: Path) -> None:
    gone = File(
        id="f", address=str(tmp_path / "gone.txt"), name="gone.txt", kind="text", size=9, start=0, stop=0
    )
    (found,) = ReadDocuments().map(gone)
    assert isinstance(found, Reject)
    assert found.reason == "unreadable"
