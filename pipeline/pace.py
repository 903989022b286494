"""How many requests may be in flight: what the server says, in whatever way it says it.

A server that says 429 or 5xx gets half as many at once, at most once per cool-down; each limit's worth of
good answers then earns one more, up to the ceiling (Chiu and Jain 1989). vLLM never says 429 and queues
without end, but tells how long its queue is: it is held short, so that no request waits there until it is
timed out or lost with the server, and never empty while there is more to send.
"""

import asyncio
import time
from collections import deque

LOOK_S = 0.05  # between looks at whether all have left
COOL_DOWN_S = 1.0  # the answers to requests sent before a cut must not cut again
LEAST_QUEUE, QUEUE_SHARE = (
    4.0,
    0.1,
)  # of a server that tells: so many wait there, or this share of those it works on


class Pace:
    """A first-come, first-served gate of a width that follows the server."""

    def __init__(self, ceiling: int) -> None:
        self.ceiling = ceiling
        self.limit = float(ceiling)
        self.in_flight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._last_cut = 0.0
        self._room: asyncio.Future[None] | None = None
        self._closed = False

    async def __aenter__(self) -> None:
        if self._is_open() and not self._waiting:
            self.in_flight += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    def _leave(self) -> None:
        self.in_flight -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._is_open():
            turn = self._waiting.popleft()
            if not turn.done():
                self.in_flight += 1
                turn.set_result(None)

        if self._room is not None and not self._room.done() and self._has_room():
            self._room.set_result(None)

    def _is_open(self) -> bool:
        return self.in_flight < int(self.limit) and not self._closed

    def close(self) -> None:
        """Lets nobody in any more."""
        self._closed = True

    async def empty(self) -> None:
        """Returns when all that were let in have left."""
        while self.in_flight:
            await asyncio.sleep(LOOK_S)

    async def room(self) -> None:
        """Returns when fewer wait than may be in flight: more should come. For one caller at a time."""
        while not self._has_room():
            self._room = asyncio.get_running_loop().create_future()
            await self._room

    def _has_room(self) -> bool:
        return len(self._waiting) < self.limit

    def good(self) -> None:
        """An answer came."""
        self.limit = min(self.ceiling, self.limit + 1 / self.limit)

    def queue_seen(self, running: float, waiting: float) -> None:
        """The server works on `running` requests, and `waiting` more wait in its queue; those of others count
        too, so that clients that share a server share it in proportion to what they have in flight.
        """
        wanted = max(LEAST_QUEUE, QUEUE_SHARE * running)
        if waiting > 2 * wanted:
            self.limit = max(1.0, min(self.limit, self.in_flight) * (running + wanted) / (running + waiting))
        elif waiting < wanted:
            self.limit = min(self.ceiling, 1.1 * self.limit + 1)
            self._admit()

    def pushed_back(self) -> None:
        """The server said that it is overloaded."""
        now = time.monotonic()
        if now - self._last_cut >= COOL_DOWN_S:
            self._last_cut = now
            self.limit = max(1.0, self.limit / 2)
