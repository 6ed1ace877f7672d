"""The writer's period is from turn to turn, whatever the work in between takes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from brokers.opcua import Doors, OpcUaPublisher, OpcUaServerConfig
from tests.opcua.plants import NOW_NS

SECOND = 1_000_000_000


class BusyClock:
    """A clock on which time passes in sleep, and by each look at it: the work of a slow machine."""

    def __init__(self, work_s: float) -> None:
        self.ns = NOW_NS
        self.turns = 0
        self.end = NOW_NS + 100 * SECOND
        self.over = asyncio.Event()
        self._work_ns = round(work_s * SECOND)

    def now_ns(self) -> int:
        self.ns += self._work_ns
        return self.ns

    async def sleep(self, seconds: float) -> None:
        self.ns += round(seconds * SECOND)
        self.turns += 1
        if self.ns >= self.end:
            self.over.set()
            await asyncio.Event().wait()
        await asyncio.sleep(0)


@pytest.mark.parametrize(("work_s", "least"), [(0.001, 990), (0.02, 990), (0.04, 990), (0.2, 240)])
async def test_work_is_a_part_of_the_period(tmp_path: Path, work_s: float, least: int) -> None:
    clock = BusyClock(work_s)
    publisher = OpcUaPublisher(OpcUaServerConfig(tmp_path / "state", port=0), Doors(clock=clock))
    await publisher.open()
    await asyncio.wait_for(clock.over.wait(), 60)
    await publisher.close()
    assert least <= clock.turns <= 1001
