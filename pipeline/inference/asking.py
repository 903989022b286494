"""What a stage's `write` and `ask` do: render, look in the reply store, send, validate, ask again."""

import asyncio
import base64
import contextlib
import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from pydantic import BaseModel, ValidationError

from pipeline.embeddings.vectors import packed
from pipeline.errors import BadReply, ModelUnavailable, RequestRefused
from pipeline.inference.client import Client
from pipeline.inference.door import fits, last_logprobs, misfit, text_in
from pipeline.inference.first_request import FirstRequest
from pipeline.inference.pace import Pace
from pipeline.inference.protocol import Kind, end_of, kind_of
from pipeline.inference.vllm_metrics import PrefixCache
from pipeline.model import ModelSpec, Prompt, Reply, Sampling, Turn
from pipeline.prompts import render
from pipeline.storage.replies import Replies, StoredReply
from pipeline.storage.tally import Tally
from pipeline.text.json_objects import objects_in

# Made once: `json.dumps` makes an encoder a call. Keys keep their order: a server that is given a schema
# writes the fields in that order, and a reason is worth something only before the scores.
_canonical = json.JSONEncoder(separators=(",", ":")).encode
MAX_ASKS = 3  # of one question whose replies do not fit the schema


class Channel(Protocol):
    """Where an Asker gets its replies from: a served model, or a script in tests."""

    async def reply_to(self, body: dict[str, Any], sample: int, tally: Tally) -> StoredReply: ...


@dataclass(frozen=True)
class Gauges:
    """How busy a served model is."""

    in_flight: int
    limit: int  # of requests in flight, as the pace has it now
    wants_server: bool  # a request waits for `use_server`
    prefix_cache: PrefixCache  # of its server
    steps: tuple[tuple[str, int], ...]  # requests in flight, by step


class ServedModel:
    """A channel to a served model through the reply store, for one event loop. Nothing is sent before
    `use_server`; the gauges say when that is needed: no server is started where all replies are stored.
    """

    def __init__(self, spec: ModelSpec, replies: Replies, replay: bool = False) -> None:
        self._pace = Pace(spec.concurrency, spec.timeout_s)
        self._wants_server = False
        self._first = FirstRequest(spec.name)
        self._spec = spec
        self._replies = replies
        self._replay = replay
        self._client: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._open: dict[bytes, asyncio.Future[StoredReply]] = {}
        self._in_flight = Counter[str]()  # requests, by step

    def use_server(self, url: str, key: str = "") -> None:
        self._wants_server = False
        if not self._client.done():
            self._client.set_result(Client(self._spec, url, self._pace, key))

    async def close(self) -> None:
        if self._client.done():
            await self._client.result().close()

    def gauges(self) -> Gauges:
        in_flight, cache = 0, PrefixCache(0, 0)
        if self._client.done():
            in_flight, cache = self._pace.in_flight, self._client.result().prefix_cache
        steps = tuple(sorted(self._in_flight.items()))
        return Gauges(in_flight, self._pace.width, self._wants_server, cache, steps)

    def of_step(self, name: str) -> "StepChannel":
        """The channel for the requests of one step."""
        return StepChannel(self, name)

    async def drain(self) -> None:
        """Sends nothing more; returns when all that was sent is answered and durable."""
        self._pace.close()
        if self._client.done():  # nothing was sent before
            await self._pace.empty()

    async def room(self) -> None:
        """Returns when fewer requests wait for their turn than may be in flight. For one caller at a time."""
        await self._first.wait()
        await self._pace.room()

    async def reply_to(self, body: dict[str, Any], sample: int, tally: Tally, step: str = "") -> StoredReply:
        """The stored reply to `body`, or a new one, durable before it is returned."""
        request = canonical_json(body)
        key = request_key(request, sample)
        reply = self._replies.get(key)
        if reply is not None:
            self._first.found_stored()
        elif key in self._open:
            reply = await self._open[key]
        if reply is None:
            tally.sent += 1
            reply = await self._send(step, key, request, kind_of(body), tally)
        tally.requests += 1
        tally.prompt_tokens += reply.prompt_tokens
        tally.output_tokens += reply.output_tokens
        return reply

    async def _send(self, step: str, key: bytes, request: bytes, kind: Kind, tally: Tally) -> StoredReply:
        """A new reply. Who asks for the same one meanwhile waits for it too."""
        if self._replay:
            raise ModelUnavailable(f"--replay sends nothing, but no reply is stored for: {request.decode()}")
        asked = self._open[key] = asyncio.get_running_loop().create_future()
        try:

            async def ask() -> StoredReply:
                async with self._pace:  # until the reply is durable: a crash costs no more than the places
                    with self._counted(step):
                        return await self._exchange(key, request, kind, tally)

            reply = await self._first.go(kind == "text" and b'"response_format"' in request, ask)
        except BaseException as error:
            asked.set_exception(error)
            asked.exception()  # nobody may be waiting
            raise
        finally:
            del self._open[key]
        asked.set_result(reply)
        return reply

    async def _exchange(self, key: bytes, request: bytes, kind: Kind, tally: Tally) -> StoredReply:
        """Sends the request; returns the reply once it is durable."""
        self._replies.check()  # what cannot be kept is not asked for
        self._wants_server = not self._client.done()
        client = await self._client

        def count_retry() -> None:
            tally.retries += 1

        started = time.monotonic()
        try:
            answer = await client.send(request, kind, count_retry)
        except RequestRefused:
            raise  # it says nothing of the model
        except BadReply:
            tally.requests, tally.bad_replies = tally.requests + 1, tally.bad_replies + 1
            raise
        reply = await self._replies.put(key, self._spec.name, answer)
        tally.asked_s += time.monotonic() - started
        return reply

    @contextlib.contextmanager
    def _counted(self, step: str) -> Iterator[None]:
        self._in_flight[step] += 1
        try:
            yield
        finally:
            self._in_flight[step] -= 1


