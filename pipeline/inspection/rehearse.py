"""What a model step asks for, and what comes of it, without asking: it is mapped with the stored replies.

Cost: the CPU of mapping, and 10 microseconds a request for the store.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pipeline.dag import Step, model_of
from pipeline.errors import BadReply
from pipeline.inference.asking import Asker, canonical_json, request_key
from pipeline.inference.protocol import kind_of
from pipeline.model import ModelSpec
from pipeline.stage import FilterStage, MapStage, ModelStage, Reject, SourceStage, settle
from pipeline.storage.replies import StoredReply
from pipeline.storage.root import Root
from pipeline.storage.tally import Tally

FILLER = "Something is said here. "
SAMPLE_PARTS = 8  # that a sample is read from, evenly among all


class Store(Protocol):
    """Where replies are looked up."""

    def get(self, key: bytes) -> StoredReply | None: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, and the reply that is stored for it."""

    key: bytes
    prompt_chars: int
    reply: StoredReply | None
    turns: list[dict[str, str]]  # of the conversation, where they are kept


@dataclass
class Rehearsal:
    """A channel that sends nothing: it answers from the store and remembers what it was asked for.

    A free text that is not stored is made up of `filler_chars` characters, so that the stage goes on; with 0
    it ends there, as it does at a missing JSON.
    """

    replies: Store
    filler_chars: int = 0
    keeps_turns: bool = False
    asked: list[Asked] = field(default_factory=list)

    async def reply_to(self, body: dict[str, Any], sample: int, tally: Tally) -> StoredReply:
        key = request_key(canonical_json(body), sample)
        reply = self.replies.get(key)
        n_chars = sum(len(turn["content"]) for turn in body.get("messages", ())) + len(
            body.get("input", body.get("prompt", ""))
        )
        turns = body.get(
            "messages", [{"role": "prompt", "content": body["prompt"]}] if "prompt" in body else []
        )
        self.asked.append(Asked(key, n_chars, reply, turns if self.keeps_turns else []))
        if reply is not None:
            return reply
        if self.filler_chars and "response_format" not in body and kind_of(body) == "text":
            n = self.filler_chars
            return StoredReply((FILLER * (n // len(FILLER) + 1))[:n], "stop", 0, 0)
        raise BadReply("not stored")

    def map(self, stage: ModelStage, spec: ModelSpec, records: Sequence[Any]) -> list[Any]:
        """What the stage makes of the records for which every reply is stored."""
        return asyncio.run(self._map(stage, spec, records))

    async def _map(self, stage: ModelStage, spec: ModelSpec, records: Sequence[Any]) -> list[Any]:
        made: list[Any] = []
        model = Asker(spec, self, Tally())
        for record in records:
            n_before = len(self.asked)
            (outcome,) = await settle([stage.map(record, model)])
            if all(asked.reply is not None for asked in self.asked[n_before:]):
                made += [outcome] if isinstance(outcome, Reject) else outcome
        return [record for record in made if not isinstance(record, Reject)]


def sample_of(step: Step, root: Root, replies: Store, n: int) -> list[Any]:
    """About `n` records that the step has left behind, or would with the replies that are stored; no more
    than that many are read or made on the way.
    """
    folder = root.folder(step)
    parts = folder.part_names()
    if parts:
        read = [folder.read_part(name, step.writes) for name in evenly(parts, SAMPLE_PARTS)]
        return evenly([record for records in read for record in records], n)
    if isinstance(step.stage, SourceStage):
        return []
    records = [record for before in step.inputs for record in sample_of(before, root, replies, n)]
    if isinstance(step.stage, ModelStage):
        return Rehearsal(replies).map(step.stage, model_of(step), records)
    if isinstance(step.stage, MapStage):
        made = [item for record in records for item in step.stage.map(record)]
        return [item for item in made if not isinstance(item, Reject)]
    if isinstance(step.stage, FilterStage):
        judged = zip(records, step.stage.judge_all(records), strict=True)
        return [verdict or record for record, verdict in judged if not isinstance(verdict, Reject)]
    return records


def evenly(items: Sequence[Any], n: int) -> list[Any]:
    """At most `n` of the items, evenly among them."""
    return [items[number * len(items) // n] for number in range(n)] if len(items) > n else list(items)
