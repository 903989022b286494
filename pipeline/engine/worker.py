"""What asks one model: a process that maps the parts it is given, and keeps the server busy with them."""

import asyncio
import gc
from pathlib import Path

from upath import UPath

from pipeline.engine import work
from pipeline.inference.asking import Gauges, ServedModel
from pipeline.model import ModelSpec
from pipeline.stage import ModelStage
from pipeline.storage.replies import Replies
from pipeline.storage.store import Part, Slice, read_slice

YOUNG_OBJECTS = 20_000  # before the garbage of requests is collected


class ModelWorker:
    """The parts of one model's steps, side by side in one event loop. Ray runs it as an async actor, and
    starts it again when its process or node is lost.
    """

    def __init__(self, spec: ModelSpec, replies: Path, replay: bool) -> None:
        self._spec = spec
        self._replies = replies
        self._replay = replay
        self._channel: ServedModel | None = None
        self._door = asyncio.Lock()
        # What was imported stays: the collector need not look through it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS)

    def _served(self) -> ServedModel:
        if self._channel is None:  # made inside the event loop, which __init__ is not
            self._channel = ServedModel(self._spec, Replies(self._replies), self._replay)
        return self._channel

    async def use_server(self, url: str, key: str) -> None:
        self._served().use_server(url, key)

    async def gauges(self) -> Gauges:
        return self._served().gauges()

    async def drain(self) -> None:
        """Sends nothing more; returns when all that was sent is answered and durable."""
        await self._served().drain()

    async def map_part(self, stage: ModelStage, rows: Slice, kind: type, folder: UPath) -> Part:
        """Parts start in the order they came, each when too few requests wait to keep the server busy: a part
        of which one slow request is left holds nobody up, and few are held in memory.
        """
        served = self._served()
        async with self._door:
            await served.room()
            records = await asyncio.to_thread(read_slice, rows, kind)
        channel = served.of_step(folder.name.rpartition("-")[0])
        return await work.ask_part(stage, self._spec, channel, records, kind, folder, rows)
