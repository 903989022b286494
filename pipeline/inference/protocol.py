"""The OpenAI protocol as servers speak it: what a request is for, and what its reply says.

Nothing that comes from outside is believed: each field is looked at before it is used, so that a reply is
text that can be encoded and counts that can be stored, or NoReply, which says what came instead. A count that
is none is 0; half of a surrogate pair and bytes that are no UTF-8 become U+FFFD, which the filters know.
"""

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from pipeline.errors import BadReply, ModelUnavailable
from pipeline.storage.replies import StoredReply
from pipeline.storage.reply_file import count_of
from pipeline.text.encodable import encodable

Kind = Literal["text", "logprobs", "embedding", "tokens", "completion"]  # what a reply is read for

TEXT_PARTS = ("text", "output_text")  # types of content parts; one that has none is a text too
ENDS = {  # what servers call the two ends of a reply, as they are named here
    **dict.fromkeys(
        ("stop", "eos", "eos_token", "end_turn", "stop_sequence", "stop_token", "completed"), "stop"
    ),
    **dict.fromkeys(("length", "max_tokens", "max_output_tokens", "model_length", "max_length"), "length"),
}
NO_TOKENIZER = (
    "the server does not count tokens, as vLLM does: say how many characters a token of its model has, e.g. "
    "--set chunks.chars_per_token=3"
)


class NoReply(Exception):
    """What came is no reply; asked again, one may come."""


def kind_of(body: dict[str, Any]) -> Kind:
    """What the reply to a request is read for."""
    if "prompt_logprobs" in body:
        return "logprobs"
    if "prompt" in body:
        return "completion" if "max_tokens" in body else "tokens"
    return "embedding" if "input" in body else "text"


def decoded(data: bytes) -> Any:
    """The JSON in `data`. Raises NoReply."""
    try:
        try:
            return json.loads(data)
        except UnicodeDecodeError:
            return json.loads(data.decode(errors="replace"))
    except RecursionError as error:
        raise NoReply("JSON of too many levels") from error
    except ValueError as error:
        raise NoReply("no JSON") from error


def reply_in(data: Any, kind: Kind) -> StoredReply:
    """The reply that an answer's JSON holds. Raises NoReply; BadReply where the model gave no text and will
    give none; ModelUnavailable where the server cannot give what is asked for.
    """
    if not isinstance(data, dict):
        raise NoReply(f"a {type(data).__name__} and no object")
    return PARSERS[kind](data)


def end_of(finish: str) -> str:
    """Why a reply ended: "stop", "length", or the server's own word for another reason."""
    return ENDS.get(finish.lower(), finish)


def _choice(data: dict[str, Any]) -> dict[str, Any]:
    choices = data.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise NoReply("no choices")
    return choices[0]


def _stored(data: dict[str, Any], text: str) -> StoredReply:
    """The reply with that text, and the first choice's end."""
    finish, usage = _choice(data).get("finish_reason"), data.get("usage")
    if not isinstance(usage, dict):
        usage = {}
    return StoredReply(
        text=encodable(text),
        finish=encodable(finish if isinstance(finish, str) else str(finish)) if finish else "stop",
        prompt_tokens=count_of(usage.get("prompt_tokens")),
        output_tokens=count_of(usage.get("completion_tokens")),
    )


def _parse(data: dict[str, Any]) -> StoredReply:
    choice = _choice(data)
    if choice.get("finish_reason") == "error" or choice.get("error"):
        raise NoReply("a reply that an error ended")
    message = choice.get("message")
    if isinstance(message, str):
        return _stored(data, message)
    if not isinstance(message, dict):
        raise NoReply(f"a message that is a {type(message).__name__}")
    content = message.get("content")
    if isinstance(content, str) and content:
        return _stored(data, content)
    if isinstance(content, list):
        return _stored(data, _joined(content))
    if content is not None and content != "":
        raise NoReply(f"content that is a {type(content).__name__}")
    _explain(message, choice.get("finish_reason"))
    if content is None:
        raise NoReply("no content")
    return _stored(data, content)


