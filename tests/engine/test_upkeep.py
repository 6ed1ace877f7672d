"""Failures by cycles, what becomes of the work, maintenance of all sorts, scrap that grows with wear."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.engine.plants import DAY, LINE, exponential, line, line_plant, machine, plant_of, sink, site, source, station
from tests.engine.test_resources import said, worker
from twin.config.plant import PlantConfig
from twin.errors import ModelError
from twin.plant.plant import Plant
from twin.states import UnitState


def lone(**fields: Any) -> PlantConfig:
    """One machine that never waits."""
    calendars = {"day": DAY, "noon": {"shifts": [{"id": "n", "start": "00:50", "duration": "20 min"}]}}
    return line_plant(source(), machine("m1", **fields), sink(), calendars=calendars)


def mode(id: str = "jam", after: Any = "95 s", repair: str = "7 s", **fields: Any) -> dict[str, Any]:
    """A failure mode with fixed times."""
    return {"id": id, "after": after, "repair": repair, **fields}


def job(id: str = "oil", duration: str = "30 s", **fields: Any) -> dict[str, Any]:
    """A maintenance job."""
    return {"id": id, "duration": duration, **fields}


def run(until: float, **fields: Any) -> Plant:
    """The lone machine after some time."""
    plant = Plant(lone(**fields), 1, intervals=True)
    plant.run_until(until)
    return plant


def test_failures_come_after_so_many_cycles() -> None:
    plant = run(200.0, failures=[mode(after="3 cycles", basis="cycles")])
    assert said(plant, "m1") == [
        (0.0, "PRODUCING", None),
        (30.0, "FAILED", "jam"),
        (37.0, "PRODUCING", None),
        (67.0, "FAILED", "jam"),
        (74.0, "PRODUCING", None),
        (104.0, "FAILED", "jam"),
        (111.0, "PRODUCING", None),
        (141.0, "FAILED", "jam"),
        (148.0, "PRODUCING", None),
        (178.0, "FAILED", "jam"),
        (185.0, "PRODUCING", None),
    ]


@pytest.mark.parametrize(("then", "parts", "scrapped"), [("resume", 18, 0), ("restart", 17, 0), ("scrap", 18, 1)])
def test_work_is_resumed_begun_anew_or_spoiled(then: str, parts: int, scrapped: int) -> None:
    # fails at 95 s, in the middle of the tenth operation
    plant = run(188.0, failures=[mode(then=then)])
    totals = plant.ledger.totals(f"{LINE}/m1")
    assert (totals.parts, totals.scrapped) == (parts, scrapped)
    assert plant.ledger.totals(f"{LINE}/out").parts == parts - scrapped


def test_a_minor_stop_is_no_failure() -> None:
    plant = run(1_000.0, failures=[mode(minor=True)])
    truth = plant.ledger.window(f"{LINE}/m1", plant.epoch_ns, plant.epoch_ns + 10**12)
    assert truth.failures == 0
    assert truth.duration_ns(UnitState.MINOR_STOP) == 9 * 7e9
    assert said(plant, "m1")[1] == (95.0, "MINOR_STOP", "jam")


@pytest.mark.parametrize(
    ("fields", "begins"),
    [
        ({"wait": "now"}, [45.0, 120.0, 195.0]),
        ({"wait": "part"}, [50.0, 130.0, 210.0]),
        ({"every": "5 cycles", "basis": "cycles"}, [50.0, 130.0, 210.0]),
        ({"every": "45 s", "basis": "calendar", "wait": "now"}, [45.0, 120.0, 195.0]),
    ],
)
def test_preventive_jobs_by_operating_time_cycles_and_calendar(fields: dict[str, Any], begins: list[float]) -> None:
    plant = run(239.0, maintenance=[job(**{"every": "45 s", **fields})])
    found = [(time, cause) for time, state, cause in said(plant, "m1") if state == "PREVENTIVE_MAINT"]
    assert found == [(time, "oil") for time in begins]


def test_maintenance_renews_the_modes_it_names() -> None:
    modes = [mode("a", "95 s"), mode("b", "200 s")]
    plant = run(1_000.0, failures=modes, maintenance=[job(every="80 s", wait="now", renews=["a"])])
    causes = {cause for _, state, cause in said(plant, "m1") if state == "FAILED"}
    assert causes == {"b"}


def test_a_job_waits_for_the_end_of_the_shift() -> None:
    plant = run(3 * 3600.0, calendar="day", maintenance=[job(every="1 h", wait="shift_end", duration="2 h")])
    # on shift from 1,800 s to 9,000 s with a break; due after an hour of operation, done in the evening
    states = [(time, state) for time, state, _ in said(plant, "m1")]
    assert states[-1] == (9_000.0, "OFF_SHIFT")
    plant.run_until(86_400.0 + 1_800.0)
    assert plant.ledger.totals(f"{LINE}/m1").duration_s(UnitState.PREVENTIVE_MAINT) == 0.0


def test_a_job_is_done_in_its_window() -> None:
    plant = run(86_400.0 + 4_000.0, maintenance=[job(window="noon", duration="60 s", wait="now")])
    begins = [time for time, state, _ in said(plant, "m1") if state == "PREVENTIVE_MAINT"]
    assert begins == [3_000.0, 89_400.0]


def test_a_job_waits_for_its_crew() -> None:
    units = [source(), machine("m1", maintenance=[job(every="40 s", crew="fix", wait="now")]), sink()]
    crew = [worker("wu", ("fix",), calendar="day")]
    plant = Plant(plant_of(site("north", line("line", units), line("crew", crew)), calendars={"day": DAY}), 1)
    plant.run_until(1_900.0)
    assert said(plant, "m1")[1:3] == [(40.0, "PREVENTIVE_MAINT", "oil"), (1_830.0, "PRODUCING", None)]


def test_a_failure_is_an_opportunity() -> None:
    rows = said(run(150.0, failures=[mode()], maintenance=[job(every="100 s", opportunity=0.9)]), "m1")
    assert rows[1:3] == [(95.0, "PREVENTIVE_MAINT", "oil"), (125.0, "PRODUCING", None)]


def test_wear_that_is_seen_calls_for_maintenance_in_time() -> None:
    watched = job(conditions=[{"mode": "jam", "threshold": 0.5, "lead": "12 s"}], wait="now")
    rows = said(run(2_000.0, failures=[mode(after="100 s")], maintenance=[watched]), "m1")
    assert [state for _, state, _ in rows if state == "FAILED"] == []
    assert rows[1] == (62.0, "PREVENTIVE_MAINT", "oil")


def test_half_of_the_lives_are_not_seen() -> None:
    watched = job(conditions=[{"mode": "jam", "threshold": 0.5, "detection": 0.5}], wait="now")
    plant = run(200_000.0, failures=[mode(after=exponential("100 s"))], maintenance=[watched])
    rows = said(plant, "m1")
    failed = sum(state == "FAILED" for _, state, _ in rows)
    kept = sum(state == "PREVENTIVE_MAINT" for _, state, _ in rows)
    assert 0.45 < failed / (failed + kept) < 0.55


def test_false_alarms_cost_maintenance() -> None:
    condition = {"mode": "jam", "threshold": 1.0, "detection": 0.0, "false_alarms": "40 s"}
    rows = said(run(200.0, failures=[mode(after="9 h")], maintenance=[job(conditions=[condition], wait="now")]), "m1")
    assert [time for time, state, _ in rows if state == "PREVENTIVE_MAINT"] == [40.0, 110.0, 180.0]


@pytest.mark.parametrize(("growth", "expected"), [("linear", 0.21), ("exponential", (0.4 - 0.02) / 2.9957)])
def test_scrap_grows_with_wear(growth: str, expected: float) -> None:
    wear = mode(after="1000 s", repair="1 s")
    plant = run(600_000.0, failures=[wear], scrap=0.02, scrap_drift={"worn": 0.4, "growth": growth})
    totals = plant.ledger.totals(f"{LINE}/m1")
    assert totals.scrapped / totals.parts == pytest.approx(expected, rel=0.02)


def test_too_much_scrap_holds_the_unit_until_it_is_checked() -> None:
    plant = run(200.0, scrap=1.0, hold_rule={"scrap": 3, "parts": 5, "duration": "20 s"})
    assert said(plant, "m1")[:4] == [
        (0.0, "PRODUCING", None),
        (30.0, "QUALITY_HOLD", "scrap"),
        (50.0, "PRODUCING", None),
        (80.0, "QUALITY_HOLD", "scrap"),
    ]


def test_forks_of_a_maintained_plant_go_on_the_same() -> None:
    modes = [
        mode(after=exponential("300 s"), repair=exponential("20 s"), then="restart"),
        mode("tool", {"weibull": {"shape": 2.0, "scale": "40 cycles"}}, basis="cycles", then="scrap"),
    ]
    jobs = [
        job(every="200 s", basis="calendar"),
        job("see", conditions=[{"mode": "tool", "threshold": 0.8, "detection": 0.7, "lead": "5 s"}]),
    ]
    plant = Plant(lone(cycle=exponential("10 s"), failures=modes, maintenance=jobs, calendar="day", scrap=0.1), 3)
    plant.run_until(4_000.0)
    copies = plant.fork(2)
    for one in (plant, *copies):
        one.run_until(100_000.0)
    assert len({one.fingerprint() for one in (plant, *copies)}) == 1


def test_lives_in_cycles_are_written_with_their_unit() -> None:
    unit = station(**machine(failures=[mode(after={"weibull": {"shape": 2.0, "scale": "40 cycles"}}, basis="cycles")]))
    assert unit.model_dump(mode="json")["failures"][0]["after"] == {"weibull": {"shape": 2.0, "scale": "40.0 cycles"}}
    assert station(**unit.model_dump(mode="json", exclude_none=True)) == unit
    with pytest.raises(ValidationError, match=r"after: expected a number of cycles such as '500 cycles'"):
        station(**machine(failures=[mode(after="40 s", basis="cycles")]))
    with pytest.raises(ValidationError, match=r"after: expected a duration"):
        station(**machine(failures=[mode(after="40 cycles")]))


def test_maintenance_of_unknown_modes_and_calendars_is_refused() -> None:
    wrong = [job(every="1 h", renews=["jamm"]), job("b", window="never"), job("c", every="1 h", wait="shift_end")]
    with pytest.raises(ModelError) as caught:
        Plant(lone(failures=[mode()], maintenance=wrong), 1)
    text = str(caught.value)
    assert "m1 maintenance.0.renews: expected a failure mode of the station, got 'jamm' (known: jam)" in text
    assert "m1 maintenance.1.window: expected a calendar of the plant, got 'never'" in text
    assert "m1 maintenance.2.wait: expected a station with a calendar, got none" in text
    with pytest.raises(ValidationError, match=r"expected every, window or conditions, got none of them"):
        station(**machine(maintenance=[job()]))
