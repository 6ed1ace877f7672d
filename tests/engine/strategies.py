"""Random small lines for the property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.engine.plants import DAY, exponential, failure, line, machine, plant_of, sink, site, source
from twin.config.plant import PlantConfig

cycles = st.sampled_from(
    [
        "7 s",
        exponential("9 s"),
        {"triangular": {"low": "4 s", "mode": "5 s", "high": "12 s"}},
        {"lognormal": {"mean": "8 s", "sd": "4 s"}},
        {"empirical": {"values": ["3 s", "5 s", "20 s"]}},
    ]
)
failures = st.lists(
    st.builds(
        lambda after, repair, basis, then, minor: failure(
            f"{after} min" if basis != "cycles" else f"{after} cycles",
            f"{repair} s",
            basis=basis,
            then=then,
            minor=minor,
        ),
        st.integers(1, 30),
        st.integers(5, 300),
        st.sampled_from(["operating", "calendar", "cycles"]),
        st.sampled_from(["resume", "restart", "scrap"]),
        st.booleans(),
    ),
    max_size=2,
).map(lambda modes: [{**mode, "id": f"mode{i}"} for i, mode in enumerate(modes)])
power = st.builds(
    lambda a, b, c: {"producing": f"{a} kW", "idle": f"{b} kW", "down": f"{b} kW", "per_part": f"{c} kWh"},
    st.floats(0, 50),
    st.floats(0, 5),
    st.floats(0, 1),
)


modes = failures.map(lambda found: [mode for mode in found if mode["basis"] == "operating"])


@st.composite
def jobs(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Maintenance of a station, or none."""
    job = {"id": "job", "duration": draw(cycles), "wait": draw(st.sampled_from(["now", "part"]))}
    basis = draw(st.sampled_from(["none", "operating", "calendar", "cycles"]))
    if basis == "none":
        return []
    every = draw(st.integers(1, 30))
    return [{**job, "basis": basis, "every": f"{every} cycles" if basis == "cycles" else f"{every} min"}]


