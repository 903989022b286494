"""What a server says instead of a reply: it costs the request that it is said to, and is quoted."""

from pathlib import Path

import pytest

from pipeline.stage import Reject, is_passing
from tests.conftest import Scripted
from tests.inference.odd import TEXT, body, outcomes, tell

pytestmark = pytest.mark.usefixtures("short_waits")

DEEP = '{"choices":' + "[" * 100_000
UNREADABLE = {
    "html": ("<html>hello</html>", 200, "<html>hello"),
    "nothing": ("", 200, "HTTP 200"),
    "no_content_204": ("", 204, "HTTP 204"),
    "accepted_202": ("queued", 202, "queued"),
    "truncated": (body()[:40], 200, '{"choices'),
    "a_list": ("[1, 2]", 200, "[1, 2]"),
    "a_number": ("3", 200, "3"),
    "null": ("null", 200, "null"),
    "no_choices": ('{"usage": {}}', 200, "usage"),
    "empty_choices": ('{"choices": []}', 200, "choices"),
    "null_choices": ('{"choices": null}', 200, "null"),
    "choices_a_dict": ('{"choices": {"0": 1}}', 200, "choices"),
    "a_choice_that_is_a_text": ('{"choices": ["Honey"]}', 200, "Honey"),
    "message_null": ('{"choices": [{"message": null, "finish_reason": "stop"}]}', 200, "null"),
    "message_a_list": ('{"choices": [{"message": ["Honey"]}]}', 200, "Honey"),
    "message_a_number": ('{"choices": [{"message": 42}]}', 200, "42"),
    "no_message": ('{"choices": [{"finish_reason": "stop"}]}', 200, "finish_reason"),
    "content_null": (body(None), 200, "null"),
    "content_a_number": (body(42), 200, "42"),
    "content_true": (body(True), 200, "true"),
    "content_a_dict": (body({"text": "Honey"}), 200, "Honey"),
    "content_nan": (body(float("nan")), 200, "NaN"),
    "content_of_no_parts": (body([]), 200, "[]"),
    "content_of_pictures": (body([{"type": "image_url", "image_url": "x"}]), 200, "image_url"),
    "content_of_numbers": (body([1, None, {"type": "text", "text": 3}]), 200, "null"),
    "an_error_with_200": ('{"error": {"message": "Provider returned error", "code": 502}}', 200, "Provider"),
    "an_error_that_is_a_text": ('{"error": "model is warming up"}', 200, "warming up"),
    "a_rate_with_200": ('{"error": {"message": "quota exceeded", "code": 429}}', 200, "quota exceeded"),
    "ended_by_an_error": (body("Hon", finish="error"), 200, "Hon"),
    "an_event_stream": ('data: {"choices": [{"delta": {"content": "Hi"}}]}\n\n', 200, "data:"),
    "deep": (DEEP, 200, '{"choices":[[['),
    "deep_and_closed": (f'{{"a": {"[" * 50_000}{"]" * 50_000}}}', 200, '{"a": [['),
    "a_number_of_5000_digits": (f'{{"choices": {"9" * 5000}}}', 200, "9999"),
    "bad_gzip": (b"not gzip", 200, "HTTP 200"),
    "500": ("Internal error at 0x7f", 500, "Internal error"),
    "500_html": ("<h1>Oops</h1>", 500, "Oops"),
    "502": ("no backend", 502, "no backend"),
    "503": ("loading", 503, "loading"),
    "504": ("upstream timed out", 504, "upstream timed out"),
    "524": ("origin timed out", 524, "origin timed out"),
    "529": ("overloaded", 529, "overloaded"),
    "408": ("request timeout", 408, "request timeout"),
    "409": ("conflict", 409, "conflict"),
    "425": ("too early", 425, "too early"),
    "429": ("slow down", 429, "slow down"),
}  # body, status -> what is quoted


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_server_that_says_nonsense_to_one_request_costs_that_row_and_is_quoted(
    name: str, server: Scripted, tmp_path: Path
) -> None:
    sent, status, quote = UNREADABLE[name]
    headers = {"Content_Encoding": "gzip"} if name == "bad_gzip" else {}
    tell(server, sent, status=status, **headers)
    found, tally = outcomes(server, tmp_path)
    reject, *good = found
    assert isinstance(reject, Reject)
    assert reject.reason == "bad_reply"
    assert is_passing(reject.reason, reject.got, reject.limit)
    assert quote in reject.got
    assert f"HTTP {status}" in reject.got
    assert reject.limit.startswith("the request failed 6 times, last with: ")
    assert len(reject.got) < 1000
    assert all(turn.text for turn in good)
    assert tally.bad_replies == 1
    tell(server, body())  # it passes: the next run asks again, and pays once
    assert outcomes(server, tmp_path)[0][0].text == TEXT


@pytest.mark.parametrize("name", [name for name in UNREADABLE if name not in ("bad_gzip",)])
def test_nonsense_that_passes_is_asked_again(name: str, server: Scripted, tmp_path: Path) -> None:
    sent, status, _ = UNREADABLE[name]
    tell(server, sent, status=status, times=2)
    found, tally = outcomes(server, tmp_path)
    assert all(turn.text for turn in found)
    assert (tally.retries, tally.bad_replies) == (2, 0)


@pytest.mark.parametrize(
    "said", ["99999999999999999999", "-5", "²", "nan", "inf", "1e9", "", "soon", "Thu, 99 Foo 2026", "0.01"]
)
def test_a_wait_that_nobody_means_is_not_waited_for(said: str, server: Scripted, tmp_path: Path) -> None:
    tell(server, "slow down", status=429, times=3, Retry_After=said)
    found, tally = outcomes(server, tmp_path)
    assert all(turn.text for turn in found)
    assert tally.retries == 3
