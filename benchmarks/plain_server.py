"""An OpenAI-compatible server that costs next to nothing: it answers a fixed text after a delay.

    python -m benchmarks.plain_server [--delay-ms 50] [--tails] [--words 100]      prints its port

HTTP by hand on asyncio protocols, because a framework would take the cores that are to be measured. With
`--tails` delays are log-normal with this median, and one in a thousand takes 20 s. GET /stats says when
requests came and how many were in flight.
"""

import argparse
import asyncio
import json
import random
import time
from typing import Any

SIGMA = 1.0  # of the log-normal delays: the slowest of a thousand takes twenty times the median
STRAGGLER_SHARE, STRAGGLER_S = 0.001, 20.0
NAME = "plain"


class Stats:
    """When requests came and went, in seconds since the epoch."""

    def __init__(self) -> None:
        self.came: list[float] = []
        self.went: list[float] = []

    def as_dict(self) -> dict[str, Any]:
        """Counts, and the mean number in flight between the first and the last request that came."""
        if not self.came:
            return {"n": 0}
        first, last = self.came[0], self.came[-1]
        busy = sum(last - at for at in self.came) - sum(last - at for at in self.went if at < last)
        mean = busy / (last - first) if last > first else 0.0
        done = max(self.went, default=last)
        return {"n": len(self.came), "first": first, "last": last, "done": done, "mean_in_flight": mean}


class Connection(asyncio.Protocol):
    """One client connection: requests one after the other, each with a Content-Length."""

    def __init__(self, stats: Stats, answer: bytes, delays: "Delays") -> None:
        self.stats = stats
        self.answer = answer
        self.delays = delays
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end]
        at = head.lower().find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self.buffer) < end + 4 + length:
            return
        self.buffer = self.buffer[end + 4 + length :]
        if head.startswith(b"POST"):
            self.stats.came.append(time.time())
            self.loop.call_later(self.delays.draw(), self.reply)
        elif head.startswith(b"GET /stats"):
            self.write(json.dumps(self.stats.as_dict()).encode())
        elif head.startswith(b"GET /v1/models"):
            self.write(json.dumps({"object": "list", "data": [{"id": NAME, "object": "model"}]}).encode())
        else:
            self.transport.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    def reply(self) -> None:
        self.stats.went.append(time.time())
        if not self.transport.is_closing():
            self.transport.write(self.answer)

    def write(self, body: bytes) -> None:
        self.transport.write(http(body))


class Delays:
    """How long each request takes, drawn with a fixed seed."""

    def __init__(self, median_s: float, tails: bool) -> None:
        self.median_s = median_s
        self.tails = tails
        self.rng = random.Random(0)

    def draw(self) -> float:
        if not self.tails:
            return self.median_s
        if self.rng.random() < STRAGGLER_SHARE:
            return STRAGGLER_S
        return self.median_s * self.rng.lognormvariate(0.0, SIGMA)


def http(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def completion(n_words: int) -> bytes:
    text = " ".join(f"word{number}" for number in range(n_words)) + "."
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 20, "completion_tokens": n_words}
    return http(json.dumps({"choices": [choice], "usage": usage}).encode())


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--delay-ms", type=float, default=50.0)
    parser.add_argument("--tails", action="store_true")
    parser.add_argument("--words", type=int, default=100)
    options = parser.parse_args()
    stats, delays = Stats(), Delays(options.delay_ms / 1000, options.tails)
    answer = completion(options.words)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(stats, answer, delays), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
