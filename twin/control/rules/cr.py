"""Critical ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.control.rules import Rule, rules

if TYPE_CHECKING:
    from twin.control.lot import PoolMember, RoutedLot

LONGEST = 1e300


@rules.register("cr")
class CriticalRatio(Rule):
    """The lot with the lowest ratio of time to its due date and expected working time that is left.

    Source: critical ratio as in Pinedo, Scheduling, chapter on dispatching rules.
    """

    depends = "time"

    def key(self, lot: RoutedLot, now: float, tool: PoolMember | None) -> float:  # noqa: ARG002 - the tool does not count
        left = lot.route.left_s(lot.step, lot.size)
        return min((lot.due_s - now) / left if left > 0 else lot.due_s - now, LONGEST)
