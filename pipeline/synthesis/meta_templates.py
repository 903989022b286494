"""Templates of annotated datasets, turned round: rows from which a model learns to write tasks on a
paragraph.

A template says how a row of a dataset becomes a task and its answer, in the language of promptsource: Jinja2,
with `|||` between the two. Where it shows the paragraph it is turned round: the paragraph becomes what is
given, and the task what is to be written, with a placeholder where the paragraph stood. Source: Bonito
(https://arxiv.org/abs/2402.18334), section 3.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import PromptError, RecipeError
from pipeline.io import plain_yaml
from pipeline.prompts import render_given
from pipeline.records import PLACEHOLDER
from pipeline.stage import Reject
from pipeline.synthesis.bonito import PIPE, filled, prompt_for
from pipeline.synthesis.task_types import NAMES, task_type

SEPARATOR = "|||"


class Template(BaseModel):
    """One template of a dataset."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    task: str  # a type of pipeline/synthesis/task_types.py, by its short or full name
    template: str = Field(min_length=1)


class Templates(BaseModel):
    """A file of templates."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    context: str = Field(min_length=1)  # the column of the paragraph
    templates: tuple[Template, ...] = Field(min_length=1)


class Turned(NamedTuple):
    """What a model is to learn from one row and template."""

    task: str  # short name
    paragraph: str
    asked: str  # with the placeholder
    answer: str  # likewise

    @property
    def given(self) -> str:
        """What the model is given."""
        return prompt_for(task_type(self.task).name, self.paragraph)

    @property
    def target(self) -> str:
        """What it is to write."""
        return f"{self.asked}\n{PIPE}\n{self.answer}"


def load_templates(path: Path) -> Templates:
    """The templates of a YAML file. Raises RecipeError."""
    try:
        found = Templates.model_validate(plain_yaml.read(path))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "the file"
        raise RecipeError(f"{path}, {where}: {fault['msg']}") from error
    for template in found.templates:
        if template.task not in NAMES:
            known = ", ".join(NAMES)
            raise RecipeError(f"{path}, '{template.name}': no task type '{template.task}'; there are {known}")
        if template.template.count(SEPARATOR) != 1:
            raise RecipeError(f"{path}, '{template.name}': expected one {SEPARATOR} between task and answer")
    return found


def original(template: Template, row: Mapping[str, Any]) -> tuple[str, str]:
    """Task and answer as the template puts them. Raises PromptError for a column that the row has not."""
    asked, _, answer = render_given(template.template, row).partition(SEPARATOR)
    return asked.strip(), answer.strip()


def turned(template: Template, row: Mapping[str, Any], context: str) -> Turned | Reject:
    """The row turned round; a Reject where the template does not show the paragraph as it is, or has no
    answer for the row.
    """
    paragraph = row.get(context)
    if not isinstance(paragraph, str) or not paragraph.strip():
        return Reject("no_paragraph", limit=f"text in the column '{context}'")
    paragraph = paragraph.strip()
    shown = {**row, context: paragraph}
    asked, answer = original(template, {**row, context: PLACEHOLDER})
    as_it_was = original(template, shown)
    if not answer:
        return Reject("no_answer", got=template.name)
    if PLACEHOLDER not in asked or (filled(asked, paragraph), filled(answer, paragraph)) != as_it_was:
        return Reject("paragraph_not_shown", got=template.name)  # or looked into, at its length for one
    return Turned(task_type(template.task).short, paragraph, asked, answer)


def usable(templates: Templates, row: Mapping[str, Any]) -> Sequence[Template]:
    """The templates that show the paragraph of such a row. Raises PromptError as `original` does."""
    return [
        template
        for template in templates.templates
        if PLACEHOLDER in original(template, {**row, templates.context: PLACEHOLDER})[0]
    ]


def check_columns(path: Path, templates: Templates, row: Mapping[str, Any]) -> None:
    """Raises RecipeError unless a row has what the templates name, and one of them shows its paragraph."""
    if templates.context not in row:
        raise RecipeError(f"{path}: the rows have no column '{templates.context}', but {', '.join(row)}")
    try:
        if not usable(templates, row):
            raise RecipeError(f"{path}: no template shows {{{{{templates.context}}}}}, the paragraph")
    except PromptError as error:
        raise RecipeError(f"{path}: {error}") from error
