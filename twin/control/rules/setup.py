"""Least setup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.control.rules import Rule, rules

if TYPE_CHECKING:
    from twin.control.lot import PoolMember, RoutedLot


@rules.register("setup")
class LeastSetup(Rule):
    """The lot for which the tool needs the shortest expected setup."""

    depends = "tool"

    def key(self, lot: RoutedLot, now: float, tool: PoolMember | None) -> float:  # noqa: ARG002 - time does not count
        assert tool is not None  # noqa: S101 - it depends on the tool
        return tool.pool.setup_s(tool.setup, lot.route.steps[lot.step])
