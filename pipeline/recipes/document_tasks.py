"""Documents -> chunks -> tasks on them, and questions and answers made of them -> a dataset.

Sources: Bonito (https://arxiv.org/abs/2402.18334) for the tasks; WRAP (https://arxiv.org/abs/2401.16380) and
its successors for the rephrasings. The presets are in presets/documents/.
"""

from dataclasses import replace
from pathlib import Path

from pydantic import Field

from pipeline.dag import Step, without
from pipeline.errors import RecipeError
from pipeline.model import ModelSpec, Prompt
from pipeline.recipe import DatasetSettings, Gates, Recipe
from pipeline.recipes.filters import (
    DocumentSettings,
    checked,
    chunks_of,
    embedding,
    mixing,
    rephrased,
    require_english,
)
from pipeline.recipes.overridden import of_embedder, refuse_filled, refuse_unused
from pipeline.stage import asking
from pipeline.synthesis.task_types import drawn_labels, task_type
from stages.confirm_labels import ConfirmLabels
from stages.drop_contaminated import DropContaminated
from stages.drop_low_rated import DropLowRated
from stages.drop_poor_answers import DropPoorAnswers
from stages.drop_poor_questions import DropPoorQuestions
from stages.drop_semantic_duplicates import DropSemanticDuplicates
from stages.drop_to_mix import DropToMix, source
from stages.drop_ungrounded import DropUngrounded
from stages.embed_questions import EmbedQuestions
from stages.judge_grounding import JudgeGrounding
from stages.make_examples import MakeExamples
from stages.rate_examples import RateExamples
from stages.rephrase_chunks import RephraseChunks
from stages.write_tasks import WriteTasks

PRESETS = Path(__file__).parent / "presets" / "documents"
ABOUT = (
    "Tasks that a language model wrote on passages of documents, in the manner of "
    "[Bonito](https://arxiv.org/abs/2402.18334), and questions, answers and texts that it made of them in"
    " named styles, in the manner of [WRAP](https://arxiv.org/abs/2401.16380). What is taken from a "
    "document keeps the licence of that document."
)


class DocumentsSettings(DocumentSettings):
    """All settings of the recipe. A stage's settings are its fields: see the file of the stage."""

    without: tuple[str, ...] = ()  # names of steps that only drop rows, to be left out
    tasks: WriteTasks | None = WriteTasks()
    grounding: DropUngrounded = DropUngrounded()
    # By the judge: tasks whose label was drawn before they were written, such as yes-no questions.
    confirmed_labels: ConfirmLabels | None = ConfirmLabels()
    judged_grounding: JudgeGrounding | None = None  # by the judge, beside the words that are shared
    rephrasing: RephraseChunks | None = RephraseChunks()
    question_quality: DropPoorQuestions = DropPoorQuestions()
    answer_quality: DropPoorAnswers = DropPoorAnswers()
    embeddings: EmbedQuestions = EmbedQuestions()
    semantic_duplicates: DropSemanticDuplicates = DropSemanticDuplicates()
    contamination: DropContaminated = DropContaminated()
    ratings: RateExamples | None = None  # by the judge
    low_ratings: DropLowRated = DropLowRated()
    mixture: DropToMix | None = None  # of `task/NAME` and `style/NAME`
    dataset: DatasetSettings = Field(default_factory=DatasetSettings)
    gates: Gates = Field(default_factory=Gates)


FILLED = {
    "question_quality.prompts": "with the prompts of tasks and rephrasings",
    "answer_quality.prompts": "with the prompts of tasks and rephrasings",
    "answer_quality.system": "with the writer's",
    "rephrasing_quality.styles": "with those of `rephrasing`",
    "files.state": "with the sizes and dates of the files",
}


