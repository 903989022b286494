"""Requests to one OpenAI-compatible server, over aiohttp.

What goes wrong is sorted once, here: overload (429, 5xx) and silence are waited out and asked again, a
request that alone keeps failing is a BadReply, a server that nobody reaches for `outage_s` is
ModelUnavailable.
"""

import asyncio
import json
import os
import random
import re
import struct
import time
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from pipeline.errors import FAILED, ModelUnavailable, RequestFailed, RequestRefused
from pipeline.inference.pace import Pace
from pipeline.inference.protocol import PARSERS, Kind
from pipeline.model import ModelSpec
from pipeline.storage.replies import StoredReply

MAX_TRIES = 6  # of one request that keeps failing on a server that is otherwise well
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 10.0
LONGEST_RETRY_AFTER_S = 120.0  # a server may ask for a longer wait than ours, up to this
PROBE_TIMEOUT_S = 10.0
WATCH_S = 1.0  # between looks at a server's queue
# Prometheus text: vllm:num_requests_running{engine="0",model_name="m"} 12.0
VLLM_QUEUE = re.compile(r"^vllm:num_requests_(running|waiting)(?:\{[^}]*\})? ([0-9.e+]+)$", re.MULTILINE)
# vllm:prefix_cache_hits_total{engine="0",model_name="m"} 4096.0
VLLM_PREFIX_CACHE = re.compile(
    r"^vllm:prefix_cache_(hits|queries)_total(?:\{[^}]*\})? ([0-9.e+]+)$", re.MULTILINE
)


class PrefixCache(NamedTuple):
    """Prompt tokens that a server has found in its prefix cache, of those that it has looked for there."""

    hits: int
    queries: int


class _Fault(Exception):
    """A failed try that may be made again. `again_s`: how long the server asked us to wait."""

    def __init__(self, message: str, *, counts: bool, again_s: float = 0.0) -> None:
        super().__init__(message)
        self.counts = counts
        self.again_s = again_s


class Client:
    """Sends chat completions to one server. Made and used inside one event loop."""

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
        self.prefix_cache = PrefixCache(0, 0)  # as the server last told
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
            headers={**_headers(key), "Content-Type": "application/json"},
            timeout=aiohttp.ClientTimeout(total=spec.timeout_s),
            proxy=_proxy(url),
        )
        self._watching = asyncio.get_running_loop().create_task(self._watch_queue())

    async def close(self) -> None:
        self._watching.cancel()
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
            except (aiohttp.ClientError, TimeoutError):
                continue  # it may be starting again
            queue, self.prefix_cache = _queue_in(metrics), _prefix_cache_in(metrics)
            if queue is not None:
                tells = True
                self._pace.queue_seen(*queue)
            elif not tells:
                return

    async def send(
        self, body: bytes, kind: Kind = "text", on_retry: Callable[[], None] = lambda: None
    ) -> StoredReply:
        """The reply to `body`, a request as JSON, for completions or embeddings; calls `on_retry` before each
        try but the first. Raises RequestFailed, RequestRefused, or ModelUnavailable after `outage_s` without
        any good answer.
        """
        started = sent = time.monotonic()
        tries = waits = 0
        while True:
            try:
                reply = await self._post(body, kind)
            except _Fault as fault:
                tries, waits = tries + fault.counts, waits + 1
                well = self._last_good > sent  # by this very try: a server that was well may be gone
                if tries >= MAX_TRIES and (well or await self._is_up()):
                    raise RequestFailed(f"{FAILED} {tries} times, last with: {fault}") from fault
                if time.monotonic() - max(started, self._last_good) > self._spec.outage_s:
                    raise ModelUnavailable(
                        f"no answer from {self._url} for {self._spec.outage_s:.0f} s, last: {fault}; "
                        "start the server and run the same command again to go on from here"
                    ) from fault
                backoff = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(waits, 10)) * random.uniform(0.5, 1.0)
                await asyncio.sleep(max(fault.again_s, backoff))
                on_retry()
                sent = time.monotonic()
            else:
                self._last_good = time.monotonic()
                return reply

    async def _post(self, body: bytes, kind: Kind) -> StoredReply:
        try:
            sent = time.monotonic()
            url = self._addresses[kind]
            async with self._session.post(url, data=body) as response:
                if response.status != 200:
                    raise await self._refusal(response, kind)
                reply = PARSERS[kind](json.loads(await response.read()))
            self._pace.answered(time.monotonic() - sent, reply.output_tokens)
            return reply
        except TimeoutError as error:
            self._pace.pushed_back()
            raise _Fault(f"no answer within {self._spec.timeout_s:.0f} s of sending", counts=True) from error
        except aiohttp.ClientConnectorError as error:  # nobody has seen the request
            raise _Fault(f"{type(error).__name__}: {error}", counts=False) from error
        except (aiohttp.ClientError, ValueError, KeyError, IndexError, TypeError, struct.error) as error:
            raise _Fault(f"{type(error).__name__}: {error}", counts=True) from error

    async def _refusal(self, response: aiohttp.ClientResponse, kind: Kind) -> Exception:
        text = await response.text(errors="replace")
        if self._key:  # a server may echo what it was sent
            text = text.replace(self._key, "***")
        text = text[:500]
        said = f"HTTP {response.status} from {self._url}: {text}"
        if response.status in (401, 403):
            return ModelUnavailable(
                f"{said}; set the key in the environment variable {self._spec.api_key_env}"
            )
        counts_none = response.status in (404, 405, 501) or "tokenization" in text  # so Ray Serve LLM says it
        if kind == "tokens" and counts_none:
            return ModelUnavailable(
                f"{said}; the server does not count tokens, as vLLM does: say how many characters a token of "
                "its model has, e.g. --set chunks.chars_per_token=3"
            )
        if response.status == 404:
            return ModelUnavailable(f"{said}; check the url and the model's name '{self._spec.name}'")
        if response.status != 429 and response.status < 500:
            return RequestRefused(f"the server refused the request with HTTP {response.status}", raw=text)
        self._pace.pushed_back()
        after = response.headers.get("Retry-After", "")
        again_s = min(float(after), LONGEST_RETRY_AFTER_S) if after.isdigit() else 0.0
        return _Fault(said, counts=response.status not in (429, 503), again_s=again_s)

    async def _is_up(self) -> bool:
        try:
            timeout = aiohttp.ClientTimeout(total=PROBE_TIMEOUT_S)
            async with self._session.get(f"{self._url}/models", timeout=timeout) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False


