"""Priority of the lot: hot lots first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.control.rules import Rule, rules

if TYPE_CHECKING:
    from twin.control.lot import PoolMember, RoutedLot


@rules.register("priority")
class Priority(Rule):
    """The lot with the lowest number of priority, such as a hot lot."""

    def key(self, lot: RoutedLot, now: float, tool: PoolMember | None) -> float:  # noqa: ARG002 - only the lot counts
        return lot.priority
