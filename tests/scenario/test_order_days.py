"""Orders on days without work: they come when they say, and are worked on in the next shift."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from scenarios.loader import loads
from twin.errors import ScenarioError
from twin.plant.plant import Plant
from twin.records import RecordKind

ORDERED = """
schema_version: 1
name: made
title: Made
epoch: EPOCH
zone: ZONE
items: {x: {title: x}}
calendars:
  day:
    days: [mon, tue, wed, thu, fri]
    shifts: [{id: d, start: "06:00", duration: 8 h}]
    exceptions: [{date: 2026-01-12}]
enterprises:
  - id: w
    title: W
    sites: [{id: s, calendar: day, areas: [{id: a, lines: [{id: l, stations: [
      {id: src, kind: source, orders: [{item: x, quantity: 3, release: "RELEASE", due: "DUE"}]},
      {id: m, kind: machine, cycle: 60 s},
      {id: out, kind: sink}]}]}]}]
"""
ODD = [
    # zone, epoch, release, due, when it is worked on first
    ("Europe/Vienna", "2026-01-05T00:00", "2026-01-07 10:00", "2026-01-07 12:00", "2026-01-07 10:00"),
    ("Europe/Vienna", "2026-01-05T00:00", "2026-01-07 20:00", "2026-01-07 22:00", "2026-01-08 06:00"),  # at night
    ("Europe/Vienna", "2026-01-05T00:00", "2026-01-09 13:58", "2026-01-09 14:30", "2026-01-09 13:58"),
    ("Europe/Vienna", "2026-01-05T00:00", "2026-01-10 08:00", "2026-01-11 12:00", "2026-01-13 06:00"),  # then a holiday
    ("Europe/Vienna", "2026-01-05T00:00", "2026-01-12 08:00", "2026-01-12 12:00", "2026-01-13 06:00"),
]


def moment_s(local: str, zone: str, epoch: datetime) -> float:
    """Seconds from the epoch to a local time that the clock shows once."""
    return (datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)) - epoch).total_seconds()


@pytest.mark.parametrize(("zone", "epoch", "release", "due", "worked"), ODD)
def test_an_order_comes_at_its_time_and_waits_for_the_shift(
    zone: str, epoch: str, release: str, due: str, worked: str
) -> None:
    begin = datetime.fromisoformat(epoch).replace(tzinfo=ZoneInfo(zone))
    text = ORDERED.replace("ZONE", zone).replace("EPOCH", begin.isoformat())
    plant = Plant(loads(text.replace("RELEASE", release).replace("DUE", due), base=Path()).plant(), 1)
    plant.run_until(9 * 86_400)
    rows = plant.drain()
    said = [(row.sim_s, row.values) for row in rows if row.kind is RecordKind.ORDER]
    made = [row.sim_s for row in rows if row.kind is RecordKind.PART and plant.units[row.unit].name == "m"]
    first = moment_s(worked, zone, begin.astimezone(UTC))
    assert made[0] == first + 60  # of the order that comes a minute before the shift ends, the other two wait
    assert len(made) == 3
    assert [values[1] for _, values in said] == ["released", "completed"]
    assert said[0][0] <= first
    assert said[1][0] == made[-1]
    assert said[0][0] == moment_s(release, zone, begin.astimezone(UTC))
    assert said[0][1][4] == round(datetime.fromisoformat(due).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("zone", "release", "told"),
    [
        (
            "Europe/Vienna",
            "2026-03-29 02:30",
            "2026-03-29 02:30:00, which they leave out (they go on with 2026-03-29 03:",
        ),
        (
            "Europe/Vienna",
            "2026-10-25 02:30",
            "2026-10-25 02:30:00, which comes twice (write its offset too: +02:00 or",
        ),
        (
            "Pacific/Apia",
            "2011-12-30 10:00",
            "2011-12-30 10:00:00, which they leave out (they go on with 2011-12-31 00:",
        ),
    ],
)
def test_a_time_that_the_clocks_do_not_show_once_is_refused_with_its_line(zone: str, release: str, told: str) -> None:
    epoch = datetime.fromisoformat(f"{release[:4]}-01-01T00:00").replace(tzinfo=ZoneInfo(zone)).isoformat()
    text = ORDERED.replace("ZONE", zone).replace("EPOCH", epoch).replace("RELEASE", release).replace("DUE", "9000 h")
    with pytest.raises(ScenarioError) as refused:
        loads(text, base=Path())
    (problem,) = map(str, refused.value.problems)
    assert problem.startswith(
        "scenario.yaml:17 w/s/a/l/src orders.0.release: expected a local time that the clocks of "
    )
    assert told in problem
