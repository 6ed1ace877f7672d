"""The shipped glass works keeps its local hours on the night the clocks go back."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from scenarios.headless.simulation import simulate
from scenarios.loader import load
from twin.records import Frame, RecordKind

HOT, PACKER = "danube/works/hall/hot", "danube/works/hall/packing/packer"
HOUR_NS = 3_600_000_000_000


@cache
def said() -> tuple[dict[tuple[str, str, str, str], tuple[float, float]], list[tuple[str, str, str]]]:
    """Hours and value of indicators by path, id, window and local begin; local time, unit and state of changes."""
    scenario = load("winter_time")
    zone = scenario.zone_of()
    figures: dict[tuple[str, str, str, str], tuple[float, float]] = {}
    states: list[tuple[str, str, str]] = []

    def local(time_ns: int) -> str:
        return zone.at_ns(time_ns).strftime("%d %H:%M %z")

    def take(frame: Frame) -> None:
        row: dict[str, Any]
        for row in frame.rows() if frame.kind in (RecordKind.KPI, RecordKind.STATE) else ():
            if frame.kind is RecordKind.STATE:
                states.append((local(row["time_ns"]), row["path"].name, row["state"]))
            elif row["value"] is not None:
                key = str(row["path"]), row["kpi"], row["window"], local(row["t0_ns"])
                figures[key] = ((row["time_ns"] - row["t0_ns"]) / HOUR_NS, row["value"])

    simulate(scenario, until_s=80 * 3600.0, take=take)
    return figures, states


def test_the_night_has_nine_hours_and_the_day_twenty_five() -> None:
    figures, _ = said()
    assert figures[HOT, "energy_kwh", "shift", "24 22:00 +0200"][0] == 9
    assert figures[HOT, "energy_kwh", "shift", "25 06:00 +0100"][0] == 8
    assert figures[HOT, "energy_kwh", "day", "25 00:00 +0200"][0] == 25
    twice = [figures[HOT, "energy_kwh", "hour", f"25 02:00 +0{offset}00"] for offset in (2, 1)]
    assert [hours for hours, _ in twice] == [1, 1]
    hours = {
        begin: value for (path, kpi, window, begin), (_, value) in figures.items()
        if (path, kpi, window) == (HOT, "energy_kwh", "hour")
    }  # fmt: skip
    begins = sorted(hours, key=lambda begin: datetime.strptime(f"2026 10 {begin}", "%Y %m %d %H:%M %z"))
    first = begins.index("24 22:00 +0200")
    night = [hours[begin] for begin in begins[first : first + 9]]
    assert begins[first + 9] == "25 06:00 +0100"
    assert abs(sum(night) - figures[HOT, "energy_kwh", "shift", "24 22:00 +0200"][1]) < 1e-6


def test_nothing_is_packed_on_the_holiday() -> None:
    _, states = said()
    working = {time[:2] for time, unit, state in states if unit == "packer" and state == "PRODUCING"}
    assert working == {"23", "24", "25"}


def test_the_cap_and_the_fog_come_at_their_local_hours() -> None:
    _, states = said()
    cut = [time for time, unit, state in states if state == "ENERGY_CURTAILED"]
    assert set(cut) == {"24 17:00 +0200"}
    assert [time for time, unit, state in states if (unit, state) == ("silo", "STARVED")] == ["25 07:00 +0100"]


def test_the_begin_has_the_offset_of_the_zone() -> None:
    assert load("winter_time").epoch == datetime.fromisoformat("2026-10-23T06:00+02:00")
