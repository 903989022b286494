"""An OpenAI-compatible HTTP server with fixed replies: the same request always gets the same one.

Replies are made from the request's own JSON schema and a hash of its body. Every request is written to a log
before it is answered, so a test can count what was sent; faults are switched on by POST /control.

    python -m tests.scripted_server LOG [DELAY_S]      prints its port
"""

import asyncio
import base64
import contextlib
import hashlib
import json
import random
import struct
import sys
from pathlib import Path
from typing import Any

from aiohttp import web

NOUNS = [
    "river",
    "bridge",
    "engine",
    "garden",
    "market",
    "letter",
    "teacher",
    "planet",
    "mineral",
    "violin",
    "harbor",
    "forest",
    "copper",
    "window",
    "battery",
    "kitchen",
    "festival",
    "cathedral",
    "passport",
    "bicycle",
    "glacier",
    "magnet",
    "orchard",
    "novel",
    "treaty",
    "enzyme",
    "vaccine",
    "satellite",
    "pendulum",
    "spectrum",
    "turbine",
    "ledger",
    "canal",
    "sonnet",
    "mosaic",
    "comet",
    "fossil",
    "prism",
    "reactor",
    "meadow",
]
VERBS = [
    "changes",
    "supports",
    "explains",
    "limits",
    "protects",
    "measures",
    "moves",
    "shapes",
    "slows",
    "weakens",
]


def words(rng: random.Random, n: int) -> str:
    return " ".join(rng.sample(NOUNS, n))


def question(rng: random.Random) -> str:
    one, two, three = rng.sample(NOUNS, 3)
    number = rng.randrange(10**6)
    ending = f"before the {three} {rng.choice(VERBS)} it?"
    return f"Why does the {one} near the {two} need exactly {number} litres {ending}"


SENTENCES = [
    "The {0} {3} the {1} because people in the {2} know how to work with it.",
    "Nobody who lives beside a {0} would say that a {1} {3} one {2}.",
    "In winter, when each {0} is cold, some {1} {3} another {2} for days.",
    "That is why every {0} with its own {1} slowly {3} this {2} too.",
]


def paragraph(rng: random.Random) -> str:
    return " ".join(form.format(*rng.sample(NOUNS, 3), rng.choice(VERBS)) for form in SENTENCES)


def from_schema(schema: dict[str, Any], root: dict[str, Any], rng: random.Random, name: str = "") -> Any:
    if "$ref" in schema:
        return from_schema(root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], root, rng, name)
    if "enum" in schema:
        return rng.choice(schema["enum"])
    if schema["type"] == "object":
        return {key: from_schema(value, root, rng, key) for key, value in schema["properties"].items()}
    if schema["type"] == "array":
        size = max(schema.get("minItems", 1), 4)
        return [from_schema(schema["items"], root, rng, name) for _ in range(size)]
    if schema["type"] == "boolean":
        return rng.random() < 0.8
    if schema["type"] == "integer":
        return rng.randint(schema["minimum"], schema["maximum"])
    if name in ("question", "hypothesis", "request"):
        return question(rng)
    return paragraph(rng) if schema.get("minLength", 0) >= 20 else words(rng, 3).capitalize()


def reply_to(body: dict[str, Any], salt: str = "") -> str:
    """The one reply to this request."""
    text = json.dumps(body, sort_keys=True) + salt
    rng = random.Random(hashlib.sha256(text.encode()).digest())
    form = body.get("response_format")
    if form is None and "Question: ..." in text:
        asked = [
            f"Why {verb} the {noun} nothing?" for verb, noun in zip(VERBS, rng.sample(NOUNS, 3), strict=False)
        ]
        return "\n".join(f"Question: {one}\nAnswer: {paragraph(rng)}" for one in asked)
    if form is None and "prompt" in body:  # of Bonito
        return f"{{{{context}}}}\n{question(rng)}\n<|pipe|>\n{words(rng, 3)}"
    if form is None:  # a syllabus names all that its sessions may be about
        return paragraph(rng) + (f" Also: {', '.join(NOUNS)}." if "syllabus" in text else "")
    schema = form["json_schema"]["schema"]
    return json.dumps(from_schema(schema, schema, rng))


