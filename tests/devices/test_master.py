"""Master data: everything the brain needs, without the scenario."""

from __future__ import annotations

import json

from devices.bank import DeviceBank
from devices.master import chain_meta, site_masters
from tests.devices.plants import EPOCH, LINE, SITE, flow, machine, plant, view
from twin.config.plant import (
    BreakConfig,
    CalendarConfig,
    ChainConfig,
    ChainEdgeConfig,
    ChainLinkConfig,
    DeviceConfig,
    MeterConfig,
    PowerConfig,
    ShiftConfig,
)
from twin.master import ChainMaster, EquipmentMaster, PlaceMaster, read_master
from twin.records import RecordKind
from twin.states import UnitState
from twin.stations.buffer import BufferConfig
from twin.stations.sink import SinkConfig

CNC = DeviceConfig(profile="cnc")
NIGHT = ShiftConfig(
    id="night", start="22:00", duration="8 h",
    breaks=(BreakConfig(start="23:30", duration="15 min"), BreakConfig(start="02:00", duration="30 min")),
)  # fmt: skip
WEEK = CalendarConfig(days=("mon", "fri"), shifts=(NIGHT,))


def masters(config: object) -> dict[str, object]:
    return {str(path): master for path, master in site_masters(config, SITE)}  # type: ignore[arg-type]


def test_a_unit_is_described_completely() -> None:
    found = masters(flow(CNC, None))
    unit = found[LINE.child("m1")]
    assert isinstance(unit, EquipmentMaster)
    assert (unit.kind, unit.profile, unit.position, unit.ideal_s) == ("machine", "cnc", 1, 60.0)
    assert unit.to == (f"{LINE}/m2",)
    assert len(unit.tags) > 10
    assert next(tag.high for tag in unit.tags if tag.name == "power_kw") == 15.0  # a quarter above 12 kW
    bare = found[LINE.child("m2")]
    assert isinstance(bare, EquipmentMaster)
    assert (bare.profile, [tag.name for tag in bare.tags]) == (None, ["energy_kwh"])
    sink = found[LINE.child("out")]
    assert isinstance(sink, EquipmentMaster)
    assert (sink.final, sink.to, sink.ideal_s) == (True, (), None)


def test_only_storing_units_have_places_and_parallel_ones_a_shorter_ideal_time() -> None:
    config = plant(
        machine("m0", CNC, capacity=4), BufferConfig(id="b", kind="buffer", capacity=9), SinkConfig(id="o", kind="sink")
    )
    found = masters(config)
    first, second = found[LINE.child("m0")], found[LINE.child("b")]
    assert isinstance(first, EquipmentMaster)
    assert isinstance(second, EquipmentMaster)
    assert (first.capacity, first.ideal_s) == (None, 15.0)
    assert (second.capacity, second.ideal_s) == (9, None)


def test_places_go_from_the_enterprise_to_the_line() -> None:
    config = plant(machine("m0", CNC, calendar="week"), calendars={"week": WEEK})
    found = masters(config)
    assert list(found)[:4] == ["acme", SITE, f"{SITE}/shop", LINE]
    line = found[LINE]
    assert isinstance(line, PlaceMaster)
    assert line.days == (0, 4)
    (shift,) = line.shifts
    assert (shift.start_s, shift.duration_s) == (22 * 3600.0, 8 * 3600.0)
    assert shift.breaks == ((23.5 * 3600, 900.0), (26 * 3600.0, 1800.0))


def test_meta_can_be_read_back() -> None:
    frame = DeviceBank(flow(CNC, CNC), SITE, 1).meta()
    assert set(frame.time_ns.tolist()) == {int(EPOCH.timestamp()) * 10**9}
    read = [read_master(schema, body) for schema, body in frame.values.tolist()]
    assert all(master is not None for master in read)
    assert [json.loads(body)["en"] for _, body in frame.values.tolist()][:2] == ["Acme", "works"]


def test_the_chain_knows_the_units_of_its_links() -> None:
    link = ChainLinkConfig(id="shafts", title="Shafts", segment="upstream", item="shaft", quantity=2)
    cars = ChainLinkConfig(id="cars", title="Cars", segment="downstream", item="blank", quantity=1)
    edge = ChainEdgeConfig(source="shafts", target="cars", distance="60 km", time="2 h")
    chain = ChainConfig(
        id="nev", title="Chain", final_item="shaft", demand="900 / day", links=(link, cars), edges=(edge,)
    )
    config = plant(machine("m0", CNC, link="shafts"), SinkConfig(id="o", kind="sink"), chain=chain)
    frame = chain_meta(config, 5)
    assert frame is not None
    assert frame.paths == ("chain-nev",)
    master = read_master(*frame.values.tolist()[0])
    assert isinstance(master, ChainMaster)
    assert master.demand_per_day == 900.0
    assert master.links[0].units == (f"{LINE}/m0",)
    assert (master.edges[0].distance_km, master.edges[0].time_s) == (60.0, 7200.0)
    assert master.item_values == {"blank": 4.0}
    assert chain_meta(flow(CNC, None), 5) is None


def test_what_takes_no_power_has_no_meter() -> None:
    """It is not that it uses 0 kWh: nobody measures it."""
    stores = [
        BufferConfig(id="plain", kind="buffer", capacity=9),
        BufferConfig(id="cold", kind="buffer", capacity=9, power=PowerConfig(producing="3 kW")),
        BufferConfig(id="said", kind="buffer", capacity=9, meters={"energy_kwh": MeterConfig(net=True)}),
    ]
    config = plant(machine("m0", None), *stores, SinkConfig(id="out", kind="sink"))
    found = masters(config)
    metered = {
        path for path, unit in found.items() if isinstance(unit, EquipmentMaster) and "energy_kwh" in unit.meters
    }
    assert metered == {f"{LINE}/{name}" for name in ("m0", "cold", "said")}
    tagged = {path for path, unit in found.items() if isinstance(unit, EquipmentMaster) and unit.tags}
    assert tagged == metered
    frames = DeviceBank(config, SITE, 1).frames(60.0, view(5, 60.0, UnitState.PRODUCING), [])
    assert {path for frame in frames if frame.kind is RecordKind.TELEMETRY for path in frame.paths} == metered
