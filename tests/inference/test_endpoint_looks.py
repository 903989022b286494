"""What is asked of an endpoint beside replies: its models, and how many tokens a text has."""

import base64
from pathlib import Path

import pytest

from pipeline.errors import ModelUnavailable
from pipeline.inference.client import check_endpoint
from tests.conftest import Scripted
from tests.inference.odd import spec, use

pytestmark = pytest.mark.usefixtures("short_waits")


@pytest.mark.parametrize(
    ("status", "sent"),
    [
        (200, '{"error": "Unexpected endpoint or method. (POST /tokenize)"}'),
        (200, '{"tokens": []}'),
        (200, "<html>ok</html>"),
        (200, '{"count": null}'),
        (200, '{"count": -3}'),
        (200, '{"count": "12"}'),
        (200, "[]"),
        (404, "not found"),
        (405, "Method Not Allowed"),
        (422, "missing field `inputs`"),
        (400, "bad request"),
        (501, "not implemented"),
    ],
)
def test_a_server_that_counts_no_tokens_is_told_at_once_with_the_remedy(
    status: int, sent: str, server: Scripted, tmp_path: Path
) -> None:
    server.control(kind="tokenizer", status=status, body=base64.b64encode(sent.encode()).decode())
    with pytest.raises(ModelUnavailable, match=r"does not count tokens.*chunks\.chars_per_token"):
        use(server, tmp_path, lambda model: model.n_tokens("Some words."))


LISTS = [
    ('{"data": [{"id": "scripted"}]}', 200, "scripted"),
    ('[{"id": "scripted", "object": "model"}]', 200, "scripted"),
    ('["scripted"]', 200, "scripted"),
    ('{"models": [{"name": "models/scripted"}]}', 200, "scripted"),
    ('{"data": [{"id": "models/scripted"}]}', 200, "scripted"),
    ('{"data": [{"id": "scripted"}]}', 200, "models/scripted"),
    ('{"data": [{"id": "scripted"}]}', 200, "scripted:free"),
    ('{"data": [{"id": "\\ud800"}, {"id": 3}, null, {"id": "scripted"}]}', 200, "scripted"),
]


@pytest.mark.parametrize(("sent", "status", "name"), LISTS)
def test_models_are_listed_in_many_forms(sent: str, status: int, name: str, server: Scripted) -> None:
    server.control(kind="models", status=status, body=base64.b64encode(sent.encode()).decode())
    assert check_endpoint(spec(server, name=name)) == ""


@pytest.mark.parametrize(
    ("status", "sent"),
    [
        (404, "not found"),
        (405, ""),
        (501, ""),
        (503, "loading model"),
        (200, '{"data": []}'),
        (200, '{"data": null}'),
        (200, '{"data": "scripted"}'),
        (200, "[1, 2]"),
        (200, "<html>hi</html>"),
        (200, '{"data"'),
        (200, "[" * 100_000),
        (200, ""),
    ],
)
def test_an_endpoint_without_a_list_is_taken_with_a_warning(status: int, sent: str, server: Scripted) -> None:
    server.control(kind="models", status=status, body=base64.b64encode(sent.encode()).decode())
    assert "lists no models" in check_endpoint(spec(server))


def test_a_list_without_the_model_is_refused(server: Scripted) -> None:
    server.control(kind="models", status=200, body=base64.b64encode(b'["a/b", "models/c"]').decode())
    with pytest.raises(ModelUnavailable, match="does not serve 'scripted'; it serves: a/b, models/c"):
        check_endpoint(spec(server))


def test_a_key_that_no_header_may_have_is_named(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("sk-one\nsk-two", "sk-schlüssel"):
        monkeypatch.setenv("ACADEME_API_KEY", key)
        with pytest.raises(ModelUnavailable, match="line break or a character that no header"):
            check_endpoint(spec(server))
