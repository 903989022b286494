"""What other servers send, over real HTTP: one odd answer costs its request alone, and is quoted.

Three kinds of bodies: those that can be read are used at once; those that cannot are asked for again and then
rejected; those that mean all of us end the run.
"""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ModelUnavailable, OutOfCredit
from pipeline.inference import client
from pipeline.inference.asking import Asker, ServedModel
from pipeline.inference.client import check_endpoint
from pipeline.inference.protocol import NoReply, reply_in
from pipeline.model import ModelSpec, Prompt, Sampling
from pipeline.stage import Reject, is_passing, settle
from pipeline.storage.replies import Replies
from pipeline.storage.tally import Tally
from tests.conftest import Scripted, start_scripted

ANSWER = Prompt("answer_questions/answer")
SAMPLING = Sampling(max_tokens=500)
TEXT = "Honey is made by bees."
ODD = "An odd one?"
N_GOOD = 5


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scripted]:
    started = start_scripted(tmp_path_factory.mktemp("server"))
    yield started
    started.stop()


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(client, "LONGEST_WAIT_S", 0.02)
    monkeypatch.setattr(client, "PROBE_EVERY_S", 0.02)


def body(content: object = TEXT, finish: object = "stop", usage: object = None, **message: object) -> str:
    usage = {"prompt_tokens": 10, "completion_tokens": 10} if usage is None else usage
    choice = {"index": 0, "message": {"content": content, **message}, "finish_reason": finish}
    return json.dumps({"choices": [choice], "usage": usage})


def spec(server: Scripted, **changes: Any) -> ModelSpec:
    return ModelSpec(**{"name": "scripted", "serve": "endpoint", "url": server.url, "outage_s": 3, **changes})


def tell(server: Scripted, sent: str | bytes, status: int = 200, times: int = 1000, **headers: str) -> None:
    """The odd request is answered so."""
    data = base64.b64encode(sent.encode() if isinstance(sent, str) else sent).decode()
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    server.control(kind="raw", body=data, status=status, times=times, match=ODD, headers=headers)


def outcomes(server: Scripted, folder: Path, **changes: Any) -> tuple[list[Any], Tally]:
    """What the odd request came to, and then the good ones, which are asked side by side; what it cost."""
    questions = [ODD, *(f"{folder.name} {n}?" for n in range(N_GOOD))]
    return use(
        server,
        folder,
        lambda model: settle([model.write(ANSWER, SAMPLING, question=question) for question in questions]),
        **changes,
    )


def use(
    server: Scripted, folder: Path, work: Callable[[Asker], Awaitable[Any]], **changes: Any
) -> tuple[Any, Tally]:
    async def go() -> tuple[Any, Tally]:
        chosen = spec(server, **changes)
        replies = Replies(folder / "replies.sqlite")
        served = ServedModel(chosen, replies)
        served.use_server(server.url)
        tally = Tally()
        try:
            return await work(Asker(chosen, served, tally)), tally
        finally:
            await served.close()
            replies.close()

    return asyncio.run(go())


