"""What a recipe hands to the engine: its last step, and what becomes of that step's rows."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pipeline.dag import Step


class DatasetSettings(BaseModel):
    """How the last step's rows are written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # Of the rows, in whole disciplines or documents and with all their siblings: the test split
    test_share: float = Field(0.0, ge=0, lt=1)
    max_shard_rows: int = Field(100_000, ge=1)
    max_shard_mb: float = Field(400.0, gt=0)  # of text, before compression
    licence: str = "apache-2.0"  # a Hub licence id; see the licences of the models that wrote the rows


class Gates(BaseModel):
    """What a run must reach; missing a gate ends it with exit code 3."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_rows: int = Field(1, ge=0)  # in the dataset
    alarm_lost: float = Field(0.5, ge=0, le=1)  # share of a discipline that one dataset step drops: told
    max_lost: float = Field(1.0, ge=0, le=1)  # and above this the run ends
    max_bad_replies: float = Field(0.05, ge=0, le=1)  # share of a step's replies that do not fit their schema


@dataclass(frozen=True)
class Recipe:
    """A DAG with its settings."""

    name: str
    about: str  # what its rows are and how they are made, for readers of the dataset
    settings: BaseModel
    last: Step
    dataset: DatasetSettings | None  # None: the recipe ends with its last step
    gates: Gates

    def settings_as_data(self) -> dict[str, Any]:
        """The resolved settings as plain data. They hold no secrets: keys come from the environment alone."""
        return self.settings.model_dump(mode="json")
