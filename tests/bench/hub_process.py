"""The hub's process of the end-to-end bench: ingest and store, or the whole hub of a live run.

Answers every line on its standard input with what has happened since the last; ends with that input.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np

from brokers import connectors
from brokers.ingest import Ingest
from brokers.stores import Store, open_store
from scenarios.live.hub import Hub
from scenarios.live.settings import RunSettings
from twin.config.plant import Title
from twin.records import Frame, RecordKind

COUNT = "count\n"
"""The line that asks also for the rows in the store."""


class Ages:
    """Age of each telemetry message when it has been stored and everybody behind the store has seen it."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def take(self, frames: Sequence[Frame]) -> None:
        """See frames that have been written."""
        now = time.time_ns()
        live = (frame for frame in frames if frame.kind is RecordKind.TELEMETRY)
        self.seen.extend((now - int(frame.time_ns[-1]), frame.size) for frame in live)

    def report(self) -> dict[str, float]:
        """What has been seen since the last report."""
        seen, self.seen = self.seen or [(0, 0)], []
        p50, p99 = np.percentile([age * 1e-6 for age, _ in seen], [50, 99]).tolist()
        return {"p50_ms": p50, "p99_ms": p99, "telemetry": sum(size for _, size in seen)}


@asynccontextmanager
async def plain(task: dict[str, Any]) -> AsyncIterator[tuple[Ingest, Store]]:
    """Ingest and store."""
    store = open_store(task["store"])
    await store.open()
    ingest = Ingest(connectors.make_source(task["broker"], task["transport"]), store)
    running = asyncio.create_task(ingest.run())
    await ingest.ready.wait()
    yield ingest, store
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await store.close()


@asynccontextmanager
async def whole(task: dict[str, Any]) -> AsyncIterator[tuple[Ingest, Store]]:
    """Ingest, store, brain, state of the live pages and web server."""
    folder = Path(task["folder"])
    settings = RunSettings(scenario=folder, seed=1, transport=task["transport"], store=task["store"], folder=folder)
    hub = Hub(settings, Title(en="Bench", zh="Bench"))
    await hub.open()
    await hub.connect(task["broker"])
    assert hub.ingest is not None
    yield hub.ingest, hub.store
    await hub.close()


async def main(task: dict[str, Any]) -> None:
    loop, ages = asyncio.get_running_loop(), Ages()
    async with (whole if task["whole"] else plain)(task) as (ingest, store):
        ingest.observe(ages.take)
        print(json.dumps({"ready": True}), flush=True)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            rows = {str(kind): await store.count(kind) for kind in RecordKind if line == COUNT}
            print(json.dumps({**ages.report(), **ingest.status(), "rows": rows}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
