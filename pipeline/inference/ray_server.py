"""A model served by Ray Serve LLM: replicas of vLLM on the cluster's nodes, as many as the load asks for.

A private cluster takes its servers with it when the run ends. On a cluster that stays, a server stays for the
next run that wants the same, and goes down to `replicas.min` when nobody asks.
"""

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable
from typing import Any

import ray
from ray.exceptions import RayError

from pipeline.errors import ModelUnavailable
from pipeline.inference.server import answers, environment, free_port, model_source, vllm_options
from pipeline.model import ModelSpec

LOOK_S = 1.0  # between looks at the state of the deployment
ALIVE = ("DEPLOYING", "RUNNING", "UNHEALTHY")


class RayServer:
    """One application of Ray Serve. `tell` is given a line whenever there is something new to say."""

    def __init__(self, spec: ModelSpec, tell: Callable[[str], None], *, is_private: bool) -> None:
        self.spec = spec
        self.ready = False
        self.url = ""  # once it is ready
        self._tell = tell
        self._is_private = is_private
        self._app = _app_name(spec)
        self._deploying: Any = None
        self._said = ""
        self._started = self._looked = 0.0

    def start(self) -> None:
        """Has the model deployed unless it is; `tend` says when it is ready. Raises ModelUnavailable."""
        serve = _serve()
        _check_gpus(self.spec)
        self._started = time.monotonic()
        _start_serve(self._is_private)
        found = serve.status().applications.get(self._app)
        if found is not None and found.status in ALIVE:
            self._tell(f"found alive in the cluster as {self._app}")
        else:
            deploy: Any = ray.remote(num_cpus=0)(
                _deploy
            )  # not here: it loads torch, which the run does not need
            self._deploying = deploy.remote(self.spec, self._app)

    def tend(self) -> None:
        """Call it often: notices that the server is ready, or gone. Raises ModelUnavailable."""
        now = time.monotonic()
        if now - self._looked < LOOK_S:
            return
        self._looked = now
        try:
            if self._deploying is not None:
                if not ray.wait([self._deploying], timeout=0)[0]:
                    return
                ray.get(self._deploying)
                self._deploying = None
            found = _serve().status().applications.get(self._app)
        except RayError as error:
            raise ModelUnavailable(f"Ray Serve cannot deploy {self.spec.name}: {error}") from error
        self._take(found, now - self._started)

    def stop(self) -> None:
        """Nothing to do: see above."""

    def _take(self, found: Any, waited: float) -> None:
        if found is None or found.status == "DEPLOY_FAILED":
            why = "it was removed" if found is None else _messages(found)
            raise ModelUnavailable(f"Ray Serve does not serve {self._app}: {why}")
        if not self.ready and found.status == "RUNNING":
            self.url = f"http://{_host(self._is_private)}:{_port()}/{self._app}/v1"
            self.ready = answers(self.url)
            if self.ready:
                self._tell(f"ready after {waited:.0f} s")
        if not self.ready and waited > self.spec.start_s:
            raise ModelUnavailable(
                f"{self._app} was not ready after {self.spec.start_s:.0f} s: {_messages(found)}"
            )
        said = _replicas(found)
        if said != self._said:
            self._said = said
            self._tell(said)


