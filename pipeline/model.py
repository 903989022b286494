"""How a stage speaks to a model: which one, how it samples, and the two things it can be asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import core_schema

from pipeline.io.secrets import has_key, has_login, is_secret

Reply = TypeVar("Reply", bound=BaseModel)


class Prompt(str):
    """The name of a template under prompts/, without its ending. A step's id follows the template's text."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema(min_length=1))


class Sampling(BaseModel):
    """How the model draws its tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: float = Field(1.0, ge=0, le=2)
    top_p: float = Field(0.95, gt=0, le=1)
    # Tokens less likely than this share of the likeliest are not drawn (https://arxiv.org/abs/2407.01082).
    # vLLM takes it, not every endpoint. On a CPU it is free, while a top_p below 1 halves the tokens/s.
    min_p: float | None = Field(None, ge=0, le=1)
    max_tokens: int = Field(1024, ge=1)  # of the reply
    frequency_penalty: float | None = Field(None, ge=-2, le=2)  # keeps small models from looping


class Price(BaseModel):
    """What a model costs, in US dollars; 0 for what is free."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: float = Field(0.0, ge=0)  # a million prompt tokens
    output: float = Field(0.0, ge=0)  # a million output tokens
    hour: float = Field(0.0, ge=0)  # an hour of the server, all its GPUs together
    gpus: int = Field(0, ge=0)  # of the server: what an hour of it is in GPU-hours

    def of(self, prompt_tokens: float, output_tokens: float, seconds: float) -> float:
        """US dollars."""
        tokens = prompt_tokens * self.prompt + output_tokens * self.output
        return tokens / 1e6 + seconds / 3600 * self.hour


class Replicas(BaseModel):
    """How many servers of a model Ray runs, and what each needs. They follow the load between the limits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min: int = Field(0, ge=0)  # kept when nobody asks; a run starts with one at least
    max: int = Field(1, ge=1)  # each is kept busy with its share of the model's `concurrency`
    idle_s: float = Field(600, ge=0)  # before one that is not needed is stopped
    accelerator: str | None = None  # a kind of GPU as Ray names it, e.g. H100, or "cpu"; None: any GPU
    cpus: float = Field(1, gt=0)  # of a replica on CPUs, as Ray counts them

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is more than max {self.max}")
        return self


class ModelSpec(BaseModel):
    """One model and how to reach it. Only `name` and `system` decide what is made; the rest is how and
    where.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=300)  # as the server lists it
    system: str | None = None  # a system message put before every conversation; None sends none
    # local: vLLM on this machine; ray: Ray Serve, on the nodes of the cluster; endpoint: a server that is up
    serve: Literal["local", "ray", "endpoint"] = "local"
    # local, ray: what vLLM loads, a folder or a Hub name; "embedded" for the packaged model
    path: str | None = None
    url: str | None = None  # endpoint: the OpenAI-compatible base, e.g. http://host:8000/v1
    api_key_env: str = (
        "ACADEME_API_KEY"  # the environment variable that holds the endpoint's key, if it needs one
    )
    licence: str = "unknown"  # named in the dataset card
    price: Price = Field(default_factory=Price)  # for plans and --budget-usd
    vllm_args: Mapping[str, str | int | float | bool] = Field(default_factory=dict)  # local, ray: its options
    # its environment; a value `$NAME` is taken from ours, and so must every secret be: {HF_TOKEN: $HF_TOKEN}
    vllm_env: Mapping[str, str] = Field(default_factory=dict)
    replicas: Replicas = Field(default_factory=Replicas)  # ray
    concurrency: int = Field(64, ge=1)  # most requests in flight
    timeout_s: float = Field(300, gt=0)  # for one request, counted from the moment it is sent
    outage_s: float = Field(600, gt=0)  # how long an unreachable server is waited for
    start_s: float = Field(1200, gt=0)  # local, ray: how long vLLM may take to load the model

    @field_validator("name")
    @classmethod
    def _is_name(cls, name: str) -> str:
        if not name.isprintable() or ".." in name.split("/"):
            raise ValueError(
                "expected a name as the server lists it, e.g. org/model: of printable characters, no .."
            )
        return name

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if self.serve == "endpoint" and not self.url:
            raise ValueError("serve: endpoint needs a url, e.g. url: http://localhost:8000/v1")
        if self.url:
            if not _is_http(self.url):
                raise ValueError("url must be an http(s) address, e.g. url: http://localhost:8000/v1")
            if has_login(self.url) or has_key(self.url):
                raise ValueError(
                    "url must hold no name, password or key; put the key into the environment variable "
                    f"{self.api_key_env}"
                )
        if self.serve != "endpoint" and self.url:
            raise ValueError(
                f"serve: {self.serve} reads no url; add serve: endpoint to ask that server, or take url out"
            )
        if self.serve != "endpoint" and not self.path:
            raise ValueError(f"serve: {self.serve} needs a path: a model folder, a Hub name, or embedded")
        return self

    @model_validator(mode="after")
    def _holds_no_secret(self) -> Self:
        for name, value in self.vllm_env.items():
            if is_secret(name, value):
                raise ValueError(
                    f"vllm_env.{name} holds a secret, and settings are published with the dataset; export "
                    f"it, and write vllm_env: {{{name}: ${name}}}"
                )
        for name, option in self.vllm_args.items():
            if is_secret(name, option):
                raise ValueError(
                    f"vllm_args.{name} holds a secret, and settings are published with the dataset; give "
                    "it to vLLM in its environment (vllm_env), as `$NAME` of an exported variable. A "
                    "server that "
                    "academe starts needs no key: it listens on 127.0.0.1 alone"
                )
        return self

    def identity(self) -> dict[str, Any]:
        """What a step's id and a reply's key depend on."""
        return {"name": self.name, "system": self.system}

    def server_key(self) -> str:
        """What decides which server it needs: models that are equal in it share one."""
        return self.model_dump_json(include={"serve", "name", "path", "vllm_args", "vllm_env", "replicas"})


