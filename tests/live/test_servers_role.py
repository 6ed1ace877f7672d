"""The role of the servers: what the records of a run show to clients of a protocol, each part counted once."""

from __future__ import annotations

import asyncio
import struct
from contextlib import suppress
from pathlib import Path

import pytest

from brokers.door import Door
from brokers.mqtt.publisher import UnsPublisher
from devices.served import GOOD, STATE, ServedPlant, served_machines
from scenarios.actions.live import settings_for, with_ports_of_servers
from scenarios.live.parent import Parent
from scenarios.live.servers_role import GONE_S, ShownRun, run_servers
from scenarios.live.settings import RunSettings, ServerPlace
from scenarios.loader import LIBRARY, load
from tests.counterparts import free_port
from tests.devices.plants import LINE, SITE, machines
from tests.devices.test_servers import parts, state
from tests.servers.mosquitto import Mosquitto
from twin.equipment import EquipmentPath
from twin.errors import FatalError, ScenarioError
from twin.records import Frame, RecordKind, records
from twin.states import UnitState

M0 = LINE.child("m0")


class AnyDoor(Door):
    """A door that lets all in, whatever its time."""

    def __init__(self) -> None:
        pass

    def admit(self, frame: Frame) -> Frame:
        return frame


def settings(folder: Path, **more: object) -> RunSettings:
    return RunSettings(
        scenario=folder, seed=1, store=f"lines://{folder}", folder=folder, run="r1", publishers=(str(SITE),), **more
    )  # type: ignore[arg-type]


def shown(folder: Path) -> ShownRun:
    return ShownRun(ServedPlant(served_machines(machines(1), lambda _: True)), settings(folder), AnyDoor())


def value(run: ShownRun, name: str) -> object:
    (machine,) = run.plant.machines
    return machine.now(next(point for point in machine.points if point.name == name)).value


def test_a_part_that_comes_twice_counts_once_and_another_run_not_at_all(tmp_path: Path) -> None:
    run = shown(tmp_path)
    first, second = parts(M0, 1, good=1), parts(M0, 2, good=1)
    for frame, of, number in ((second, "r1.a", 1), (first, "r1.a", 0), (second, "r1.a", 1), (first, "r1.b", 0)):
        run.take(frame.stamped(str(SITE), of, number), 0.0)
    run.take(first.stamped(str(SITE), "other.a", 0), 0.0)
    assert value(run, GOOD) == 3  # r1.b is another life of its publisher, whose numbers begin anew


def test_a_site_that_is_silent_shows_nothing_until_it_is_heard_again(tmp_path: Path) -> None:
    run = shown(tmp_path)
    run.take(state(M0, "PRODUCING", 1).stamped(str(SITE), "r1.a", 0), 0.0)
    run.look(GONE_S)
    assert value(run, STATE) == int(UnitState.PRODUCING)
    run.look(GONE_S + 0.1)
    assert value(run, STATE) is None
    run.take(parts(M0, 2, good=1).stamped(str(SITE), "r1.a", 1), 20.0)
    assert value(run, STATE) == int(UnitState.PRODUCING)


def test_figures_of_a_site_or_above_say_nothing_of_its_machines(tmp_path: Path) -> None:
    run = shown(tmp_path)
    values = ("oee", None, "hour", 0, 0.5, 1.0, 2.0, 1.0, "good", "1", None, None, 0, 0, 0)
    for path in (SITE, EquipmentPath("acme")):
        run.take(records(RecordKind.KPI, [(path, 1, values)]).stamped("brain/x", "r1.brain", 0), 0.0)
    run.take(records(RecordKind.HEARTBEAT, [(EquipmentPath("acme"), 1, (0, 0, 0.0))]), 0.0)
    assert value(run, STATE) is None
    assert not run.plant.machines[0].there
    run.take(records(RecordKind.HEARTBEAT, [(SITE, 1, (0, 0, 0.0))]), 0.0)
    assert run.plant.machines[0].there


