"""What vLLM tells of itself at /metrics, in Prometheus' text."""

import re
from typing import NamedTuple

# vllm:num_requests_running{engine="0",model_name="m"} 12.0
QUEUE = re.compile(r"^vllm:num_requests_(running|waiting)(?:\{[^}]*\})? ([0-9.e+]+)$", re.MULTILINE)
# vllm:prefix_cache_hits_total{engine="0",model_name="m"} 4096.0
PREFIX_CACHE = re.compile(r"^vllm:prefix_cache_(hits|queries)_total(?:\{[^}]*\})? ([0-9.e+]+)$", re.MULTILINE)


class PrefixCache(NamedTuple):
    """Prompt tokens that a server has found in its prefix cache, of those that it has looked for there."""

    hits: int
    queries: int


def queue_in(metrics: str) -> tuple[float, float] | None:
    """The requests that run and wait, over all of vLLM's engines; None where the text is not its metrics."""
    found: dict[str, float] = {}
    for name, value in QUEUE.findall(metrics):
        found[name] = found.get(name, 0.0) + float(value)
    return (found["running"], found["waiting"]) if len(found) == 2 else None


def prefix_cache_in(metrics: str) -> PrefixCache:
    """What vLLM's engines have counted since they started."""
    found = {"hits": 0.0, "queries": 0.0}
    for name, value in PREFIX_CACHE.findall(metrics):
        found[name] += float(value)
    return PrefixCache(int(found["hits"]), int(found["queries"]))
