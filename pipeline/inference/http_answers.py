"""What an HTTP answer means that holds no reply: ask again, let the row go, or end the run.

402, and what speaks of an empty account       OutOfCredit
408, 409, 424, 425, 429                        busy: asked again, for as long as the server is busy for all
502, 503, 504, 52x, 529, and a 500 that        away: a backend is not there; waited for, and counted only
  speaks of its connection                       while others are answered
other 5xx, 2xx without a reply                 bad: a try of this request that failed
3xx, 401, 403, 404                             of this request alone, or of all: others show it
other 4xx                                      RequestRefused
"""

import json
import math
import re
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from pipeline.errors import ModelUnavailable, OutOfCredit, RequestRefused
from pipeline.inference.protocol import NO_TOKENIZER, Kind, NoReply, decoded, reply_in
from pipeline.storage.replies import StoredReply

QUOTED = 200  # characters of what a server said
REFUSAL_CHARS = 500  # of a refusal, which a reject keeps
AGAIN = (408, 409, 424, 425, 429)
AWAY = (502, 503, 504, 520, 521, 522, 523, 524, 529, 530)
# As LiteLLM and other proxies say that nobody is behind them, with status 500.
AWAY_WORDS = re.compile(
    r"connection (?:error|refused|reset|aborted)|cannot connect|failed to connect|connect(?:ion)? timed? ?out"
    r"|bad gateway|service unavailable|no healthy|upstream|overloaded|EngineDead",
    re.IGNORECASE,
)
CREDIT_CODES = re.compile(
    r"insufficient_(?:quota|credits?|balance|funds)|exceeded_current_quota|billing_(?:hard_limit_reached|not_active)"
    r"|credit[_ ]balance is too low|\bArrearage\b|payment[_ ]required",
    re.IGNORECASE,
)
CREDIT_WORDS = re.compile(  # in the answers whose status leaves it open
    r"exceeded your current quota|insufficient (?:account )?(?:credit|balance|funds|quota)|billing|余额不足"
    r"|(?:out of|no|not enough|more) credits?\b|(?:credit|spending|usage) limit (?:reached|exceeded)"
    r"|account (?:is )?(?:overdue|in arrears)|top[- ]up|欠费",
    re.IGNORECASE,
)
A_RATE = re.compile(  # of requests, which passes: free tiers say both
    r"per[_ ]?(?:minute|second|hour|day)|rate[_ ]?limit|retry (?:in|after)|retryDelay|\b[RT]P[MD]\b",
    re.IGNORECASE,
)
LONGEST_RETRY_AFTER_S = 120.0  # a server may ask for a longer wait than ours, up to this
NONSENSE_RETRY_AFTER_S = 86_400.0  # nobody means that: it is left out

How = Literal["busy", "away", "bad", "unreached"]


class Fault(Exception):
    """A failed try that may be made again; the message quotes the server. `again_s`: how long it asked us to
    wait.
    """

    def __init__(self, said: str, how: How, again_s: float = 0.0) -> None:
        super().__init__(said)
        self.how = how
        self.again_s = again_s


class Denied(Exception):
    """The server denies a request what may be denied to all: `refused` if it is this one alone."""

    def __init__(self, all_of_us: ModelUnavailable, refused: RequestRefused) -> None:
        super().__init__(str(all_of_us))
        self.all_of_us = all_of_us
        self.refused = refused


def quoted(status: int, content_type: str, text: str) -> str:
    """What a server said, as a reject and a message have it."""
    return f"HTTP {status} {content_type}: {text[:QUOTED]}"


def meant(status: int, headers: Mapping[str, str], text: str, url: str, key_variable: str) -> Exception:
    """What an answer with a status other than 200 means."""
    said = f"HTTP {status} from {url}: {text[:REFUSAL_CHARS]}"
    if status == 402 or lacks_credit(text, is_open=status in (403, 429)):
        return out_of_credit(said)
    if status in (401, 403):
        remedy = f"set the key in the environment variable {key_variable}"
        return Denied(ModelUnavailable(f"{said}; {remedy}"), _refused(status, text))
    if status == 404:
        remedy = "check the url and the model's name"
        return Denied(ModelUnavailable(f"{said}; {remedy}"), _refused(status, text))
    if 300 <= status < 400:
        to = headers.get("Location", "nowhere")
        remedy = f"it sends us on to {to}: write the address of the server itself as url"
        return Denied(ModelUnavailable(f"{said}; {remedy}"), _refused(status, f"to {to} {text}"))
    if status in AGAIN:
        return Fault(said, "busy", retry_after(headers))
    if status in AWAY or (status >= 500 and AWAY_WORDS.search(text)):
        return Fault(said, "away", retry_after(headers))
    if status >= 500 or status < 300:
        return Fault(said, "bad")
    return _refused(status, text)


def _refused(status: int, text: str) -> RequestRefused:
    return RequestRefused(f"the server refused the request with HTTP {status}", raw=text[:REFUSAL_CHARS])


def out_of_credit(said: str) -> OutOfCredit:
    return OutOfCredit(
        f"{said}; the account has no credit left: top up, and run the same command again to go on from here; "
        "all replies are kept"
    )


def lacks_credit(text: str, *, is_open: bool) -> bool:
    """Whether an error says that the account is empty. `is_open`: its status may mean that, or a rate of
    requests, so words count too; elsewhere codes alone do, since a server may quote what it was asked.
    """
    said = _error_in(text)
    return bool(CREDIT_CODES.search(said)) or (
        is_open and bool(CREDIT_WORDS.search(said)) and not A_RATE.search(said)
    )


def _error_in(text: str) -> str:
    """The words and codes of an error: those of its JSON where it has one."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return text[:REFUSAL_CHARS]
    error = data.get("error", data) if isinstance(data, dict) else data
    if isinstance(error, dict):
        error = " ".join(str(error.get(name, "")) for name in ("type", "code", "status", "message"))
    return str(error)


def error_of(data: Any) -> str | None:
    """The error that an answer with status 200 holds in place of a reply, as JSON."""
    if isinstance(data, dict) and data.get("error") and not data.get("choices"):
        return json.dumps(data, ensure_ascii=False)
    return None


def understood(data: bytes, said: Callable[[], str], kind: Kind, counts_tokens: bool) -> StoredReply:
    """The reply in an answer with status 200, which is `said()` where it is quoted. `counts_tokens`: the
    server has done so before. Raises Fault, BadReply, or ModelUnavailable.
    """
    try:
        found = decoded(data)
        error = error_of(found)
        if error is not None and lacks_credit(error, is_open=True):
            raise out_of_credit(said())
        if error is not None:
            raise NoReply("an error and no reply")
        return reply_in(found, kind)
    except NoReply as error:
        if kind == "tokens" and not counts_tokens:
            raise ModelUnavailable(f"/tokenize says {said()}; {NO_TOKENIZER}") from error
        raise Fault(f"{error} in {said()}", "bad") from error


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that the server asks us to wait; 0 where it says nothing that makes sense."""
    in_ms, said = headers.get("retry-after-ms", ""), headers.get("Retry-After", "")
    try:
        seconds = float(in_ms) / 1000 if in_ms else float(said)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(said).timestamp() - time.time()
        except (ValueError, OverflowError):
            return 0.0
    if not math.isfinite(seconds) or not 0 < seconds <= NONSENSE_RETRY_AFTER_S:
        return 0.0
    return min(seconds, LONGEST_RETRY_AFTER_S)
