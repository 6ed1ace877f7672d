"""Hours, shifts and days of the brain on the oddest days: the standard library says how long they are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from scenarios.headless.simulation import simulate
from scenarios.loader import loads
from tests.scenario.test_local_time import WORKS
from twin.records import Frame, RecordKind
from twin.zone import HOUR_NS, epoch_ns

ALL_DAY = """{shifts: [{id: a, start: "05:30", duration: 8 h}, {id: b, start: "13:30", duration: 8 h},
  {id: n, start: "21:30", duration: 8 h}]}"""
ODD = [
    ("Australia/Lord_Howe", "2026-04-03T23:59:59.500", 49, [24, 24.5]),  # half an hour
    ("Australia/Lord_Howe", "2026-10-03T00:00:00.001", 48, [23.5]),
    ("Pacific/Apia", "2011-12-28T22:10:07", 51, [24, 24]),  # no 30 December
    ("Africa/Casablanca", "2026-02-14T05:10:07", 48, [25]),  # Ramadan begins
    ("Africa/Casablanca", "2026-03-21T05:10:07", 48, [23]),
    ("Antarctica/Troll", "2026-03-28T12:00", 40, [22]),  # two hours
    ("Antarctica/Troll", "2026-10-24T12:00:00.500", 40, [26]),
    ("Asia/Kathmandu", "2027-12-30T23:59:59.500", 49, [24, 24]),  # new year
    ("Europe/Vienna", "2028-02-28T00:00:00.001", 72, [24, 24]),  # leap day
    ("America/Havana", "2026-03-07T12:00", 40, [23]),  # the day begins at 01:00
]


def moment(time_ns: int, zone: ZoneInfo) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_ns // 1000)).astimezone(zone)


def midnights(zone: ZoneInfo, begin: datetime, hours: int) -> Iterator[int]:
    """Moments at which the date changes, by looking at every quarter of an hour."""
    first = begin.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    quarters = [first + timedelta(minutes=15 * number) for number in range(4 * hours + 5)]
    for before, after in pairwise(quarters):
        inside = begin <= after <= begin + timedelta(hours=hours)
        if inside and before.astimezone(zone).date() != after.astimezone(zone).date():
            yield epoch_ns(after)


@pytest.mark.parametrize(("name", "begin", "hours", "days"), ODD)
def test_windows_are_as_long_as_the_clock_says_and_leave_nothing_out(
    name: str, begin: str, hours: int, days: list[float]
) -> None:
    text = WORKS.format(epoch=f"{begin}\nzone: {name}", shifts=ALL_DAY).replace("cycle: 10 s", "cycle: 10 min")
    scenario, zone = loads(text, Path()), ZoneInfo(name)
    spans: dict[str, dict[int, tuple[int, float, str]]] = {"hour": {}, "shift": {}, "day": {}}

    def take(frame: Frame) -> None:
        for row in frame.rows() if frame.kind is RecordKind.KPI else ():
            if row["path"] == "e/s/a/l/m" and row["kpi"] == "energy_kwh":
                spans[row["window"]][row["t0_ns"]] = (row["time_ns"], row["value"], row["quality"])

    simulate(scenario, until_s=hours * 3600.0, take=take)
    whole = {kind: dict(sorted(found.items())) for kind, found in spans.items()}
    start = epoch_ns(scenario.epoch)
    for found in whole.values():
        assert all(end == after for (end, *_), after in zip(found.values(), list(found)[1:], strict=False))
        for t0_ns, (end, value, quality) in found.items():
            if t0_ns >= start:
                assert (value, quality) == (pytest.approx(60.0 * (end - t0_ns) / HOUR_NS, abs=1e-6), "good")
    complete = [(t0_ns, end) for t0_ns, (end, *_) in whole["day"].items() if t0_ns >= start]
    assert complete == list(pairwise(midnights(zone, scenario.epoch, hours)))
    assert [(end - t0_ns) / HOUR_NS for t0_ns, end in complete] == days
    for t0_ns in list(whole["hour"])[1:]:
        local, before = moment(t0_ns, zone), moment(t0_ns - 1000, zone)
        assert (local.minute, local.second, local.microsecond) == (0, 0, 0) or local.utcoffset() != before.utcoffset()
