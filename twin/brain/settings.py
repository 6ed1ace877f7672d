"""Settings of the industry brain."""

from __future__ import annotations

from dataclasses import dataclass

from twin.brain.orders import KEPT_H
from twin.kpi.amounts import NS_PER_H, NS_PER_S


@dataclass(frozen=True, slots=True)
class BrainConfig:
    """How the brain treats time.

    Args:
        gap_s: A site silent for longer than this, in source time, was unknown meanwhile.
        ahead_h: Heartbeats further than this from the time of the run, or from the one before where that is not
            known, are not taken; where it is not known, until the next one confirms them.
        keep_h: How long after its end a window is revised when late records arrive; at least 25.
        live_s: Period of the running window in source time; None: no running window.
        live_window_s: Length of the running window, lengthened to begin at a full minute.
        live_units: Units of a site whose running window is reported at a time; where there are more they take turns,
            at most six.
        patience_s: How long enterprises and chains wait for a site that lags behind the others.
        partial_below: Coverage below which a value is marked partial.
        bullwhip_h: Period of the sums of orders and demand that the bullwhip ratio compares, whole hours.
        bullwhip_periods: Number of such periods before the end of a window that are compared, at least 8.
        isolating: An indicator whose formula raises is absent and counted, and the others come; else that is raised.

    Raises:
        ValueError: A setting is out of its range.
    """

    gap_s: float = 60.0
    ahead_h: float = 72.0
    keep_h: float = 48.0
    live_s: float | None = 10.0
    live_window_s: float = 3600.0
    live_units: int = 200
    patience_s: float = 300.0
    partial_below: float = 1.0
    bullwhip_h: int = 168
    bullwhip_periods: int = 26
    isolating: bool = False

    def __post_init__(self) -> None:
        if self.keep_h < 25:
            raise ValueError(f"brain: expected keep_h of 25 or more, got {self.keep_h} (a day must fit in)")
        if self.gap_s <= 0 or self.live_window_s <= 0 or (self.live_s is not None and self.live_s <= 0):
            raise ValueError("brain: expected periods above 0 s")
        if self.live_units < 1:
            raise ValueError(f"brain: expected live_units of 1 or more, got {self.live_units}")
        if self.bullwhip_h < 1 or not 8 <= self.bullwhip_periods <= KEPT_H // self.bullwhip_h:
            hours = self.bullwhip_h * self.bullwhip_periods
            raise ValueError(
                f"brain: expected 8 or more bullwhip periods of at most {KEPT_H} h together, got {hours} h"
            )

    @property
    def gap_ns(self) -> int:
        """``gap_s`` in ns."""
        return round(self.gap_s * NS_PER_S)

    @property
    def live_ns(self) -> int:
        """``live_s`` in ns, 0 without a running window."""
        return round((self.live_s or 0.0) * NS_PER_S)

    @property
    def ahead_ns(self) -> int:
        """``ahead_h`` in ns."""
        return round(self.ahead_h * NS_PER_H)

    @property
    def keep_ns(self) -> int:
        """``keep_h`` in ns."""
        return round(self.keep_h * NS_PER_H)

    @property
    def patience_ns(self) -> int:
        """``patience_s`` in ns."""
        return round(self.patience_s * NS_PER_S)
