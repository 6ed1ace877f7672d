"""First in, first out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.control.rules import Rule, rules

if TYPE_CHECKING:
    from twin.control.lot import PoolMember, RoutedLot


@rules.register("fifo")
class FirstIn(Rule):
    """The lot that came to the pool first. Decides at last under every other rule too."""

    def key(self, lot: RoutedLot, now: float, tool: PoolMember | None) -> float:  # noqa: ARG002 - only the lot counts
        return lot.since
