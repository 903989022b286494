"""The first requests to a model go one by one, until a reply to one is understood: then all may go.

The requests are the run's own, and stored as all are, so that nothing is sent for the trial alone and nothing
is sent again. A row that is at fault costs itself; where none of the first is answered with what can be used,
the run ends before it has paid for many. Cost: one reply's time at the start of each process that asks.
"""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable

from pipeline.errors import BadReply, ModelUnavailable
from pipeline.storage.replies import StoredReply

FAULTS = 5  # requests in a row without an answer that can be used, before a model is given up
SAID = 200  # characters of what the server said


class FirstRequest:
    """For the requests of one event loop to one model."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._is_alone = False  # a request, now
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._understood = False
        self._faults = 0
        self._said = ""

    def found_stored(self) -> None:
        """An earlier run had a reply of the model: what is refused now is no sign that nothing is
        answered.
        """
        self._understood = True
        self._wake()

    async def wait(self) -> None:
        """Returns when no request is alone."""
        if not self._understood and self._is_alone:
            await self._turn()
            self._wake()  # who only waits takes nobody's turn

    async def go(self, is_json: bool, ask: Callable[[], Awaitable[StoredReply]]) -> StoredReply:
        """What `ask` returns, alone while no reply was understood. Raises what it raises, and
        ModelUnavailable with what the server said once the first requests have failed.
        """
        is_new = True  # it stands behind those that wait: a question that is asked again takes nobody's turn
        while not self._understood:
            if self._is_alone or (is_new and self._waiting):
                is_new = False
                await self._turn()
                continue
            self._is_alone = True
            try:
                return await self._alone(is_json, ask)
            finally:
                self._is_alone = False
                self._wake()
        return await ask()

    async def _turn(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._wake()  # the turn is the next one's
            raise

    def _wake(self) -> None:
        """The next one, or all where nobody need go alone any more."""
        is_settled = self._understood or self._faults >= FAULTS
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                if not is_settled:
                    return

    async def _alone(self, is_json: bool, ask: Callable[[], Awaitable[StoredReply]]) -> StoredReply:
        self._check()
        try:
            reply = await ask()
        except BadReply as error:
            self._faults += 1
            self._said = f"{error} {error.raw}".strip()
            self._check()
            raise
        self._understood = bool(reply.text.strip()) and (not is_json or _is_json(reply))
        if not self._understood:
            self._faults += 1
            self._said = f"{reply.text or 'nothing'} (finish: {reply.finish})"
            self._check()
        return reply

    def _check(self) -> None:
        if self._faults >= FAULTS:
            raise ModelUnavailable(
                f"none of the first requests to '{self._model}' had an answer that can be used; the server "
                f"said: {self._said[:SAID]}; mend the settings of the model, or the server, and run the same "
                "command again to go on from here"
            )


def _is_json(reply: StoredReply) -> bool:
    """Whether the text holds an object, or its beginning where the reply was cut off."""
    start, stop = reply.text.find("{"), reply.text.rfind("}")
    if reply.finish == "length":
        return start >= 0
    try:
        json.loads(reply.text[start : stop + 1])
    except ValueError:
        return False
    return True
