"""Earliest due date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.control.rules import Rule, rules

if TYPE_CHECKING:
    from twin.control.lot import PoolMember, RoutedLot


@rules.register("edd")
class EarliestDue(Rule):
    """The lot with the earliest due date; lots without one last."""

    def key(self, lot: RoutedLot, now: float, tool: PoolMember | None) -> float:  # noqa: ARG002 - only the lot counts
        return lot.due_s
