"""Requests to one OpenAI-compatible server, over aiohttp.

What goes wrong is sorted in pipeline/inference/http_answers.py and acted on here: overload and silence are
waited out and asked again, a request that alone keeps failing is RequestFailed, a server that nobody reaches
for `outage_s` is ModelUnavailable. Whether a server answers others is seen from the other requests, or by a
short one of our own: a few tokens, and never more than one a second.
"""

import asyncio
import json
import os
import random
import time
from collections.abc import Callable

import aiohttp
from yarl import URL

from pipeline.errors import FAILED, BadReply, ModelUnavailable, PipelineError, RequestFailed, RequestRefused
from pipeline.inference import http_answers
from pipeline.inference.bodies import whole_body
from pipeline.inference.http_answers import Denied, Fault, quoted, understood
from pipeline.inference.listing import names_in, refuse_unlisted
from pipeline.inference.pace import Pace
from pipeline.inference.protocol import NO_TOKENIZER, Kind, NoReply, decoded
from pipeline.inference.proxies import proxy_for
from pipeline.inference.vllm_metrics import PrefixCache, prefix_cache_in, queue_in
from pipeline.model import ModelSpec
from pipeline.storage.replies import StoredReply

MAX_TRIES = 6  # of one request that keeps failing on a server that is otherwise well
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 10.0
PROBE_TIMEOUT_S = 10.0
PROBE_EVERY_S = 1.0
PROBE_TOKENS = 5
PROBES = 5  # of a server that fails for every third text all fail once in 400 times
WATCH_S = 1.0  # between looks at a server's queue