def _deploy(spec: ModelSpec, app: str) -> None:
    """Hands the application to Ray Serve. Runs as a task, on a node that has vLLM."""
    from ray import serve
    from ray.serve.llm import LLMConfig, build_openai_app

    needs = spec.replicas
    on_cpu = needs.accelerator == "cpu"
    options = {name: _parsed(value) for name, value in vllm_options(spec, on_cpu=on_cpu).items()}
    scaling = {
        "min_replicas": needs.min,
        "initial_replicas": max(1, needs.min),
        "max_replicas": needs.max,
        "target_ongoing_requests": max(1.0, spec.concurrency / needs.max),
        "downscale_delay_s": needs.idle_s,
    }
    where: dict[str, Any] = {}
    ingress: dict[str, Any] = {}
    if on_cpu:
        where = {
            "accelerator_config": {"kind": "cpu"},
            "placement_group_config": {"bundles": [{"CPU": needs.cpus}]},
        }
        ingress = {"ray_actor_options": {"num_cpus": 0}}  # else it waits for a core that a laptop lacks
    elif needs.accelerator is not None:
        where = {"accelerator_type": needs.accelerator}
    config = LLMConfig(
        model_loading_config={"model_id": spec.name, "model_source": model_source(spec)},
        engine_kwargs=options,
        deployment_config={"autoscaling_config": scaling, "ray_actor_options": {"num_cpus": 0}},
        runtime_env={"env_vars": environment(spec)},
        **where,
    )
    built = build_openai_app({"llm_configs": [config], "ingress_deployment_config": ingress})
    serve.run_many(
        [serve.RunTarget(built, name=app, route_prefix=f"/{app}")],
        wait_for_ingress_deployment_creation=False,
        wait_for_applications_running=False,
    )


def _serve() -> Any:
    try:
        from ray import serve
    except ImportError as error:
        raise ModelUnavailable(
            f"serve: ray needs Ray Serve, and {error}; run `make setup`, or `pip install 'ray[serve]'`"
        ) from error
    logging.getLogger("ray.serve").setLevel(logging.ERROR)  # the run says itself what happens
    return serve


def _start_serve(is_private: bool) -> None:
    """Starts Ray Serve in the cluster unless it is up; one that is up keeps its own settings."""
    from ray.serve.context import _get_global_client

    if _get_global_client(raise_if_no_controller_running=False) is None:
        here = {"host": "127.0.0.1", "port": free_port()}  # two runs on one machine have two clusters
        _serve().start(http_options=here if is_private else {"host": "0.0.0.0"})


def _port() -> int:
    from ray.serve.context import _get_global_client

    client: Any = _get_global_client()
    port: int = client.http_config.port
    return port


def _host(is_private: bool) -> str:
    """A node that takes requests for Serve: this one if it does."""
    if is_private:
        return "127.0.0.1"
    here = ray.get_runtime_context().get_node_id()
    addresses = {node["NodeID"]: node["NodeManagerAddress"] for node in ray.nodes()}  # type: ignore[no-untyped-call]
    proxies = [node for node in _serve().status().proxies if node in addresses]
    return str(addresses[here if here in proxies else proxies[0]])


def _check_gpus(spec: ModelSpec) -> None:
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    if spec.replicas.accelerator is None and not resources.get("GPU"):
        raise ModelUnavailable(
            f"the Ray cluster has no GPU for {spec.name}; to serve it on CPUs set replicas.accelerator=cpu, "
            "and where nodes come when they are asked for, the kind of GPU, e.g. replicas.accelerator=H100"
        )


def _app_name(spec: ModelSpec) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", spec.name.lower()).strip("-")[:40]
    return f"academe-{name}-{hashlib.blake2b(spec.server_key().encode(), digest_size=4).hexdigest()}"


def _parsed(value: str | int | float | bool) -> Any:
    """What the command line takes as JSON, the engine takes as what it says."""
    return json.loads(value) if isinstance(value, str) and value.startswith("{") else value


def _replicas(found: Any) -> str:
    """`running: 1 of LLMServer, 2 of OpenAiIngress`."""
    counts = {
        name.split(":")[0]: sum(n for state, n in one.replica_states.items() if state == "RUNNING")
        for name, one in sorted(found.deployments.items())
    }
    return "replicas running: " + (", ".join(f"{n} of {name}" for name, n in counts.items()) or "none yet")


def _messages(found: Any) -> str:
    said = [found.message, *(one.message for one in found.deployments.values())]
    return "; ".join(text for text in said if text) or "it does not say why"
