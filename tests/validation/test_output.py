"""Output is what leaves: each piece once, however often it was worked on."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from scenarios.headless.simulation import Simulation, simulate
from scenarios.loader import loads

LINE = "w/s/h/l"


def document(stations: str) -> str:
    """A scenario with one line of some stations."""
    head = """
        schema_version: 1
        name: made
        title: Made
        epoch: 2026-01-05T00:00:00+08:00
        run: {seed: 1, horizon: 24 h, tick: 60 s}
        items: {x: {title: x}}
        enterprises:
          - id: w
            title: w
            sites:
              - id: s
                areas:
                  - id: h
                    lines:
                      - id: l
                        stations:
        """
    lines = "".join(f"                  - {row}\n" for row in stations.strip().splitlines())
    return dedent(head).lstrip() + lines


def run(stations: str, hours: float, flow: bool = False) -> Simulation:
    """A line of some stations that runs for some hours from midnight on."""
    return simulate(loads(document(stations), base=Path()), 3, hours * 3600, flow=flow)


def test_a_line_with_rework_counts_what_leaves_it() -> None:
    """Half of all inspections send their piece back: 720 inspections an hour, 360 pieces."""
    kpis = run(
        """
        {id: src, kind: source, mix: {x: 1}, interval: 10 s}
        {id: q, kind: buffer, capacity: 100}
        {id: look, kind: inspection, cycle: 4 s, rework: 0.5, rework_max: 1000}
        {id: out, kind: sink}
        """.replace("        ", ""),
        24,
    ).summary
    assert kpis.value(LINE, "throughput_per_h") == pytest.approx(360, rel=2e-3)
    assert kpis.value(LINE, "produced_quantity") == pytest.approx(24 * 360, rel=2e-3)
    assert kpis.value("w/s", "throughput_per_h") == pytest.approx(360, rel=2e-3)
    assert kpis.value(f"{LINE}/look", "throughput_per_h") == pytest.approx(720, rel=0.03)
    assert kpis.value(f"{LINE}/out", "throughput_per_h") == kpis.value(LINE, "throughput_per_h")


def test_scrap_of_the_last_operation_is_produced_and_does_not_leave() -> None:
    kpis = run(
        """
        {id: src, kind: source, mix: {x: 1}, interval: 10 s}
        {id: q, kind: buffer, capacity: 100}
        {id: m, kind: machine, cycle: 4 s, scrap: 0.25}
        {id: out, kind: sink}
        """.replace("        ", ""),
        24,
    ).summary
    assert kpis.value(LINE, "produced_quantity") == pytest.approx(24 * 360, rel=1e-3)
    assert kpis.value(LINE, "throughput_per_h") == pytest.approx(270, rel=0.03)
    assert kpis.value(LINE, "throughput_per_h") == kpis.value(f"{LINE}/out", "throughput_per_h")
