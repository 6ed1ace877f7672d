"""Least slack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.control.rules import Rule, rules

if TYPE_CHECKING:
    from twin.control.lot import PoolMember, RoutedLot


@rules.register("slack")
class LeastSlack(Rule):
    """The lot with the least slack: due date minus expected working time of the steps that are left.

    The time of the decision is the same for all lots and so left out.
    """

    def key(self, lot: RoutedLot, now: float, tool: PoolMember | None) -> float:  # noqa: ARG002 - only the lot counts
        return lot.due_s - lot.route.left_s(lot.step, lot.size)
