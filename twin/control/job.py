"""Job orders of a source: released, then followed piece by piece until the last has left the plant."""

from __future__ import annotations

from typing import Protocol

from twin.engine.loads import Load, Lot, Part
from twin.engine.station import Station


class Releaser(Protocol):
    """What releases job orders, and hears what becomes of them."""

    def completed(self, order: JobOrder, where: Station) -> None:
        """The last piece of an order has left the plant, or was built into something else."""

    def lost(self, order: JobOrder, number: int) -> None:
        """Pieces of an order were scrapped."""


class JobOrder:
    """What a source has released under one name, and what became of it.

    Args:
        source: Where it was released.
        id: Its name.
        item: Item of its first line.
        priority: Its priority.
        released_s: Simulated time of its release.
        due_s: Simulated time at which it is due; infinite without a due date.

    Attributes:
        made: Pieces released.
        open: Of these, still in the plant.
        size: Of these, pieces that have left it.
    """

    __slots__ = ("due_s", "id", "item", "made", "open", "priority", "released_s", "size", "source")

    def __init__(self, source: Releaser, id: str, item: str, priority: float, released_s: float, due_s: float):
        self.source, self.id, self.item = source, id, item
        self.priority, self.released_s, self.due_s = priority, released_s, due_s
        self.made = self.open = self.size = 0

    def lots(self, kind: Part, number: int) -> list[Load]:
        """Pieces of it that are released now, each with an identity."""
        first = self.made + 1
        self.made += number
        self.open += number
        return [
            Lot(
                f"{self.id}.{n}", kind, order=self.id, priority=self.priority, released_s=self.released_s,
                due_s=self.due_s, owner=self,
            )
            for n in range(first, first + number)
        ]  # fmt: skip

    def left(self, lot: Lot, where: Station) -> None:
        """A piece has left the plant, or was built into something else."""
        self.open -= lot.size
        self.size += lot.size
        if not self.open:
            self.source.completed(self, where)

    def lost(self, lot: Lot) -> None:
        """A piece was scrapped."""
        self.open -= lot.size
        self.source.lost(self, lot.size)
