"""Annotated datasets and their templates -> rows to train a model like Bonito with, one that writes tasks.

Source: Bonito (https://arxiv.org/abs/2402.18334), section 3. It asks no model. Once such a model is served,
the recipe `documents` asks it with `tasks.bonito: true`.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from pipeline.dag import Step
from pipeline.io.row_files import rows
from pipeline.recipe import DatasetSettings, Gates, Recipe
from pipeline.synthesis.meta_templates import check_columns, load_templates
from stages.drop_exact_duplicates import DropExactDuplicates
from stages.read_annotated import ReadAnnotated

PRESETS = Path(__file__).parent / "presets" / "bonito"
ABOUT = (
    "Rows to train a model with that writes tasks on a paragraph, in the format of "
    "[Bonito](https://arxiv.org/abs/2402.18334), made of annotated datasets by turning their templates round."
)


class BonitoSettings(BaseModel):
    """All settings of the recipe."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sets: tuple[ReadAnnotated, ...] = Field(min_length=1)
    exact_duplicates: DropExactDuplicates = DropExactDuplicates()
    dataset: DatasetSettings = Field(default_factory=DatasetSettings)
    gates: Gates = Field(default_factory=Gates)


def bonito(s: BonitoSettings) -> Recipe:
    """The DAG."""
    for one in s.sets:
        for row in rows(one.rows, "annotated set"):
            check_columns(one.templates, load_templates(one.templates), row)
            break
    read = [Step(f"set_{number}", one) for number, one in enumerate(s.sets, 1)]
    return Recipe("bonito", ABOUT, s, Step("examples", s.exact_duplicates, *read), s.dataset, s.gates)
