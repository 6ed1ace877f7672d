"""Workers, tools and crews: who gets whom, when, and what the waiting units say."""

from __future__ import annotations

from typing import Any

import pytest

from tests.backbone.plants import staffed_line
from tests.engine.plants import DAY, LINE, exponential, line, line_plant, machine, plant_of, sink, site, source
from tests.engine.test_laws import balance, grown
from twin.config.plant import PlantConfig
from twin.errors import ModelError
from twin.plant.command import Command
from twin.plant.plant import Plant
from twin.records import RecordKind

CREW = "acme/north/hall/crew"


def worker(id: str = "li", skills: tuple[str, ...] = ("operate",), **fields: Any) -> dict[str, Any]:
    """A worker."""
    return {"id": id, "kind": "worker", "skills": skills, **fields}


def needing(skill: str = "operate", **fields: Any) -> dict[str, Any]:
    """A need."""
    return {"skill": skill, **fields}


def staffed(units: list[dict[str, Any]], crew: list[dict[str, Any]], **fields: Any) -> PlantConfig:
    """One line of units and a line of people."""
    return plant_of(site("north", line("line", units), line("crew", crew)), items=["part", "a", "b"], **fields)


def parallel(count: int, **fields: Any) -> list[dict[str, Any]]:
    """Machines side by side that never starve, each with its own way out."""
    units: list[dict[str, Any]] = [source(to=[f"m{n}" for n in range(1, count + 1)])]
    units += [machine(f"m{n}", to=["out"], **fields) for n in range(1, count + 1)]
    return [*units, sink()]


def said(plant: Plant, unit: str, line: str = LINE) -> list[tuple[float, str, str | None]]:
    """States of a unit: time, state, cause."""
    number = plant.units.index(f"{line}/{unit}")  # type: ignore[arg-type]
    return [
        (row.sim_s, row.values[0], row.values[2])
        for row in plant.drain()
        if row.unit == number and row.kind is RecordKind.STATE
    ]


def test_one_worker_serves_two_machines_in_turn_and_the_waiting_one_says_for_whom() -> None:
    plant = Plant(staffed(parallel(2, needs=[needing()]), [worker()]), 1)
    plant.run_until(30.0)
    states = said(plant, "m2")
    assert states == [(0.0, "STARVED", "operate"), (10.0, "PRODUCING", None), (20.0, "STARVED", "operate")]
    assert plant.ledger.totals(f"{LINE}/out").parts == 2
    plant.run_until(1_000.0)
    assert [plant.ledger.totals(f"{LINE}/m{n}").parts for n in (1, 2)] == [50, 49]


def test_a_worker_says_for_whom_he_works() -> None:
    plant = Plant(staffed(parallel(2, needs=[needing()]), [worker(walk="2 s")]), 1)
    plant.run_until(25.0)
    path = f"{LINE}/m"
    assert said(plant, "li", CREW) == [
        (0.0, "SETUP", path + "1"),
        (2.0, "PRODUCING", path + "1"),
        (12.0, "SETUP", path + "2"),
        (14.0, "PRODUCING", path + "2"),
        (24.0, "SETUP", path + "1"),
    ]


def test_walking_takes_the_way_between_positions() -> None:
    units = [
        source(to=["m1", "m2"]),
        machine("m1", needs=[needing()], to=["out"], position=["0 m", "0 m"]),
        machine("m2", needs=[needing()], to=["out"], position=["3 m", "4 m"]),
        sink(),
    ]
    plant = Plant(staffed(units, [worker(position=["0 m", "0 m"], speed="0.5 m/s")]), 1)
    plant.run_until(100.0)
    assert said(plant, "m2")[:3] == [
        (0.0, "STARVED", "operate"),
        (20.0, "PRODUCING", None),
        (30.0, "STARVED", "operate"),
    ]


def test_priority_comes_before_time() -> None:
    units = parallel(3, needs=[needing()])
    units[3]["priority"] = -1
    plant = Plant(staffed(units, [worker()]), 1)
    plant.run_until(1_005.0)
    assert [plant.ledger.totals(f"{LINE}/m{n}").parts for n in (1, 2, 3)] == [0, 0, 100]


def test_all_or_nothing_never_locks() -> None:
    needs = [needing("jig"), needing("operate", number=2)]
    crew = [worker("li"), worker("wu"), {"id": "jig", "kind": "fixture", "skills": ["jig"]}]
    plant = Plant(staffed(parallel(3, needs=needs), crew), 1)
    plant.run_until(900.5)
    assert sum(plant.ledger.totals(f"{LINE}/m{n}").parts for n in (1, 2, 3)) == 90


