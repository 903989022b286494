"""Which rejects are results, and which are for reasons that may pass."""

import asyncio
from typing import Any

import pytest

from pipeline.errors import FAILED, BadReply, RequestFailed, RequestRefused
from pipeline.stage import is_passing, settle


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (RequestRefused("the server refused the request with HTTP 400", raw="too long"), True),
        (RequestFailed(f"{FAILED} 6 times, last with: HTTP 500", raw="oops"), True),
        (BadReply("Reply: question: Field required (finish: stop)", raw="{}"), False),
        (BadReply("a thought has no end (finish: length)", raw="<think>"), False),
    ],
)
def test_a_refusal_and_a_fault_of_the_server_may_pass_and_a_reply_that_does_not_fit_stays(
    error: BadReply, passing: bool
) -> None:
    async def fails() -> Any:
        raise error

    (reject,) = asyncio.run(settle([fails()]))
    assert reject.got == error.raw
    assert is_passing(reject.reason, reject.got, reject.limit) is passing


def test_other_reasons_do_not_pass() -> None:
    assert not is_passing("answer_too_short", FAILED, FAILED)
    assert not is_passing("bad_reply", FAILED, None)
