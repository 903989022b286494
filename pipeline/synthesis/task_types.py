"""The sixteen types of tasks that a paragraph can be turned into: what a model must write for each, how the
task is then put, and what must hold.

Source: Bonito (https://arxiv.org/abs/2402.18334). There a trained model writes the whole task; here any model
fills the slots of a schema, and the task is put in one of several wordings, so that each part can be checked.
Where an answer is one of a few labels, the label is drawn first and the model writes for it: asked for both,
models write questions to be answered with yes. Whether what it wrote has that label is another question, see
stages/confirm_labels.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pipeline.records import PLACEHOLDER
from pipeline.synthesis.task_checks import (
    Check,
    all_of,
    asks,
    asks_for_yes_or_no,
    goes_on,
    has_options,
    has_the_word,
    in_other_words,
    is_a_pair,
    is_shorter,
    nothing,
    refers,
    stands_there,
)
from pipeline.text.characters import is_symbol
from pipeline.text.scripts import n_chars_like


def _long_enough(least: int) -> AfterValidator:
    """Refuses what would be of fewer characters in Latin letters."""

    def check(text: str) -> str:
        if n_chars_like(text) < least:
            raise ValueError(f"of {len(text)} characters; {least} are the least in Latin letters")
        return text

    return AfterValidator(check)


def _says_something(text: str) -> str:
    """Refuses one small letter or mark; a digit, a capital, an operator or a character of another script may
    be an answer.
    """
    if not text or (
        len(text) == 1 and text.isascii() and not (text.isdigit() or text.isupper() or is_symbol(text))
    ):
        raise ValueError(f"'{text}' says nothing")
    return text


def _text(schema_least: int, most: int, check: AfterValidator) -> Any:
    """A text that `check` looks at. Its schema has the least length in characters, which is for servers that
    hold a model to it: white space fills it up, and goes before the text is looked at.
    """
    return Annotated[str, Field(max_length=most, json_schema_extra={"minLength": schema_least}), check]


Short: Any = _text(2, 200, AfterValidator(_says_something))
Sentence: Any = _text(8, 400, _long_enough(8))
Long: Any = _text(20, 1500, _long_enough(20))
OpenAnswer: Any = _text(8, 800, _long_enough(8))
Name: Any = _text(2, 60, AfterValidator(_says_something))
Word: Any = _text(2, 40, AfterValidator(_says_something))

YES_NO = ("yes", "no")
NLI = ("entailment", "neutral", "contradiction")
SENTIMENTS = ("positive", "negative", "neutral")
TOPICS = (
    "arts and culture", "business and economy", "daily life", "education", "geography and travel", "health",
    "history", "law and politics", "mathematics", "nature and environment", "science", "society", "sports",
    "technology",
)  # fmt: skip
N_WRONG = 3  # options beside the answer


class Slots(BaseModel):
    """What a model writes for a task."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class QuestionAndAnswer(Slots):
    question: Sentence
    answer: Short


class OpenQuestionAndAnswer(Slots):
    question: Sentence
    answer: OpenAnswer


class Options(Slots):
    question: Sentence
    answer: Short
    wrong: Annotated[list[Short], Field(min_length=N_WRONG, max_length=N_WRONG)]


class Question(Slots):
    question: Sentence


class Mention(Slots):
    sentence: Sentence
    mention: Name
    answer: Short


class Written(Slots):
    text: Long


class Pair(Slots):
    sentence: Sentence
    other: Sentence


class Completion(Slots):
    beginning: Sentence
    answer: Short


class Request(Slots):
    request: Sentence
    text: Long


class Sense(Slots):
    word: Word
    other: Sentence


class Hypothesis(Slots):
    hypothesis: Sentence


class Label(Slots):
    """The answer alone; the schema of a request names the labels that there are."""

    answer: Short


@dataclass(frozen=True)
class TaskType:
    """One type. `wordings`: of the task, with slots as $name; `answer`: the slot that holds the answer."""

    short: str
    name: str
    slots: type[Slots]
    wordings: tuple[str, ...]
    answer: str = "answer"
    labels: tuple[str, ...] = ()  # drawn before the model writes, unless the model is to choose one
    model_labels: bool = False  # whether the model chooses
    check: Check = nothing

    def put(self, wording: str, slots: Mapping[str, str]) -> str:
        """The task in that wording, with PLACEHOLDER for its passage."""
        return Template(wording).substitute(slots, context=PLACEHOLDER)