def _joined(parts: list[Any]) -> str:
    """The text of content that comes in parts; parts that hold thoughts or pictures are left out."""
    texts = []
    for part in parts:
        text = part.get("text") if isinstance(part, dict) else part
        if isinstance(text, str) and (isinstance(part, str) or part.get("type", "text") in TEXT_PARTS):
            texts.append(text)
    if not texts:
        raise NoReply("content without a part that is text")
    return "".join(texts)


def _explain(message: dict[str, Any], finish: object) -> None:
    """Raises BadReply where a message without content says why, so that asking again brings no other."""
    for field in ("reasoning_content", "reasoning"):
        thought = message.get(field)
        if isinstance(thought, str) and thought.strip():
            raise BadReply(
                f"content is empty and the text is in {field} (finish: {finish}): the model thinks and does "
                "not answer; raise sampling.max_tokens, turn thinking off, or take the reasoning parser from "
                "the server's options",
                raw=encodable(thought),
            )
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal:
        raise BadReply(
            f"the model refused, and there is no content (finish: {finish})", raw=encodable(refusal)
        )
    if message.get("tool_calls"):
        said = json.dumps(message["tool_calls"])
        raise BadReply(
            "the model calls a tool, and there is no content; take tools from the server", raw=said
        )
    if isinstance(finish, str) and finish.lower() in ("content_filter", "safety"):
        raise BadReply(
            f"the server's filter kept the content back (finish: {finish})", raw=json.dumps(message)
        )


def _parse_completion(data: dict[str, Any]) -> StoredReply:
    text = _choice(data).get("text")
    if not isinstance(text, str):
        raise NoReply(f"a text that is a {type(text).__name__}")
    return _stored(data, text)


def _parse_logprobs(data: dict[str, Any]) -> StoredReply:
    """The prompt's tokens with their log-probabilities, as JSON; the first of a prompt has none."""
    scored = data.get("prompt_logprobs")
    if not scored:
        raise ModelUnavailable(
            "the server gives no prompt_logprobs, which vLLM does; take `difficulty` out of the settings, or "
            "name an answerer that vLLM serves"
        )
    try:
        tokens = [next(iter(token.values())) for token in scored if token]
        found = [(encodable(token["decoded_token"]), float(token["logprob"])) for token in tokens]
    except (AttributeError, KeyError, TypeError, ValueError, StopIteration) as error:
        raise NoReply("prompt_logprobs of another form than vLLM's") from error
    if not np.isfinite([logprob for _, logprob in found]).all():
        raise NoReply("a log-probability that is no number")
    return _stored(data, json.dumps(found, ensure_ascii=False))


def _parse_embedding(data: dict[str, Any]) -> StoredReply:
    """The vector as base64 of 32-bit floats, whether it came so or as a list."""
    try:
        vector = data["data"][0]["embedding"]
        if isinstance(vector, str):
            numbers = np.frombuffer(base64.b64decode(vector, validate=True), "<f4")
        else:
            numbers = np.asarray(vector, "<f4")
    except (LookupError, TypeError, ValueError, binascii.Error) as error:
        raise NoReply("no embedding") from error
    if numbers.ndim != 1 or not len(numbers) or not np.isfinite(numbers).all():
        raise NoReply("an embedding that is no list of numbers")
    usage = data.get("usage")
    prompt_tokens = count_of(usage.get("prompt_tokens")) if isinstance(usage, dict) else 0
    return StoredReply(base64.b64encode(numbers.tobytes()).decode(), "stop", prompt_tokens, 0)


def _parse_tokens(data: dict[str, Any]) -> StoredReply:
    count = data.get("count")
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise NoReply("no count")
    return StoredReply(str(count), "stop", 0, 0)


PARSERS: dict[Kind, Callable[[dict[str, Any]], StoredReply]] = {
    "text": _parse,
    "logprobs": _parse_logprobs,
    "embedding": _parse_embedding,
    "tokens": _parse_tokens,
    "completion": _parse_completion,
}
