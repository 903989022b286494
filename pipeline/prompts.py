"""Find, render and hash the templates under prompts/ (Jinja2; a name that is not given is an error)."""

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import jinja2
import jinja2.sandbox

from pipeline.errors import PromptError, nearest

FOLDER = Path(__file__).parent.parent / "prompts"

_environment = jinja2.Environment(
    undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
)

_sandbox = jinja2.sandbox.SandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)


def render(name: str, **values: object) -> str:
    """The text of prompt `name` with `values` filled in, stripped. Raises PromptError."""
    template = _template(name)
    try:
        # Not `Template.render`: it copies the globals, which no prompt uses, for every prompt.
        return "".join(template.root_render_func(template.new_context(values, shared=True))).strip()
    except jinja2.UndefinedError as error:
        raise PromptError(
            f"prompt '{name}' ({_path(name)}): {error}; it is given {sorted(values)}"
        ) from error


def render_given(text: str, values: Mapping[str, object]) -> str:
    """The rendered template `text` of somebody else's: what is no filling in of values it may not do.

    Raises PromptError.
    """
    try:
        return _sandbox.from_string(text).render(values)
    except jinja2.TemplateError as error:
        raise PromptError(f"template {text[:200]!r}: {error}; it is given {sorted(values)}") from error


def prompt_hash(name: str) -> str:
    """A hash of the template's text, 32 hex digits. Raises PromptError."""
    return hashlib.blake2b(source(name).encode(), digest_size=16).hexdigest()


def fixed_text(name: str) -> list[str]:
    """The stretches of the template that every rendered prompt has. Raises PromptError."""
    return re.split(r"\{[{%].*?[}%]\}", source(name), flags=re.DOTALL)


def source(name: str) -> str:
    """The template's text as it was written. Raises PromptError."""
    path = _path(name)
    if not path.is_file():
        known = sorted(str(p.relative_to(FOLDER).with_suffix("")) for p in FOLDER.rglob("*.md"))
        raise PromptError(f"no prompt '{name}': {path} is not there; {nearest(name, known, 'there are')}")
    return path.read_text(encoding="utf-8")


def _path(name: str) -> Path:
    return FOLDER / f"{name}.md"


@cache
def _template(name: str) -> jinja2.Template:
    try:
        return _environment.from_string(source(name))
    except jinja2.TemplateSyntaxError as error:
        raise PromptError(f"prompt '{name}' ({_path(name)}), line {error.lineno}: {error.message}") from error
