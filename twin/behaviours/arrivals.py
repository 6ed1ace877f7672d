"""Gaps between arrivals whose rate changes with the time of day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from twin.day_pattern import DAY_S
from twin.engine.kernel import Kernel
from twin.streams import Stream
from twin.zone import Axis


class DailyRates:
    """A rate of arrivals that repeats every day.

    Args:
        starts: Seconds after local midnight at which a rate begins, increasing.
        rates: Rate from each of them on in 1/s; the last goes on past midnight until the first start.
        axis: Simulated time and the local time along it; in an hour that comes twice a rate holds both times.

    >>> from datetime import UTC, datetime
    >>> from twin.zone import local_axis
    >>> rates = DailyRates([21_600.0, 64_800.0], [0.1, 0.0], local_axis(datetime(2026, 1, 5, 17, 0, tzinfo=UTC)))
    >>> rates.gap(0.0, 60.0), rates.gap(0.0, 420.0)
    (600.0, 47400.0)
    """

    def __init__(self, starts: Sequence[float], rates: Sequence[float], axis: Axis):
        self.starts, self.rates = tuple(starts), tuple(rates)
        self.axis = axis

    def gap(self, now: float, amount: float) -> float:
        """Time from a simulated time until so many arrivals are due.

        Source: inversion of the cumulative rate of a non-homogeneous process (Çinlar 1975).
        """
        time = self.axis.of_day(now)
        passed = 0.0
        while True:
            number = sum(start <= time for start in self.starts) - 1
            end = self.starts[number + 1] if number + 1 < len(self.starts) else DAY_S
            begin = now + passed
            changes = self.axis.changes(begin, begin + end - time + 1.0)  # one at its end counts too
            if changes:
                end = min(end, time + changes[0] - begin)
            due = self.rates[number] * (end - time)
            if due >= amount and due > 0:
                return passed + amount / self.rates[number]
            amount -= due
            passed += end - time
            time = self.axis.of_day(now + passed) if changes else end % DAY_S


class RateStream:
    """A stream of gaps: draws of mean 1, stretched by the rates of the time at which each is drawn.

    Args:
        draws: The draws.
        mean: Their mean.
        rates: The rates.
        kernel: Its time counts.
    """

    values: ClassVar[tuple[float, ...]] = ()
    """Always empty: no gap is known before its time."""

    def __init__(self, draws: Stream, mean: float, rates: DailyRates, kernel: Kernel):
        self.draws, self.mean, self.rates, self.kernel = draws, mean, rates, kernel
        self.purpose = draws.purpose

    def refill(self) -> float:
        """The next gap in s."""
        return self.rates.gap(self.kernel.now, self.draws.draw() / self.mean)

    draw = refill
