"""Backup links: a second source that takes over, after a warm-up, while the first is down."""

from __future__ import annotations

from typing import Annotated, Protocol

from pydantic import Field

from twin.config.plant import Config
from twin.engine.kernel import Kernel
from twin.quantities import Duration
from twin.supply.network import Order, SupplySource

COLD, WARMING, WARM = 0, 1, 2


class BackupConfig(Config):
    """A source that stands in for another one while that is down, or when ordered by command."""

    primary: str = Field(description="supplier, stocking point or lane that it stands in for: id in the line or path")
    backup: str = Field(description="supplier, stocking point or lane that stands in: id in the line or path")
    warm_up: Duration = Field(default=0.0, description="time from the decision until it takes orders")
    capacity_share: Annotated[float, Field(gt=0, le=1), "ratio"] = Field(
        default=1.0, description="share of each order that it can take; the rest still goes to the primary"
    )
    qualified: bool = Field(default=True, description="whether its material may be used; else it never takes orders")


class LinkOwner(Protocol):
    """The stocking point that a link belongs to."""

    kernel: Kernel

    def reroute(self, link: BackupLink) -> None:
        """The backup of a link takes orders from now on."""


class BackupLink:
    """One backup link of a stocking point.

    Args:
        owner: The stocking point.
        config: Its configuration.
        primary: Sources that it stands in for.
        backup: The source that stands in.
    """

    __slots__ = ("backup", "carried", "config", "due", "ordered", "owner", "phase", "primary")

    def __init__(self, owner: LinkOwner, config: BackupConfig, primary: tuple[SupplySource, ...], backup: SupplySource):
        self.owner, self.config, self.primary, self.backup = owner, config, primary, backup
        self.phase, self.due = COLD, -1.0
        self.ordered, self.carried = False, 0.0

    @property
    def needed(self) -> bool:
        """Whether the backup should take orders."""
        return self.config.qualified and (self.ordered or all(source.down for source in self.primary))

    def update(self) -> None:
        """The primary went down or came back, or there was a command."""
        now = self.owner.kernel._now
        if not self.needed:
            self.phase, self.due = COLD, -1.0
        elif self.phase == COLD:
            self.phase, self.due = WARMING, now + self.config.warm_up
            self.owner.kernel.at(self.due, self.warmed_up)

    def warmed_up(self) -> None:
        """The warm-up is over, unless it was ended meanwhile."""
        if self.phase == WARMING and self.owner.kernel._now == self.due:
            self.phase = WARM
            self.owner.reroute(self)

    def share(self, pieces: int) -> int:
        """How much of an order the backup takes; broken pieces are carried to the next order."""
        if self.phase != WARM or self.backup.down:
            return 0
        exact = pieces * self.config.capacity_share + self.carried
        whole = int(exact + 1e-9)  # a share of a third, taken three times, is one
        self.carried = max(0.0, exact - whole)
        return whole

    def stands_in_for(self, order: Order) -> bool:
        """Whether an order went to the primary."""
        return order.source in self.primary
