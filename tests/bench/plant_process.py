"""The plant's process of the end-to-end bench: the role as in a live run, with a count of what it said."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from brokers.stores.schema import ROW_KEY
from scenarios.headless.feed import Feed
from scenarios.live.children import parent_is_gone
from scenarios.live.plant_role import PlantRole
from scenarios.live.settings import RunSettings
from tests.bench.works import MACHINES, works
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind

WARM_S = MACHINES * 70.0
"""Until the first part has reached the end of its line."""
BUILD_S = 30.0
"""More than building takes; the plant catches up with the present in one step."""


class CountedFeed(Feed):
    """Knows which rows a store must hold when everything has arrived."""

    telemetry = ticks = 0
    counting = False

    def __init__(self, *values: Any):
        super().__init__(*values)
        self.keys: set[tuple[Any, ...]] = set()

    def meta(self) -> list[tuple[EquipmentPath, Frame]]:
        """Counted."""
        said = super().meta()
        self._count([frame for _, frame in said])
        return said

    def current(self) -> list[tuple[EquipmentPath, Frame]]:
        """Counted."""
        said = super().current()
        self._count([frame for _, frame in said])
        return said

    def advance(self, until_s: float) -> list[tuple[EquipmentPath, list[Frame]]]:
        """Counted."""
        said = super().advance(until_s)
        self.ticks += self.counting
        self._count([frame for _, frames in said for frame in frames])
        return said

    def _count(self, frames: list[Frame]) -> None:
        for frame in frames if self.counting else ():
            if frame.kind is RecordKind.TELEMETRY:
                self.telemetry += int(np.count_nonzero(~np.isnan(frame.values)))
            else:
                self.keys.update(keys(frame))

    def rows(self) -> dict[str, int]:
        """Rows by kind, values of telemetry."""
        return {**Counter(key[0] for key in self.keys), str(RecordKind.TELEMETRY): self.telemetry}


def keys(frame: Frame) -> list[tuple[Any, ...]]:
    """What makes the rows of events different from each other in a store."""
    more = [frame.tags.index(name) for name in ROW_KEY.get(frame.kind, ())]
    rows = zip(frame.paths, frame.time_ns.tolist(), frame.values.tolist(), strict=True)
    return [(str(frame.kind), path, time_ns, *(row[index] for index in more)) for path, time_ns, row in rows]


async def main(task: dict[str, Any]) -> None:
    epoch = (datetime.now(UTC) - timedelta(seconds=WARM_S + BUILD_S)).replace(microsecond=0)
    feed = CountedFeed(works(task["lines"], epoch), 1, Path())
    feed.advance(WARM_S)
    feed.counting = True
    folder = Path(task["folder"])
    settings = RunSettings(
        scenario=folder, seed=1, transport=task["transport"], broker=task["broker"], store=task["store"], folder=folder
    )
    role, stop = PlantRole(settings, feed, drain_s=120.0), asyncio.Event()
    running = asyncio.create_task(role.run(stop))
    gone = asyncio.create_task(parent_is_gone())
    await asyncio.wait([running, gone], return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    await running
    counters = Counter[str]()
    for outbox in role.outboxes.values():
        counters.update(vars(outbox.counters))
    print(json.dumps({"rows": feed.rows(), "ticks": feed.ticks, **counters}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
