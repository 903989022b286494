import asyncio

import pytest

from pipeline import pace
from pipeline.pace import Pace


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
        gate.good()
    assert 8.9 < gate.limit < 9.2
    monkeypatch.setattr(pace, "COOL_DOWN_S", 0)
    for _ in range(10):
        gate.pushed_back()
    assert gate.limit == 1
    for _ in range(1000):
        gate.good()
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
        gate.good()
        gate.queue_seen(running=0, waiting=0)
        await asyncio.sleep(0.05)
        assert inside == 3
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    asyncio.run(go())
