"""How many requests may be in flight: what the server says, in whatever way it says it.

A server that says 429 or 5xx, or nothing in time, gets half as many at once, at most once per cool-down;
each limit's worth of good answers then earns one more, up to the ceiling (Chiu and Jain 1989). vLLM never
says 429 and queues without end, but tells how long its queue is: it is held short, so that no request waits
there until it is timed out or lost with the server, and never empty while there is more to send. A server
that says nothing at all shows in its latency that its queue grows: it gets half as many when its answers take
twice as long as they lately did, or half the time that they may take.
"""

import asyncio
import statistics
import time
from collections import deque

LOOK_S = 0.05  # between looks at whether all have left
COOL_DOWN_S = 1.0  # the answers to requests sent before a cut must not cut again
LEAST_QUEUE, QUEUE_SHARE = (
    4.0,
    0.1,
)  # of a server that tells: so many wait there, or this share of those it works on
LEAST_WINDOW = 64  # answers, or as many as may be in flight: the median of fewer is noise
WINDOWS = 10  # that "lately" is
SLOWER = 2.0  # heavy tails alone make the median of a window vary by 1.7
HELPED = 0.8  # a cut that leaves more of the latency than this was for nothing: the server itself is slower
RECOVERY = 1.25  # of what latency allows, with every window that is no slower
TOKENS_BEFORE_FIRST = 30  # that a request takes as long as, whatever its answer's length


class Pace:
    """A first-come, first-served gate of a width that follows the server."""

    def __init__(self, ceiling: int, timeout_s: float = float("inf")) -> None:
        self.ceiling = ceiling
        self._timeout_s = timeout_s
        self.limit = float(ceiling)
        self.in_flight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._last_cut = 0.0
        self._room: asyncio.Future[None] | None = None
        self._closed = False
        self._share = 1.0  # of the limit, that latency allows
        self._window: list[tuple[float, float]] = []  # seconds, and seconds a token
        self._recent: deque[float] = deque(maxlen=WINDOWS)  # seconds a token, of the last windows
        self._cut_at: float | None = None  # seconds a token, when latency last cut
        self._to_skip = 0  # answers to what was sent before that
        self._tells = False  # the server, of its queue: it need not be guessed from latency

    @property
    def width(self) -> int:
        """How many requests may be in flight."""
        return max(1, int(self.limit * self._share))

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
        return self.in_flight < self.width and not self._closed

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
        return len(self._waiting) < self.width

    def answered(self, seconds: float, tokens: int) -> None:
        """A good answer of so many tokens came, so long after it was asked for."""
        self.limit = min(self.ceiling, self.limit + 1 / self.limit)
        if self._tells:
            return
        if self._to_skip > 0:
            self._to_skip -= 1
            return
        self._window.append((seconds, seconds / (tokens + TOKENS_BEFORE_FIRST)))
        if len(self._window) >= max(LEAST_WINDOW, self.width):
            self._judge_latency()

    def _judge_latency(self) -> None:
        seconds = statistics.median(seconds for seconds, _ in self._window)
        now = statistics.median(per_token for _, per_token in self._window)
        self._window = []
        if seconds < self._timeout_s / 2 and now <= SLOWER * min(self._recent, default=now):
            self._share, self._cut_at = min(1.0, RECOVERY * self._share), None
        elif self._cut_at is not None and now > HELPED * self._cut_at:
            self._recent.clear()
            self._cut_at = None
        else:
            self._share, self._cut_at = max(1 / self.ceiling, self._share / 2), now
            self._to_skip = self.in_flight
        self._recent.append(now)
        self._admit()

    def queue_seen(self, running: float, waiting: float) -> None:
        """The server works on `running` requests, and `waiting` more wait in its queue; those of others count
        too, so that clients that share a server share it in proportion to what they have in flight.
        """
        self._share, self._tells = 1.0, True
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