async def test_records_at_a_broker_are_what_a_client_of_the_protocol_reads(
    mosquitto: Mosquitto, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    chosen = settings(tmp_path, broker=mosquitto.url, serve=(f"modbus={port}",)).model_copy(
        update={"scenario": Path("workshop"), "anchored": False, "publishers": ()}
    )
    stop = asyncio.Event()
    role = asyncio.create_task(run_servers(chosen, stop, Parent(alone=True)))
    try:
        async with asyncio.timeout(120):
            while not (tmp_path / "servers" / "modbus.csv").exists():
                assert not role.done(), await role
                await asyncio.sleep(0.05)
            first = next(iter(served_machines(load(Path("workshop")).plant(), lambda _: True)))
            sender = UnsPublisher(mosquitto.url, str(first.path.site))
            await sender.open()
            for number in range(10_000):
                frame = state(first.path, "PRODUCING", number)
                await sender.publish(frame.stamped(str(first.path.site), "r1.a", number))
                if await first_register(port) == int(UnitState.PRODUCING):
                    break
            await sender.close()
        stop.set()
        await role
    finally:
        role.cancel()
        with suppress(asyncio.CancelledError):
            await role
    assert f"modbus: 127.0.0.1:{port}, map in {tmp_path}" in capsys.readouterr().out
    with pytest.raises(OSError, match=r"\d"):
        await first_register(port)


async def first_register(port: int) -> int:
    """Holding register 0 of unit 1, by a request written by hand."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(bytes.fromhex("000100000006" + "01" + "0300000001"))
    answer = await reader.readexactly(11)
    writer.close()
    return int(struct.unpack(">H", answer[9:])[0])


def test_what_is_served_is_named_by_kind_port_and_host(tmp_path: Path) -> None:
    chosen = settings(tmp_path, serve=("modbus", "s7=1103", "mtconnect=0.0.0.0:5001"))
    assert chosen.served == [
        ("modbus", "127.0.0.1", 5020, ()), ("s7", "127.0.0.1", 1103, ()), ("mtconnect", "0.0.0.0", 5001, ())
    ]  # fmt: skip
    scenario = load(Path("workshop"))
    for wrong in (["opcua"], ["modbus", "modbus"], ["modbus=x"], ["modbus=1:2:x"]):
        with pytest.raises(ScenarioError, match="--serve"):
            settings_for("workshop", scenario, serve=wrong)


def test_a_port_is_fixed_for_every_life_of_a_server_and_a_taken_one_is_refused(tmp_path: Path) -> None:
    fixed = with_ports_of_servers(settings(tmp_path, serve=("modbus=0", "s7=[::1]:0")))
    assert [(kind, host) for kind, host, *_ in fixed.served] == [("modbus", "127.0.0.1"), ("s7", "::1")]
    assert all(place.port > 0 for place in fixed.served)

    async def taken() -> None:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(FatalError, match="--serve modbus=PORT"):
            with_ports_of_servers(settings(tmp_path, serve=(f"modbus={port}",)))
        server.close()

    asyncio.run(taken())


def scenario_with(tmp_path: Path, serve: str) -> Path:
    """The workshop with servers of its own."""
    text = (LIBRARY / "workshop.yaml").read_text(encoding="utf-8")
    file = tmp_path / "served.yaml"
    file.write_text(f"{text}\nbrokers: {{serve: {serve}}}\n", encoding="utf-8")
    return file


def test_a_scenario_names_its_servers_and_the_command_line_goes_before(tmp_path: Path) -> None:
    file = scenario_with(tmp_path, '["modbus=1502,lost_sessions", s7]')
    known = load(file)
    assert settings_for(file, known).served == [
        ServerPlace("modbus", "127.0.0.1", 1502, ("lost_sessions",)),
        ServerPlace("s7", "127.0.0.1", 1102),
    ]
    assert [place.kind for place in settings_for(file, known, serve=["mtconnect"]).served] == ["mtconnect"]


@pytest.mark.parametrize(
    ("serve", "wrong"),
    [
        ("[telex]", "expected one of modbus, mtconnect, s7"),
        ('["modbus,tired"]', "expected clock_skew, duplicates, item_cap"),
        ("[s7, s7=1103]", "expected each server once"),
        ('["modbus=port"]', "serve"),
    ],
)
def test_a_server_of_a_scenario_that_cannot_be_is_told_with_its_line(tmp_path: Path, serve: str, wrong: str) -> None:
    with pytest.raises(ScenarioError, match=wrong) as caught:
        load(scenario_with(tmp_path, serve))
    assert str(caught.value).startswith("served.yaml:")
