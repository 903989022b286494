"""A scripted model for stage tests: real prompts, real schemas, replies from a function."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pipeline.inference.asking import Asker
from pipeline.model import ModelSpec
from pipeline.storage.replies import StoredReply
from pipeline.storage.tally import Tally

FAKE_SPEC = ModelSpec(name="fake", serve="endpoint", url="http://fake.invalid/v1")


@dataclass
class Script:
    """A channel whose replies come from `answer(body)`: text, an object to be sent as JSON, or a
    StoredReply.
    """

    answer: Callable[[dict[str, Any]], str | dict[str, Any] | StoredReply]
    bodies: list[dict[str, Any]] = field(default_factory=list)  # what was asked, in order

    async def reply_to(self, body: dict[str, Any], sample: int, tally: Tally) -> StoredReply:
        self.bodies.append({**body, "sample": sample})
        tally.requests += 1
        reply = self.answer(body)
        if isinstance(reply, StoredReply):
            return reply
        text = reply if isinstance(reply, str) else json.dumps(reply)
        return StoredReply(text, "stop", prompt_tokens=len(str(body)) // 4, output_tokens=len(text) // 4)


def fake_model(script: Script, spec: ModelSpec = FAKE_SPEC) -> Asker:
    """The model to hand to a stage's `map`."""
    return Asker(spec, script, Tally())
