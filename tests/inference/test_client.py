"""Asking over real HTTP, with faults on demand from the scripted server."""

import asyncio
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from pipeline.errors import BadReply, ModelUnavailable, PipelineError
from pipeline.inference import client
from pipeline.inference.asking import Asker, ServedModel
from pipeline.inference.client import check_endpoint, key_of
from pipeline.inference.vllm_metrics import prefix_cache_in, queue_in
from pipeline.model import ModelSpec, Prompt, Sampling
from pipeline.storage.replies import Replies
from pipeline.storage.tally import Tally
from tests.conftest import Scripted, start_scripted

ANSWER = Prompt("answer_questions/answer")
SAMPLING = Sampling(max_tokens=50)


class Question(BaseModel):
    model_config = ConfigDict(extra="forbid")
    question: str = Field(min_length=5)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(client, "LONGEST_WAIT_S", 0.05)


def spec(server: Scripted, **changes: Any) -> ModelSpec:
    return ModelSpec(
        **{"name": "scripted", "serve": "endpoint", "url": server.url, "concurrency": 4, **changes}
    )


def test_a_key_that_the_server_echoes_is_not_passed_on(
    scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACADEME_API_KEY", "sk-very-secret\n")
    for status, error in (("400", BadReply), ("401", ModelUnavailable), ("500", BadReply)):
        (tmp_path / status).mkdir()
        scripted.fault(status, times=100)
        with pytest.raises(error) as caught:
            use(scripted, tmp_path / status, lambda model: model.write(ANSWER, SAMPLING, question="Why?"))
        assert "Bearer ***" in str(caught.value) + getattr(caught.value, "raw", "")
        assert "sk-very-secret" not in repr(caught.value)


def use(
    server: Scripted,
    folder: Path,
    work: Callable[[Asker], Awaitable[Any]],
    replay: bool = False,
    **changes: Any,
) -> tuple[Any, Tally]:
    """What `work` returns with a model on the server, and what it cost."""

    async def go() -> tuple[Any, Tally]:
        chosen = spec(server, **changes)
        replies = Replies(folder / "replies.sqlite")
        served = ServedModel(chosen, replies, replay)
        assert chosen.url is not None
        served.use_server(chosen.url, key_of(chosen))
        tally = Tally()
        try:
            return await work(Asker(chosen, served, tally)), tally
        finally:
            await served.close()
            replies.close()

    return asyncio.run(go())


def ask(n: int) -> Callable[[Asker], Awaitable[Any]]:
    return lambda model: asyncio.gather(
        *(model.ask(ANSWER, Question, SAMPLING, question=str(i)) for i in range(n))
    )


@pytest.mark.parametrize(
    "kind", ["429", "500", "503", "broken_json", "wrong_shape", "cut_off", "closes", "not_http_json"]
)
def test_a_fault_that_passes_is_asked_again(kind: str, scripted: Scripted, tmp_path: Path) -> None:
    scripted.fault(kind, times=3)
    replies, tally = use(scripted, tmp_path, ask(6))
    assert len({reply.question for reply in replies}) == 6
    assert len(scripted.bodies()) == 6 + 3
    assert tally.retries + tally.bad_replies == 3
    assert tally.sent + tally.retries == 9


def test_nothing_is_paid_for_twice(scripted: Scripted, tmp_path: Path) -> None:
    first, tally = use(scripted, tmp_path, ask(5))
    assert (tally.requests, tally.sent) == (5, 5)
    again, tally = use(scripted, tmp_path, ask(5))
    assert again == first
    assert (tally.requests, tally.sent) == (5, 0)
    replayed, _ = use(scripted, tmp_path, ask(5), replay=True)
    assert replayed == first
    with pytest.raises(ModelUnavailable, match="--replay sends nothing, but no reply is stored"):
        use(scripted, tmp_path, ask(6), replay=True)
    assert len(scripted.bodies()) == 5


def test_equal_requests_at_one_time_are_sent_once_unless_told_apart(
    scripted: Scripted, tmp_path: Path
) -> None:
    def same(model: Asker) -> Awaitable[Any]:
        return asyncio.gather(*(model.write(ANSWER, SAMPLING, question="q") for _ in range(5)))

    def samples(model: Asker) -> Awaitable[Any]:
        return asyncio.gather(*(model.write(ANSWER, SAMPLING, sample=n, question="q") for n in range(5)))

    use(scripted, tmp_path, same)
    assert len(scripted.bodies()) == 1
    use(scripted, tmp_path, samples)
    assert len(scripted.bodies()) == 5  # sample 0 is the one above


def test_a_bad_reply_keeps_its_text_and_is_not_sent_again_later(scripted: Scripted, tmp_path: Path) -> None:
    scripted.fault("wrong_shape", times=100)
    for _ in range(2):
        with pytest.raises(BadReply) as caught:
            use(scripted, tmp_path, ask(1))
        assert caught.value.raw == '{"answer": 42}'
        assert "question: Field required" in str(caught.value)
    assert len(scripted.bodies()) == 3  # three attempts, stored


def test_a_request_that_alone_fails_is_a_bad_reply(scripted: Scripted, tmp_path: Path) -> None:
    scripted.fault("500", times=100, match='"2"')
    with pytest.raises(BadReply, match="failed 6 times, last with: HTTP 500"):
        use(scripted, tmp_path, ask(3))


def test_a_refused_request_is_not_repeated(scripted: Scripted, tmp_path: Path) -> None:
    scripted.fault("400", times=100)
    with pytest.raises(BadReply, match="refused the request with HTTP 400"):
        use(scripted, tmp_path, ask(1))
    assert len(scripted.bodies()) == 1


def test_the_time_out_counts_from_sending_not_from_queueing(slow_scripted: Scripted, tmp_path: Path) -> None:
    replies, _ = use(slow_scripted, tmp_path, ask(12), concurrency=2, timeout_s=1.2)  # 6 rounds of 0.3 s
    assert len(replies) == 12
    assert len(slow_scripted.bodies()) == 12


def test_a_server_that_tells_of_its_queue_has_a_short_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "WATCH_S", 0.05)
    server = start_scripted(tmp_path, delay_s=0.05)
    try:
        server.control(slots=4)
        replies, _ = use(server, tmp_path, ask(150), concurrency=64)
        state = server.state()
    finally:
        server.stop()
    assert len(replies) == 150
    assert max(state["queues"]) > 50  # it was flooded once, before anybody looked
    settled = state["queues"][80:]  # about 60 each when nobody looks
    assert 1 <= sum(settled) / len(settled) <= 12  # short, and never starved