class Server:
    def __init__(self, log: Path, delay_s: float) -> None:
        self.log = log.open("a", encoding="utf-8")
        self.delay_s = delay_s
        self.fault: dict[str, Any] = {}  # {"kind": ..., "times": n, "match": text in the body}
        self.in_flight = 0
        self.most_in_flight = 0
        self.slots: asyncio.Semaphore | None = None  # how many are worked on at once, as vLLM's max_num_seqs
        self.running = 0
        self.queues: list[int] = []  # how many waited, as each request came

    def app(self) -> web.Application:
        app = web.Application(client_max_size=2**26)
        app.router.add_get("/v1/models", self.models)
        app.router.add_post("/v1/chat/completions", self.complete)
        app.router.add_post("/v1/completions", self.complete)
        app.router.add_post("/v1/embeddings", self.embed)
        app.router.add_post("/tokenize", self.tokenize)
        app.router.add_post("/control", self.control)
        app.router.add_get("/control", self.state)
        app.router.add_get("/metrics", self.metrics)
        return app

    async def models(self, _: web.Request) -> web.Response:
        if self.fault.get("kind") == "models":
            return web.Response(status=self.fault["status"], body=base64.b64decode(self.fault["body"]))
        return web.json_response({"object": "list", "data": [{"id": "scripted", "object": "model"}]})

    async def control(self, request: web.Request) -> web.Response:
        told = await request.json()
        if "slots" in told:
            self.slots = asyncio.Semaphore(told["slots"])
        else:
            self.fault = told
        return web.json_response({})

    async def metrics(self, _: web.Request) -> web.Response:
        if self.slots is None:
            raise web.HTTPNotFound
        counts = {"running": self.running, "waiting": self.in_flight - self.running}
        labels = '{engine="0",model_name="scripted"}'
        return web.Response(
            text="".join(f"vllm:num_requests_{k}{labels} {v:.1f}\n" for k, v in counts.items())
        )

    async def state(self, _: web.Request) -> web.Response:
        return web.json_response(
            {"most_in_flight": self.most_in_flight, "fault": self.fault, "queues": self.queues}
        )

    async def complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.log.write(json.dumps(body, sort_keys=True) + "\n")
        self.log.flush()
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self.queues.append(self.in_flight - self.running)
        try:
            async with self.slots or contextlib.nullcontext():
                self.running += 1
                try:
                    await asyncio.sleep(self.delay_s)
                finally:
                    self.running -= 1
            return await self.faulty(request, body) or self.whole(body, reply_to(body))
        finally:
            self.in_flight -= 1

    def whole(self, body: dict[str, Any], text: str, finish: str = "stop") -> web.Response:
        asked = json.dumps(body.get("messages", body.get("prompt")))
        usage = {"prompt_tokens": len(asked) // 4, "completion_tokens": len(text) // 4}
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
        choice["text"] = text  # where a completions endpoint has it
        reply = {"choices": [choice], "usage": usage}
        if "prompt_logprobs" in body:  # as vLLM: an entry a token, none for the first
            prompt = "".join(message["content"] for message in body["messages"])
            tokens = [{"1": {"logprob": -1.0 / len(prompt), "decoded_token": char}} for char in prompt]
            reply["prompt_logprobs"] = [None, *tokens]
        return web.json_response(reply)

    async def tokenize(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self.fault.get("kind") == "no_tokenizer":
            raise web.HTTPNotFound
        if self.fault.get("kind") == "tokenizer":
            return web.Response(status=self.fault["status"], body=base64.b64decode(self.fault["body"]))
        return web.json_response({"count": len(body["prompt"].split()), "tokens": [], "max_model_len": 4096})

    async def embed(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.log.write(json.dumps(body, sort_keys=True) + "\n")
        self.log.flush()
        # The same words in another order mean the same: a vector of one number a word.
        vector = [0.0] * 64
        for word in body["input"].lower().split():
            vector[int(hashlib.sha256(word.encode()).hexdigest(), 16) % 64] += 1.0
        embedding = base64.b64encode(struct.pack("<64f", *vector)).decode()
        return web.json_response({"data": [{"embedding": embedding}], "usage": {"prompt_tokens": 9}})

    async def faulty(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse | None:
        fault = self.fault
        if not fault.get("times") or fault.get("match", "") not in json.dumps(body):
            return None
        fault["times"] -= 1
        match fault["kind"]:
            case "400" | "401" | "402" | "429" | "500" | "503":
                sent = f"on demand, sent with {request.headers.get('Authorization', 'no key')}"
                return web.Response(status=int(fault["kind"]), text=sent)
            case "broken_json":
                return self.whole(body, '{"question": "Why')
            case "wrong_shape":
                return self.whole(body, '{"answer": 42}')
            case "cut_off":
                return self.whole(body, reply_to(body)[:30], finish="length")
            case "no_logprobs":  # as a server that does not know them
                return self.whole({"messages": body["messages"]}, "Yes.")
            case "not_http_json":
                return web.Response(text="<html>gateway</html>")
            case "closes":
                response = web.StreamResponse(headers={"Content-Length": "1000"})
                await response.prepare(request)
                await response.write(b'{"choices": [')
                assert request.transport is not None
                request.transport.close()
                return response
            case "raw":  # whatever a test wants to be sent
                return web.Response(
                    status=fault.get("status", 200),
                    body=base64.b64decode(fault["body"]),
                    headers=fault.get("headers", {}),
                )
            case "never":
                await asyncio.sleep(3600)
        return None


async def serve(log: Path, delay_s: float, port: int = 0) -> None:
    """Serves until it is killed; port 0 takes a free one. Prints the port."""
    server = Server(log, delay_s)
    runner = web.AppRunner(server.app())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 0.0))
