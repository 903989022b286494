"""Taxonomy -> subjects -> syllabi -> questions -> answers, filtered at every turn.

Source: GLAN (https://arxiv.org/abs/2402.13064). What needs only the question is checked before its answer is
paid for. The presets are in presets/instruct/.
"""

from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline import benchmarks
from pipeline.dag import Step, without
from pipeline.earlier import sketches_of
from pipeline.errors import RecipeError
from pipeline.local_embedder import check_packaged
from pipeline.model import ModelSpec
from pipeline.recipe import DatasetSettings, Gates, Recipe
from pipeline.records import Instruction
from pipeline.stage import Stage, asking
from pipeline.taxonomy import find_taxonomy, load_taxonomy
from stages.answer_questions import AnswerQuestions
from stages.drop_by_density import DropByDensity
from stages.drop_contaminated import DropContaminated
from stages.drop_exact_duplicates import DropExactDuplicates
from stages.drop_low_rated import DropLowRated
from stages.drop_near_duplicates import DropNearDuplicates
from stages.drop_poor_answers import DropPoorAnswers
from stages.drop_poor_questions import DropPoorQuestions
from stages.drop_semantic_duplicates import DropSemanticDuplicates
from stages.drop_wrong_language import DropWrongLanguage
from stages.embed_locally import EmbedLocally
from stages.embed_questions import EmbedQuestions
from stages.list_subjects import ListSubjects
from stages.measure_difficulty import MeasureDifficulty
from stages.rate_examples import RateExamples
from stages.read_taxonomy import ReadTaxonomy
from stages.write_questions import WriteQuestions
from stages.write_syllabi import WriteSyllabi

PRESETS = Path(__file__).parent / "presets" / "instruct"


class InstructSettings(BaseModel):
    """All settings of the recipe. A stage's settings are its fields: see the file of the stage."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    planner: ModelSpec  # writes subjects, syllabi and questions
    answerer: ModelSpec | None = None  # writes answers; the planner when not given
    judge: ModelSpec | None = None  # scores answered questions; without it nobody does
    # Embeds questions, a served model or the packaged one; without it no step looks at what they mean.
    embedder: ModelSpec | Literal["local"] | None = None
    without: tuple[str, ...] = ()  # names of steps that only drop rows, to be left out
    earlier: tuple[str, ...] = ()  # datasets whose rows must not come again: folders, or names on the Hub
    taxonomy: ReadTaxonomy = ReadTaxonomy()
    subjects: ListSubjects = ListSubjects()
    syllabi: WriteSyllabi = WriteSyllabi()
    questions: WriteQuestions = WriteQuestions()
    question_quality: DropPoorQuestions = DropPoorQuestions()
    language: DropWrongLanguage = DropWrongLanguage()
    exact_duplicates: DropExactDuplicates = DropExactDuplicates()
    near_duplicates: DropNearDuplicates = DropNearDuplicates()
    embeddings: EmbedQuestions = EmbedQuestions()
    semantic_duplicates: DropSemanticDuplicates = DropSemanticDuplicates()
    contamination: DropContaminated = DropContaminated()
    answers: AnswerQuestions = AnswerQuestions()
    answer_quality: DropPoorAnswers = DropPoorAnswers()
    ratings: RateExamples = RateExamples()
    low_ratings: DropLowRated = DropLowRated()
    difficulty: MeasureDifficulty | None = None  # by the answerer, whose server must give prompt_logprobs
    density: DropByDensity | None = None  # picks the rows of the dataset; needs the embedder
    dataset: DatasetSettings = Field(default_factory=DatasetSettings)
    gates: Gates = Field(default_factory=Gates)


def instruct(s: InstructSettings) -> Recipe:
    """The DAG."""
    checked(s.contamination)
    disciplines = Step("disciplines", found(s.taxonomy))
    subjects = Step("subjects", asking(s.planner, s.subjects), disciplines)
    syllabi = Step("syllabi", asking(s.planner, s.syllabi), subjects)
    drafts = Step("drafts", asking(s.planner, s.questions), syllabi)
    prompts = (s.subjects.json_prompt, s.syllabi.prompt, s.syllabi.json_prompt, s.questions.prompt)
    sound = Step("sound", replace(s.question_quality, prompts=prompts), drafts)
    readable = Step("readable", s.language, sound)
    exact, near = compared(s)
    unrepeated = Step("unrepeated", exact, readable)
    distinct = Step("distinct", near, unrepeated)
    if s.embedder is not None:
        distinct = Step("embedded", embedding(s.embedder, s.embeddings), distinct)
        if s.judge is None:  # else of two the better stays, once they have scores
            distinct = Step("dissimilar", s.semantic_duplicates, distinct)
    questions = Step("questions", s.contamination, distinct)
    answerer = s.answerer or s.planner
    answers = Step("answers", asking(answerer, s.answers), questions)
    quality = replace(s.answer_quality, prompts=(s.answers.prompt,), system=answerer.system)
    good = Step("good", quality, answers)
    monolingual = Step("monolingual", s.language, good)
    examples = Step("examples", s.contamination, monolingual)
    if s.judge is not None:
        rated = Step("rated", asking(s.judge, s.ratings), examples)
        examples = Step("well_rated", s.low_ratings, rated)
        if s.embedder is not None:
            examples = Step("dissimilar", s.semantic_duplicates, examples)
    if s.difficulty is not None:
        examples = Step("measured", asking(s.answerer or s.planner, s.difficulty), examples)
    if s.density is not None:
        if s.embedder is None:
            raise RecipeError("density needs embeddings: name an embedder, or take density out")
        examples = Step("selected", s.density, examples)
    return Recipe("instruct", s, without(examples, s.without), s.dataset, s.gates)


def embedding(embedder: ModelSpec | Literal["local"], stage: EmbedQuestions) -> Stage:
    """The stage that embeds."""
    if embedder != "local":
        return asking(embedder, stage)
    check_packaged()
    return EmbedLocally()


def checked(stage: DropContaminated) -> None:
    """Reads the benchmarks, so that a fault in one stops the run before it starts."""
    if stage.benchmarks:
        benchmarks.index(stage.benchmarks, stage.n, stage.min_item_words)


def compared(s: InstructSettings) -> tuple[DropExactDuplicates, DropNearDuplicates]:
    """The stages with the sketches of earlier datasets, made now unless they are kept."""
    stages = (s.exact_duplicates, s.near_duplicates)
    sketches = [sketches_of(stages, name, Instruction) for name in s.earlier]
    exact, near = (tuple(paths) for paths in zip(*sketches, strict=True)) if sketches else ((), ())
    return replace(stages[0], earlier=exact), replace(stages[1], earlier=near)


def found(stage: ReadTaxonomy) -> ReadTaxonomy:
    """The stage with its file found and checked, so that a fault in it stops the run before it starts."""
    path = find_taxonomy(stage.path)
    load_taxonomy(path).require(stage.only, str(path))
    return replace(stage, path=path)