TASK_TYPES = (
    TaskType(
        "exqa", "extractive question answering", QuestionAndAnswer,
        (
            "$context\n\nAnswer the question with words of the text.\n$question",
            "Read this and answer with words from it: $question\n\n$context",
            "$question\nQuote the answer from the text below.\n\n$context",
        ),
        check=all_of(asks, stands_there("answer", "answer_not_in_passage")),
    ),
    TaskType(
        "mcqa", "multiple-choice question answering", Options,
        (
            "$context\n\n$question\n$options",
            "Choose the right answer, going by the text.\n\n$context\n\n$question\n$options",
            "$question\n$options\n\nThe answer is in this text:\n$context",
        ),
        check=all_of(asks, has_options),
    ),
    TaskType(
        "qg", "question generation", Question,
        (
            "Write a question that this text answers:\n\n$context",
            "$context\n\nWhat could a reader be asked about this?",
            "Read the text and ask one question about it.\n\n$context",
        ),
        answer="question", check=asks,
    ),
    TaskType(
        "qa", "question answering without choices", OpenQuestionAndAnswer,
        (
            "$context\n\n$question",
            "$question Use this text:\n\n$context",
            "Answer from the text below.\n\nQuestion: $question\n\nText: $context",
        ),
        check=asks,
    ),
    TaskType(
        "ynqa", "yes-no question answering", Question,
        (
            "$context\n\n$question Answer yes or no.",
            "Read the text and answer with yes or no: $question\n\n$context",
            "$question (yes or no)\n\n$context",
        ),
        labels=YES_NO, check=asks_for_yes_or_no,
    ),
    TaskType(
        "coref", "coreference resolution", Mention,
        (
            '$context\n\nIn the sentence "$sentence", what does "$mention" refer to?',
            'Who or what is meant by "$mention" in "$sentence"? Here is the text:\n\n$context',
            '$context\n\n"$sentence" - which words of the text could replace "$mention" here?',
        ),
        check=refers,
    ),
    TaskType(
        "paraphrase", "paraphrase generation", Written,
        (
            "Say this in other words:\n\n$context",
            "$context\n\nParaphrase the text above.",
            "Rewrite the following text without changing what it means.\n\n$context",
        ),
        answer="text", check=in_other_words,
    ),
    TaskType(
        "paraphrase_id", "paraphrase identification", Pair,
        (
            "$context\n\nDo these two sentences mean the same? Answer yes or no.\n1. $sentence\n2. $other",
            'Does "$other" say the same as "$sentence" in this text? Answer yes or no.\n\n$context',
            "Yes or no: can the second sentence stand for the first?\n1. $sentence\n2. $other\n\n$context",
        ),
        labels=YES_NO, check=is_a_pair,
    ),
    TaskType(
        "sent_comp", "sentence completion", Completion,
        (
            "$context\n\nComplete this sentence from the text: $beginning ...",
            "How does the sentence go on in the text? $beginning ...\n\n$context",
            "Fill in the end of the sentence, as the text has it.\n\n$context\n\n$beginning ...",
        ),
        check=goes_on,
    ),
    TaskType(
        "sentiment", "sentiment", Label,
        (
            "Is the tone of this text $choices?\n\n$context",
            "$context\n\nWhich feeling does the text express: $choices?",
            "Classify the sentiment of the text as $choices.\n\n$context",
        ),
        labels=SENTIMENTS, model_labels=True,
    ),
    TaskType(
        "summarization", "summarization", Written,
        (
            "Summarize this text:\n\n$context",
            "$context\n\nWhat is the text above about, in short?",
            "Give the main points of the following text in a few sentences.\n\n$context",
        ),
        answer="text", check=is_shorter,
    ),
    TaskType(
        "text_gen", "text generation", Request,
        (
            "$request\n\n$context",
            "$context\n\nWith this text as your source: $request",
            "Here is some background.\n\n$context\n\n$request",
        ),
        answer="text", check=in_other_words,
    ),
    TaskType(
        "topic_class", "topic classification", Label,
        (
            "What is the topic of this text? Choose one of: $choices.\n\n$context",
            "$context\n\nWhat is this about: $choices?",
            "Classify the text by its topic ($choices).\n\n$context",
        ),
        labels=TOPICS, model_labels=True,
    ),
    TaskType(
        "wsd", "word sense disambiguation", Sense,
        (
            '$context\n\nDoes "$word" have the same meaning there and in "$other"? Answer yes or no.',
            'Is the word "$word" used in the same sense in the sentence and in the text? Answer yes or no.\n'
            "Sentence: $other\nText: $context",
            'Yes or no: does "$word" mean in "$other" what it means in the text below?\n\n$context',
        ),
        labels=YES_NO, check=has_the_word,
    ),
    TaskType(
        "te", "textual entailment", Hypothesis,
        (
            "$context\n\nDoes it follow that: $hypothesis Answer yes or no.",
            "Is this true, going by the text? Answer yes or no.\n$hypothesis\n\n$context",
            "Text: $context\n\nStatement: $hypothesis\n\nDoes the text support the statement, yes or no?",
        ),
        labels=YES_NO,
    ),
    TaskType(
        "nli", "natural language inference", Hypothesis,
        (
            "Premise: $context\n\nHypothesis: $hypothesis\n\nEntailment, neutral or contradiction?",
            "$context\n\nHow does the statement relate to the text (entailment, neutral, contradiction)?\n"
            "$hypothesis",
            "Label the hypothesis as entailment, neutral or contradiction.\nHypothesis: $hypothesis\n"
            "Premise: $context",
        ),
        labels=NLI,
    ),
)  # fmt: skip
NAMES = {key: one for one in TASK_TYPES for key in (one.short, one.name)}


def task_type(name: str) -> TaskType:
    """The type of that short or full name. Raises KeyError, which says what there is."""
    if name not in NAMES:
        raise KeyError(f"no task type '{name}'; there are {', '.join(one.short for one in TASK_TYPES)}")
    return NAMES[name]


def drawn_labels(name: str) -> tuple[str, ...]:
    """The labels of a type that writes towards one of them; none for other types, or where `name` is none."""
    one = NAMES.get(name)
    return one.labels if one is not None and not one.model_labels else ()
