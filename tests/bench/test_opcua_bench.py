"""Measures the OPC UA bridge: build time, changes per second, CPU per change."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brokers.opcua import OpcUaPublisher, OpcUaServerConfig
from tests.counterparts import free_port
from tests.opcua.plants import CLIENT_URI, client_identity, passwords
from twin.equipment import EquipmentPath
from twin.master import EquipmentMaster, Master, meta_frame
from twin.records import Frame, RecordKind
from twin.tags import TagSpec

pytestmark = pytest.mark.bench
TAGS, TICKS = 20, 10
LINE = EquipmentPath("acme/site/area/line")
SPECS = tuple(TagSpec(f"tag{index:02d}", "kW", 0.0, 100.0, f"Tag {index}", "标签") for index in range(TAGS))
SUBSCRIBER = Path(__file__).parent / "opcua_subscriber.py"


def paths(units: int) -> tuple[EquipmentPath, ...]:
    return tuple(LINE.child(f"unit{index:03d}") for index in range(units))


def masters(units: int) -> Frame:
    told: list[tuple[EquipmentPath, Master]] = [
        (path, EquipmentMaster(kind="machine", tags=SPECS, en=path.name, zh="机器")) for path in paths(units)
    ]
    return meta_frame(time.time_ns(), told)


def tick(generator: np.random.Generator, units: int) -> Frame:
    values = generator.uniform(0, 100, (units, TAGS))
    names = tuple(spec.name for spec in SPECS)
    return Frame(RecordKind.TELEMETRY, paths(units), np.full(units, time.time_ns()), names, values)


class Subscriber:
    """The other process."""

    def __init__(self, process: asyncio.subprocess.Process):
        self.process = process

    async def ask(self, count: str = "0") -> dict[str, Any]:
        """Wait until it has heard so many changes; what it then tells, counted from the last time."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{count}\n".encode())
        return dict(json.loads(await asyncio.wait_for(self.process.stdout.readline(), 240)))

    async def rest(self, publisher: OpcUaPublisher) -> dict[str, Any]:
        """What it has heard since it was asked last, until nothing more comes."""
        heard = [await self.ask()]
        while heard[-1]["changes"]:
            await publisher.doors.clock.sleep(1.0)
            heard.append(await self.ask())
        most = max(heard, key=lambda said: said["changes"])
        return {**most, "changes": sum(said["changes"] for said in heard)}

    async def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        await self.process.wait()


async def subscriber(publisher: OpcUaPublisher, folder: Path, units: int) -> Subscriber:
    certificate, key = client_identity(folder / "client")
    index = publisher.model.space.index
    names = [f"ns={index};s={path}.{spec.name}" for path in paths(units) for spec in SPECS]
    (folder / "names.json").write_text(json.dumps(names))
    task = {
        "url": publisher.url,
        "uri": CLIENT_URI,
        "certificate": str(certificate),
        "key": str(key),
        "user": "viewer",
        "password": passwords(publisher.config)["viewer"],
        "names": str(folder / "names.json"),
    }
    pipe = asyncio.subprocess.PIPE
    return Subscriber(
        await asyncio.create_subprocess_exec(
            sys.executable,
            str(SUBSCRIBER),
            json.dumps(task),
            stdin=pipe,
            stdout=pipe,
            stderr=asyncio.subprocess.DEVNULL,
        )
    )


async def run_ticks(publisher: OpcUaPublisher, units: int) -> float:
    """Publish ticks at 1 Hz and give the CPU time they took."""
    generator = np.random.default_rng(1)
    start, due = time.process_time(), time.monotonic()
    for _ in range(TICKS):
        await publisher.publish(tick(generator, units))
        due += 1.0
        await publisher.doors.clock.sleep(max(0.0, due - time.monotonic()))
    while publisher.gate.waiting:
        await publisher.doors.clock.sleep(0.05)
    return time.process_time() - start


@pytest.mark.parametrize("units", [50, 250, 500])
async def test_one_five_and_ten_thousand_variables_at_1_hz_with_one_subscriber(tmp_path: Path, units: int) -> None:
    """Whole: what is written each second is heard each second, though the work takes a part of the period."""
    publisher = OpcUaPublisher(OpcUaServerConfig(tmp_path / "state", port=free_port(), gap_s=600.0))
    start = time.process_time()
    await publisher.open()
    opened = time.process_time()
    await publisher.publish(masters(units))
    built = time.process_time()
    idle = await run_ticks(publisher, units)
    other = await subscriber(publisher, tmp_path, units)
    ready = await other.ask(str(units * TAGS))
    cpu = await run_ticks(publisher, units)
    heard = await other.rest(publisher)
    await other.end()
    await publisher.close()
    writes, changes, counts = units * TAGS * TICKS, heard["changes"], publisher.status().values
    print(f"\nopen {opened - start:.2f} s CPU, build {units * TAGS} variables {built - opened:.2f} s CPU")
    print(f"without subscriber {1e6 * idle / writes:.0f} us CPU per written value")
    print(f"with one encrypted subscriber {1e6 * cpu / writes:.0f} us CPU per change, {changes / TICKS:.0f} changes/s")
    print(f"written {100 * counts.written / (2 * writes):.1f} %, heard {100 * changes / writes:.1f} %")
    print(f"age p50 {1e3 * heard['p50_s']:.0f} ms, p99 {1e3 * heard['p99_s']:.0f} ms")
    print(f"client {1e6 * (heard['cpu_s'] - ready['cpu_s']) / max(1, changes):.0f} us CPU per change")
    assert counts.written >= 0.99 * 2 * writes
    assert changes >= 0.99 * writes
