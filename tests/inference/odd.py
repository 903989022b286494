"""One odd request among good ones, over real HTTP, for the tests of what servers send."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pipeline.inference.asking import Asker, ServedModel
from pipeline.model import ModelSpec, Prompt, Sampling
from pipeline.stage import settle
from pipeline.storage.replies import Replies
from pipeline.storage.tally import Tally
from tests.conftest import Scripted

ANSWER = Prompt("answer_questions/answer")
SAMPLING = Sampling(max_tokens=500)
TEXT = "Honey is made by bees."
ODD = "An odd one?"
N_GOOD = 5


def body(content: object = TEXT, finish: object = "stop", usage: object = None, **message: object) -> str:
    usage = {"prompt_tokens": 10, "completion_tokens": 10} if usage is None else usage
    choice = {"index": 0, "message": {"content": content, **message}, "finish_reason": finish}
    return json.dumps({"choices": [choice], "usage": usage})


def spec(server: Scripted, **changes: Any) -> ModelSpec:
    return ModelSpec(**{"name": "scripted", "serve": "endpoint", "url": server.url, "outage_s": 3, **changes})


def tell(server: Scripted, sent: str | bytes, status: int = 200, times: int = 1000, **headers: str) -> None:
    """The odd request is answered so."""
    data = base64.b64encode(sent.encode() if isinstance(sent, str) else sent).decode()
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    server.control(kind="raw", body=data, status=status, times=times, match=ODD, headers=headers)


def outcomes(server: Scripted, folder: Path, **changes: Any) -> tuple[list[Any], Tally]:
    """What the odd request came to, and then the good ones, which are asked side by side; what it cost."""
    questions = [ODD, *(f"{folder.name} {n}?" for n in range(N_GOOD))]
    return use(
        server,
        folder,
        lambda model: settle([model.write(ANSWER, SAMPLING, question=question) for question in questions]),
        **changes,
    )


def use(
    server: Scripted, folder: Path, work: Callable[[Asker], Awaitable[Any]], **changes: Any
) -> tuple[Any, Tally]:
    async def go() -> tuple[Any, Tally]:
        chosen = spec(server, **changes)
        replies = Replies(folder / "replies.sqlite")
        served = ServedModel(chosen, replies)
        served.use_server(server.url)
        tally = Tally()
        try:
            return await work(Asker(chosen, served, tally)), tally
        finally:
            await served.close()
            replies.close()

    return asyncio.run(go())