def test_a_setter_is_needed_for_setups_only() -> None:
    units = [
        source(mix={"a": 2, "b": 1}),
        machine("m1", setup={"duration": "60 s"}, needs=[needing("set", during=["setup"])]),
        sink(),
    ]
    plant = Plant(staffed(units, [worker("li", ("set",))]), 1)
    plant.run_until(300.0)
    path = f"{LINE}/m1"
    assert said(plant, "li", CREW)[:4] == [
        (0.0, "IDLE_NO_ORDER", None),
        (20.0, "PRODUCING", path),
        (80.0, "IDLE_NO_ORDER", None),
        (90.0, "PRODUCING", path),
    ]


def test_loading_needs_hands_and_the_machine_runs_alone() -> None:
    units = parallel(2, cycle="90 s", load_time="10 s", needs=[needing(during=["load"])])
    plant = Plant(staffed(units, [worker()]), 1)
    plant.run_until(1_000.0)
    assert [plant.ledger.totals(f"{LINE}/m{n}").parts for n in (1, 2)] == [10 - 1, 9]
    assert said(plant, "m2")[:4] == [
        (0.0, "STARVED", "operate"),
        (10.0, "SETUP", None),
        (20.0, "PRODUCING", None),
        (110.0, "SETUP", None),
    ]


def test_a_finished_part_stays_in_the_machine_until_somebody_takes_it_out() -> None:
    handled = {"load_time": "20 s", "unload_time": "10 s", "needs": [needing(during=["load", "unload"])]}
    plant = Plant(staffed(parallel(2, cycle="50 s", **handled), [worker()]), 1, intervals=True)
    plant.run_until(141.0)
    rows = plant.drain()
    assert [row.sim_s for row in rows if row.kind is RecordKind.PART and row.unit == 1] == [80.0]
    entered = [(row.unit, row.sim_s, *row.values[::2]) for row in rows if row.kind is RecordKind.STATE]
    assert [row[1:] for row in entered if row[0] == 1] == [
        (0.0, "SETUP", None),
        (20.0, "PRODUCING", None),
        (70.0, "SETUP", None),
        (100.0, "PRODUCING", None),
    ]
    assert [row[1:] for row in entered if row[0] == 2] == [
        (0.0, "STARVED", "operate"),
        (20.0, "SETUP", None),
        (40.0, "PRODUCING", None),
        (90.0, "BLOCKED", "operate"),  # he loads the other machine
        (100.0, "SETUP", None),
        (130.0, "PRODUCING", None),
    ]
    for unit in range(len(plant.units)):
        truth = plant.ledger.window(unit, plant.epoch_ns, plant.epoch_ns + 141 * 10**9)
        assert truth.durations_ns.sum() == 141 * 10**9


def test_who_waits_to_be_unloaded_is_blocked_by_the_skill_that_is_missing() -> None:
    units = parallel(2, needs=[needing(during=["unload"])], unload_time="30 s")
    plant = Plant(staffed(units, [worker()]), 1)
    plant.run_until(75.0)
    assert said(plant, "m2") == [
        (0.0, "PRODUCING", None),
        (10.0, "BLOCKED", "operate"),
        (40.0, "SETUP", None),
        (70.0, "PRODUCING", None),
    ]
    assert plant.ledger.totals(f"{LINE}/out").parts == 2


def test_the_way_out_may_be_blocked_after_unloading() -> None:
    units = [source(), machine("m1", unload_time="5 s"), machine("m2", "100 s"), sink()]
    plant = Plant(line_plant(*units), 1)
    plant.run_until(120.0)
    assert said(plant, "m1") == [
        (0.0, "PRODUCING", None),
        (10.0, "SETUP", None),
        (15.0, "PRODUCING", None),
        (25.0, "SETUP", None),
        (30.0, "BLOCKED", "m2"),
        (115.0, "PRODUCING", None),
    ]


def test_an_operator_who_leaves_in_the_middle_of_unloading_is_waited_for() -> None:
    units = parallel(1, needs=[needing(during=["unload"])], unload_time="30 s")
    plant = Plant(staffed(units, [worker()]), 1)
    plant.post(Command(20.0, f"{CREW}/li", "stop", "sick"))
    plant.post(Command(60.0, f"{CREW}/li", "restart", "sick"))
    plant.run_until(81.0)
    assert said(plant, "m1") == [
        (0.0, "PRODUCING", None),
        (10.0, "SETUP", None),
        (20.0, "BLOCKED", "operate"),
        (60.0, "SETUP", None),
        (80.0, "PRODUCING", None),
    ]


