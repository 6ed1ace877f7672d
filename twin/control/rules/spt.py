"""Shortest processing time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.control.rules import Rule, rules

if TYPE_CHECKING:
    from twin.control.lot import PoolMember, RoutedLot


@rules.register("spt")
class ShortestTime(Rule):
    """The lot with the shortest expected time of this step."""

    def key(self, lot: RoutedLot, now: float, tool: PoolMember | None) -> float:  # noqa: ARG002 - only the lot counts
        return lot.route.steps[lot.step].mean_s(lot.size)
