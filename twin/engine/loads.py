"""What moves between stations: parts that are all alike, and lots with an identity."""

from __future__ import annotations

from math import inf
from typing import Any, NamedTuple


class Part(NamedTuple):
    """What moves: one per item and number of reworks, shared by all that are alike.

    Args:
        item: Id of the item.
        reworks: How often it has been sent back.
    """

    item: str
    reworks: int = 0

    @property
    def kind(self) -> Part:
        """Itself; of a lot, the part that it is at present."""
        return self

    @property
    def size(self) -> int:
        """Pieces in it: itself."""
        return 1

    def become(self, kind: Part) -> Part:
        """What it is after an operation that makes ``kind`` of it."""
        return kind


class Lot:
    """A part, or some that stay together, with an identity: it keeps its id, order and dates on its way.

    Stations treat it as the :class:`Part` that it is at present, ``kind``.

    Args:
        id: Its name; empty for a part that is a lot only as long as something travels with it.
        kind: What it is at present.
        size: Pieces in it.
        order: Job order that it belongs to.
        priority: Lower goes first.
        released_s: Simulated time of its release.
        due_s: Simulated time at which it is due; infinite without a due date.
        owner: Is told when it leaves the plant or is lost: its :class:`~twin.control.job.JobOrder`, if it has one.

    Attributes:
        carried: What travels with it, see :class:`twin.behaviours.carried.Carried`.
    """

    __slots__ = ("carried", "due_s", "id", "kind", "order", "owner", "priority", "released_s", "size", "step", "visits")

    def __init__(
        self, id: str, kind: Part, *, size: int = 1, order: str = "", priority: float = 0.0,
        released_s: float = 0.0, due_s: float = inf, owner: Any = None,
    ):  # fmt: skip
        self.id, self.kind, self.size, self.order = id, kind, size, order or id
        self.owner = owner
        self.carried: tuple[Any, ...] = ()
        self.priority, self.released_s, self.due_s = priority, released_s, due_s
        self.step = 0
        self.visits: Any = None

    @property
    def item(self) -> str:
        """Id of the item that it is."""
        return self.kind.item

    @property
    def reworks(self) -> int:
        """How often it has been sent back."""
        return self.kind.reworks

    def lost(self, where: Any) -> None:
        """It is scrapped at a unit: what travels with it is given back there, and its order hears of it."""
        carried, self.carried = self.carried, ()
        for each in carried:
            each.give_back(where)
        if self.owner is not None:
            self.owner.lost(self)

    def become(self, kind: Part) -> Part | Lot:
        """The same lot after an operation that makes ``kind`` of it; without a name and load, just the part."""
        self.kind = kind
        return self if self.order or self.carried else kind


Load = Part | Lot
"""What moves between stations: one of many alike, or one with an identity."""


class Parts:
    """The one :class:`Part` of each item and number of reworks."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], Part] = {}

    def __call__(self, item: str, reworks: int = 0) -> Part:
        """The shared part."""
        key = (item, reworks)
        if key not in self._known:
            self._known[key] = Part(item, reworks)
        return self._known[key]