@pytest.mark.parametrize("said", ["1.2.3", "1e999", "...", "e"])
def test_numbers_of_a_queue_that_are_none_are_passed_over(
    said: str, scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "WATCH_S", 0.01)
    metrics = f"vllm:num_requests_running {said}\nvllm:prefix_cache_hits_total {said}\n"
    monkeypatch.setattr(client, "queue_in", lambda _: queue_in(metrics))
    monkeypatch.setattr(client, "prefix_cache_in", lambda _: prefix_cache_in(metrics))
    replies, _ = use(scripted, tmp_path, ask(30), concurrency=2)
    assert len(replies) == 30


def test_the_death_of_what_watches_the_queue_ends_the_run_with_its_cause(
    scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(_: str) -> None:
        raise SystemError("the task ends here")

    monkeypatch.setattr(client, "WATCH_S", 0.01)
    monkeypatch.setattr(client, "queue_in", dies)
    with pytest.raises(PipelineError, match=r"the queue of .* has ended: SystemError: the task ends here"):
        use(scripted, tmp_path, ask(500), concurrency=2)


def test_a_server_that_never_answers_is_given_up(scripted: Scripted, tmp_path: Path) -> None:
    scripted.fault("never", times=1000)
    with pytest.raises(BadReply, match=r"failed 6 times, last with: no answer within 0 s of sending"):
        use(scripted, tmp_path, ask(1), timeout_s=0.1)


def test_a_server_that_is_gone_is_waited_for_and_then_given_up(scripted: Scripted, tmp_path: Path) -> None:
    scripted.stop()
    started = time.monotonic()
    with pytest.raises(ModelUnavailable, match="run the same command again to go on from here"):
        use(scripted, tmp_path, ask(1), outage_s=1)
    assert 1 <= time.monotonic() - started < 10


def test_a_server_that_dies_after_good_answers_is_waited_for_too(tmp_path: Path) -> None:
    """Others were answered while the request waited; then nobody is, for more tries than a request has."""
    reply = b'{"choices": [{"message": {"content": "Because."}, "finish_reason": "stop"}], "usage": {}}'
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(reply)
    is_back = False
    held: list[asyncio.StreamWriter] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.read(65536)
        if b"slow" in asked and not is_back:
            held.append(writer)  # until the server dies
            return
        writer.write(head + reply)
        writer.close()

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def work(model: Asker) -> str:
        nonlocal is_back
        listening = await asyncio.start_server(answer, "127.0.0.1", port)
        await model.write(ANSWER, SAMPLING, question="A first one?")  # which goes alone
        slow = asyncio.create_task(model.write(ANSWER, SAMPLING, question="A slow one?"))
        await asyncio.sleep(0.1)
        await model.write(ANSWER, SAMPLING, question="A quick one?")
        listening.close()
        held[0].close()
        await asyncio.sleep(1)  # twenty tries, as short as the waits are here
        is_back = True
        listening = await asyncio.start_server(answer, "127.0.0.1", port)
        answered = await slow
        listening.close()
        return answered.text

    server = Scripted(subprocess.Popen(["true"]), f"http://127.0.0.1:{port}/v1", tmp_path)
    text, tally = use(server, tmp_path, work)
    assert text == "Because."
    assert tally.requests == 3


def test_the_endpoint_is_checked_before_anything_starts(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_endpoint(spec(scripted))
    with pytest.raises(ModelUnavailable, match="does not serve 'other'; it serves: scripted"):
        check_endpoint(spec(scripted, name="other"))
    with pytest.raises(ModelUnavailable, match=r"says HTTP 404; is .* an OpenAI-compatible base"):
        check_endpoint(spec(scripted, url=f"{scripted.url}/nowhere"))
    scripted.stop()
    with pytest.raises(ModelUnavailable, match="cannot reach"):
        check_endpoint(spec(scripted))
