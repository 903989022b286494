"""Stands in for `ray.serve.llm` where vLLM does not matter: the scripted server as a Serve application.

Real replicas of real Ray Serve, without a model. STAND_IN_LOG names a folder: deployments.jsonl has what was
deployed, <pid>.jsonl what the replica of that process was asked.
"""

import asyncio
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ray import serve

DELAY_S = 0.1


@dataclass(kw_only=True)
class LLMConfig:
    """Takes what the real one takes of what is used here."""

    model_loading_config: dict[str, str]
    engine_kwargs: dict[str, Any]
    deployment_config: dict[str, Any]
    runtime_env: dict[str, Any]
    accelerator_type: str | None = None
    accelerator_config: dict[str, str] | None = None
    placement_group_config: dict[str, Any] | None = None


class Scripted:
    """One replica."""

    def __init__(self, log: str, name: str) -> None:
        self.name = name
        self.log = Path(log) / f"{os.getpid()}.jsonl"
        self.log.touch()

    async def __call__(self, request: Any) -> Any:
        from starlette.responses import JSONResponse

        from tests.scripted_server import reply_to

        if request.url.path.endswith("/models"):
            return JSONResponse({"data": [{"id": self.name}]})
        body = await request.json()
        with self.log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(body, sort_keys=True) + "\n")
        await asyncio.sleep(DELAY_S)
        text = reply_to(body)
        usage = {"prompt_tokens": len(json.dumps(body["messages"])) // 4, "completion_tokens": len(text) // 4}
        choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return JSONResponse({"choices": [choice], "usage": usage})


def build_openai_app(arguments: dict[str, Any]) -> serve.Application:
    (config,) = arguments["llm_configs"]
    log = os.environ["STAND_IN_LOG"]
    with (Path(log) / "deployments.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(config)) + "\n")
    name = config.model_loading_config["model_id"]
    options = {"name": f"LLMServer:{name}", "max_ongoing_requests": 1000, **config.deployment_config}
    replica: Any = serve.deployment(**options)(Scripted)
    return replica.bind(log, name)
