"""A machine that is not ours behind the role of the real machines: plugged in, pulled out, put back, never lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from devices.gathering import RealMachines, real_units
from scenarios.actions.live import settings_for
from scenarios.live.account import Accounts
from scenarios.live.machines_role import MachinesRole
from scenarios.live.parent import Parent
from scenarios.live.settings import RunSettings, machines_publisher
from scenarios.loader import load
from tests.connections.cell import cell
from tests.connections.test_opcua import NodeOpcUa
from tests.devices.plants import LINE, SITE, flow
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import RecordingSink, receiving, until
from twin.config.plant import DeviceConfig
from twin.errors import ScenarioError
from twin.records import RecordKind

pytestmark = pytest.mark.xdist_group("opcua_connection")
STATUS, COUNTER, SPEED = "ns=2;s=Small", "nsu=http://maker.example/UA;s=Whole", "nsu=http://maker.example/UA;s=Double"
UNIT = LINE.child("m2")


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[NodeOpcUa]:
    server = NodeOpcUa(tmp_path)
    server.start()
    yield server
    server.stop()


def device(machine: NodeOpcUa) -> DeviceConfig:
    means = {
        "period": "0.1 s",
        "tags": {"spindle_load_pct": SPEED},
        "state": {"item": STATUS, "values": {1: "IDLE_NO_ORDER", 2: "PRODUCING", 3: "FAILED"}},
        "parts": {"good": COUNTER, "makes": "plate"},
    }
    return DeviceConfig(profile="cnc", driver="opcua", options={**machine.options(), "timeout": "2 s", **means})


@asynccontextmanager
async def gathered(url: str, folder: Path, device: DeviceConfig, transport: str = "uns") -> AsyncIterator[MachinesRole]:
    """The role with one real machine beside simulated units, as in the process of a run."""
    settings = RunSettings(
        scenario=folder, seed=1, broker=url, store=f"lines://{folder}", folder=folder, run="r1",
        publishers=(str(SITE),), machines=(str(SITE),), transport=transport,
    )  # fmt: skip
    units = real_units(flow(DeviceConfig(profile="cnc"), device), SITE)
    role = MachinesRole(settings, {SITE: RealMachines(units, folder)}, Parent(alone=True))
    stop = asyncio.Event()
    task = asyncio.create_task(role.run(stop))
    try:
        yield role
        stop.set()
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def column(sink: RecordingSink, kind: RecordKind, name: str) -> list[Any]:
    """Values of a column of the machine's records, in order of time."""
    found = [
        (time_ns, frame.seq, value)
        for frame in sink.frames
        if frame.kind is kind
        for path, time_ns, value in zip(frame.paths, frame.time_ns.tolist(), frame.column(name).tolist(), strict=True)
        if str(path) == str(UNIT)
    ]
    return [value for *_, value in sorted(found)]


def states(sink: RecordingSink) -> list[str]:
    return column(sink, RecordKind.STATE, "state")


def parts(sink: RecordingSink) -> int:
    return sum(column(sink, RecordKind.PART, "good"))


@pytest.mark.parametrize("transport", ["uns", "sparkplug"])
async def test_the_plug_is_pulled_and_put_back(
    mosquitto: Mosquitto, machine: NodeOpcUa, tmp_path: Path, transport: str
) -> None:
    """Over Sparkplug as well: what stands elsewhere than below the publisher's path is its device all the same."""
    sink = RecordingSink()
    await asyncio.to_thread(machine.show, STATUS, 2)
    async with (
        receiving(mosquitto.url, transport, sink) as ingest,
        gathered(mosquitto.url, tmp_path, device(machine), transport) as role,
    ):
        await sink.holds(lambda s: states(s)[-1:] == ["PRODUCING"])
        await asyncio.to_thread(machine.show, COUNTER, 5)
        await sink.holds(lambda s: parts(s) == 3)  # it showed 2 before
        await asyncio.to_thread(machine.kill)
        await sink.holds(lambda s: states(s)[-1:] == ["UNKNOWN"])
        assert column(sink, RecordKind.STATE, "cause")[-1] == "connection_lost"
        assert role.accounts.hops["machines"].holds == {"machines": 1, "away": 1}
        await asyncio.to_thread(machine.start)
        await asyncio.to_thread(machine.show, STATUS, 3)
        await sink.holds(lambda s: states(s)[-1:] == ["FAILED"])
        assert role.accounts.hops["machines"].holds["away"] == 0
        assert role.accounts.hops["machines"].counts["losses"] == 1
        assert column(sink, RecordKind.PART, "begun_ns")[0] is None
        told = role.accounts.hops["machines"].reasons  # the server remembers nothing: it counts from 2 again
        assert told == {f"{UNIT}: a counter was reset, its parts since the last reading are unknown": 1}
        assert "UNKNOWN" not in states(sink)[states(sink).index("PRODUCING") + 2 :]
        assert Accounts.of(role.accounts.document()) == role.accounts
    assert {frame.publisher for frame in sink.frames} == {machines_publisher(str(SITE))}
    assert ingest.counters.lost == 0
    assert sink.twice == []


async def test_what_is_said_while_the_broker_is_away_comes_after_a_new_start_of_the_process(
    mosquitto: Mosquitto, machine: NodeOpcUa, tmp_path: Path
) -> None:
    broker, sink = mosquitto, RecordingSink()
    async with receiving(broker.url, "uns", sink):
        async with gathered(broker.url, tmp_path, device(machine)) as role:
            await sink.holds(lambda s: states(s)[-1:] == ["IDLE_NO_ORDER"])
            await asyncio.to_thread(machine.show, COUNTER, 10)
            await sink.holds(lambda s: parts(s) == 8)
            await asyncio.to_thread(broker.stop)
            await asyncio.to_thread(machine.show, COUNTER, 14)
            await until(lambda: role.sites[0].spool.kept[str(UNIT)]["counters"]["good"] == 14)
        await asyncio.to_thread(machine.show, COUNTER, 15)  # nobody is there
        await asyncio.to_thread(broker.start)
        async with gathered(broker.url, tmp_path, device(machine)):
            await sink.holds(lambda s: parts(s) == 13)
    assert sink.twice == []


def test_real_machines_are_known_to_a_run_and_keep_the_time_of_the_clock(tmp_path: Path) -> None:
    file = tmp_path / "cell.yaml"
    file.write_text(cell("opcua", '{endpoint: "opc.tcp://127.0.0.1:4840"}'), encoding="utf-8")
    settings = settings_for(file, load(file), speed=1.0)
    assert settings.machines == ("e/s",)
    assert settings.own_publishers == {"e/s", "e/s/machines"}
    with pytest.raises(ScenarioError, match="--speed: expected 1, the speed of real machines, got 60"):
        settings_for(file, load(file), speed=60.0)
