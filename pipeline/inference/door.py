"""The door that replies come through: stored as they came, they are cleaned each time that they are read, so
that the replies of old roots are cleaned as well.
"""

from pydantic import BaseModel, ValidationError

from pipeline.errors import BadReply
from pipeline.storage.replies import StoredReply
from pipeline.text.control_tokens import without_end_tokens, without_thoughts

MAX_TOKEN_CHARS = 64  # that a token has on average, at most: real ones have three to five


def text_in(reply: StoredReply, max_tokens: int) -> str:
    """The text as stages see it: without thoughts and end tokens, stripped. Raises BadReply where a thought
    has no end, and for what is too long to be a reply.
    """
    text = without_thoughts(reply.text)
    if text is None:
        raise _unended_thought(reply)
    if len(text) > MAX_TOKEN_CHARS * max_tokens:
        raise BadReply(
            f"{len(text):,} characters, more than {max_tokens} tokens (sampling.max_tokens) can have; does "
            "the server keep to max_tokens?",
            raw=text,
        )
    return without_end_tokens(text)


def misfit(name: str, error: ValidationError, reply: StoredReply) -> BadReply:
    """The fault of a reply that does not fit the schema of that name."""
    if without_thoughts(reply.text) is None and not reply.text.lstrip().startswith("{"):
        return _unended_thought(reply)
    fault = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in fault["loc"])
    said = f"{where}: {fault['msg']}" if where else fault["msg"]
    return BadReply(f"{name}: {said} (finish: {reply.finish})", raw=reply.text)


def fits(kind: type[BaseModel], found: str) -> bool:
    """Whether the JSON is what `kind` takes."""
    try:
        kind.model_validate_json(found)
    except ValidationError:
        return False
    return True


def last_logprobs(tokens: list[tuple[str, float]], n_chars: int) -> list[float]:
    """The log-probabilities of the tokens that make up the last `n_chars` characters."""
    found: list[float] = []
    for text, logprob in reversed(tokens):
        if n_chars <= 0:
            break
        n_chars -= len(text)
        found.append(logprob)
    return found


def _unended_thought(reply: StoredReply) -> BadReply:
    return BadReply(
        f"a thought without an end, or with no answer behind it (finish: {reply.finish}); raise "
        "sampling.max_tokens, or turn thinking off",
        raw=reply.text,
    )
