"""How far a forecast reaches and where its windows end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scenarios.forecast.ahead import Question, forecast
from scenarios.forecast.horizon import grid_s, horizon_s, moment_s
from scenarios.forecast.pool import BranchPool
from scenarios.loader import load
from tests.engine.plants import DAY, line, line_plant, machine, plant_of, sink, site, source
from tests.engine.test_control import lots, shop
from tests.forecast.plants import small_line
from twin.errors import ScenarioError
from twin.plant.plant import Plant

SHIFTS = plant_of(
    site("north", line("line", [source(), machine(), sink()], calendar="day")),
    site("south", line("line", [source(), machine(), sink()], calendar="late")),
    calendars={"day": DAY, "late": {"shifts": [{"id": "late", "start": "22:00", "duration": "8 h"}]}},
)
H = 3600.0


@pytest.mark.parametrize(
    ("now_s", "end_s"),
    [(0.0, 6 * H), (1 * H, 6 * H), (3 * H, 6 * H), (6 * H, 24 * H + 2.5 * H), (23 * H, 30 * H)],
)
def test_a_shift_ends_when_the_last_that_is_running_does(now_s: float, end_s: float) -> None:
    assert horizon_s("shift_end", SHIFTS, now_s) == end_s


def test_windows_end_with_the_hours_and_at_the_horizon() -> None:
    assert grid_s(SHIFTS, 1.25 * H, 3.5 * H) == (2 * H, 3 * H, 3.5 * H)
    assert grid_s(SHIFTS, 1 * H, 2 * H) == (2 * H,)
    half_past = small_line().model_copy(update={"epoch": SHIFTS.epoch.replace(minute=30)})
    assert grid_s(half_past, 0.0, 2 * H) == (0.5 * H, 1.5 * H, 2 * H)


def test_orders_give_a_horizon_when_they_are_due() -> None:
    assert horizon_s("order_due", SHIFTS, H, (9 * H, 2 * H)) == 9 * H
    assert horizon_s("order_due", SHIFTS, 3 * H, (2 * H, 4 * H)) == 4 * H
    assert moment_s("2 h", SHIFTS, H, "due") == 3 * H
    assert moment_s("2026-01-05T07:00", SHIFTS, H, "due") == 7 * H
    assert moment_s("2026-01-05T00:00:00+00:00", SHIFTS, H, "due") == 8 * H


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("soon", "expected a duration such as '8 h', a local date-time such as .*, shift_end or order_due, got 'soon'"),
        ("0 h", "expected a duration"),
        ("8", "expected a duration"),
        ("9999 year", "expected at most 50 years from the begin of the run, got '9999 year'"),
        ("2190-01-01 00:00", "expected at most 50 years from the begin of the run, got '2190-01-01 00:00'"),
        ("shift_end", "expected a plant with shifts, got one that is always on shift"),
        ("order_due", "expected an order that is due after now, got none"),
    ],
)
def test_what_is_no_horizon_is_refused(text: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        horizon_s(text, line_plant(source(), machine(), sink()), 0.0)


def test_a_horizon_may_be_a_local_date_time() -> None:
    assert horizon_s("2026-01-05 07:30", SHIFTS, H) == 7.5 * H
    assert horizon_s("2026-01-05T00:00Z", SHIFTS, H) == 8 * H
    with pytest.raises(ScenarioError, match=r"--horizon: expected a time after 2026-01-05 08:00:00"):
        horizon_s("2026-01-05 07:30", SHIFTS, 8 * H)
    with pytest.raises(ScenarioError, match=r"--horizon: expected a date-time that there is"):
        horizon_s("2026-02-30 07:30", SHIFTS, H)


def test_a_date_time_of_a_live_run_is_that_of_its_clocks() -> None:
    moved = SHIFTS.begun(SHIFTS.epoch + timedelta(days=40))
    assert horizon_s("2026-02-14 07:30", moved, H) == 7.5 * H


def test_too_many_windows_are_refused() -> None:
    with pytest.raises(ScenarioError, match="--step: expected a duration of at least 60 s, got 1 s"):
        grid_s(SHIFTS, 0.0, H, 1.0)


def test_lots_and_listed_orders_of_the_plant_give_a_horizon() -> None:
    step = ["mill", "40 min"]
    shops = Plant(
        shop({"lot": [step]}, [lots("lot", 5, due="2 h"), lots("lot", start="3 h", due="1 h")], {"mill": 1}), 1
    )
    assert shops.due_times() == [2 * H, 4 * H]
    shops.run_until(1.5 * H)
    assert shops.due_times() == [2 * H] * 3 + [4 * H]
    again = Plant.restore(shops.snapshot())
    again.run_until(3.1 * H)
    assert again.due_times() == [4.0 * H]
    again.run_until(4.1 * H)
    assert again.due_times() == []
    listed = [{"item": "part", "quantity": 2, "release": f"{k} h", "due": f"{k + 3} h"} for k in range(2)]
    plant = Plant(line_plant({"id": "src", "kind": "source", "orders": listed}, machine(), sink()), 1)
    assert plant.due_times() == [3 * H, 4 * H]
    with BranchPool(1) as pool:
        result = forecast("listed", plant.snapshot(), Question("order_due", branches=2), pool)
    assert result.times_s[-1] == 4 * H


def test_orders_of_a_supply_network_are_due_until_they_are_shipped() -> None:
    plant = Plant(load("charger_network").plant(), 3)
    plant.run_until(30 * 24 * H)
    due = plant.due_times()
    assert due == sorted(due)
    owed = sum(bool(plant.station(path).to_ship()) for path in plant.units if hasattr(plant.station(path), "to_ship"))
    assert due
    assert owed
    assert due[0] > plant.now_s