@dataclass(frozen=True)
class StepChannel:
    """A channel for the requests of one step, so that it is known whose are in flight."""

    served: ServedModel
    step: str

    async def reply_to(self, body: dict[str, Any], sample: int, tally: Tally) -> StoredReply:
        return await self.served.reply_to(body, sample, tally, self.step)


def canonical_json(body: dict[str, Any]) -> bytes:
    """The one spelling of a request, as it is hashed and as it is sent."""
    return _canonical(body).encode()


def request_key(request: bytes, sample: int) -> bytes:
    """A 128-bit hash of all that decides the reply."""
    return hashlib.blake2b(b"[%b,%d]" % (request, sample), digest_size=16).digest()


class Asker:
    """The Model that one part's records are mapped with; counts what they use in `tally`."""

    def __init__(self, spec: ModelSpec, channel: Channel, tally: Tally) -> None:
        self.name = spec.name
        self._system = spec.system
        self._channel = channel
        self._tally = tally

    async def write(
        self,
        prompt: Prompt,
        sampling: Sampling,
        *,
        after: Turn | None = None,
        sample: int = 0,
        **values: object,
    ) -> Turn:
        messages = self._messages(prompt, after, values)
        reply = await self._channel.reply_to(self._body(messages, sampling), sample, self._tally)
        text = self._text(reply, sampling)
        turns = (*messages, ("assistant", text))
        return Turn(turns, text, end_of(reply.finish), reply.prompt_tokens, reply.output_tokens)

    async def ask(
        self,
        prompt: Prompt,
        reply: type[Reply],
        sampling: Sampling,
        *,
        after: Turn | None = None,
        sample: int = 0,
        **values: object,
    ) -> Reply:
        body = self._body(self._messages(prompt, after, values), sampling)
        body["response_format"] = _response_format(reply)
        for ask in range(MAX_ASKS):
            got = await self._channel.reply_to(body, sample * MAX_ASKS + ask, self._tally)
            try:
                return reply.model_validate_json(_object_in(got.text, reply))
            except ValidationError as error:
                self._tally.bad_replies += 1
                fault = misfit(reply.__name__, error, got)
        raise fault

    async def complete(self, text: str, sampling: Sampling) -> Turn:
        body = {"model": self.name, "prompt": text, **sampling.model_dump(exclude_none=True)}
        reply = await self._channel.reply_to(body, 0, self._tally)
        found = self._text(reply, sampling)
        return Turn((), found, end_of(reply.finish), reply.prompt_tokens, reply.output_tokens)

    async def embed(self, text: str) -> str:
        body = {"model": self.name, "input": text, "encoding_format": "base64"}
        reply = await self._channel.reply_to(body, 0, self._tally)
        return packed(np.frombuffer(base64.b64decode(reply.text), "<f4"))

    async def n_tokens(self, text: str) -> int:
        body = {"model": self.name, "prompt": text, "add_special_tokens": False}
        return int((await self._channel.reply_to(body, 0, self._tally)).text)

    async def surprise(self, question: str, answer: str) -> float | None:
        turns = [("system", self._system)] if self._system is not None else []
        turns += [("user", question), ("assistant", answer.strip())]
        body = {
            "model": self.name,
            "messages": [{"role": role, "content": text} for role, text in turns],
            "add_generation_prompt": False,
            "continue_final_message": True,  # the prompt ends where the answer does
            "prompt_logprobs": 0,
            "max_tokens": 1,
            "temperature": 0.0,
        }
        reply = await self._channel.reply_to(body, 0, self._tally)
        found = last_logprobs(json.loads(reply.text), len(answer.strip()))
        return -sum(found) / len(found) if found else None

    def _text(self, reply: StoredReply, sampling: Sampling) -> str:
        try:
            return text_in(reply, sampling.max_tokens)
        except BadReply:
            self._tally.bad_replies += 1
            raise

    def _messages(
        self, prompt: Prompt, after: Turn | None, values: dict[str, object]
    ) -> tuple[tuple[str, str], ...]:
        if after is not None:
            before = after.messages
        else:
            before = (("system", self._system),) if self._system is not None else ()
        return (*before, ("user", render(prompt, **values)))

    def _body(self, messages: tuple[tuple[str, str], ...], sampling: Sampling) -> dict[str, Any]:
        return {
            "model": self.name,
            "messages": [{"role": role, "content": text} for role, text in messages],
            **sampling.model_dump(exclude_none=True),
        }


def _response_format(reply: type[BaseModel]) -> dict[str, Any]:
    schema = {"name": reply.__name__, "schema": reply.model_json_schema(), "strict": True}
    return {"type": "json_schema", "json_schema": schema}


def _object_in(text: str, kind: type[BaseModel] | None = None) -> str:
    """The JSON object in a reply of a server that does not constrain it: the first that `kind` takes, else
    the first; the text where it has none.
    """
    found = list(objects_in(text))
    fitting = (one for one in found if kind is not None and len(found) > 1 and fits(kind, one))
    return next(fitting, found[0] if found else text)
