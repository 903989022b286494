"""What in a setting is a secret. Settings are written into run.json and published with the dataset, so a
secret comes from the environment alone: a setting may name its variable as `$NAME`.
"""

import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

NAMED = re.compile(r"\$(?:\{(\w+)\}|(\w+))")  # a variable of the environment
SECRET_NAME = re.compile(
    r"(?:^|[_.-])(?:api_?key|access_?key|private_?key|key|token|secret|password|passwd|pwd|credentials?|auth|authorization)"
    r"(?:_?id)?$",
    re.IGNORECASE,
)
SPECIAL_TOKEN = re.compile(  # of a tokenizer
    r"(?:^|_)(?:bos|eos|pad|unk|sep|cls|mask|image|video|audio|start|end|stop|special)_token$", re.IGNORECASE
)
# As their makers write them: Hugging Face, OpenAI and its like, AWS, GitHub, GitLab, Slack, Google, a JSON
# web token.
SECRET_VALUE = re.compile(
    r"\b(?:hf_[A-Za-z0-9]{16,}|sk-[A-Za-z0-9_-]{16,}|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}|glpat-[\w-]{16,}"
    r"|xox[abprs]-[\w-]{10,}|AIza[\w-]{30,}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})"
)
URL = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#]*@")


def names_variable(value: str) -> bool:
    """Whether the value is nothing but `$NAME` or `${NAME}`."""
    return NAMED.fullmatch(value) is not None


def is_secret(name: str, value: object) -> bool:
    """Whether a setting of that name, or any of that value, is a secret that is written out; or holds one, as
    data or as JSON.
    """
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = _data(value)
    if isinstance(value, Mapping):
        return any(is_secret(str(key), item) for key, item in value.items())
    if not isinstance(value, str) or not value or names_variable(value):
        return False
    is_named = SECRET_NAME.search(name) and not SPECIAL_TOKEN.search(name)
    return bool(is_named or SECRET_VALUE.search(value) or has_login(value) or has_key(value))


def _data(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def has_key(url: str) -> bool:
    """Whether the query of a URL has a key or a token in it."""
    try:
        query = urlsplit(url).query
    except ValueError:
        return False
    return any(SECRET_NAME.search(name) for name, _ in parse_qsl(query))


def has_login(text: str) -> bool:
    """Whether a URL in the text has a name or a password before its host."""
    return any(_login(found[0]) for found in URL.finditer(text))


def _login(start: str) -> bool:
    try:
        address = urlsplit(start)
    except ValueError:  # what is no URL to Python is none to whoever would open it
        return False
    return bool(address.username or address.password)


def without_logins(text: str) -> str:
    """The text with `***` for names and passwords before the hosts of its URLs."""
    return URL.sub(lambda found: found[0].split("://")[0] + "://***@" if _login(found[0]) else found[0], text)


def resolved(values: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The values, those that are `$NAME` taken from the environment. Raises KeyError with the NAME of one
    that is not set.
    """
    found = {}
    for name, value in values.items():
        variable = NAMED.fullmatch(value)
        found[name] = environment[variable[1] or variable[2]] if variable else value
    return found
