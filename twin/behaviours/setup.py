"""Setups when the item changes."""

from __future__ import annotations

from typing import ClassVar

from twin.behaviours.workplace import Slot
from twin.config.plant import SetupConfig
from twin.engine.station import Station


class Setups:
    """Setups of the places of a unit, by change of item: a stage before the operation.

    Args:
        station: The unit.
        config: Times.
        places: Number of its places, each of which has its own last item.
    """

    at_changes: ClassVar[bool] = True
    __slots__ = ("by_change", "last", "usual")

    def __init__(self, station: Station, config: SetupConfig, places: int):
        self.usual = station.stream("setup", config.duration)
        self.by_change = {change: station.stream(f"setup:{change}", law) for change, law in config.by_change.items()}
        self.last: list[str | None] = [None] * places

    def due(self, slot: Slot) -> bool:
        """Whether the part in a place is not as the one before."""
        last = self.last[slot.station.slots.index(slot)]
        return last is not None and last != slot.operation.part.item

    def enter(self, slot: Slot) -> float:
        """Time of the setup for the part in a place in s; 0 when it is as the one before."""
        number = slot.station.slots.index(slot)
        last, item = self.last[number], slot.operation.part.item
        self.last[number] = item
        return 0.0 if last is None or last == item else self.time(last, item)

    def leave(self, slot: Slot) -> None:
        """Nothing to do: the setup stays."""

    def time(self, last: str, item: str) -> float:
        """Time of the next setup from one item to another in s."""
        return self.by_change.get(f"{last}>{item}", self.usual).draw()