def _is_http(url: str) -> bool:
    try:
        address = urlsplit(url)
        _ = address.port  # raises where it is no port
    except ValueError:
        return False
    return address.scheme in ("http", "https") and bool(address.hostname)


@dataclass(frozen=True, slots=True)
class Turn:
    """A conversation up to and including one reply of the model."""

    messages: tuple[tuple[str, str], ...]  # (role, text), the reply last
    text: str  # the reply, stripped
    finish: str  # "stop", or "length" when it was cut off
    n_prompt_tokens: int
    n_output_tokens: int


NAME_PATTERN = r'^[^\s\d{}<>\[\]"\\_:;.,#*-][^{}<>\[\]"\\_:]*$'
"""For names in replies: no numbering, markup or JSON. Decoding is held to it: it steers small models too."""

PLAIN_NAME_PATTERN = r"^[A-Z][a-z]{1,14}( [a-zA-Z][a-z]{1,14}){0,4}$"
"""One to five plain words: what a small model must be held to, or it writes lists and code into a name."""


class Model(Protocol):
    """A model in a stage's hands. Retries, storage and pacing happen behind it."""

    name: str

    async def write(
        self,
        prompt: Prompt,
        sampling: Sampling,
        *,
        after: Turn | None = None,
        sample: int = 0,
        **values: object,
    ) -> Turn:
        """Free text for the rendered prompt, continuing the conversation `after`.

        `sample` tells apart equal requests that should each get a reply of their own.
        """
        ...

    async def ask(
        self,
        prompt: Prompt,
        reply: type[Reply],
        sampling: Sampling,
        *,
        after: Turn | None = None,
        sample: int = 0,
        **values: object,
    ) -> Reply:
        """A reply constrained by the JSON schema of `reply` and validated against it.

        Raises BadReply when the model fails to give one in a few attempts.
        """
        ...

    async def complete(self, text: str, sampling: Sampling) -> Turn:
        """What the model writes after `text`, without a chat template: for models of a format of their
        own.
        """
        ...

    async def embed(self, text: str) -> str:
        """The embedding of `text`, packed as in pipeline/embeddings/vectors.py."""
        ...

    async def n_tokens(self, text: str) -> int:
        """The tokens that the model takes `text` for, as its server counts."""
        ...

    async def surprise(self, question: str, answer: str) -> float | None:
        """The mean negative log-probability of the tokens of `answer` after `question`, in nats; None for an
        answer without one.
        """
        ...