def refuse_what_changes_nothing(s: DocumentsSettings) -> None:
    """Raises RecipeError for settings that no step of this run reads."""
    refuse_filled(s, FILLED)
    unused = of_embedder(s, ("embeddings", "semantic_duplicates"))
    if s.ratings is None:
        unused["low_ratings"] = "because there are no ratings"
    if s.rephrasing is None:
        unused["rephrasing_quality"] = "because there is no rephrasing"
    if not draws_labels(s):
        unused["confirmed_labels"] = "because no label of a task is drawn before it is written"
    if s.tasks is None:
        unused |= dict.fromkeys(("grounding", "judged_grounding"), "because there are no tasks")
    is_confirmed = draws_labels(s) and s.confirmed_labels is not None
    if not is_confirmed and s.ratings is None and s.document_ratings is None and s.judged_grounding is None:
        unused["judge"] = "because nothing is rated"
    refuse_unused(s, unused)


def draws_labels(s: DocumentsSettings) -> bool:
    """Whether a task's label is drawn before the task is written."""
    return s.tasks is not None and any(map(drawn_labels, s.tasks.types))


def documents(s: DocumentsSettings) -> Recipe:
    """The DAG."""
    refuse_what_changes_nothing(s)
    chunks, judge = chunks_of(s), s.judge or s.writer
    made = [*tasks_on(s, chunks, judge), *rows_of(s, chunks)]
    if not made:
        raise RecipeError("tasks and rephrasing are both null: then nothing is made of the documents")
    told = prompts_of(s)
    sound = Step("sound", replace(s.question_quality, prompts=told), *made)
    quality = replace(s.answer_quality, prompts=told, system=s.writer.system)
    good = Step("good", quality, sound)
    monolingual = Step("monolingual", s.language, good)
    unrepeated = Step("unrepeated", s.exact_duplicates, monolingual)
    distinct = Step("distinct", s.near_duplicates, unrepeated)
    if s.embedder is not None:
        embedded = Step("embedded", embedding(s.embedder, s.embeddings), distinct)
        distinct = Step("dissimilar", s.semantic_duplicates, embedded)
    examples = Step("examples", checked(s.contamination), distinct)
    if s.ratings is not None:
        rated = Step("rated", asking(judge, s.ratings), examples)
        examples = Step("well_rated", s.low_ratings, rated)
    if s.mixture is not None:
        tasks = [source("task", task_type(name).short) for name in (s.tasks.types if s.tasks else ())]
        styles = [source("style", style) for style in (s.rephrasing.styles if s.rephrasing else ())]
        examples = Step("mixed", mixing(s.mixture, (*tasks, *styles)), examples)
    return Recipe("documents", ABOUT, s, without(examples, s.without), s.dataset, s.gates)


def tasks_on(s: DocumentsSettings, chunks: Step, judge: ModelSpec) -> list[Step]:
    """Tasks whose answers the chunks give."""
    if s.tasks is None:
        return []
    if s.tasks.plain:
        require_english(s.language, "tasks.plain", "take it out")
    tasks = Step("tasks", asking(s.writer, s.tasks), chunks)
    grounded = Step("grounded", s.grounding, tasks)
    if s.confirmed_labels is not None and draws_labels(s):
        grounded = Step("confirmed_labels", asking(judge, s.confirmed_labels), grounded)
    if s.judged_grounding is not None:
        grounded = Step("judged", asking(judge, s.judged_grounding), grounded)
    return [grounded]


def rows_of(s: DocumentsSettings, chunks: Step) -> list[Step]:
    """Rows made of the chunks in other words."""
    if s.rephrasing is None:
        return []
    return [Step("restyled", MakeExamples(styles=s.rephrasing.styles), rephrased(s, s.rephrasing, chunks))]


def prompts_of(s: DocumentsSettings) -> tuple[Prompt, ...]:
    """What must not shine through in a row."""
    prompts = s.tasks.prompts if s.tasks is not None and not s.tasks.bonito else ()
    styles = s.rephrasing.styles.values() if s.rephrasing is not None else ()
    return (*prompts, *(style.prompt for style in styles))
