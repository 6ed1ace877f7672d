"""Accounts of finished lots: flow time, lateness, on-time delivery."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import Protocol


class Finished(Protocol):
    """A lot or order that is finished.

    Attributes:
        size: Pieces in it.
        released_s: Simulated time of its release.
        due_s: Simulated time at which it is due; infinite without a due date.
    """

    size: int
    released_s: float
    due_s: float


@dataclass(slots=True)
class FlowAccount:
    """Lots of one item and priority that have been finished.

    Args:
        lots: Number.
        pieces: Pieces in them.
        flow_s: Sum of their flow times (release to completion) in s.
        flow_squared: Sum of the squares in s2.
        due: Those with a due date.
        on_time: Of these, finished by it.
        late_s: Sum of their lateness (completion minus due date; below 0 when early) in s.
        tardy_s: Sum of their tardiness (lateness, at least 0) in s.
    """

    lots: int = 0
    pieces: int = 0
    flow_s: float = 0.0
    flow_squared: float = 0.0
    due: int = 0
    on_time: int = 0
    late_s: float = 0.0
    tardy_s: float = 0.0

    def add(self, lot: Finished, now: float) -> None:
        """A lot is finished."""
        flow_s = now - lot.released_s
        self.lots += 1
        self.pieces += lot.size
        self.flow_s += flow_s
        self.flow_squared += flow_s * flow_s
        if lot.due_s < inf:
            late_s = now - lot.due_s
            self.due += 1
            self.on_time += late_s <= 0
            self.late_s += late_s
            self.tardy_s += max(late_s, 0.0)

    @property
    def mean_flow_s(self) -> float:
        """Mean flow time in s; NaN without lots."""
        return self.flow_s / self.lots if self.lots else float("nan")

    @property
    def sd_flow_s(self) -> float:
        """Standard deviation of the flow time in s; NaN with fewer than two lots."""
        if self.lots < 2:
            return float("nan")
        spread = self.flow_squared - self.flow_s * self.flow_s / self.lots
        return sqrt(max(spread, 0.0) / (self.lots - 1))
