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


def energy_hall() -> PlantConfig:
    """Ramps, base load, compressed air, gas, a tariff and a grid factor by time of day."""
    power = {
        "producing": "40 kW",
        "setup": "22 kW",
        "idle": "12 kW",
        "down": "3 kW",
        "off": "1 kW",
        "per_part": "0.3 kWh",
    }
    air = {"producing": "30 m³/h", "idle": "6 m³/h", "per_part": "0.1 m³"}
    gas = {"producing": "18 m³/h", "idle": "4 m³/h"}
    fail = failure(after="50 min", repair="9 min")
    units = (
        {"id": "src", "kind": "source", "mix": {"a": 3, "b": 2}},
        machine(
            "furnace", "70 s", power={**power, "ramp": "4 min"}, gas=gas, failures=(fail,), setup={"duration": "6 min"}
        ),
        buffer("b1", 4),
        machine("press", {"exponential": {"mean": "60 s"}}, power={**power, "ramp": "20 s"}, air=air, scrap=0.05),
        sink("out"),
        {"id": "hall", "kind": "base_load", "by_time": {"06:00": "30 kW", "21:30": "8 kW"}},
        {"id": "comp", "kind": "compressor", "specific": "0.12 kWh/m³", "power": {"producing": "5 kW"}},
    )
    prices = {"00:00": "0.31 CNY/kWh", "08:00": "1.05 CNY/kWh", "11:30": "0.66 CNY/kWh", "22:00": "0.31 CNY/kWh"}
    factors = {"07:00": "0.41 kg/kWh", "19:15": "0.63 kg/kWh"}
    where = site("north", line("line", units, calendar="two"), tariff=prices, grid_factors=factors)
    return plant_of(where, items=("a", "b"), calendars={"two": CALENDAR})


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


def staffed_line() -> PlantConfig:
    """Three machines for two workers, a shared crew of one and one fixture."""
    jam = failure(after="40 min", repair="7 min", crew="fix", basis="calendar")
    common: dict[str, Any] = {"scrap": 0.03, "power": POWER, "load_time": "9 s"}
    hands = [{"skill": "set", "during": ["setup"]}, {"skill": "operate", "during": ["load", "operation"]}]
    units = (
        {"id": "src", "kind": "source", "mix": {"a": 7, "b": 5}},
        machine("m1", {"exponential": {"mean": "20 s"}}, setup={"duration": "3 min"}, needs=hands, **common),
        buffer("b1", 9, to=("m2", "m3")),
        machine("m2", "41 s", to=("out",), failures=(jam,), needs=[*hands, {"skill": "jig"}], priority=1, **common),
        machine("m3", "47 s", to=("out",), failures=(jam,), needs=[{"skill": "jig"}], **common),
        sink("out"),
    )
    leaves = {"at_break": "interrupt", "calendar": "two"}
    crew = (
        {"id": "li", "kind": "worker", "skills": ["operate", "set"], "walk": "4 s", **leaves},
        {"id": "wu", "kind": "worker", "skills": ["operate", "fix"], "walk": "6 s", "calendar": "two"},
        {"id": "jig", "kind": "fixture", "skills": ["jig"]},
    )
    lines = (line("line", units), line("crew", crew))
    return plant_of(site("north", *lines), items=("a", "b"), calendars={"two": CALENDAR})
