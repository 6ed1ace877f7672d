"""Tools and pallets that fail: by uses, by time in use, on the shelf, in the middle of an operation and on the way."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.plants import LINE, exponential, machine, sink, source
from tests.engine.test_keeping import assert_all_back, hall, keeping, pallets, resources
from tests.engine.test_laws import balance
from tests.engine.test_resources import CREW, needing, parallel, said, worker
from twin.config.plant import PlantConfig
from twin.errors import ModelError
from twin.plant.command import Command
from twin.plant.plant import Plant
from twin.records import RecordKind
from twin.states import UnitState


def gauge(number: int = 1, after: Any = "25 s", repair: str = "7 s", **fields: Any) -> list[dict[str, Any]]:
    """Gauges with one failure mode."""
    return pallets(number, "gauge", failures=[{"id": "worn", "after": after, "repair": repair, **fields}])


def lone(things: list[dict[str, Any]], **fields: Any) -> Plant:
    """One machine that needs a gauge."""
    return Plant(hall([source(), machine("m1", needs=[needing("gauge")], **fields), sink()], things), 1)


def test_a_tool_lives_for_so_many_uses_and_is_repaired_between_them() -> None:
    plant = lone(gauge(after="3 cycles", basis="cycles"))
    plant.run_until(75.0)
    assert said(plant, "m1") == [
        (0.0, "PRODUCING", None),
        (30.0, "STARVED", "gauge"),
        (37.0, "PRODUCING", None),
        (67.0, "STARVED", "gauge"),
        (74.0, "PRODUCING", None),
    ]
    assert plant.ledger.totals(f"{LINE}/m1").parts == 6


def test_two_tools_take_turns_when_one_is_down() -> None:
    plant = lone(gauge(2, after="3 cycles", basis="cycles", repair="20 s"))
    plant.run_until(1_000.0)
    truths = [plant.ledger.totals(f"{CREW}/gauge{n}") for n in (1, 2)]
    assert [truth.parts for truth in truths] == [60, 30]  # the first listed goes first
    assert [truth.duration_s(UnitState.FAILED) for truth in truths] == [400.0, 190.0]
    assert plant.ledger.totals(f"{LINE}/m1").duration_s(UnitState.STARVED) == 100.0


@pytest.mark.parametrize(
    ("then", "parts", "scrapped", "last"), [("resume", 3, 0, 37.0), ("restart", 3, 0, 42.0), ("scrap", 3, 1, 42.0)]
)
def test_a_tool_that_fails_in_use_stops_the_operation(then: str, parts: int, scrapped: int, last: float) -> None:
    plant = lone(gauge(then=then))
    plant.run_until(43.0)
    rows = plant.drain()
    made = [row.sim_s for row in rows if row.kind is RecordKind.PART and row.unit == 1]
    assert (made[-1], len(made) - scrapped) == (last, parts)
    states = [(r.sim_s, *r.values[::2]) for r in rows if r.kind is RecordKind.STATE and r.unit == 1]
    assert states[:3] == [(0.0, "PRODUCING", None), (25.0, "STARVED", "gauge"), (32.0, "PRODUCING", None)]
    assert plant.ledger.totals(f"{LINE}/m1").scrapped == scrapped


def test_the_operation_goes_on_with_another_tool() -> None:
    plant = lone(gauge(2))
    plant.run_until(60.0)
    assert [row[:2] for row in said(plant, "m1")] == [(0.0, "PRODUCING")]
    assert plant.ledger.totals(f"{LINE}/m1").parts == 5


def test_a_tool_fails_on_the_shelf_and_is_not_given_out() -> None:
    fail = {"id": "leak", "basis": "calendar", "after": "5 s", "repair": "40 s"}
    units = [source(interval="8 s"), machine("m1", "1 s", needs=[needing("gauge")]), sink()]
    plant = Plant(hall(units, pallets(1, "gauge", failures=[fail])), 1)
    plant.run_until(46.5)
    assert said(plant, "gauge1", CREW) == [
        (0.0, "IDLE_NO_ORDER", None),
        (5.0, "FAILED", "leak"),
        (45.0, "PRODUCING", f"{LINE}/m1"),
    ]


def test_a_crew_repairs_a_tool_where_the_tool_is_kept() -> None:
    things = [worker("wu", ("fix",), walk="4 s"), *gauge(crew="fix")]
    plant = lone(things)
    plant.run_until(37.0)
    assert said(plant, "gauge1", CREW) == [
        (0.0, "PRODUCING", f"{LINE}/m1"),
        (25.0, "FAILED", "worn"),
        (29.0, "REPAIR", "worn"),
        (36.0, "PRODUCING", f"{LINE}/m1"),
    ]


def test_a_pallet_that_fails_stops_the_work_on_its_part_wherever_that_is() -> None:
    fail = {"id": "worn", "after": "25 s", "repair": "7 s", "minor": True}
    units = [source(), machine("load", "10 s", needs=[keeping("free")]), machine("mill", "30 s"),
             machine("free", "5 s"), sink()]  # fmt: skip
    plant = Plant(hall(units, pallets(1, failures=[fail])), 1)
    plant.run_until(60.0)
    at = f"{LINE}/"
    assert said(plant, "pallet1", CREW) == [
        (0.0, "PRODUCING", at + "load"),
        (10.0, "PRODUCING", at + "mill"),
        (25.0, "MINOR_STOP", "worn"),
        (32.0, "PRODUCING", at + "mill"),
        (47.0, "PRODUCING", at + "free"),
        (52.0, "PRODUCING", at + "load"),
        (57.0, "MINOR_STOP", "worn"),
    ]
    assert plant.ledger.totals(f"{LINE}/out").parts == 1


def test_a_pallet_whose_failure_spoils_the_part_comes_back_for_repair() -> None:
    fail = {"id": "slip", "after": "25 s", "repair": "7 s", "then": "scrap"}
    units = [source(), machine("load", "10 s", needs=[keeping("free")]), machine("mill", "30 s"),
             machine("free", "5 s"), sink()]  # fmt: skip
    plant = Plant(hall(units, pallets(1, failures=[fail])), 1)
    plant.run_until(34.0)
    assert said(plant, "pallet1", CREW)[2:] == [(25.0, "FAILED", "slip"), (32.0, "PRODUCING", f"{LINE}/load")]
    assert plant.ledger.totals(f"{LINE}/mill").scrapped == 1


def test_a_tool_can_be_made_to_fail() -> None:
    plant = lone(gauge(after="9 h"))
    plant.post(Command(14.0, f"{CREW}/gauge1", "fail", "test"))
    plant.run_until(30.0)
    assert said(plant, "m1")[1:] == [(14.0, "STARVED", "gauge"), (21.0, "PRODUCING", None)]


@pytest.mark.parametrize("where", ["load", "free"])
def test_a_crew_that_travels_with_parts_does_not_repair_what_they_travel_on(where: str) -> None:
    things = [*pallets(1, failures=[{"id": "worn", "after": "25 s", "repair": "7 s", "crew": "operate"}]), worker()]
    needs: dict[str, list[dict[str, Any]]] = {"load": [keeping("free")], "free": []}
    needs[where].append(keeping("free", skill="operate"))
    units = [source(), *(machine(name, needs=wanted) for name, wanted in needs.items()), sink()]
    with pytest.raises(ModelError, match=r"nobody who asks for 'operate'|taken in one order everywhere"):
        Plant(hall(units, things), 1)


def worn_shop(limit: int | None = None) -> PlantConfig:
    """Machines that share worn tools and pallets, with one crew for all."""
    modes = [
        {"id": "worn", "basis": "cycles", "after": "9 cycles", "repair": exponential("30 s"), "crew": "operate"},
        {"id": "slip", "after": exponential("5 min"), "repair": exponential("40 s"), "then": "scrap"},
        {"id": "loose", "after": exponential("4 min"), "repair": "8 s", "then": "restart", "minor": True},
        {"id": "rust", "basis": "calendar", "after": exponential("15 min"), "repair": exponential("2 min")},
    ]
    needs = [needing("gauge"), needing(during=["load"])]
    units = parallel(3, cycle=exponential("20 s"), needs=needs, load_time="3 s", unload_time="2 s")
    units[0] = source(limit=limit, to=["load"])
    units[1:1] = [machine("load", "6 s", needs=[keeping("free")], to=["m1", "m2", "m3"])]
    units = [{**unit, "to": ["free"]} if unit["id"].startswith("m") else unit for unit in units]
    units[-1:-1] = [machine("free", "5 s", to=["out"])]
    things = [worker(walk="1 s"), *pallets(2, "gauge", failures=modes), *pallets(4, failures=modes[1:])]
    return hall(units, things)


@pytest.mark.parametrize("seed", range(4))
def test_all_is_back_after_many_failures_and_no_part_is_lost(seed: int) -> None:
    plant = Plant(worn_shop(300), seed, intervals=True)
    plant.run_until(20 * 3600.0)
    came, gone = balance(plant)
    assert came == gone == 300
    assert plant.ledger.totals(f"{LINE}/out").parts > 200
    assert sum(plant.station(path).scrapped for path in plant.units) > 5
    assert_all_back(plant)
    assert sum(r.parts for r in resources(plant) if r.path.name.startswith("pallet")) == 300
    end = plant.epoch_ns + 20 * 3600 * 10**9
    for unit in range(len(plant.units)):
        assert plant.ledger.window(unit, plant.epoch_ns, end).durations_ns.sum() == end - plant.epoch_ns


def test_forks_go_on_with_the_same_wear() -> None:
    plant = Plant(worn_shop(), 3)
    plant.run_until(2_222.2)
    copies = plant.fork(2)
    for one in (plant, *copies):
        one.run_until(20_000.0)
    assert len({one.fingerprint() for one in (plant, *copies)}) == 1
