"""A taxonomy's inner nodes -> proposed children, down to disciplines: what people then vote on.

Source: GLAN (https://arxiv.org/abs/2402.13064), section 2.1. Run by `academe taxonomy propose`; it writes no
dataset.
"""

from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from pipeline.dag import Step
from pipeline.model import ModelSpec
from pipeline.recipe import Gates, Recipe
from pipeline.stage import asking
from pipeline.taxonomy.taxonomy import find_taxonomy, load_taxonomy
from stages.propose_nodes import ProposeNodes
from stages.read_nodes import ReadNodes

PRESETS = Path(__file__).parent / "presets" / "propose"


class ProposeSettings(BaseModel):
    """All settings of the recipe."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    planner: ModelSpec
    nodes: ReadNodes = ReadNodes()
    proposals: ProposeNodes = ProposeNodes()
    gates: Gates = Field(default_factory=Gates)


def propose(s: ProposeSettings) -> Recipe:
    """The DAG: a new field needs three rounds to reach its disciplines."""
    path = find_taxonomy(s.nodes.path)
    load_taxonomy(path).require([s.nodes.under] if s.nodes.under else [], str(path))
    stage = asking(s.planner, s.proposals)
    nodes = Step("nodes", replace(s.nodes, path=path))
    first = Step("first", stage, nodes)
    second = Step("second", stage, first)
    third = Step("third", stage, second)
    return Recipe("propose", "", s, third, None, s.gates)
