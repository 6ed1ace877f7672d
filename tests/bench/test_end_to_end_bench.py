"""Twin, broker, ingest and store as in a live run, each in a process of its own: values per second, age, load.

A step of the ladder is a plant of so many machines with 21 tags, sampled every second. Whatever the
rate, all that the plant has said must be in the store exactly once. ``FACTORY_BENCH_S`` sets the
length of each measurement in seconds (default 10), ``FACTORY_BENCH_RATES`` the ladder.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from brokers.embedded import EmbeddedBroker
from scenarios.live.children import COUNTS, READY
from scenarios.live.clock import SystemClock
from tests.bench.works import MACHINES, TAGS, lines_for
from tests.counterparts import ROOT
from tests.servers.mosquitto import Mosquitto

LENGTH_S = float(os.environ.get("FACTORY_BENCH_S", "10"))
RATES = [int(rate) for rate in os.environ.get("FACTORY_BENCH_RATES", "10000 25000 50000 75000 100000").split()]
SETTLE_S = 20
LIMIT_S = 180.0
HEAD = (
    "transport hub      devices    wanted   stored/s  ticks   p50 ms   p99 ms"
    "  cores: plant    hub broker  MB: plant  hub"
)

pytestmark = [pytest.mark.bench, pytest.mark.timeout(0)]


@dataclass
class Role:
    """One process of the bench, spoken to in lines of JSON."""

    process: asyncio.subprocess.Process

    async def line(self) -> str:
        """The next line it says."""
        assert self.process.stdout is not None
        while True:
            said = (await asyncio.wait_for(self.process.stdout.readline(), LIMIT_S)).decode()
            assert said, "the process has ended"
            if not said.startswith(COUNTS):  # what a role tells its supervisor
                return said.strip()

    async def ask(self, question: str = "") -> dict[str, Any]:
        """Its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{question}\n".encode())
        return json.loads(await self.line())  # type: ignore[no-any-return]

    async def ended(self) -> dict[str, Any]:
        """Close its input and give the last it says."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return json.loads(await self.line())  # type: ignore[no-any-return]

    @property
    def load(self) -> tuple[float, float]:
        """Processor time in s and memory in MB."""
        return load(self.process.pid)


def load(pid: int) -> tuple[float, float]:
    """Processor time in s and memory in MB of a process."""
    process = psutil.Process(pid)
    used = process.cpu_times()
    return used.user + used.system, process.memory_info().rss / 1e6


@asynccontextmanager
async def role(module: str, task: dict[str, Any], login: Mapping[str, str]) -> AsyncIterator[Role]:
    """A running process of the bench."""
    pipe = asyncio.subprocess.PIPE
    arguments = (sys.executable, "-m", f"tests.bench.{module}", json.dumps(task))
    process = await asyncio.create_subprocess_exec(
        *arguments, stdin=pipe, stdout=pipe, cwd=ROOT, env={**os.environ, **login}
    )
    try:
        yield Role(process)
    finally:
        if process.returncode is None:
            assert process.stdin is not None
            process.stdin.close()
            await asyncio.wait_for(process.wait(), LIMIT_S)


@dataclass(frozen=True)
class Step:
    """One measurement."""

    transport: str
    whole: bool
    rate: int
    broker: str
    broker_pid: int
    folder: Path
    login: Mapping[str, str] = field(default_factory=dict)

    @property
    def task(self) -> dict[str, Any]:
        """What the processes are told."""
        where = {"transport": self.transport, "broker": self.broker, "folder": str(self.folder)}
        return {**where, "whole": self.whole, "lines": self.lines, "store": f"duckdb://{self.folder}/bench.duckdb"}

    @property
    def lines(self) -> int:
        return lines_for(self.rate)


@pytest.fixture
def step(transport: str, whole: bool, rate: int) -> tuple[str, bool, int]:
    """What is measured next."""
    return transport, whole, rate


async def measured(step: Step) -> str:
    """Run one step, see that nothing is lost, and give its line of the table."""
    async with role("hub_process", step.task, step.login) as hub, role("plant_process", step.task, step.login) as plant:
        assert json.loads(await hub.line())["ready"]
        assert await plant.line() == READY
        await settled(hub)
        began, before = time.perf_counter(), _loads(step, plant, hub)
        await SystemClock().sleep(LENGTH_S)
        seen, wall_s = await hub.ask(), time.perf_counter() - began
        after = _loads(step, plant, hub)
        said = await plant.ended()
        _nothing_lost(said, await hub.ask("count"))
    cores = [(b[0] - a[0]) / wall_s for a, b in zip(before, after, strict=True)]
    return (
        f"{step.transport:9s} {'whole' if step.whole else 'ingest':8s} {step.lines * MACHINES:7d} {step.rate:9,d}"
        f" {seen['telemetry'] / wall_s:10,.0f} {said['ticks']:6d} {seen['p50_ms']:8.0f} {seen['p99_ms']:8.0f}"
        f"        {cores[0]:6.2f} {cores[1]:6.2f} {cores[2]:6.2f}      {after[0][1]:6.0f} {after[1][1]:4.0f}"
    )


async def settled(hub: Role) -> None:
    """Wait until what the start has piled up is stored, or will not be in time."""
    for _ in range(SETTLE_S):
        await SystemClock().sleep(1.0)
        seen = await hub.ask()
        if seen["telemetry"] and seen["p99_ms"] < 1_000:
            return


def _loads(step: Step, plant: Role, hub: Role) -> list[tuple[float, float]]:
    return [plant.load, hub.load, load(step.broker_pid)]


def _nothing_lost(said: dict[str, Any], hub: dict[str, Any]) -> None:
    for kind, rows in said["rows"].items():
        assert hub["rows"][kind] == rows, kind
    assert said["stored"] == said["put"]
    assert [said[what] for what in ("dropped", "unconfirmed", "held")] == [0, 0, 0]
    assert [hub[what] for what in ("lost", "dropped", "malformed", "store_failures", "observer_failures")] == [0] * 5


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("whole", [False, True], ids=["ingest", "whole"])
@pytest.mark.parametrize("transport", ["sparkplug", "uns"])
async def test_ladder(
    mosquitto: Mosquitto, step: tuple[str, bool, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Higher and higher rates over mosquitto, without and with brain and pages."""
    said = await measured(Step(*step, mosquitto.url, mosquitto.pid, tmp_path))
    with capsys.disabled():
        print(f"\n{HEAD}\n{said}" if step[-1] == RATES[0] else f"\n{said}", end="")


@pytest.mark.parametrize("transport", ["sparkplug", "uns"])
async def test_embedded_broker(transport: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A modest rate over the broker that demonstrations start by themselves."""
    broker = EmbeddedBroker()
    await broker.start()
    try:
        said = await measured(Step(transport, True, 5_000, broker.url, broker.pid, tmp_path, broker.credentials))
    finally:
        await broker.stop()
    with capsys.disabled():
        print(f"\nembedded broker\n{HEAD}\n{said}")


def test_tags_of_a_machine() -> None:
    assert TAGS == 21
