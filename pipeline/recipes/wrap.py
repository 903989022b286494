"""Documents -> chunks, as they stand and in other words -> a set of texts to train on.

Source: WRAP (https://arxiv.org/abs/2401.16380). The presets are in presets/wrap/.
"""

from dataclasses import replace
from pathlib import Path

from pydantic import Field

from pipeline.dag import Step, without
from pipeline.recipe import DatasetSettings, Gates, Recipe
from pipeline.recipes.filters import DocumentSettings, checked, chunks_of, mixing, rephrased
from pipeline.recipes.overridden import refuse_filled, refuse_unused
from stages.drop_contaminated import DropContaminated
from stages.drop_to_mix import REAL, DropToMix, source
from stages.keep_chunks import KeepChunks
from stages.rephrase_chunks import RephraseChunks

PRESETS = Path(__file__).parent / "presets" / "wrap"
ABOUT = (
    "Passages of documents, as they stand and as a language model rephrased them in named styles, mixed "
    "in the manner of [WRAP](https://arxiv.org/abs/2401.16380). What is taken from a document keeps the "
    "licence of that document."
)


class WrapSettings(DocumentSettings):
    """All settings of the recipe. A stage's settings are its fields: see the file of the stage."""

    without: tuple[str, ...] = ()  # names of steps that only drop rows, to be left out
    rephrasing: RephraseChunks = RephraseChunks()
    contamination: DropContaminated = DropContaminated()
    # Of `real` and `style/NAME`: all real texts, and each style up to its share; see stages/drop_to_mix.py
    mixture: DropToMix = DropToMix()
    dataset: DatasetSettings = Field(default_factory=DatasetSettings)
    gates: Gates = Field(default_factory=Gates)


FILLED = {
    "rephrasing_quality.styles": "with those of `rephrasing`",
    "files.state": "with the sizes and dates of the files",
    "mixture.shares": "with those of the styles",
}


def wrap(s: WrapSettings) -> Recipe:
    """The DAG."""
    refuse_filled(s, FILLED)
    refuse_unused(s, {"judge": "because documents are not rated"} if s.document_ratings is None else {})
    chunks = chunks_of(s)
    real = Step("real", KeepChunks(), chunks)
    monolingual = Step("monolingual", s.language, rephrased(s, s.rephrasing, chunks))
    distinct = Step("distinct", s.near_duplicates, real, monolingual)
    clean = Step("clean", checked(s.contamination), distinct)
    shares = {source("style", name): style.share for name, style in s.rephrasing.styles.items()}
    mixture = replace(mixing(s.mixture, (REAL, *shares)), shares=shares)
    texts = Step("texts", mixture, clean)
    return Recipe("wrap", ABOUT, s, without(texts, s.without), s.dataset, s.gates)
