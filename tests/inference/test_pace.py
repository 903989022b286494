import asyncio
import heapq
import random
from collections.abc import Callable

import pytest

from pipeline.inference import pace
from pipeline.inference.pace import Pace


def test_no_more_than_the_limit_at_once_and_first_come_first_served() -> None:
    order, most = [], 0

    async def one(gate: Pace, n: int) -> None:
        nonlocal most
        async with gate:
            order.append(n)
            most = max(most, gate.in_flight)
            await asyncio.sleep(0)

    async def go() -> None:
        gate = Pace(3)
        await asyncio.gather(*(one(gate, n) for n in range(20)))
        assert gate.in_flight == 0

    asyncio.run(go())
    assert most == 3
    assert order == list(range(20))


def test_overload_halves_the_limit_once_and_good_answers_raise_it(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Pace(16)
    gate.pushed_back()
    gate.pushed_back()  # an answer to what was sent before the cut
    assert gate.limit == 8
    for _ in range(9):
        gate.answered(1.0, 100)
    assert 8.9 < gate.limit < 9.2
    monkeypatch.setattr(pace, "COOL_DOWN_S", 0)
    for _ in range(10):
        gate.pushed_back()
    assert gate.limit == 1
    for _ in range(1000):
        gate.answered(1.0, 100)
    assert gate.limit == 16


def test_a_cancelled_waiter_takes_no_place() -> None:
    async def go() -> None:
        gate = Pace(1)
        async with gate:
            waiter = asyncio.create_task(gate.__aenter__())
            await asyncio.sleep(0)
            waiter.cancel()
            await asyncio.gather(waiter, return_exceptions=True)
        assert gate.in_flight == 0

    asyncio.run(go())


def test_the_limit_follows_a_queue_that_the_server_tells_of() -> None:
    gate = Pace(256)
    gate.in_flight = 256
    gate.queue_seen(running=64, waiting=192)
    assert 66 < gate.limit < 75  # what it works on, and a tenth that waits
    gate.in_flight = 70
    gate.queue_seen(running=64, waiting=6)
    assert gate.limit > 70
    for _ in range(30):
        gate.queue_seen(running=64, waiting=0)
    assert gate.limit == 256


def test_closed_it_lets_nobody_in_and_those_inside_leave() -> None:
    inside = 0

    async def one(gate: Pace) -> None:
        nonlocal inside
        async with gate:
            inside += 1
            await asyncio.sleep(0.01)

    async def go() -> None:
        gate = Pace(3)
        asked = [asyncio.create_task(one(gate)) for _ in range(9)]
        await asyncio.sleep(0)
        gate.close()
        await gate.empty()
        gate.answered(1.0, 100)
        gate.queue_seen(running=0, waiting=0)
        await asyncio.sleep(0.05)
        assert inside == 3
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    asyncio.run(go())


def widths(
    service_s: Callable[[float, random.Random], tuple[float, int]],
    slots: int,
    until: float,
    timeout_s: float = float("inf"),
    ceiling: int = 64,
) -> list[tuple[float, int]]:
    """The gate's width over time, before a simulated server that works on `slots` requests at once and lets
    all others wait. `service_s`: seconds and tokens of an answer that is begun at a moment.
    """
    gate, rng = Pace(ceiling, timeout_s), random.Random(0)
    free = [0.0] * slots  # when each slot is
    answers: list[tuple[float, float, int]] = []  # when it comes, seconds it took, tokens
    now, seen = 0.0, []
    while now < until:
        while gate.in_flight < gate.width:
            begun = max(now, heapq.heappop(free))
            takes, tokens = service_s(begun, rng)
            heapq.heappush(free, begun + takes)
            heapq.heappush(answers, (begun + takes, begun + takes - now, tokens))
            gate.in_flight += 1
        now, seconds, tokens = heapq.heappop(answers)
        gate.in_flight -= 1
        gate.answered(seconds, tokens)
        seen.append((now, gate.width))
    return seen


def mean_width(seen: list[tuple[float, int]], start: float, stop: float) -> float:
    found = [width for at, width in seen if start <= at < stop]
    return sum(found) / len(found)


def test_heavy_tails_and_answers_of_other_lengths_cut_nothing() -> None:
    def tails(_at: float, rng: random.Random) -> tuple[float, int]:
        return (20.0 if rng.random() < 0.001 else rng.lognormvariate(0, 1)), 100

    assert mean_width(widths(tails, slots=64, until=600), 0, 600) > 0.97 * 64

    def longer(at: float, _rng: random.Random) -> tuple[float, int]:
        tokens = 20 if at < 100 else 400
        return 0.02 * (20 + tokens), tokens

    assert mean_width(widths(longer, slots=64, until=600), 0, 600) == 64


def test_a_server_whose_answers_get_slower_with_its_queue_gets_fewer_until_they_are_not() -> None:
    def shared(at: float, _rng: random.Random) -> tuple[float, int]:
        return (5.0 if 200 <= at < 400 else 1.0), 100  # others take four fifths of it for a while

    seen = widths(shared, slots=32, until=800)
    assert mean_width(seen, 0, 200) == 64
    assert mean_width(seen, 215, 400) < 0.75 * 64
    assert mean_width(seen, 600, 800) > 0.9 * 64


def test_latency_cuts_nothing_of_a_server_that_tells_of_its_queue() -> None:
    gate = Pace(8)
    gate.queue_seen(running=8, waiting=0)
    for seconds in (1.0, 50.0):
        for _ in range(1000):
            gate.answered(seconds, 100)
    assert gate.width == 8


def test_a_server_that_stays_slower_is_not_starved() -> None:
    def slower(at: float, _rng: random.Random) -> tuple[float, int]:
        return (5.0 if at >= 200 else 1.0), 100

    seen = widths(slower, slots=64, until=3000)
    assert min(width for _, width in seen) >= 16
    assert mean_width(seen, 1500, 3000) > 0.9 * 64


def test_answers_do_not_come_near_the_timeout() -> None:
    def steady(_at: float, _rng: random.Random) -> tuple[float, int]:
        return 10.0, 100

    seen = widths(steady, slots=4, until=4000, timeout_s=60)  # 64 at once would take 160 s each
    assert mean_width(seen, 1000, 4000) < 24  # at which they take 60
