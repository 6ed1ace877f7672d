"""The factory of the end-to-end bench: lines of machining centres with cycles of about a minute."""

from __future__ import annotations

from datetime import datetime

from devices.profiles import profiles
from tests.engine.plants import line, machine, plant_of, sink, site, source
from twin.config.plant import PlantConfig

MACHINES = 20
"""Machines of a line; source and sink have no device, but a meter."""
SITES = 2
TAGS = len(profiles["cnc"].tags)
CYCLE = {"triangular": {"low": "55 s", "mode": "60 s", "high": "68 s"}}


def lines_for(values_per_s: float) -> int:
    """Lines that give at least so many values each second."""
    return max(SITES, round(values_per_s / (MACHINES * TAGS + 2)))


def works(lines: int, epoch: datetime) -> PlantConfig:
    """Two sites with so many lines together."""
    power = {"producing": "12 kW", "idle": "3 kW", "down": "1 kW", "off": "0.2 kW"}
    names = [f"m{number:02d}" for number in range(MACHINES)]
    units = [machine(name, CYCLE, device={"profile": "cnc"}, power=power, scrap=0.01) for name in names]
    shared = [list(range(first, lines, SITES)) for first in range(SITES)]
    sites = [
        site(f"works{number}", *(line(f"line{index:03d}", [source(), *units, sink()]) for index in some))
        for number, some in enumerate(shared)
    ]
    return plant_of(*sites).model_copy(update={"epoch": epoch})
