"""Small scenario documents for the tests."""

from __future__ import annotations

from pathlib import Path

from scenarios.format.document import Scenario
from scenarios.loader import loads
from twin.errors import ScenarioError

SMALL = """\
schema_version: 1
name: small
title: Small
epoch: 2026-03-02T06:00:00+08:00
items:
  shaft: {title: {en: Shaft, zh: 轴}}
  pin: {title: {en: Pin, zh: 销}}
templates:
  lathe: {kind: machine, cycle: 58 s, power: {producing: 5 kW}}
enterprises:
  - id: works
    title: Works
    sites:
      - id: plant
        areas:
          - id: hall
            lines:
              - id: turning
                stations:
                  - {id: in, kind: source, mix: {shaft: 1}}
                  - {use: lathe, repeat: {count: 3, id: "m{n:02}"}, title: "Lathe {n} of {n+10}"}
                  - {id: out, kind: sink}
"""

LINE = """
schema_version: 1
name: made
title: Made
epoch: EPOCH
items: {p: {title: P}}
enterprises:
  - id: e
    title: E
    sites: [{id: s, areas: [{id: a, lines: [{id: l, stations: [
      {id: in, kind: source, mix: {p: 1}ARRIVALS},
      UNIT,
      {id: out, kind: sink}]}]}]}]
"""


def line_with(unit: str, more: str = "", interval: str = "1 min", epoch: str = "2026-01-05T00:00:00+08:00") -> str:
    """A line that an item comes to each ``interval``, with one unit (its document's line 12).

    Args:
        unit: The unit, or several, as YAML on one line each.
        more: What follows; begins at line 14, one later for each unit beyond the first.
        interval: Time between two items; empty: they never run out.
        epoch: Begin.
    """
    arrivals = f", interval: {interval}" if interval else ""
    return LINE.replace("UNIT", unit).replace("ARRIVALS", arrivals).replace("EPOCH", epoch) + more


RING = line_with(
    """{id: m, kind: machine, cycle: 1 s},
      {id: g, kind: inspection, cycle: 1 s, rework: 1.0, rework_to: m, rework_max: 1000, to: [out]}""",
    interval="10 s",
)
"""A rework loop without a buffer: soon both units wait for one another. The inspection is its line 13."""


def small(**replaced: str) -> Scenario:
    """The small scenario with pieces of its text replaced: ``small(**{"58 s": "58"})``."""
    text = SMALL
    for old, new in replaced.items():
        assert old in text, old
        text = text.replace(old, new)
    return loads(text, Path())


def problems(**replaced: str) -> list[str]:
    """What the loader finds in the small scenario with pieces replaced."""
    try:
        small(**replaced)
    except ScenarioError as error:
        return [str(problem) for problem in error.problems]
    return []


def machine(scenario: Scenario, number: int = 1) -> object:
    """One of the machines of the small scenario."""
    return scenario.enterprises[0].sites[0].areas[0].lines[0].stations[number]
