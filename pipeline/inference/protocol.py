"""The OpenAI protocol as servers speak it: what a request is for, and what its reply says."""

import base64
import dataclasses
import json
import struct
from collections.abc import Callable
from typing import Any, Literal

from pipeline.errors import ModelUnavailable
from pipeline.storage.replies import StoredReply

Kind = Literal["text", "logprobs", "embedding", "tokens", "completion"]  # what a reply is read for


def kind_of(body: dict[str, Any]) -> Kind:
    """What the reply to a request is read for."""
    if "prompt_logprobs" in body:
        return "logprobs"
    if "prompt" in body:
        return "completion" if "max_tokens" in body else "tokens"
    return "embedding" if "input" in body else "text"


def _parse(data: dict[str, Any]) -> StoredReply:
    choice, usage = data["choices"][0], data.get("usage") or {}
    return StoredReply(
        text=choice["message"].get("content") or "",
        finish=choice.get("finish_reason") or "stop",
        prompt_tokens=usage.get("prompt_tokens", 0),
        output_tokens=usage.get("completion_tokens", 0),
    )


def _parse_completion(data: dict[str, Any]) -> StoredReply:
    choice = data["choices"][0]
    return _parse({**data, "choices": [{**choice, "message": {"content": choice["text"]}}]})


def _parse_logprobs(data: dict[str, Any]) -> StoredReply:
    """The prompt's tokens with their log-probabilities, as JSON; the first of a prompt has none."""
    scored = data.get("prompt_logprobs")
    if not scored:
        raise ModelUnavailable(
            "the server gives no prompt_logprobs, which vLLM does; take `difficulty` out of the settings, or "
            "name an answerer that vLLM serves"
        )
    tokens = [next(iter(token.values())) for token in scored if token]
    text = json.dumps([(token["decoded_token"], token["logprob"]) for token in tokens], ensure_ascii=False)
    return dataclasses.replace(_parse(data), text=text)


def _parse_embedding(data: dict[str, Any]) -> StoredReply:
    """The vector as base64 of 32-bit floats, whether it came so or as a list."""
    vector, usage = data["data"][0]["embedding"], data.get("usage") or {}
    if not isinstance(vector, str):
        vector = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    return StoredReply(vector, "stop", usage.get("prompt_tokens", 0), 0)


def _parse_tokens(data: dict[str, Any]) -> StoredReply:
    return StoredReply(str(int(data["count"])), "stop", 0, 0)


PARSERS: dict[Kind, Callable[[dict[str, Any]], StoredReply]] = {
    "text": _parse,
    "logprobs": _parse_logprobs,
    "embedding": _parse_embedding,
    "tokens": _parse_tokens,
    "completion": _parse_completion,
}