class Client:
    """Sends requests to one server. Made and used inside one event loop."""

    def __init__(self, spec: ModelSpec, url: str, pace: Pace, key: str = "") -> None:
        self._spec = spec
        self._key = key
        self._url = url.rstrip("/")
        self._addresses: dict[Kind, URL] = {  # parsed once
            "text": URL(f"{self._url}/chat/completions"),
            "logprobs": URL(f"{self._url}/chat/completions"),
            "embedding": URL(f"{self._url}/embeddings"),
            "completion": URL(f"{self._url}/completions"),
            "tokens": URL(f"{self._url.removesuffix('/v1')}/tokenize"),  # vLLM's own
        }
        self._pace = pace
        self._last_good = 0.0
        self._counts_tokens = False  # the server, as it has shown
        self._probe: asyncio.Task[bool] | None = None
        self._n_probes = 0
        self.prefix_cache = PrefixCache(0, 0)  # as the server last told
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
            headers={**_headers(key), "Content-Type": "application/json"},
            timeout=aiohttp.ClientTimeout(total=spec.timeout_s),
            proxy=proxy_for(url),
        )
        self._watching = asyncio.get_running_loop().create_task(self._watch_queue())

    async def close(self) -> None:
        self._watching.cancel()
        if self._probe is not None:
            self._probe.cancel()
        await self._session.close()

    async def _watch_queue(self) -> None:
        """Lets the pace follow the queue of a server that tells of it, as vLLM does."""
        address = URL(f"{self._url.removesuffix('/v1')}/metrics")
        timeout = aiohttp.ClientTimeout(total=PROBE_TIMEOUT_S)
        tells = False
        while True:
            await asyncio.sleep(WATCH_S)
            if not self._pace.in_flight:
                continue
            try:
                async with self._session.get(address, timeout=timeout) as response:
                    metrics = await response.text(errors="replace")
                queue, self.prefix_cache = queue_in(metrics), prefix_cache_in(metrics)
            except (aiohttp.ClientError, TimeoutError, ValueError, OverflowError):
                continue  # it may be starting again, or says what is no number
            if queue is not None:
                tells = True
                self._pace.queue_seen(*queue)
            elif not tells:
                return

    def _check_watching(self) -> None:
        """Raises PipelineError where the task that watches the queue has died: nobody else would know."""
        if self._watching.done() and not self._watching.cancelled():
            fault = self._watching.exception()
            if fault is not None:
                raise PipelineError(
                    f"what watches the queue of {self._url} has ended: {type(fault).__name__}: {fault}; all "
                    "replies are kept, run the same command again to go on from here"
                ) from fault

    async def send(
        self, body: bytes, kind: Kind = "text", on_retry: Callable[[], None] = lambda: None
    ) -> StoredReply:
        """The reply to `body`, a request as JSON, for completions or embeddings; calls `on_retry` before each
        try but the first. Raises BadReply where the model gave no text, RequestRefused, RequestFailed, or
        ModelUnavailable: at once for what no waiting mends, else after `outage_s` without any good answer.
        """
        self._check_watching()
        started = before = sent = time.monotonic()
        tries = waits = 0
        while True:
            try:
                reply = await self._post(body, kind)
            except Denied as denied:
                if self._last_good > sent or await self._answers_others():
                    raise denied.refused from denied
                raise denied.all_of_us from denied
            except Fault as fault:
                waits += 1
                tries = await self._tries_after(fault, tries, waits, before)
                if tries >= MAX_TRIES and await self._is_well(fault, sent):
                    said = f"{FAILED} {tries} times, last with: {fault}"
                    raise RequestFailed(said, raw=str(fault)) from fault
                if await self._is_outage(fault, started):
                    said = f"no answer from {self._url} for {self._spec.outage_s:.0f} s, last: {fault}"
                    remedy = "start the server and run the same command again to go on from here"
                    raise ModelUnavailable(f"{said}; {remedy}") from fault
                backoff = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(waits, 10)) * random.uniform(0.5, 1.0)
                await asyncio.sleep(max(fault.again_s, backoff))
                on_retry()
                before, sent = sent, time.monotonic()
            else:
                self._last_good = time.monotonic()
                return reply

    async def _tries_after(self, fault: Fault, tries: int, waits: int, since: float) -> int:
        """How many tries count against the request: those that failed while the server was well. A busy
        server takes others by chance: what counts is an unbroken row of tries that fail while others do not.
        """
        if fault.how == "bad":
            return tries + 1
        if fault.how == "away" and self._last_good > since:
            return tries + 1
        if fault.how == "unreached" or waits <= MAX_TRIES:
            return tries
        answers_others = await self._answers_others()
        return tries + answers_others if fault.how == "away" else (tries + 1) * answers_others

    async def _is_outage(self, fault: Fault, started: float) -> bool:
        """Whether nobody has been answered for `outage_s`, and nobody would be now."""
        if time.monotonic() - max(started, self._last_good) <= self._spec.outage_s:
            return False
        return fault.how == "unreached" or not await self._answers_others()

    async def _is_well(self, fault: Fault, sent: float) -> bool:
        """Whether the server was there for others at the time of this fault."""
        return fault.how != "bad" or self._last_good > sent or await self._is_up()

    async def _post(self, body: bytes, kind: Kind) -> StoredReply:
        head, sent, url = "", time.monotonic(), self._addresses[kind]
        try:
            async with self._session.post(url, data=body, allow_redirects=False) as response:
                head = f"HTTP {response.status}"
                data = await whole_body(response)
                if response.status != 200:
                    raise self._meaning(response, data, kind)
        except TimeoutError as error:
            self._pace.pushed_back()
            raise Fault(f"no answer within {self._spec.timeout_s:.0f} s of sending", "bad") from error
        except aiohttp.ClientConnectorError as error:  # nobody has seen the request
            raise Fault(f"{type(error).__name__}: {error}", "unreached") from error
        except (aiohttp.ClientError, ValueError) as error:
            raise Fault(f"{type(error).__name__}: {error} {head}".rstrip(), "bad") from error

        def said() -> str:
            return quoted(200, response.content_type, self._masked(data.decode(errors="replace")))

        reply = understood(data, said, kind, self._counts_tokens)
        self._counts_tokens = self._counts_tokens or kind == "tokens"
        self._pace.answered(time.monotonic() - sent, reply.output_tokens)
        return reply

    def _meaning(self, response: aiohttp.ClientResponse, data: bytes, kind: Kind) -> Exception:
        """What an answer with another status means."""
        text, status = self._masked(data.decode(errors="replace")), response.status
        meaning = http_answers.meant(status, response.headers, text, self._url, self._spec.api_key_env)
        if isinstance(meaning, Fault) and meaning.how != "bad":
            self._pace.pushed_back()
        if kind == "tokens" and not self._counts_tokens:
            # "tokenization": so Ray Serve LLM says it
            counts_none = status in (404, 405, 501) or "tokenization" in text
            if counts_none or (isinstance(meaning, RequestRefused) and status != 413):
                return ModelUnavailable(
                    f"HTTP {status} from {self._addresses[kind]}: {text[:500]}; {NO_TOKENIZER}"
                )
        return meaning

    def _masked(self, text: str) -> str:
        """Without our key: a server may echo what it was sent."""
        return text.replace(self._key, "***") if self._key else text

    async def _answers_others(self) -> bool:
        """Whether a short request of our own is answered. Who asks within PROBE_EVERY_S shares one."""
        if self._probe is None:
            self._probe = asyncio.get_running_loop().create_task(self._ask_shortly())
        return await asyncio.shield(self._probe)

    async def _ask_shortly(self) -> bool:
        """Asks up to PROBES times, each time for another text: one that fails for some texts is not down."""
        for _ in range(PROBES):
            self._n_probes += 1
            answered = await self._answers(f"Say yes. ({self._n_probes})")
            if answered is not False:
                break
        if answered:
            self._last_good = time.monotonic()
        asyncio.get_running_loop().call_later(PROBE_EVERY_S, self._forget_probe)
        return bool(answered)

    async def _answers(self, said: str) -> bool | None:
        """Whether the server answers that; None where asking again would say nothing: it is gone."""
        body = {"model": self._spec.name, "messages": [{"role": "user", "content": said}]}
        request, url = json.dumps({**body, "max_tokens": PROBE_TOKENS}).encode(), self._addresses["text"]
        try:
            async with self._session.post(url, data=request, allow_redirects=False) as response:
                found = decoded(await whole_body(response)) if response.status == 200 else None
                return found is not None and http_answers.error_of(found) is None
        except (aiohttp.ClientConnectorError, TimeoutError):
            return None
        except (aiohttp.ClientError, ValueError, NoReply, BadReply):
            return False

    def _forget_probe(self) -> None:
        self._probe = None

    async def _is_up(self) -> bool:
        try:
            timeout = aiohttp.ClientTimeout(total=PROBE_TIMEOUT_S)
            async with self._session.get(f"{self._url}/models", timeout=timeout) as response:
                return response.status < 500
        except (aiohttp.ClientError, TimeoutError):
            return False