READ = {
    "whole": (body(), TEXT, "stop", 10),
    "parts": (
        body([{"type": "text", "text": "Honey is "}, {"type": "text", "text": "made by bees."}]),
        TEXT,
        "stop",
        10,
    ),
    "parts_that_are_texts": (body(["Honey is made ", "by bees."]), TEXT, "stop", 10),
    "parts_with_a_thought": (
        body(
            [
                {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
                {"type": "text", "text": TEXT},
            ]
        ),
        TEXT,
        "stop",
        10,
    ),
    "parts_without_a_type": (body([{"text": TEXT}]), TEXT, "stop", 10),
    "message_is_a_text": (
        body().replace('{"content": "Honey is made by bees."}', json.dumps(TEXT)),
        TEXT,
        "stop",
        10,
    ),
    "half_a_pair": (
        body().replace("by bees", r"by \ud83d bees"),
        "Honey is made by \ufffd bees.",
        "stop",
        10,
    ),
    "half_a_pair_at_the_end": (body().replace("bees.", r"bees. \ud83d"), f"{TEXT} \ufffd", "stop", 10),
    "two_halves_apart": (
        body().replace("bees.", r"bees \udc1d\ud83d."),
        "Honey is made by bees \ufffd\ufffd.",
        "stop",
        10,
    ),
    "a_whole_pair": (body().replace("bees.", r"bees \ud83d\udc1d."), "Honey is made by bees 🐝.", "stop", 10),
    "no_utf_8": (
        body().replace("bees", "caf\xe9").encode("latin-1"),
        "Honey is made by caf\ufffd.",
        "stop",
        10,
    ),
    "utf_16": (body().encode("utf-16"), TEXT, "stop", 10),
    "a_bom": (b"\xef\xbb\xbf" + body().encode(), TEXT, "stop", 10),
    "blank_lines_before": ("\n\n  " + body(), TEXT, "stop", 10),
    "usage_missing": (body(usage=[]), TEXT, "stop", 0),
    "usage_null": (body(usage={"prompt_tokens": None, "completion_tokens": None}), TEXT, "stop", 0),
    "usage_a_list": (body(usage=[1]), TEXT, "stop", 0),
    "usage_a_text": (body(usage="10"), TEXT, "stop", 0),
    "usage_digits": (body(usage={"prompt_tokens": "10", "completion_tokens": "5"}), TEXT, "stop", 10),
    "usage_words": (body(usage={"prompt_tokens": "ten", "completion_tokens": "²"}), TEXT, "stop", 0),
    "usage_whole_float": (body(usage={"prompt_tokens": 10.0, "completion_tokens": 1e300}), TEXT, "stop", 10),
    "usage_half": (body(usage={"prompt_tokens": 1.5, "completion_tokens": 1}), TEXT, "stop", 0),
    "usage_negative": (body(usage={"prompt_tokens": -5, "completion_tokens": -10}), TEXT, "stop", 0),
    "usage_huge": (body(usage={"prompt_tokens": 10**30, "completion_tokens": 2**63}), TEXT, "stop", 0),
    "usage_nan": (
        body(usage={"prompt_tokens": float("nan"), "completion_tokens": float("inf")}),
        TEXT,
        "stop",
        0,
    ),
    "usage_nested": (body(usage={"prompt_tokens": {"total": 5}, "completion_tokens": [3]}), TEXT, "stop", 0),
    "usage_true": (body(usage={"prompt_tokens": True, "completion_tokens": False}), TEXT, "stop", 0),
    "finish_null": (body(finish=None), TEXT, "stop", 10),
    "finish_a_number": (body(finish=7), TEXT, "7", 10),
    "finish_a_list": (body(finish=["stop"]), TEXT, "['stop']", 10),
    "finish_eos": (body(finish="eos_token"), TEXT, "stop", 10),
    "finish_end_turn": (body(finish="end_turn"), TEXT, "stop", 10),
    "finish_STOP": (body(finish="STOP"), TEXT, "stop", 10),
    "finish_max_tokens": (body(finish="MAX_TOKENS"), TEXT, "length", 10),
    "finish_model_length": (body(finish="model_length"), TEXT, "length", 10),
    "finish_filter": (body(finish="content_filter"), TEXT, "content_filter", 10),
    "an_error_that_is_null": (body()[:-1] + ', "error": null}', TEXT, "stop", 10),
    "thoughts": (body(f"<think>\nHm.\n</think>\n\n{TEXT}"), TEXT, "stop", 10),
    "end_tokens": (body(f"{TEXT}<|im_end|>"), TEXT, "stop", 10),
    "nul": (body("Honey \0 is made."), "Honey \0 is made.", "stop", 10),
    "empty": (body(""), "", "stop", 10),
}  # what is sent -> text, finish, prompt tokens


@pytest.mark.parametrize("name", READ)
def test_a_reply_that_can_be_read_is_used_and_paid_for_once(
    name: str, server: Scripted, tmp_path: Path
) -> None:
    sent, text, finish, prompt_tokens = READ[name]
    tell(server, sent)
    found, tally = outcomes(server, tmp_path)
    assert (found[0].text, found[0].finish) == (text, finish)
    assert (found[0].n_prompt_tokens or 0) == prompt_tokens
    assert all(turn.text for turn in found[1:])
    assert (tally.retries, tally.bad_replies) == (0, 0)
    tell(server, "never asked again", status=500)
    found, tally = outcomes(server, tmp_path)
    assert (found[0].text, tally.sent) == (text, 0)


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


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 403, 404, 405, 413, 418, 422, 451])
def test_a_refusal_of_one_request_costs_that_row_alone(status: int, server: Scripted, tmp_path: Path) -> None:
    said = '{"error": {"message": "Your input was flagged by moderation"}}'
    tell(server, said, status=status, **({"Location": "/elsewhere"} if status < 400 else {}))
    found, tally = outcomes(server, tmp_path)
    reject, *good = found
    assert (reject.reason, str(status) in reject.limit) == ("request_refused", True)
    assert "flagged by moderation" in reject.got
    assert is_passing(reject.reason, reject.got, reject.limit)
    assert all(turn.text for turn in good)
    assert tally.retries == 0


