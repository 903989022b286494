"""Taxonomy -> subjects -> syllabi -> questions -> answers, filtered at every turn.

Source: GLAN (https://arxiv.org/abs/2402.13064). What needs only the question is checked before its answer is
paid for; then some questions are asked again in other words. The presets are in presets/instruct/.
"""

from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from pipeline.dag import Step, without
from pipeline.errors import RecipeError
from pipeline.model import ModelSpec, Prompt
from pipeline.recipe import DatasetSettings, Gates, Recipe
from pipeline.recipes.filters import (
    Embedder,
    checked,
    compared,
    comparing,
    embedding,
    mixing,
    require_english,
)
from pipeline.recipes.overridden import of_embedder, refuse_filled, refuse_unused
from pipeline.records import Instruction
from pipeline.stage import asking
from pipeline.taxonomy.taxonomy import find_taxonomy, load_taxonomy
from stages.answer_questions import AnswerQuestions
from stages.confirm_subjects import ConfirmSubjects
from stages.drop_by_density import DropByDensity
from stages.drop_contaminated import DropContaminated
from stages.drop_exact_duplicates import DropExactDuplicates
from stages.drop_low_rated import DropLowRated
from stages.drop_near_duplicates import DropNearDuplicates
from stages.drop_poor_answers import DropPoorAnswers
from stages.drop_poor_questions import DropPoorQuestions
from stages.drop_poor_rephrasings import DropPoorRephrasings, Of
from stages.drop_semantic_duplicates import DropSemanticDuplicates
from stages.drop_stray_subjects import DropStraySubjects
from stages.drop_to_mix import TAXONOMY, DropToMix, source
from stages.drop_wrong_language import DropWrongLanguage
from stages.embed_questions import EmbedQuestions
from stages.list_subjects import ListSubjects
from stages.measure_difficulty import MeasureDifficulty
from stages.rate_examples import RateExamples
from stages.read_taxonomy import ReadTaxonomy
from stages.rephrase_answers import RephraseAnswers
from stages.rephrase_questions import RephraseQuestions
from stages.write_questions import WriteQuestions
from stages.write_syllabi import WriteSyllabi

PRESETS = Path(__file__).parent / "presets" / "instruct"
ABOUT = (
    "Questions and answers written by a language model along a taxonomy of human knowledge, in the manner "
    "of [GLAN](https://arxiv.org/abs/2402.13064): disciplines, their subjects, a syllabus for each subject, "
    "questions on its sessions and key concepts, and answers in a call of their own."
)


