"""What other servers send with status 200: what can be read is used, what holds no answer says why."""

import base64
import json
from pathlib import Path

import pytest

from pipeline.inference import bodies
from pipeline.inference.protocol import NoReply, reply_in
from pipeline.stage import is_passing
from tests.conftest import Scripted
from tests.inference.odd import N_GOOD, TEXT, body, outcomes, tell

pytestmark = pytest.mark.usefixtures("short_waits")

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
    monkeypatch.setattr(bodies, "MAX_REPLY_BYTES", 50_000)
    tell(server, body("A very long text. " * 10_000))
    found, _ = outcomes(server, tmp_path)
    assert found[0].reason == "bad_reply"
    assert "more than 50,000 bytes" in found[0].limit
    assert "A very long text" in found[0].got


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
