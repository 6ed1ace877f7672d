"""A year of the line of all families."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from scenarios.calibrate.events import EventLog, log_of
from scenarios.format.document import Scenario
from scenarios.loader import load
from twin.engine.clock import to_ns
from twin.plant.plant import Plant
from twin.records import Frame, RecordKind, records

LINE = Path(__file__).with_name("line.yaml")
YEAR_S = 365 * 86_400.0
WANTED = (RecordKind.STATE, RecordKind.PART, RecordKind.ALARM)


def scenario() -> Scenario:
    """The line."""
    return load(LINE)


def frames(until_s: float, seed: int = 5) -> list[Frame]:
    """What the line says until a time."""
    plant = Plant(scenario().plant(), seed)
    plant.run_until(until_s)
    rows = plant.drain()
    return [
        records(
            kind,
            [(plant.units[row.unit], to_ns(plant.epoch_ns, row.sim_s), row.values) for row in rows if row.kind is kind],
        )
        for kind in WANTED
    ]


@lru_cache(maxsize=1)
def year() -> EventLog:
    """A year of it."""
    return log_of(frames(YEAR_S), "a simulated year")