def _queue_in(metrics: str) -> tuple[float, float] | None:
    """The requests that run and wait, over all of vLLM's engines; None where the text is not its metrics."""
    found: dict[str, float] = {}
    for name, value in VLLM_QUEUE.findall(metrics):
        found[name] = found.get(name, 0.0) + float(value)
    return (found["running"], found["waiting"]) if len(found) == 2 else None


def _prefix_cache_in(metrics: str) -> PrefixCache:
    """What vLLM's engines have counted since they started."""
    found = {"hits": 0.0, "queries": 0.0}
    for name, value in VLLM_PREFIX_CACHE.findall(metrics):
        found[name] += float(value)
    return PrefixCache(int(found["hits"]), int(found["queries"]))


def key_of(spec: ModelSpec) -> str:
    """The key of the model's endpoint, "" where it has none."""
    return os.environ.get(spec.api_key_env, "").strip()  # a file it was read from ends with a line break


def _headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for `url`. Asked once: aiohttp's `trust_env` reads the user's
    netrc and the environment again for every request.
    """
    host = urlsplit(url).hostname or ""
    return None if proxy_bypass(host) else getproxies().get(urlsplit(url).scheme)


def check_endpoint(spec: ModelSpec) -> None:
    """Raises ModelUnavailable, within PROBE_TIMEOUT_S, unless the endpoint answers and serves the model."""
    asyncio.run(_check_endpoint(spec))


async def _check_endpoint(spec: ModelSpec) -> None:
    url = f"{(spec.url or '').rstrip('/')}/models"
    timeout, headers = aiohttp.ClientTimeout(total=PROBE_TIMEOUT_S), _headers(key_of(spec))
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=headers, proxy=_proxy(url)) as session,
            session.get(url) as response,
        ):
            if response.status in (401, 403):
                raise ModelUnavailable(
                    f"{url} says HTTP {response.status}; set the key in the environment variable "
                    f"{spec.api_key_env}"
                )
            if response.status != 200:
                raise ModelUnavailable(
                    f"{url} says HTTP {response.status}; is {spec.url} an OpenAI-compatible base?"
                )
            served = [str(model["id"]) for model in (await response.json(content_type=None))["data"]]
    except TimeoutError as error:
        raise ModelUnavailable(
            f"no answer from {url} within {PROBE_TIMEOUT_S:.0f} s; is the server up?"
        ) from error
    except (aiohttp.ClientError, aiohttp.InvalidURL) as error:
        raise ModelUnavailable(f"cannot reach {url}: {error}; start the server or mend the url") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelUnavailable(
            f"{url} did not list its models; is {spec.url} an OpenAI-compatible base?"
        ) from error
    if spec.name not in served:
        raise ModelUnavailable(
            f"{spec.url} does not serve '{spec.name}'; it serves: {', '.join(served) or 'nothing'}"
        )