class InstructSettings(BaseModel):
    """All settings of the recipe. A stage's settings are its fields: see the file of the stage."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    planner: ModelSpec  # writes subjects, syllabi and questions
    answerer: ModelSpec | None = None  # writes answers; the planner when not given
    judge: ModelSpec | None = None  # scores answered questions; without it nobody does
    # Embeds questions, a served model or the packaged one; without it no step looks at what they mean.
    embedder: Embedder | None = None
    without: tuple[str, ...] = ()  # names of steps that only drop rows, to be left out
    earlier: tuple[str, ...] = ()  # datasets whose rows must not come again: folders, or names on the Hub
    taxonomy: ReadTaxonomy = ReadTaxonomy()
    subjects: ListSubjects = ListSubjects()
    # Subjects that belong to another discipline go: by the packaged embedding model, which reads English and
    # needs no able planner, and by a question to the planner, which reads what it writes. One is enough.
    # Without an embedder nothing looks at what a subject means, so the first is then left out.
    fitting_subjects: DropStraySubjects | None = None
    confirmed_subjects: ConfirmSubjects | None = None
    syllabi: WriteSyllabi = WriteSyllabi()
    questions: WriteQuestions = WriteQuestions()
    question_quality: DropPoorQuestions = DropPoorQuestions()
    language: DropWrongLanguage = DropWrongLanguage()
    exact_duplicates: DropExactDuplicates = DropExactDuplicates()
    near_duplicates: DropNearDuplicates = DropNearDuplicates()
    embeddings: EmbedQuestions = EmbedQuestions()
    semantic_duplicates: DropSemanticDuplicates = DropSemanticDuplicates()
    contamination: DropContaminated = DropContaminated()
    rephrasing: RephraseQuestions | None = None  # of questions, whose answers are then written anew
    rephrasing_quality: DropPoorRephrasings = DropPoorRephrasings()
    answers: AnswerQuestions = AnswerQuestions()
    answer_quality: DropPoorAnswers = DropPoorAnswers()
    restyling: RephraseAnswers | None = None  # of answers, or of both, by the answerer
    ratings: RateExamples = RateExamples()
    low_ratings: DropLowRated = DropLowRated()
    difficulty: MeasureDifficulty | None = None  # by the answerer, whose server must give prompt_logprobs
    density: DropByDensity | None = None  # picks the rows of the dataset; needs the embedder
    mixture: DropToMix | None = None  # of `taxonomy` and `style/NAME`
    dataset: DatasetSettings = Field(default_factory=DatasetSettings)
    gates: Gates = Field(default_factory=Gates)


FILLED = {
    "question_quality.prompts": "with the prompts of the steps before",
    "answer_quality.prompts": "with the prompts of the answers",
    "answer_quality.system": "with the answerer's",
    "exact_duplicates.earlier": "with the datasets of `earlier`",
    "near_duplicates.earlier": "with the datasets of `earlier`",
    "rephrasing_quality.of": "with what the step before rephrases",
}


def refuse_what_changes_nothing(s: InstructSettings) -> None:
    """Raises RecipeError for settings that no step of this run reads."""
    refuse_filled(s, FILLED)
    unused = of_embedder(s, ("embeddings", "semantic_duplicates"))
    if s.embedder is None and s.fitting_subjects != DropStraySubjects():  # {} of a preset changes nothing
        unused["fitting_subjects"] = "because there is no embedder"
    if s.judge is None:
        unused |= dict.fromkeys(("ratings", "low_ratings"), "because there is no judge")
    if s.rephrasing is None and s.restyling is None:
        unused["rephrasing_quality"] = "because there is neither rephrasing nor restyling"
    refuse_unused(s, unused)


def instruct(s: InstructSettings) -> Recipe:
    """The DAG."""
    refuse_what_changes_nothing(s)
    held = {
        "subjects.plain_names": s.subjects.plain_names,
        "syllabi.plain_names": s.syllabi.plain_names,
        "questions.one_sentence": s.questions.one_sentence,
    }
    for setting in filter(held.get, held):
        require_english(s.language, setting, "take it out")
    disciplines = Step("disciplines", found(s.taxonomy))
    subjects = own(s, Step("subjects", asking(s.planner, s.subjects), disciplines))
    syllabi = Step("syllabi", asking(s.planner, s.syllabi), subjects)
    drafts = Step("drafts", asking(s.planner, s.questions), syllabi)
    prompts = (s.subjects.json_prompt, s.syllabi.prompt, s.syllabi.json_prompt, s.questions.prompt)
    sound = Step("sound", replace(s.question_quality, prompts=prompts), drafts)
    readable = Step("readable", s.language, sound)
    exact, near = compared(s.exact_duplicates, s.near_duplicates, s.earlier, Instruction)
    unrepeated = Step("unrepeated", exact, readable)
    distinct = Step("distinct", near, unrepeated)
    if s.embedder is not None:
        distinct = Step("embedded", embedding(s.embedder, s.embeddings), distinct)
        if s.judge is None:  # else of two the better stays, once they have scores
            distinct = Step("dissimilar", s.semantic_duplicates, distinct)
    questions = Step("questions", checked(s.contamination), distinct)
    if s.rephrasing is not None:
        questions = varied(s, questions, prompts, exact, near)
    answerer = s.answerer or s.planner
    answers = Step("answers", asking(answerer, s.answers), questions)
    quality = replace(s.answer_quality, prompts=(s.answers.prompt,), system=answerer.system)
    good = Step("good", quality, answers)
    monolingual = Step("monolingual", s.language, good)
    examples = Step("examples", s.contamination, monolingual)
    if s.restyling is not None:
        examples = restyled(s, examples, answerer)
    if s.judge is not None:
        rated = Step("rated", asking(s.judge, s.ratings), examples)
        examples = Step("well_rated", s.low_ratings, rated)
        if s.embedder is not None:
            examples = Step("dissimilar", s.semantic_duplicates, examples)
    if s.difficulty is not None:
        examples = Step("measured", asking(answerer, s.difficulty), examples)
    if s.density is not None:
        if s.embedder is None:
            raise RecipeError("density needs embeddings: name an embedder, or take density out")
        examples = Step("selected", s.density, examples)
    if s.mixture is not None:
        styles = {style for stage in (s.rephrasing, s.restyling) if stage for style in stage.styles}
        named = (source("style", style) for style in styles)
        examples = Step("mixed", mixing(s.mixture, (TAXONOMY, *named)), examples)
    return Recipe("instruct", ABOUT, s, without(examples, s.without), s.dataset, s.gates)


def own(s: InstructSettings, subjects: Step) -> Step:
    """The subjects that belong to their disciplines."""
    if s.fitting_subjects is not None and s.embedder is not None:
        remedy = "name confirmed_subjects: {} instead, which asks the planner"
        require_english(s.language, "fitting_subjects", remedy)
        s.fitting_subjects.check()
        subjects = Step("fitting_subjects", s.fitting_subjects, subjects)
    if s.confirmed_subjects is not None:
        subjects = Step("confirmed_subjects", asking(s.planner, s.confirmed_subjects), subjects)
    return subjects


def varied(
    s: InstructSettings,
    questions: Step,
    prompts: tuple[Prompt, ...],
    exact: DropExactDuplicates,
    near: DropNearDuplicates,
) -> Step:
    """The questions, and some of them in other words, which earlier datasets do not have either."""
    stage = asking(s.planner, s.rephrasing or RephraseQuestions())
    step = Step("rephrased", stage, questions)
    if s.embedder is not None:
        step = Step("likened", comparing(s.embedder), step)
    step = Step("faithful", replace(s.rephrasing_quality, of="question"), step)
    told = (*prompts, *(style.prompt for style in stage.styles.values()))
    step = Step("sound_rephrased", replace(s.question_quality, prompts=told), step)
    step = Step("readable_rephrased", s.language, step)
    step = Step("clean_rephrased", s.contamination, step)
    if s.earlier:
        step = Step("unrepeated_rephrased", exact, step)
    return Step("varied", near, questions, step)


def restyled(s: InstructSettings, examples: Step, answerer: ModelSpec) -> Step:
    """The examples, and some of them with their answers, or all of them, in other words."""
    stage = asking(answerer, s.restyling or RephraseAnswers())
    step = Step("restyled", stage, examples)
    if s.embedder is not None:
        step = Step("likened_answers", comparing(s.embedder), step)
    of: Of = "both" if stage.with_question else "answer"
    step = Step("faithful_answers", replace(s.rephrasing_quality, of=of), step)
    told = tuple(style.prompt for style in stage.styles.values())
    step = Step("good_restyled", replace(s.answer_quality, prompts=told, system=answerer.system), step)
    step = Step("readable_restyled", s.language, step)
    step = Step("clean_restyled", s.contamination, step)
    return Step("all_styles", s.near_duplicates, examples, step)


def found(stage: ReadTaxonomy) -> ReadTaxonomy:
    """The stage with its file found and checked, so that a fault in it stops the run before it starts."""
    path = find_taxonomy(stage.path)
    load_taxonomy(path).require(stage.only, str(path))
    return replace(stage, path=path)