def key_of(spec: ModelSpec) -> str:
    """The key of the model's endpoint, "" where it has none."""
    return os.environ.get(spec.api_key_env, "").strip()  # a file it was read from ends with a line break


def _headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


def check_endpoint(spec: ModelSpec) -> str:
    """Raises ModelUnavailable, within twice PROBE_TIMEOUT_S, when the endpoint does not answer or lists other
    models. Returns a warning where it could not be looked whether it serves the model, "" where it does.
    """
    key = key_of(spec)
    if not key.isprintable() or not key.isascii():
        raise ModelUnavailable(
            f"the key in the environment variable {spec.api_key_env} has a line break or a character that no "
            "header may have; set it again"
        )
    return asyncio.run(_check_endpoint(spec, key))


async def _check_endpoint(spec: ModelSpec, key: str) -> str:
    base = (spec.url or "").rstrip("/")
    timeout = aiohttp.ClientTimeout(total=PROBE_TIMEOUT_S)
    try:
        async with aiohttp.ClientSession(
            timeout=timeout, headers=_headers(key), proxy=proxy_for(base)
        ) as session:
            async with session.get(f"{base}/models") as response:
                status, data = response.status, await whole_body(response)
            if status in (401, 403):
                remedy = f"set the key in the environment variable {spec.api_key_env}"
                raise ModelUnavailable(f"{base}/models says HTTP {status}; {remedy}")
            names = names_in(data) if status == 200 else []
            if names:
                refuse_unlisted(spec, names)
                return ""
            if status < 500 and not await _takes_requests(session, base, spec):
                raise ModelUnavailable(
                    f"{base}/models says HTTP {status}; is {spec.url} an OpenAI-compatible base?"
                )
    except TimeoutError as error:
        raise ModelUnavailable(
            f"no answer from {base}/models within {PROBE_TIMEOUT_S:.0f} s; is the server up?"
        ) from error
    except (aiohttp.ClientError, aiohttp.InvalidURL, ValueError) as error:
        raise ModelUnavailable(f"cannot reach {base}: {error}; start the server or mend the url") from error
    said = quoted(status, "", data.decode(errors="replace"))
    return f"{base}/models lists no models ({said}): the first request shows whether '{spec.name}' is served"


async def _takes_requests(session: aiohttp.ClientSession, base: str, spec: ModelSpec) -> bool:
    """Whether there is anything where requests go. What is sent is none that a server works on."""
    for path in ("chat/completions", "embeddings"):
        async with session.post(f"{base}/{path}", json={"model": spec.name, "messages": []}) as response:
            if response.status not in (404, 405) or "model" in await response.text(errors="replace"):
                return True
    return False
