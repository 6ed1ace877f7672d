"""A given order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from twin.basis import Config
from twin.control.rules import NOT_NOW, Rule, rules

if TYPE_CHECKING:
    from twin.control.lot import PoolMember, RoutedLot


class SequenceConfig(Config):
    """Operations in their order; what is not listed comes after all of them."""

    order: tuple[str, ...] = Field(description="operations as 'lot/step', in the order in which they begin")


@rules.register("sequence", config=SequenceConfig)
class Sequence(Rule):
    """A given order of operations, e.g. of a schedule: tools wait for the next of it.

    For pools of one tool this replays a schedule exactly, each operation as early as it can begin.
    """

    Options = SequenceConfig
    depends = "time"

    def __init__(self, options: Config):
        super().__init__(options)
        assert isinstance(options, SequenceConfig)  # noqa: S101 - checked when it was read
        self.rank = {operation: number for number, operation in enumerate(options.order)}
        self.passed = 0

    def _rank(self, lot: RoutedLot) -> int:
        return self.rank.get(f"{lot.id}/{lot.route.steps[lot.step].id}", len(self.rank))

    def key(self, lot: RoutedLot, now: float, tool: PoolMember | None) -> float:  # noqa: ARG002 - only the order counts
        rank = self._rank(lot)
        return float(rank) if rank == self.passed or self.passed == len(self.rank) else NOT_NOW

    def begun(self, lot: RoutedLot, tool: PoolMember) -> None:  # noqa: ARG002 - any tool of the pool
        self.passed += self._rank(lot) == self.passed and self.passed < len(self.rank)
