"""What a model step asks for, without asking: its stage is mapped with the stored replies alone.

Cost: the CPU of mapping, and 10 microseconds a request for the store.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pipeline.asking import Asker, canonical_json, request_key
from pipeline.errors import BadReply
from pipeline.model import ModelSpec
from pipeline.replies import StoredReply
from pipeline.stage import ModelStage, settle
from pipeline.tally import Tally

FILLER = "Something is said here. "


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, and the reply that is stored for it."""

    key: bytes
    prompt_chars: int
    max_tokens: int  # of the reply
    reply: StoredReply | None


class Store(Protocol):
    """Where replies are looked up."""

    def get(self, key: bytes) -> StoredReply | None: ...


class _Rehearsal:
    """A channel that sends nothing and remembers what it was asked for."""

    def __init__(self, replies: Store, filler_chars: int) -> None:
        self.asked: list[Asked] = []
        self._replies = replies
        self._filler = (FILLER * (filler_chars // len(FILLER) + 1))[:filler_chars]

    async def reply_to(self, body: dict[str, Any], sample: int, tally: Tally) -> StoredReply:
        key = request_key(canonical_json(body), sample)
        reply = self._replies.get(key)
        n_chars = sum(len(message["content"]) for message in body["messages"])
        self.asked.append(Asked(key, n_chars, body["max_tokens"], reply))
        if reply is None and self._filler and "response_format" not in body:
            return StoredReply(self._filler, "stop", 0, 0)
        if reply is None:
            raise BadReply("not stored")
        return reply


def rehearsed(
    stage: ModelStage, spec: ModelSpec, records: Sequence[Any], replies: Store, filler_chars: int = 0
) -> list[Asked]:
    """All that the stage asks for `records`, in order. A free text that is not stored is made up of
    `filler_chars` characters, so that the stage goes on; with 0 it ends there, as it does at a missing JSON.
    """

    async def ask() -> list[Asked]:
        channel = _Rehearsal(replies, filler_chars)
        model = Asker(spec, channel, Tally())
        await settle([stage.map(record, model) for record in records])
        return channel.asked

    return asyncio.run(ask())
