"""Commands to real machines: what the scenario allows is written once and kept; all else is refused with its reason."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from math import nan
from pathlib import Path
from typing import Any

import pytest

from brokers.naming import sparkplug_device, sparkplug_node, sparkplug_topic
from devices.derivation.options import WritableItem
from devices.gathering import RealMachines, real_units
from scenarios.live.clock import SystemClock
from scenarios.live.commanding import Commanding
from scenarios.live.machine_desk import MachineDesk
from scenarios.live.machines_role import MachinesRole
from scenarios.live.parent import Parent
from scenarios.live.record import RunRecord
from scenarios.live.settings import RunSettings, machines_publisher
from tests.connections.test_opcua import NodeOpcUa
from tests.devices.plants import LINE, SITE, flow
from tests.live.test_machines_role import COUNTER, SPEED, STATUS, device
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import until
from tests.transport.test_sparkplug_commands import command as payload_of
from tests.transport.wire import watching
from twin.config.plant import DeviceConfig
from twin.errors import ModelError, RetriableError
from twin.records import Frame
from twin.sparkplug.protobuf import DataType

pytestmark = pytest.mark.xdist_group("opcua_connection")
UNIT = str(LINE.child("m2"))
FIXED = "nsu=http://maker.example/UA;s=Fixed"
COMMANDS = {
    "stop": {"item": STATUS, "value": 3},
    "speed": {"item": SPEED, "least": 0, "most": 3000},
    "guarded": {"item": FIXED, "value": 1.0},
    "count": COUNTER,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeOpcUa]:
    begun = NodeOpcUa(tmp_path_factory.mktemp("machine"))
    begun.start()
    yield begun
    begun.stop()


@pytest.fixture
def machine(server: NodeOpcUa) -> NodeOpcUa:
    """The server as it is at its start."""
    for item, value in ((STATUS, 1), (SPEED, 20.5)):
        server.show(item, value)
    return server


class Memory:
    """A store of which nothing is asked."""

    async def write(self, frames: Sequence[Frame]) -> None:
        """Keep nothing."""


def allowing(machine: NodeOpcUa, commands: dict[str, Any]) -> DeviceConfig:
    found = device(machine)
    return found.model_copy(update={"options": {**found.options, "commands": commands}})


@asynccontextmanager
async def commanded(
    url: str, folder: Path, device: DeviceConfig, transport: str = "uns"
) -> AsyncIterator[tuple[Commanding, MachinesRole]]:
    """The hub's side and the role of the machines, over a broker."""
    epoch = datetime(2026, 1, 5, tzinfo=UTC)
    RunRecord(id="0123456789ab", scenario="small", plant_hash="x", seed=1, epoch=epoch).write(folder)
    settings = RunSettings(
        scenario=folder, name="small", seed=1, broker=url, store=f"lines://{folder}", folder=folder, epoch=epoch,
        run="0123456789ab", publishers=(str(SITE),), machines=(str(SITE),), transport=transport,
    )  # fmt: skip
    role = MachinesRole(
        settings,
        {SITE: RealMachines(real_units(flow(DeviceConfig(profile="cnc"), device), SITE), folder)},
        Parent(alone=True),
    )
    commanding, stop = Commanding(settings, Memory(), url), asyncio.Event()  # type: ignore[arg-type]
    task = asyncio.create_task(role.run(stop))
    await commanding.open()
    try:
        yield commanding, role
        stop.set()
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await commanding.close()


async def written(commanding: Commanding, command: str, value: Any = None) -> dict[str, Any]:
    """Write once the machine is there."""
    wanted = {"target": UNIT, "command": command} | ({} if value is None else {"value": value})
    async with asyncio.timeout(120):
        while True:
            try:
                return await commanding.to_machine(wanted)
            except ModelError as error:
                if "a machine that takes it" not in str(error):
                    raise
            except RetriableError:
                continue


async def test_what_the_scenario_allows_stands_at_the_machine_and_in_the_record(
    mosquitto: Mosquitto, machine: NodeOpcUa, tmp_path: Path
) -> None:
    async with commanded(mosquitto.url, tmp_path, allowing(machine, COMMANDS)) as (commanding, role):
        said = await written(commanding, "stop")
        assert await asyncio.to_thread(machine.shown, STATUS) == 3
        await written(commanding, "speed", 1500)
        assert await asyncio.to_thread(machine.shown, SPEED) == 1500.0
        record = RunRecord.of_folder(tmp_path)
        assert record is not None
        rows = [command for one in record.commands for command in one.commands]
        assert [(row.target, row.action, row.cause, row.detail) for row in rows] == [
            (UNIT, "write", "operator", "stop = 3"), (UNIT, "write", "operator", "speed = 1500"),
        ]  # fmt: skip
        assert [one.of_plant for one in record.commands] == [(), ()], "a plant made from the record does nothing"
        assert said["commands"][0]["detail"] == "stop = 3"
        assert commanding.document()[0] == said
        assert role.accounts.hops["machines"].counts["written"] == 2