@pytest.mark.parametrize(
    ("status", "says"),
    [(401, "set the key"), (403, "set the key"), (404, "the model's name"), (302, "sends us on")],
)
def test_what_is_denied_to_all_ends_the_run(status: int, says: str, server: Scripted, tmp_path: Path) -> None:
    server.control(
        kind="raw", body="", status=status, times=1000, headers={"Location": "/x"} if status == 302 else {}
    )
    with pytest.raises(ModelUnavailable, match=says):
        outcomes(server, tmp_path)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (402, "Payment Required"),
        (402, '{"error": {"message": "Insufficient credits", "code": 402}}'),
        (
            429,
            '{"error": {"message": "You exceeded your current quota, please check your plan and billing '
            'details.", "type": "insufficient_quota", "code": "insufficient_quota"}}',
        ),
        (
            429,
            '{"error": {"message": "Your account is suspended, please check your plan and billing details", '
            '"type": "exceeded_current_quota_error"}}',
        ),
        (403, '{"error": {"message": "Your account balance is not enough credits"}}'),
        (
            400,
            '{"type": "error", "error": {"type": "invalid_request_error", "message": "Your credit balance is '
            'too low to access the API."}}',
        ),
        (
            400,
            '{"code": "Arrearage", "message": "Access denied, make sure your account is in good standing."}',
        ),
        (429, '{"error": {"code": "1113", "message": "账户余额不足"}}'),
        (200, '{"error": {"message": "Insufficient Balance", "code": "insufficient_balance"}}'),
        (
            200,
            '{"error": {"code": 402, "message": "This request requires more credits, or fewer max_tokens."}}',
        ),
        (500, '{"error": {"code": "insufficient_quota", "message": "upstream says so"}}'),
    ],
)
def test_an_empty_account_ends_the_run_and_says_so(
    status: int, said: str, server: Scripted, tmp_path: Path
) -> None:
    tell(server, said, status=status)
    with pytest.raises(OutOfCredit, match="top up") as caught:
        outcomes(server, tmp_path)
    assert caught.value.exit_code == 4
    assert said[:40] in str(caught.value)


@pytest.mark.parametrize(
    ("status", "said", "reason"),
    [
        (
            429,
            '{"error": {"message": "Rate limit reached: 3 requests per minute. Visit your billing page to '
            'raise it.", "code": "rate_limit_exceeded"}}',
            "bad_reply",
        ),
        (
            429,
            '{"error": {"code": 429, "message": "You exceeded your current quota, please check your plan and '
            'billing details. Quota exceeded for metric: free_tier_requests, limit: 10. Please retry in 36s.", '
            '"status": "RESOURCE_EXHAUSTED"}}',
            "bad_reply",
        ),
        (
            400,
            '{"error": {"message": "Cannot answer: What does insufficient funds mean on a billing page?"}}',
            "request_refused",
        ),
        (422, "insufficient balance of sodium in the prompt", "request_refused"),
    ],
)
def test_what_only_sounds_like_money_is_none(
    status: int, said: str, reason: str, server: Scripted, tmp_path: Path
) -> None:
    tell(server, said, status=status)
    found, _ = outcomes(server, tmp_path)
    assert found[0].reason == reason


