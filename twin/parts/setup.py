"""Setups when the item changes."""

from __future__ import annotations

from twin.config import SetupConfig
from twin.sim.station import Station


class Setups:
    """Times of the setups of a unit, by change of item.

    Args:
        station: The unit.
        config: Times.
    """

    __slots__ = ("by_change", "usual")

    def __init__(self, station: Station, config: SetupConfig):
        self.usual = station.stream("setup", config.duration)
        self.by_change = {change: station.stream(f"setup:{change}", law) for change, law in config.by_change.items()}

    def time(self, last: str, item: str) -> float:
        """Time of the next setup from one item to another in s."""
        return self.by_change.get(f"{last}>{item}", self.usual).draw()
