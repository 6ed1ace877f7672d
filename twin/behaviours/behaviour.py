"""Behaviours that any working station can be given in a scenario: one module each, or a plug-in.

A behaviour is a stage: a place goes through it before each of its operations, or after it. It may take time, in which
the station is being set up, or let the place wait until something has happened. The scenario says which a station has,
in which order and with which parameters: ``behaviours: [{warm_up: {after: 10 min, time: 30 s}}]``.
"""

from __future__ import annotations

from typing import Any, ClassVar

from twin.behaviours.workplace import Slot, Workplace
from twin.config.behaviours import BehaviourConfig


class Behaviour:
    """Base of the behaviours; what it knows besides its station must be copyable, as plants are.

    Random times come from ``station.stream(purpose, law)``, so that runs can be repeated.

    Args:
        station: The unit that has it.
        config: Its parameters.
    """

    config: ClassVar[type[BehaviourConfig]]
    after: ClassVar[bool] = False
    """It comes after the operation and before the item can leave, not before the operation."""

    def __init__(self, station: Workplace, config: Any):
        self.station, self.settings = station, config

    def enter(self, slot: Slot) -> float:  # noqa: ARG002 - for subclasses
        """An item is in a place: seconds until it can go on, 0 for at once.

        ``WAIT`` for as long as it takes: then the behaviour calls ``slot.admit()`` when it can go on.
        """
        return 0.0

    def leave(self, slot: Slot) -> None:
        """The operation of a place is over."""