def test_a_failure_while_unloading_lets_everybody_go_and_spoils_nothing() -> None:
    fail = {"id": "jam", "after": "15 s", "basis": "calendar", "repair": "9 s", "then": "scrap", "crew": "operate"}
    units = parallel(1, needs=[needing(during=["unload"])], unload_time="30 s", failures=[fail])
    plant = Plant(staffed(units, [worker()]), 1)
    plant.run_until(50.0)
    assert said(plant, "m1")[2:] == [
        (15.0, "REPAIR", "jam"),
        (24.0, "SETUP", None),
        (39.0, "REPAIR", "jam"),
        (48.0, "SETUP", None),
    ]
    totals = plant.ledger.totals(f"{LINE}/m1")
    assert (totals.parts, totals.scrapped) == (0, 0)


def test_a_batch_and_what_it_becomes_wait_for_the_unloader() -> None:
    oven = {"id": "oven", "kind": "batch_machine", "max_batch": 3, "min_batch": 3, "cycle": "60 s", "to": ["strip"]}
    strip = {"id": "strip", "kind": "disassembly", "cycle": "4 s", "yields": {"a": 1, "b": 2}}
    hands = {"needs": [needing(during=["unload"])], "unload_time": "6 s"}
    units = [source(), {**oven, **hands}, {**strip, **hands}, sink()]
    plant = Plant(staffed(units, [worker(walk="1 s")]), 1, intervals=True)
    plant.run_until(1_000.0)
    rows = said(plant, "oven")
    assert (60.0, "BLOCKED", "operate") in rows
    came, gone = plant.ledger.totals(f"{LINE}/oven").parts, plant.ledger.totals(f"{LINE}/out").parts
    inside = len(plant.station(f"{LINE}/strip").contents())
    assert came > 20
    assert gone == 3 * (came - inside)


def test_a_batch_machine_asks_again_for_people_after_a_failure() -> None:
    fail = {"id": "jam", "after": "25 s", "repair": "7 s"}
    oven = {"id": "oven", "kind": "batch_machine", "max_batch": 2, "cycle": "60 s", "failures": [fail]}
    plant = Plant(staffed([source(), {**oven, "needs": [needing()]}, sink()], [worker()]), 1)
    plant.run_until(300.0)
    assert said(plant, "oven")[:4] == [
        (0.0, "PRODUCING", None),
        (25.0, "FAILED", "jam"),
        (32.0, "PRODUCING", None),
        (57.0, "FAILED", "jam"),
    ]
    assert plant.ledger.totals(f"{LINE}/out").parts > 3


@pytest.mark.parametrize("phase", ["load", "unload"])
def test_needs_of_a_phase_that_a_station_has_not_are_refused(phase: str) -> None:
    with pytest.raises(ModelError, match=rf"m1 needs.0.during: expected {phase}_time at a station .* got none"):
        Plant(staffed(parallel(1, needs=[needing(during=[phase])]), [worker()]), 1)


@pytest.mark.parametrize(
    ("policy", "begin_s"),
    [("finish", 5_200.0), ("interrupt", 4_500.0)],
)
def test_at_a_break_the_task_is_finished_or_left(policy: str, begin_s: float) -> None:
    units = parallel(1, cycle="3400 s", needs=[needing()])
    plant = Plant(staffed(units, [worker(calendar="day", at_break=policy)], calendars={"day": DAY}), 1)
    plant.run_until(3600 * 2.4)
    rows = [(time, state) for time, state, _ in said(plant, "li", CREW)]
    assert rows[:2] == [(0.0, "OFF_SHIFT"), (1_800.0, "PRODUCING")]
    # 3,400 s of work in one piece until 5,200 s, or cut by the break at 4,500 s
    assert rows[2:4] == [(begin_s, "PLANNED_BREAK"), (5_400.0, "PRODUCING")]
    assert plant.ledger.totals(f"{LINE}/m1").parts == 1


def test_a_stopped_worker_leaves_at_once_and_the_work_waits() -> None:
    plant = Plant(staffed(parallel(1, cycle="100 s", needs=[needing()]), [worker()]), 1)
    plant.post(Command(30.0, f"{CREW}/li", "stop", "sick"))
    plant.post(Command(50.0, f"{CREW}/li", "restart", "sick"))
    plant.run_until(121.0)
    assert said(plant, "m1") == [
        (0.0, "PRODUCING", None),
        (30.0, "STARVED", "operate"),
        (50.0, "PRODUCING", None),
    ]
    assert plant.ledger.totals(f"{LINE}/m1").parts == 1


