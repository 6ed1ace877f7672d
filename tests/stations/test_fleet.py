"""Vehicles: timing on the path network, dispatching, blocking at nodes, batteries."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.plants import buffer, line_plant, machine, sink, source
from twin.errors import ModelError
from twin.plant.plant import Plant
from twin.states import UnitState
from twin.stations.agv import Agv
from twin.stations.fleet import Fleet

RING = {"a": ["0 m", "0 m"], "b": ["10 m", "0 m"], "c": ["10 m", "10 m"], "d": ["0 m", "10 m"]}
LINE = "acme/north/hall/line"


def fleet(**fields: Any) -> dict[str, Any]:
    """A fleet from the machine m1 to the machine m2 on a one-way ring of 40 m."""
    base = {
        "id": "agvs", "kind": "fleet", "to": ["m2"], "nodes": RING, "paths": ["a > b > c > d > a"],
        "stops": {"m1": "a", "m2": "c"},
    }  # fmt: skip
    return base | fields


def agv(id: str = "v1", **fields: Any) -> dict[str, Any]:
    return {
        "id": id,
        "kind": "agv",
        "fleet": "agvs",
        "home": "a",
        "speed": "1 m/s",
        "loading": "5 s",
        "unloading": "7 s",
    } | fields


def shop(fleet_: dict[str, Any], *vehicles: dict[str, Any], first: dict[str, Any] | None = None) -> Plant:
    """A source, m1, the fleet, m2, a sink."""
    config = line_plant(source(), first or machine("m1", "10 s"), fleet_, machine("m2", "1 s"), sink(), *vehicles)
    return Plant(config, 1, intervals=True)


def delivered(plant: Plant) -> int:
    return plant.station(f"{LINE}/agvs").parts


def vehicle(plant: Plant, id: str = "v1") -> Agv:
    station = plant.station(f"{LINE}/{id}")
    assert isinstance(station, Agv)
    return station


def test_a_round_takes_the_time_of_its_ways_and_handling() -> None:
    plant = shop(fleet(), agv())
    # part ready at 10, loaded at 15, 20 m to c at 35, unloaded at 42; then 20 m on to a at 62, loaded at 67, ...
    plant.run_until(41.9)
    assert delivered(plant) == 0
    plant.run_until(42.1)
    assert delivered(plant) == 1
    plant.run_until(42 + 52 - 0.1)
    assert delivered(plant) == 1
    plant.run_until(42 + 52 * 100 + 0.1)
    assert delivered(plant) == 101
    totals = plant.ledger.totals(f"{LINE}/v1")
    assert totals.duration_s(UnitState.STARVED) == pytest.approx(10.0)
    assert totals.duration_s(UnitState.BLOCKED) == 0.0


def test_two_vehicles_carry_twice_as_much_and_never_share_a_node() -> None:
    plant = shop(fleet(), agv("v1"), agv("v2", home="b"), first=machine("m1", "1 s"))
    control = plant.station(f"{LINE}/agvs")
    assert isinstance(control, Fleet)
    for second in range(1, 2000):
        plant.run_until(float(second))
        assert all(len(held) <= 1 for held in control.traffic.held.values())
    assert delivered(plant) in range(2 * 37, 2 * 39)
    assert plant.ledger.totals(f"{LINE}/v2").duration_s(UnitState.BLOCKED) >= 0.0


def test_a_full_destination_keeps_the_vehicle_with_its_part() -> None:
    config = line_plant(source(), machine("m1", "1 s"), fleet(), machine("m2", "1000 s"), sink(), agv())
    plant = Plant(config, 1)
    plant.run_until(900.0)
    assert vehicle(plant).contents()
    assert plant.ledger.totals(f"{LINE}/v1").duration_s(UnitState.BLOCKED) > 500


def test_parts_behind_the_first_in_a_buffer_call_further_vehicles() -> None:
    loads = {"m1": "a", "m2": "c", "b1": "a"}
    config = line_plant(
        source(interval="1 s", limit=2), buffer("b1", 10), fleet(stops=loads, room={"a": 2}, to=["m2"]),
        machine("m2", "1 s"), sink(), agv("v1"), agv("v2"),
    )  # fmt: skip
    plant = Plant(config, 1)
    plant.run_until(51.0)
    assert delivered(plant) == 2


def test_vehicles_that_meet_head_on_take_another_way() -> None:
    nodes = {"a": ["0 m", "0 m"], "b": ["10 m", "0 m"], "c": ["20 m", "0 m"], "d": ["10 m", "8 m"]}
    both = fleet(nodes=nodes, paths=["a - b - c", "a - d - c"], stops={"m1": "a", "m2": "c"})
    plant = shop(both, agv("v1"), agv("v2", home="c"), first=machine("m1", "1 s"))
    plant.run_until(5_000.0)
    assert delivered(plant) > 150
    assert plant.station(f"{LINE}/agvs").passings == 0  # type: ignore[attr-defined]


def test_vehicles_without_another_way_are_let_past_with_an_alarm() -> None:
    nodes = {"a": ["0 m", "0 m"], "b": ["10 m", "0 m"], "c": ["20 m", "0 m"]}
    single = fleet(nodes=nodes, paths=["a - b - c"], stops={"m1": "a", "m2": "c"})
    plant = shop(single, agv("v1"), agv("v2", home="b"), first=machine("m1", "1 s"))
    plant.run_until(5_000.0)
    assert delivered(plant) > 120
    rows = [row for row in plant.drain() if row.kind == "alarm"]
    assert len(rows) == plant.station(f"{LINE}/agvs").passings > 0  # type: ignore[attr-defined]


def test_a_battery_is_charged_before_it_is_empty() -> None:
    battery = {"capacity": "1 kWh", "drive": "2 kW", "idle": "0.1 kW", "charge": "4 kW", "low": 0.3, "enough": 0.9}
    plant = shop(fleet(chargers=["d"]), agv(battery=battery), first=machine("m1", "1 s"))
    lowest = 1.0
    for minute in range(1, 600):
        plant.run_until(60.0 * minute)
        one = vehicle(plant)
        one.is_low()
        lowest = min(lowest, one.cell)
    assert 0.2 < lowest < 0.31
    totals = plant.ledger.totals(f"{LINE}/v1")
    charging_s = totals.duration_s(UnitState.SETUP)
    assert totals.energy_kwh == pytest.approx(charging_s * 4 / 3600)
    moving_s = totals.duration_s(UnitState.PRODUCING)
    assert charging_s * 4 / 3600 <= moving_s * 2 / 3600 + 600 * 60 * 0.1 / 3600
    assert delivered(plant) > 400


@pytest.mark.parametrize("basis", ["calendar", "operating"])
def test_a_failed_vehicle_stands_with_its_node_and_goes_on(basis: str) -> None:
    broken = {"id": "drive", "after": {"exponential": {"mean": "10 min"}}, "repair": "2 min", "basis": basis}
    plant = shop(fleet(), agv("v1", failures=[broken]), agv("v2", home="b"), first=machine("m1", "1 s"))
    plant.run_until(36_000.0)
    down_s = plant.ledger.totals(f"{LINE}/v1").duration_s(UnitState.FAILED)
    assert 36_000 * 0.1 < down_s < 36_000 * 0.25
    assert delivered(plant) > 500
    (copy,) = plant.fork(1)
    for one in (plant, copy):
        one.run_until(50_000.0)
    assert plant.fingerprint() == copy.fingerprint()


def test_what_is_missing_is_said_at_once() -> None:
    config = line_plant(source(), machine("m1"), fleet(stops={"m1": "a"}), machine("m2"), sink())
    with pytest.raises(ModelError) as caught:
        Plant(config, 1)
    text = str(caught.value)
    assert "the node of acme/north/hall/line/m2" in text
    assert "at least one unit of kind agv" in text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"paths": ["a > b", "b > c"]}, "expected a way between all stops"),
        ({"paths": ["a => b"]}, "expected nodes of"),
        ({"paths": ["a"]}, "expected nodes joined by"),
        ({"stops": {"m1": "z", "m2": "c"}}, "expected nodes of a, b, c, d, got z"),
    ],
)
def test_a_network_that_cannot_work_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        shop(fleet(**fields), agv())