@pytest.mark.parametrize(
    ("sent", "says", "quote"),
    [
        (body(None, reasoning_content="I think of bees."), "reasoning_content", "I think of bees"),
        (
            body("", reasoning_content="I think of bees.", finish="length"),
            "finish: length",
            "I think of bees",
        ),
        (body(None, reasoning="I think of bees."), "text is in reasoning", "I think of bees"),
        (body(None, refusal="I will not."), "the model refused", "I will not"),
        (
            body(None, tool_calls=[{"function": {"name": "search"}}], finish="tool_calls"),
            "calls a tool",
            "search",
        ),
        (body(None, finish="content_filter"), "filter kept the content back", "content"),
        (body("<think>\nI think of bees, and"), "a thought without an end", "I think of bees"),
        (body("x" * 40_000), "more than 500 tokens", "xxx"),
    ],
)
def test_a_reply_without_an_answer_says_why_and_is_paid_for_once(
    sent: str, says: str, quote: str, server: Scripted, tmp_path: Path
) -> None:
    tell(server, sent)
    n_before = len(server.bodies())
    found, tally = outcomes(server, tmp_path)
    reject, *good = found
    assert reject.reason == "bad_reply"
    assert says in reject.limit
    assert quote in reject.got
    assert not is_passing(reject.reason, reject.got, reject.limit)
    assert all(turn.text for turn in good)
    assert len(server.bodies()) == n_before + 1 + N_GOOD
    assert tally.bad_replies == 1


def test_a_reply_longer_than_any_is_not_held(
    server: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MAX_REPLY_BYTES", 50_000)
    tell(server, body("A very long text. " * 10_000))
    found, _ = outcomes(server, tmp_path)
    assert found[0].reason == "bad_reply"
    assert "more than 50,000 bytes" in found[0].limit
    assert "A very long text" in found[0].got


def test_a_backend_that_is_away_is_an_outage_and_costs_no_row(server: Scripted, tmp_path: Path) -> None:
    server.control(kind="raw", body="", status=502, times=60)  # far more tries than a request has
    found, _ = outcomes(server, tmp_path, outage_s=60)
    assert all(turn.text for turn in found)
    server.control(kind="raw", body="", status=503, times=10**6)
    with pytest.raises(ModelUnavailable, match="no answer from"):
        outcomes(server, tmp_path / "..", outage_s=0.5)


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


@pytest.mark.parametrize(
    "sent",
    [
        {"data": [{"embedding": [1.0, float("nan")]}]},
        {"data": [{"embedding": [1.0, float("inf")]}]},
        {"data": [{"embedding": []}]},
        {"data": [{"embedding": [[1.0]]}]},
        {"data": [{"embedding": ["a"]}]},
        {"data": [{"embedding": "no base64!"}]},
        {"data": [{"embedding": base64.b64encode(b"123").decode()}]},
        {"data": []},
        {"data": None},
    ],
)
def test_an_embedding_of_no_numbers_is_a_fault_of_the_server(sent: object) -> None:
    with pytest.raises(NoReply):
        reply_in(json.loads(json.dumps(sent)), "embedding")


@pytest.mark.parametrize("logprob", [float("nan"), float("-inf"), None, "low"])
def test_a_log_probability_that_is_no_number_is_a_fault_of_the_server(logprob: object) -> None:
    data = {"choices": [{}], "prompt_logprobs": [None, {"1": {"decoded_token": "a", "logprob": logprob}}]}
    with pytest.raises(NoReply):
        reply_in(data, "logprobs")
