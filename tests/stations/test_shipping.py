"""Trucks by timetable, by longest wait, at docks and with a time of loading."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.plants import line, plant_of, sink, site, source
from tests.engine.test_laws import balance
from tests.stations.runs import Run
from twin.config.plant import PlantConfig
from twin.plant.plant import Plant
from twin.records import RecordKind


def pair(interval: str = "10 min", mix: dict[str, int] | None = None, **fields: Any) -> PlantConfig:
    """A supplier with a dock, a user 1 h away; it is midnight at the start."""
    dock = {"id": "dock", "kind": "shipping", "load": 12, "capacity": 40, "time": "1 h",
            "to": ["acme/south/hall/b/store"], **fields}  # fmt: skip
    supplier = line("a", [source(mix=mix or {"part": 1}, interval=interval), dock])
    user = line("b", [{"id": "store", "kind": "receiving", "capacity": 500}, sink()])
    return plant_of(site("north", supplier), site("south", user), items=["part", "other"])


def loads(run: Run, unit: str = "dock") -> list[tuple[float, str, int]]:
    """Time, item and quantity of its shipments."""
    number = run.names.index(unit)
    rows = [row for row in run.rows if row.unit == number and row.kind is RecordKind.SHIPMENT]
    return [(row.sim_s, row.values[2], row.values[3]) for row in rows]


def test_a_timetable_takes_what_is_there() -> None:
    run = Run(pair(departures=["02:05", "03:00"]), 86_400.0 + 3 * 3_600)
    # 12 by 02:05; by 03:00 five more (the sixth comes at 03:00, after the truck); then a day of 138
    assert loads(run)[:2] == [(7_500.0, "part", 12), (10_800.0, "part", 5)]
    assert loads(run, "store")[0] == (11_100.0, "part", 12)
    next_day = [load for load in loads(run) if load[0] > 86_400]
    # the dock was full at 40: three trucks of 12 and one of 4
    assert [number for _, _, number in next_day if _ == "part"][:4] == [12, 12, 12, 4]


def test_docks_limit_the_trucks_of_a_departure() -> None:
    run = Run(pair("1 min", departures=["01:00"], docks=2), 3_700.0)
    assert loads(run) == [(3_600.0, "part", 12), (3_600.0, "part", 12)]


def test_loading_takes_its_time_and_holds_the_dock() -> None:
    run = Run(pair("1 min", docks=1, loading="20 min"), 4_800.0)
    # full at 12 min; the second load waits for the dock
    assert loads(run) == [(1_920.0, "part", 12), (3_120.0, "part", 12), (4_320.0, "part", 12)]
    levels = {time: level for time, _, level in run.stock("dock")}
    assert levels[1_920.0] == 20


def test_a_smaller_load_goes_after_the_longest_wait() -> None:
    run = Run(pair(max_wait="35 min"), 7_300.0)
    # the first item comes at 10 min and waits until 45 min, with three after it
    assert loads(run) == [(2_700.0, "part", 4), (5_100.0, "part", 4)]


def test_each_item_has_loads_of_its_own() -> None:
    run = Run(pair("10 min", {"part": 1, "other": 1}, departures=["02:05"]), 8_000.0)
    assert loads(run) == [(7_500.0, "other", 6), (7_500.0, "part", 6)]


def test_a_timetable_and_a_longest_wait_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="by timetable or a longest wait, got both"):
        pair(departures=["02:00"], max_wait="1 h")


@pytest.mark.parametrize(
    "fields",
    [
        {"departures": ["01:10", "02:05"], "docks": 1, "loading": "13 min"},
        {"max_wait": "35 min", "loading": "8 min", "docks": 2},
    ],
    ids=["timetable", "longest wait"],
)
def test_nothing_is_lost_and_a_copy_goes_on_the_same_way(fields: dict[str, Any]) -> None:
    plant = Plant(pair("4 min", {"part": 2, "other": 1}, **fields), 3, intervals=True)
    plant.run_until(8_000.0)
    copy = Plant.restore(plant.snapshot())
    for one in (plant, copy):
        one.run_until(30_000.0)
    came, gone = balance(plant)
    assert came == gone
    assert plant.fingerprint() == copy.fingerprint()
    assert plant.drain() == copy.drain()