async def test_a_sparkplug_host_writes_what_the_scenario_allows_and_nothing_else(
    mosquitto: Mosquitto, machine: NodeOpcUa, tmp_path: Path
) -> None:
    name = machines_publisher(str(SITE))
    identity = sparkplug_node(name)._replace(device=sparkplug_device(name, UNIT))
    topic = sparkplug_topic(identity, "DCMD")
    text, number, truth = DataType.STRING, DataType.DOUBLE, DataType.BOOLEAN
    async with (
        watching(mosquitto.port) as wire,
        commanded(mosquitto.url, tmp_path, allowing(machine, COMMANDS), "sparkplug") as (commanding, role),
    ):
        await wire.holds(lambda _: any("Command/stop" in kinds(one.body) for one in wire.sparkplug("DBIRTH")))
        born = next(kinds(one.body) for one in wire.sparkplug("DBIRTH") if "Command/stop" in kinds(one.body))
        offered = {key: kind for key, kind in born.items() if key.startswith("Command/")}
        assert offered == {"Command/stop": truth, "Command/speed": number, "Command/guarded": truth,
                           "Command/count": number}  # fmt: skip
        await until(lambda: role.accounts.hops["machines"].holds["away"] == 0)
        wire.client.publish(
            topic,
            payload_of(
                {"name": "Command/speed", "datatype": number, "double_value": 9000.0},
                {"name": "Command/speed", "datatype": number, "double_value": nan},
                {"name": "Command/speed", "datatype": number, "is_null": True},
                {"name": "Command/stop", "datatype": truth, "boolean_value": False},
                {"name": "Command/stop", "datatype": truth, "is_null": True},
                {"name": "Command/other", "datatype": text, "string_value": "x"},
                {"name": "Command/stop", "datatype": truth, "boolean_value": True},
                {"name": "Command/speed", "datatype": number, "double_value": 1500.0},
            ),
        )
        await until(lambda: len(commanding.document()) == 2)
        await until(lambda: commanding.account(0).counts["refused"] == 6)
        assert await asyncio.to_thread(machine.shown, STATUS) == 3
        assert await asyncio.to_thread(machine.shown, SPEED) == 1500.0
        assert role.accounts.hops["machines"].counts["written"] == 2
        rows = [row for one in commanding.document() for row in one["commands"]]
        assert sorted((row["action"], row["cause"], row["detail"]) for row in rows) == [
            ("write", "host", "speed = 1500.0"), ("write", "host", "stop = 3"),
        ]  # fmt: skip


def kinds(body: Any) -> dict[str, int]:
    """Data type of each metric of a birth."""
    return {one.name: one.datatype for one in body.metrics}


REFUSED = (
    ("stopp", None, "expected a command that the scenario allows (count, guarded, speed, stop), got 'stopp' (did"),
    ("stop", 2, "stop: expected no value: it writes 3, got 2"),
    ("speed", None, "speed: expected a value, got none"),
    ("speed", 3001, "speed: expected a number from 0 to 3000, got 3001"),
    ("speed", True, "speed: expected a number from 0 to 3000, got True"),
    ("count", "much", "got 'much'"),
    ("guarded", None, f"{FIXED}: "),
)


async def test_all_else_is_refused_with_its_reason(mosquitto: Mosquitto, machine: NodeOpcUa, tmp_path: Path) -> None:
    async with commanded(mosquitto.url, tmp_path, allowing(machine, COMMANDS)) as (commanding, _):
        for command, value, words in REFUSED:
            with pytest.raises(ModelError) as caught:
                await written(commanding, command, value)
            assert words in str(caught.value)
        assert commanding.document() == []
        assert await asyncio.to_thread(machine.shown, SPEED) == 20.5


async def test_a_machine_without_commands_is_never_written_to(
    mosquitto: Mosquitto, machine: NodeOpcUa, tmp_path: Path
) -> None:
    async with commanded(mosquitto.url, tmp_path, device(machine)) as (commanding, _):
        with pytest.raises(ModelError, match=r"allows \(none\), got 'stop' \(add it to commands"):
            await written(commanding, "stop")
        with pytest.raises(ModelError, match="expected a unit that a real machine stands for"):
            await commanding.to_machine({"target": str(LINE.child("m1")), "command": "stop"})


async def test_what_was_asked_of_the_process_before_is_not_done_by_this_one(tmp_path: Path) -> None:
    """Whether that one had done it is not known; a machine is not written to twice."""
    settings = RunSettings(
        scenario=tmp_path, seed=1, broker="mqtt://127.0.0.1:1", store=f"lines://{tmp_path}", folder=tmp_path
    )
    desk = MachineDesk(settings, {SITE: RealMachines([], tmp_path)}, SystemClock(), Parent(alone=True))
    refused = await desk._did("a", {"target": UNIT, "command": "stop", "asked_ns": 1})
    assert isinstance(refused, ModelError)
    assert "one to the process before, which may have done it" in str(refused)
    assert await desk._did("b", {"target": "acme/elsewhere/a/l/m", "command": "stop"}) is None
    wrong = await desk._did("c", {"target": UNIT})
    assert isinstance(wrong, ModelError)


def test_bounds_and_a_value_exclude_one_another() -> None:
    for command, words in (
        ({"item": STATUS, "value": 3, "most": 4}, "got both"),
        ({"item": STATUS, "least": 4, "most": 3}, "got 4 and 3"),
    ):
        with pytest.raises(ValueError, match=words):
            WritableItem.model_validate(command)
