"""Dispatching rules, one module each; a module registers its rule by being there."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, ClassVar, Literal

from twin.basis import Config
from twin.registry import Registry

if TYPE_CHECKING:
    from twin.control.lot import PoolMember, RoutedLot

NOT_NOW = inf
"""Key of a lot that a tool must not take now."""


class RuleConfig(Config):
    """A rule without options."""


class Rule:
    """Ranks the lots that wait for a pool: the lowest key goes first.

    ``depends`` says what a key depends on besides the lot, and so when it is asked for. ``nothing``:
    once, when the lot joins the queue. ``time``: at every decision. ``tool``: at every decision for
    every tool that could take the lot.

    Args:
        options: What the user wrote.
    """

    Options: ClassVar[type[Config]] = RuleConfig
    depends: ClassVar[Literal["nothing", "time", "tool"]] = "nothing"

    def __init__(self, options: Config):
        self.options = options

    def key(self, lot: RoutedLot, now: float, tool: PoolMember | None) -> float:  # noqa: ARG002 - for subclasses
        """The key of a lot; :data:`NOT_NOW` when it has to wait, for rules that depend on time or tool.

        Args:
            lot: A lot in the queue.
            now: Simulated time in s.
            tool: The tool, for rules that depend on it.
        """
        return 0.0

    def begun(self, lot: RoutedLot, tool: PoolMember) -> None:
        """A tool has taken a lot."""


rules: Registry[type[Rule]] = Registry("rule", "twin.control.rules", {"": 1, "key": 3, "begun": 2})
"""Every rule by name."""
