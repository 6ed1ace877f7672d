"""What has to happen before a unit can go on, as far as that depends on other units.

A unit is asked two things: what must come before it can give a part, and what must come before it can take one.
The answer names acts of other units, never times: what is only a matter of time (an operation, a shift, a repair,
somebody who comes) is ``FREE``. :mod:`twin.plant.locks` follows the answers to find units that wait in a ring.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

from twin.equipment import EquipmentPath


class Waiter(Protocol):
    """A unit, as far as it waits; see :class:`twin.engine.station.Station`."""

    since: float
    setting: Any

    @property
    def path(self) -> EquipmentPath:
        """Its path."""

    @property
    def holds(self) -> bool:
        """Whether it has something that others are to take."""

    def before_giving(self) -> Waits:
        """What others must do before a part can leave it."""

    def before_taking(self, item: str) -> Waits:
        """What others, or it itself, must do before it can take an item."""


class Act(NamedTuple):
    """Something that a unit may do: take an item, or give a part when no item is named."""

    unit: Waiter
    item: str | None


Waits = tuple[tuple[Act, ...], ...]
"""All of the groups are waited for; of each group one act is enough."""
FREE: Waits = ()
"""Nothing of others is waited for."""


def any_gives(units: Iterable[Waiter]) -> tuple[Act, ...]:
    """One of the units gives a part."""
    return tuple(Act(unit, None) for unit in units)


def any_takes(units: Iterable[Waiter], items: Iterable[str]) -> tuple[Act, ...]:
    """One of the units takes one of the items."""
    return tuple(Act(unit, item) for unit in units for item in items)