@st.composite
def workers(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """A unit that works: machine, inspection, batch machine or disassembly."""
    kind = draw(st.sampled_from(["machine", "machine", "inspection", "batch_machine", "disassembly"]))
    unit = machine(f"w{number}", draw(cycles), kind=kind, capacity=draw(st.integers(1, 3)), power=draw(power))
    unit["failures"] = draw(failures)
    unit["maintenance"] = draw(jobs())
    unit["scrap"] = draw(st.sampled_from([0.0, 0.1]))
    if draw(st.booleans()):
        unit["setup"] = {"duration": "15 s", "by_change": {"a>b": exponential("30 s")}}
    if kind == "inspection":
        unit["rework"] = draw(st.sampled_from([0.0, 0.3]))
        unit |= draw(st.sampled_from([{}, {"every": 3}, {"sample": 0.4}]))
    if kind == "disassembly":
        unit["variants"] = {"a": {"b": 1}, "b": {"b": 1}}
    if kind == "batch_machine":
        unit |= draw(st.sampled_from([{"max_batch": 3}, {"max_batch": 4, "min_batch": 2, "wait": "40 s"}]))
        unit["families"] = draw(st.sampled_from([{}, {"one": ["a"]}]))
    return unit


def _stores(places: int) -> list[dict[str, Any]]:
    """Buffers of every discipline, and shelves by item."""
    return [
        {"kind": "buffer", "capacity": places},
        {"kind": "buffer", "capacity": places, "discipline": "lifo"},
        {"kind": "buffer", "capacity": places, "discipline": "priority", "priority": ["b"]},
        {"kind": "buffer", "capacity": places + 2, "discipline": "sequenced", "sequence": ["a", "b", "a"]},
        {"kind": "supermarket", "places": {"a": places, "b": 1}, "initial": {"a": 1}},
    ]


@st.composite
def between(draw: st.DrawFn, number: int) -> list[dict[str, Any]]:
    """What stands between two workers."""
    places = draw(st.integers(1, 6))
    belt = {"kind": "conveyor", "length": f"{places} m", "speed": "0.2 m/s", "pitch": "0.8 m", "failures": draw(modes)}
    rack = {"kind": "storage", "capacity": places + 1, "put": draw(cycles), "retrieve": "4 s", "initial": {"b": 1}}
    kinds = [
        None,
        None,
        *_stores(places),
        {"kind": "transport", "time": draw(cycles), "capacity": places},
        belt,
        belt | {"accumulating": False},
        rack,
        rack | {"cranes": 2, "ahead": 2, "failures": draw(modes)},
        {"kind": "route"},
        {"kind": "conwip", "limit": places, "exit": "out"},
        {"kind": "kanban", "cards": {"a": places, "b": 2}, "exit": "out"},
    ]
    chosen = draw(st.sampled_from(kinds))
    return [] if chosen is None else [{"id": f"b{number}", **chosen}]


@st.composite
def served(draw: st.DrawFn, units: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same line with vehicles between two of its units."""
    at = draw(st.integers(1, len(units) - 1))
    nodes = {"a": ["0 m", "0 m"], "b": ["6 m", "0 m"], "c": ["6 m", "6 m"], "d": ["0 m", "6 m"]}
    paths = draw(st.sampled_from([["a > b > c > d > a"], ["a - b - c", "c - d - a"], ["a - b - c - d"]]))
    fleet = {"id": "agvs", "kind": "fleet", "nodes": nodes, "paths": paths, "chargers": ["d"]}
    fleet["stops"] = {units[at - 1]["id"]: "a", units[at]["id"]: "c"}
    fleet["dispatch"] = draw(st.sampled_from(["nearest", "oldest", "fullest"]))
    vehicle = {"kind": "agv", "fleet": "agvs", "speed": "1.5 m/s", "loading": draw(cycles), "unloading": "4 s"}
    battery = {"capacity": "0.05 kWh", "drive": "1 kW", "idle": "0.1 kW", "charge": "2 kW"}
    vehicle["battery"] = draw(st.sampled_from([None, battery]))
    homes = ["d", "b", "c"][: draw(st.integers(1, 3))]
    fleet_units = [{"id": f"v{home}", "home": home, "failures": draw(modes), **vehicle} for home in homes]
    return [*units[:at], fleet, *units[at:], *fleet_units]


@st.composite
def lines(draw: st.DrawFn, id: str = "line") -> dict[str, Any]:
    """A line of one to four workers."""
    interval = draw(st.one_of(st.none(), cycles))
    limit = draw(st.one_of(st.none(), st.integers(1, 60)))
    mix = draw(st.sampled_from([{"a": 1}, {"a": 2, "b": 1}]))
    rates = [{"start": "00:00", "rate": "500 / h"}, {"start": "01:10", "rate": "90 / h"}]
    orders = [{"item": "a", "quantity": 30}, {"item": "b", "quantity": 20, "release": "40 min", "id": "o1"}]
    begin = draw(st.sampled_from([{"interval": interval, "limit": limit}] * 3 + [{"rates": rates}]))
    units = [
        draw(st.sampled_from([source(mix=mix, **begin)] * 4 + [{"id": "src", "kind": "source", "orders": orders}]))
    ]
    for number in range(draw(st.integers(1, 4))):
        units += [draw(workers(number)), *draw(between(number))]
    units.append(sink(interval=draw(st.one_of(st.none(), cycles))))
    if draw(st.integers(0, 3)) == 0:
        units = draw(served(units))
    return line(id, units, calendar=draw(st.sampled_from([None, "day"])))


@st.composite
def plants(draw: st.DrawFn, **fields: Any) -> PlantConfig:
    """A plant of one random line."""
    return plant_of(site("north", draw(lines())), items=["a", "b"], calendars={"day": DAY}, **fields)
