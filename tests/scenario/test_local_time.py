"""Hours, shifts and days are exact wherever the epoch lies and whatever the clocks of the place do."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.document import Scenario
from scenarios.loader import loads
from scenarios.simulation import simulate
from twin.records import Frame, RecordKind

WORKS = """\
schema_version: 1
name: works
title: Works
epoch: {epoch}
items: {{p: {{title: P}}}}
calendars: {{day: {shifts}}}
enterprises:
  - id: e
    title: E
    sites:
      - id: s
        areas:
          - id: a
            lines:
              - id: l
                calendar: day
                stations:
                  - {{id: in, kind: source, mix: {{p: 1}}}}
                  - {{id: m, kind: machine, cycle: 10 s, power: {{producing: 60 kW}}}}
                  - {{id: out, kind: sink}}
"""
FROM_ONE = '{shifts: [{id: a, start: "01:00", duration: 8 h}]}'


def works(epoch: str, shifts: str = FROM_ONE) -> Scenario:
    return loads(WORKS.format(epoch=epoch, shifts=shifts), Path())


def indicators(scenario: Scenario, until_s: float, kpi: str, kind: str = "hour") -> list[tuple[int, float, str]]:
    """Begin, value and quality of the records of an indicator of the machine."""
    found = []

    def take(frame: Frame) -> None:
        if frame.kind is RecordKind.KPI:
            for path, row in zip(frame.paths, frame.rows(), strict=True):
                if path == "e/s/a/l/m" and row["kpi"] == kpi and row["window"] == kind:
                    found.append((row["t0_ns"], row["value"], row["quality"]))

    simulate(scenario, until_s=until_s, take=take)
    return found


@pytest.mark.parametrize(
    "epoch", ["2026-01-05T00:07:00+08:00", "2026-01-05T00:52:41+05:45", "2026-01-05T00:00:30-03:30"]
)
def test_an_epoch_off_the_grid_gives_no_hour_what_its_neighbour_used(epoch: str) -> None:
    hours = indicators(works(epoch), 4 * 3600.0, "energy_kwh")
    assert [round(value, 6) for _, value, _ in hours[:3]] == [0.0, 60.0, 60.0]
    assert {quality for _, _, quality in hours[1:]} == {"good"}
