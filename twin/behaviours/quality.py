"""Scrap that grows with wear, and a rule that stops a unit that makes too much of it."""

from __future__ import annotations

from collections import deque

from twin.behaviours.task import Task
from twin.behaviours.workplace import Workplace
from twin.config.plant import HoldRuleConfig, ScrapDriftConfig
from twin.engine.codes import HOLD


class ScrapDrift:
    """Share of scrap from the wear of a unit's failure modes.

    Args:
        station: The unit, with its failure modes.
        config: How it grows.
        scrap: Share when all is new.
    """

    __slots__ = ("exponential", "modes", "new", "worn")

    def __init__(self, station: Workplace, config: ScrapDriftConfig, scrap: float):
        self.modes = tuple(mode for mode in station.modes if config.mode is None or mode.id == config.mode)
        self.exponential = config.growth == "exponential"
        self.new, self.worn = scrap, config.worn

    def share(self) -> float:
        """Share of scrap now.

        Source: own design; linear ``a + (b - a) w`` or exponential ``a (b / a)^w`` in the wear w.
        """
        wear = max((mode.wear() for mode in self.modes), default=0.0)
        if self.exponential:
            return float(self.new * (self.worn / self.new) ** wear)
        return self.new + (self.worn - self.new) * wear


class HoldRule:
    """Puts a unit on QUALITY_HOLD when too many of its last parts were scrap; a check ends it.

    Args:
        station: The unit.
        config: The rule.
    """

    __slots__ = ("last", "most", "station", "task", "times")

    def __init__(self, station: Workplace, config: HoldRuleConfig):
        self.station, self.most = station, config.scrap
        self.last: deque[bool] = deque(maxlen=config.parts)
        self.times = station.stream("hold", config.duration)
        self.task = Task(station, config.crew, config.priority, self.finish)

    def note(self, scrapped: bool) -> None:
        """One more part was judged."""
        self.last.append(scrapped)
        if scrapped and sum(self.last) >= self.most:
            self.last.clear()
            self.station.kernel.soon.append(self.begin)

    def begin(self) -> None:
        """Hold the unit."""
        self.station.stop("scrap", HOLD)
        self.task.begin(self.times.draw())

    def finish(self) -> None:
        """The check is done."""
        self.station.restart("scrap", HOLD)
