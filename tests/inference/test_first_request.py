"""A run begins with one request to each model, and ends where the first ones come to nothing."""

import asyncio
from collections.abc import Sequence

import pytest

from pipeline.errors import BadReply, ModelUnavailable, RequestRefused
from pipeline.inference.first_request import FirstRequest
from pipeline.storage.replies import StoredReply

GOOD = StoredReply("Yes.", "stop", 5, 2)
EMPTY = StoredReply("", "stop", 5, 0)
PROSE = StoredReply("As an AI I cannot {do} that", "stop", 5, 9)
OBJECT = StoredReply('Sure:\n```json\n{"a": 1}\n```', "stop", 5, 9)
CUT_OFF = StoredReply('{"a": "on', "length", 5, 9)
REFUSED = RequestRefused("the server refused the request with HTTP 400", raw="no such parameter: min_p")
NONSENSE = BadReply("the request failed 6 times, last with: <html>sign in</html>")

Answer = StoredReply | BadReply


async def asked(answers: Sequence[Answer], is_json: bool) -> tuple[list[object], int, int]:
    """What each of the requests came to, the most in flight before one was understood, and after."""
    first, flying, most = FirstRequest("m"), 0, [0, 0]
    left = list(answers)

    async def ask() -> StoredReply:
        nonlocal flying
        flying += 1
        seen = not isinstance(left[0], StoredReply) or left[0] is not answers[-1] or len(left) == len(answers)
        most[0 if seen and flying == 1 else 1] = max(most[0 if seen and flying == 1 else 1], flying)
        answer = left.pop(0)
        await asyncio.sleep(0.001)
        flying -= 1
        if isinstance(answer, BadReply):
            raise answer
        return answer

    came = await asyncio.gather(*(first.go(is_json, ask) for _ in answers), return_exceptions=True)
    return list(came), most[0], most[1]


def test_the_others_wait_for_the_first_reply_and_then_go_together() -> None:
    came, _, together = asyncio.run(asked([GOOD] * 9, False))
    assert came == [GOOD] * 9
    assert together == 8


@pytest.mark.parametrize(
    ("is_json", "answers", "n_good"),
    [
        (False, [REFUSED, GOOD, GOOD], 2),  # a row that is at fault costs itself
        (False, [EMPTY, REFUSED, EMPTY, REFUSED, GOOD], 3),
        (False, [NONSENSE, GOOD], 1),
        (False, [NONSENSE, NONSENSE, NONSENSE, NONSENSE, GOOD, NONSENSE], 1),
        (False, [PROSE, NONSENSE, NONSENSE], 1),  # of free text prose is an answer
        (True, [PROSE, PROSE, OBJECT, PROSE], 4),
        (True, [CUT_OFF, PROSE, PROSE, PROSE, PROSE, PROSE], 6),  # the beginning of an object will do
    ],
)
def test_a_run_goes_on_once_one_is_understood(is_json: bool, answers: list[Answer], n_good: int) -> None:
    came, _, _ = asyncio.run(asked(answers, is_json))
    assert sum(isinstance(one, StoredReply) for one in came) == n_good
    assert not any(isinstance(one, ModelUnavailable) for one in came)


@pytest.mark.parametrize(
    ("is_json", "answer", "n_sent", "said"),
    [
        (False, REFUSED, 5, "no such parameter: min_p"),
        (False, NONSENSE, 5, "<html>sign in</html>"),
        (False, EMPTY, 5, r"nothing \(finish: stop\)"),
        (True, PROSE, 5, "As an AI I cannot"),
        (True, StoredReply("[" * 999, "stop", 1, 1), 5, r"said: \[{200};"),
    ],
)
def test_a_model_that_nobody_understands_ends_the_run_with_what_it_said(
    is_json: bool, answer: Answer, n_sent: int, said: str
) -> None:
    came, _, _ = asyncio.run(asked([answer] * 20, is_json))
    lost = [one for one in came if isinstance(one, ModelUnavailable)]
    assert len(lost) == 20 - n_sent + 1
    with pytest.raises(ModelUnavailable, match=said):
        raise lost[-1]
    assert lost[-1].exit_code == 4
