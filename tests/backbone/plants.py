"""A small line with everything that makes windows hard: shifts, breaks, failures, setups, scrap."""

from __future__ import annotations

from typing import Any

from tests.engine.plants import buffer, failure, line, machine, plant_of, sink, site
from twin.config import PlantConfig

POWER = {"producing": "5 kW", "idle": "1 kW", "down": "0.5 kW", "off": "0.1 kW", "per_part": "0.02 kWh"}
CALENDAR = {
    "shifts": (
        {"id": "early", "start": "06:10", "duration": "8 h", "breaks": ({"start": "09:00", "duration": "25 min"},)},
        {"id": "night", "start": "22:00", "duration": "7 h"},
    )
}


def lively_line() -> PlantConfig:
    """Two products over three machines, two of them parallel, and a buffer between."""
    fail = failure(after="40 min", repair="7 min")
    common: dict[str, Any] = {"failures": (fail,), "scrap": 0.03, "power": POWER}
    units = (
        {"id": "src", "kind": "source", "mix": {"a": 7, "b": 5}},
        machine("m1", {"exponential": {"mean": "20 s"}}, setup={"duration": "3 min"}, **common),
        buffer("b1", 9, to=("m2", "m3")),
        machine("m2", {"triangular": {"low": "30 s", "mode": "41 s", "high": "60 s"}}, to=("b2",), **common),
        machine("m3", "47 s", to=("b2",), **common),
        buffer("b2", 4),
        sink("out"),
    )
    calendars = {"two": CALENDAR}
    return plant_of(site("north", line("line", units, calendar="two")), items=("a", "b"), calendars=calendars)