def test_a_failed_machine_lets_its_operator_go_who_may_repair_it() -> None:
    fail = {"id": "jam", "after": "25 s", "repair": "7 s", "crew": "operate"}
    plant = Plant(staffed(parallel(1, needs=[needing()], failures=[fail]), [worker(walk="3 s")]), 1)
    plant.run_until(60.5)
    assert said(plant, "m1") == [
        (0.0, "STARVED", "operate"),
        (3.0, "PRODUCING", None),
        (28.0, "REPAIR", "jam"),
        (35.0, "PRODUCING", None),
        (60.0, "REPAIR", "jam"),
    ]


def test_machines_wait_for_a_shared_crew_by_priority() -> None:
    def failing(priority: int) -> dict[str, Any]:
        return {"id": "jam", "after": "10 s", "repair": "100 s", "crew": "fix", "priority": priority}

    units = parallel(3)
    for number, priority in ((1, 2), (2, 1), (3, 0)):
        units[number]["failures"] = [failing(priority)]
    plant = Plant(staffed(units, [worker("wu", ("fix",))]), 1)
    plant.run_until(311.0)
    rows = plant.drain()
    repairs = [
        (row.sim_s, plant.units[row.unit].name)
        for row in rows
        if row.kind is RecordKind.STATE and row.values[0] == "REPAIR"
    ]
    # all three fail after 10 s of work; the first to fail is served, then those that matter more
    assert repairs[0] == (10.0, "m1")
    assert repairs[1:] == [(110.0, "m3"), (210.0, "m2"), (310.0, "m3")]


def test_a_crew_that_leaves_goes_on_with_the_repair_later() -> None:
    fail = {"id": "jam", "after": "30 min", "repair": "60 min", "crew": "fix"}
    crew = [worker("wu", ("fix",), calendar="day", at_break="interrupt")]
    plant = Plant(staffed(parallel(1, failures=[fail]), crew, calendars={"day": DAY}), 1)
    plant.run_until(3600 * 2.25)
    assert said(plant, "m1")[1:] == [
        (1_800.0, "REPAIR", "jam"),
        (4_500.0, "FAILED", "jam"),
        (5_400.0, "REPAIR", "jam"),
        (6_300.0, "PRODUCING", None),
    ]


def test_forks_of_a_staffed_plant_go_on_the_same() -> None:
    fail = {"id": "jam", "after": exponential("200 s"), "repair": exponential("60 s"), "crew": "fix"}
    units = parallel(4, cycle=exponential("10 s"), needs=[needing()], failures=[fail])
    crew = [
        worker("li", ("operate", "fix"), walk="1 s"),
        worker("wu", walk="2 s", calendar="day", at_break="interrupt"),
    ]
    config = staffed(units, crew, calendars={"day": DAY})
    plant = Plant(config, 5)
    plant.run_until(2_345.6)
    copies = plant.fork(2)
    for one in (plant, *copies):
        one.run_until(9_000.0)
    assert len({one.fingerprint() for one in (plant, *copies)}) == 1


def test_needs_that_nobody_can_meet_are_refused() -> None:
    units = parallel(1, needs=[needing("weld", number=2)])
    with pytest.raises(ModelError, match=r"m1 needs.0.skill: expected 2 workers or tools .* 'weld', got 1"):
        Plant(staffed(units, [worker("li", ("weld",))]), 1)


def test_a_worker_in_the_way_of_material_is_refused() -> None:
    with pytest.raises(ModelError, match=r"expected a unit that takes parts, got the worker .*/li"):
        Plant(line_plant(source(), machine(), worker(), sink()), 1)


@pytest.mark.parametrize("seed", range(3))
def test_laws_hold_with_people(seed: int) -> None:
    plant = grown(staffed_line(), seed, 26 * 3600.0)
    came, gone = balance(plant)
    assert came == gone
    end = plant.epoch_ns + 26 * 3600 * 10**9
    for unit in range(len(plant.units)):
        truth = plant.ledger.window(unit, plant.epoch_ns, end)
        assert truth.durations_ns.sum() == end - plant.epoch_ns
        assert truth.energy_kwh == pytest.approx(plant.ledger.totals(unit).energy_kwh, abs=1e-9)
