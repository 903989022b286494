"""Propose what is missing below a node of the taxonomy.

Node -> Node: the node itself if it was proposed, and its new children. One request a prompt for every node
that is not a discipline and was not expanded before.
Source: GLAN (https://arxiv.org/abs/2402.13064), section 2.1: several differently worded prompts, their
answers united, then people vote. The paper gives neither prompts nor their number; five is ours.
"""

import dataclasses
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from pipeline.model import NAME_PATTERN, Model, Prompt, Sampling
from pipeline.records import Node, content_id
from pipeline.stage import Expected, ModelStage, Reject, settle
from pipeline.taxonomy.taxonomy import DEPTH, LEVELS
from pipeline.text.text import normalised


class Child(BaseModel):
    """One proposed child."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: Annotated[str, Field(max_length=80, pattern=NAME_PATTERN)]
    description: Annotated[str, Field(min_length=2, max_length=200)]


class Reply(BaseModel):
    """What one prompt brings."""

    model_config = ConfigDict(extra="forbid")

    children: list[Child] = Field(max_length=30)


@dataclass(frozen=True, kw_only=True)
class ProposeNodes(ModelStage):
    reads: ClassVar[type] = Node
    writes: ClassVar[type] = Node
    version: ClassVar[int] = 3  # 3: ".NET" is not "NET"; 2: names that differ in symbols are two

    prompts: tuple[Prompt, ...] = tuple(Prompt(f"propose_nodes/wording_{n}") for n in range(1, 6))
    max_children: Annotated[int, Field(ge=1)] = 30  # new ones a node, those named most often first
    sampling: Sampling = Sampling(temperature=1.0, top_p=0.95, max_tokens=2048)

    def expected(self) -> Expected:
        return Expected(requests=len(self.prompts), rows=5)

    async def map(self, node: Node, model: Model) -> list[Node | Reject]:
        own = [dataclasses.replace(node, expanded=True)] if node.proposals else []
        if node.expanded or len(node.path) == DEPTH:
            return list(own)
        replies = await settle([self._propose(node, prompt, model) for prompt in self.prompts])
        rejects = [reply for reply in replies if isinstance(reply, Reject)]
        fresh = _united(node, [reply for reply in replies if not isinstance(reply, Reject)])[
            : self.max_children
        ]
        return [*own, *fresh, *rejects] or [Reject("nothing_missing", got=list(node.path))]

    async def _propose(self, node: Node, prompt: Prompt, model: Model) -> list[Child]:
        reply = await model.ask(
            prompt,
            Reply,
            self.sampling,
            path=" > ".join(node.path) or "human knowledge and capability",
            description=node.description,
            level=LEVELS[len(node.path)],
            children=node.children,
        )
        return reply.children


def _united(node: Node, replies: list[list[Child]]) -> list[Node]:
    """New children, those named by most prompts first, then in the order in which they were named."""
    named: dict[str, tuple[Child, int]] = {}
    for children in replies:
        for key, child in {normalised(child.name): child for child in children}.items():
            first, count = named.get(key, (child, 0))
            named[key] = (first, count + 1)
    known = {"", *(normalised(name) for name in (*node.children, *node.path))}
    fresh = [pair for key, pair in named.items() if key not in known]
    return [
        Node(
            id=content_id((*node.path, child.name)),
            path=(*node.path, child.name),
            description=" ".join(child.description.split()),
            children=(),
            proposals=count,
            expanded=False,
        )
        for child, count in sorted(fresh, key=lambda pair: -pair[1])
    ]
