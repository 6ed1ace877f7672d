"""Counters of machines: they roll over, are reset, and now and then show what cannot be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class CountingFaults:
    """What was met in counters.

    Args:
        resets: Times at which one went down.
        implausible: Steps above the largest one allowed; nothing is counted then.
        glitches: Falls that the next reading took back.
        rollovers: Times at which one passed its end.
    """

    resets: int = 0
    implausible: int = 0
    glitches: int = 0
    rollovers: int = 0

    @property
    def unknown(self) -> int:
        """Readings of which it is not known how many were counted since the one before."""
        return self.resets + self.implausible


@dataclass
class StepCounter:
    """Steps of a counter. What comes between the last reading and a reset is not known and not counted.

    Args:
        largest_step: Step above which it is not believed.
        rolls_over_at: Number of values that it has, e.g. 65536; None: it does not roll over.
        value: Its last reading.

    >>> counter, faults = StepCounter(100, 65536), CountingFaults()
    >>> [counter.step(value, faults) for value in (65530, 65534, 2, 2, 0, 3)]
    [0, 4, 4, 0, 0, 3]
    """

    largest_step: int
    rolls_over_at: int | None = None
    value: int | None = None
    _fallen_from: int | None = None

    def step(self, value: int, faults: CountingFaults) -> int:
        """How many have been counted since the last reading."""
        before, self.value = self.value, value
        if before is None:
            return 0
        if value < before:
            return self._fell(before, value, faults)
        fallen_from, self._fallen_from = self._fallen_from, self._fallen_from if value == before else None
        if fallen_from is not None and 0 <= value - fallen_from <= self.largest_step < value - before:
            faults.glitches += 1
            return value - fallen_from
        return self._believed(value - before, faults)

    def _fell(self, before: int, value: int, faults: CountingFaults) -> int:
        if self.rolls_over_at is not None and value - before + self.rolls_over_at <= self.largest_step:
            faults.rollovers += 1
            return value - before + self.rolls_over_at
        faults.resets += 1
        self._fallen_from = before
        return 0

    def _believed(self, step: int, faults: CountingFaults) -> int:
        if step > self.largest_step:
            faults.implausible += 1
            return 0
        return step

    def forget(self) -> None:
        """It begins anew."""
        self.value = self._fallen_from = None
