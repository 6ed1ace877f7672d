"""How many items units hold, on average over time: for stocks, work in process and times in system.

The engine keeps no account of it, as nobody asks for it at most units; so whoever does goes from event to event and
adds up what is inside, which is exact and costs some microseconds an event.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, nextafter

from twin.plant.plant import Plant

HOLDING = ("work", "handle", "store", "carry")
"""Roles of the units that hold items; what feeds a plant holds what is not in it yet or has left."""


def holding(plant: Plant) -> list[int]:
    """Numbers of the units of a plant that hold items."""
    return [number for number, path in enumerate(plant.units) if plant.station(path).role in HOLDING]


class Held:
    """Runs a plant and adds up what some of its units hold.

    Args:
        plant: The plant.
        units: Numbers of the units.

    Attributes:
        item_s: Items inside times seconds since the begin, by unit in the order given.
    """

    def __init__(self, plant: Plant, units: Sequence[int]):
        self.plant = plant
        self._stations = [plant.station(plant.units[unit]) for unit in units]
        self.item_s = [0.0 for _ in units]

    def run_until(self, sim_s: float) -> None:
        """Process everything strictly before a time; then it is that time."""
        plant, stations, sums = self.plant, self._stations, self.item_s
        now = plant.now_s
        while now < sim_s:
            levels = [station.level for station in stations]
            # up to just after the next event, of which all that happens at its instant is part
            stop = min(nextafter(max(plant.next_s, now), inf), sim_s)
            for number, level in enumerate(levels):
                sums[number] += level * (stop - now)
            plant.run_until(stop)
            now = plant.now_s
