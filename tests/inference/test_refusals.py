"""Refusals, of one request or of all: whom they cost what."""

from pathlib import Path

import pytest

from pipeline.errors import ModelUnavailable, OutOfCredit
from pipeline.stage import is_passing
from tests.conftest import Scripted
from tests.inference.odd import outcomes, tell

pytestmark = pytest.mark.usefixtures("short_waits")


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
            "billing details. Quota exceeded for metric: free_tier_requests, limit: 10. Please retry in "
            '36s.", "status": "RESOURCE_EXHAUSTED"}}',
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


def test_a_backend_that_is_away_is_an_outage_and_costs_no_row(server: Scripted, tmp_path: Path) -> None:
    server.control(kind="raw", body="", status=502, times=60)  # far more tries than a request has
    found, _ = outcomes(server, tmp_path, outage_s=60)
    assert all(turn.text for turn in found)
    server.control(kind="raw", body="", status=503, times=10**6)
    with pytest.raises(ModelUnavailable, match="no answer from"):
        outcomes(server, tmp_path / "..", outage_s=0.5)
