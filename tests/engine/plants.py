"""Small plants for tests: one line of stations, written the way a scenario writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twin.config.plant import PlantConfig, StationConfig
from twin.stations import stations

EPOCH = "2026-01-05T00:00:00+08:00"
LINE = "acme/north/hall/line"


def station(**fields: Any) -> StationConfig:
    """A station from its written form; ``kind`` decides the class."""
    config: type[StationConfig] = stations[fields["kind"]].config  # type: ignore[attr-defined]
    return config.model_validate(fields)


def line(id: str, units: Sequence[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    """A line of stations."""
    return {"id": id, "stations": tuple(station(**unit) for unit in units), **fields}


def site(id: str, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A site with one area ``hall``."""
    return {"id": id, "areas": ({"id": "hall", "lines": lines},), **fields}


def plant_of(*sites: dict[str, Any], items: Sequence[str] = ("part",), **fields: Any) -> PlantConfig:
    """A plant of one enterprise ``acme``."""
    return PlantConfig.model_validate(
        {
            "epoch": EPOCH,
            "items": {item: {"title": item} for item in items},
            "enterprises": ({"id": "acme", "title": "Acme", "sites": sites},),
            **fields,
        }
    )


def line_plant(*units: dict[str, Any], **fields: Any) -> PlantConfig:
    """A plant with the one line ``acme/north/hall/line``."""
    return plant_of(site("north", line("line", units)), **fields)


def source(id: str = "src", **fields: Any) -> dict[str, Any]:
    """A source of ``part``, unlimited."""
    return {"id": id, "kind": "source", "mix": {"part": 1}, **fields}


def machine(id: str = "m1", cycle: Any = "10 s", **fields: Any) -> dict[str, Any]:
    """A machine."""
    return {"id": id, "kind": "machine", "cycle": cycle, **fields}


def buffer(id: str = "b1", capacity: int = 5, **fields: Any) -> dict[str, Any]:
    """A buffer."""
    return {"id": id, "kind": "buffer", "capacity": capacity, **fields}


def sink(id: str = "out", **fields: Any) -> dict[str, Any]:
    """A sink."""
    return {"id": id, "kind": "sink", **fields}


def exponential(mean: str) -> dict[str, Any]:
    """Exponential durations."""
    return {"exponential": {"mean": mean}}


def failure(after: str = "600 min", repair: str = "60 min", **fields: Any) -> dict[str, Any]:
    """A failure mode with exponential life and repair."""
    return {"id": "jam", "after": exponential(after), "repair": exponential(repair), **fields}


def serial_line(
    machines: int, places: int = 5, cycle: Any = "10 s", failures: Sequence[dict[str, Any]] = (), **fields: Any
) -> PlantConfig:
    """Source, machines with buffers between them, sink; the first never starves, the last is never blocked."""
    units: list[dict[str, Any]] = [source()]
    for number in range(1, machines + 1):
        units.append(machine(f"m{number}", cycle, failures=tuple(failures)))
        if number < machines and places:
            units.append(buffer(f"b{number}", places))
    return line_plant(*units, sink(), **fields)


def ten_machine_line() -> PlantConfig:
    """Ten machines, nine buffers of 5, triangular cycles, operating failures: the line of the benchmark."""
    cycle = {"triangular": {"low": "4 min", "mode": "5 min", "high": "6 min"}}
    return serial_line(10, 5, cycle, [failure()])


DAY = {
    "shifts": [{"id": "day", "start": "00:30", "duration": "2 h", "breaks": [{"start": "01:15", "duration": "15 min"}]}]
}
"""A calendar with one shift from 00:30 to 02:30 and a break at 01:15."""


def assembly_plant(**fields: Any) -> PlantConfig:
    """Two suppliers, one at another site by load, an assembly, an inspection with a rework loop, a sink with demand."""
    supplier = line(
        "gears",
        [
            source("steel", mix={"gear": 1}),
            machine("hob", exponential("4 s"), scrap=0.05, failures=[failure("20 min", "2 min")]),
            {
                "id": "dock",
                "kind": "shipping",
                "load": 6,
                "capacity": 12,
                "time": "15 min",
                "to": ["acme/south/hall/box/stock"],
            },
        ],
    )
    units = [
        {"id": "stock", "kind": "receiving", "capacity": 60, "to": ["join"], "initial": {"gear": 5}},
        source("cast", mix={"case": 1, "lid": 1}, interval=exponential("9 s")),
        {"id": "belt", "kind": "transport", "time": "1 min", "capacity": 8},
        {
            "id": "join",
            "kind": "assembly",
            "bom": {"gear": 2, "case": 1, "lid": 1},
            "makes": "box",
            "cycle": {"triangular": {"low": "10 s", "mode": "15 s", "high": "25 s"}},
            "scrap": 0.02,
            "power": {"producing": "5 kW", "idle": "1 kW", "down": "0.5 kW", "off": "0.1 kW", "per_part": "0.01 kWh"},
        },
        {
            "id": "test",
            "kind": "inspection",
            "cycle": "8 s",
            "rework": 0.2,
            "scrap": 0.05,
            "rework_to": "fix",
            "to": ["out"],
        },
        machine("fix", "20 s", to=["back"], failures=[failure("30 min", "3 min", basis="calendar")]),
        buffer("back", 4, to=["test"]),
        sink("out", interval=exponential("12 s")),
    ]
    sites = (site("north", supplier), site("south", line("box", units, calendar="day")))
    return plant_of(*sites, items=["gear", "case", "lid", "box"], calendars={"day": DAY}, **fields)
