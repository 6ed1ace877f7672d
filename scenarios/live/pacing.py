"""Running a plant in step with real time, a few milliseconds at a time."""

from __future__ import annotations

import gc
from collections.abc import Iterator

from scenarios.headless.boundaries import boundaries
from scenarios.headless.feed import SAME_S
from scenarios.live.clock import Pace
from twin.config.plant import PlantConfig
from twin.plant.plant import Plant
from twin.ports import Clock
from twin.zone import epoch_ns

LEAST_S = 0.001
FINE_S, COARSE_S = 60.0, 300.0
"""Periods of telemetry while a plant catches up."""
AHEAD_S = 86_400.0
"""So far ahead ends of windows are looked for; hours end within it."""
LONG_S = 3600.0
"""A plant further behind than this looks at itself coarsely."""


def next_tick(now_s: float, due_s: float, tick_s: float, origin_s: float = 0.0) -> float:
    """When to report next: at the next tick; when late at the last that is due, but at every full minute on the way.

    So windows that end while the plant catches up are sampled at their ends.

    Args:
        now_s: Simulated time of the plant.
        due_s: Simulated time by the clock.
        tick_s: Period of telemetry.
        origin_s: Seconds from the full hour to simulated second 0.

    >>> next_tick(10.0, 10.2, 1.0), next_tick(10.0, 14.2, 1.0), next_tick(58.0, 63.0, 1.0)
    (11.0, 14.0, 60.0)
    >>> next_tick(58.0, 600.0, 1.0), next_tick(58.0, 9000.0, 1.0), next_tick(58.0, 9000.0, 1.0, 120.0)
    (60.0, 300.0, 180.0)
    """
    late_s = due_s - now_s
    step = COARSE_S if late_s > LONG_S else FINE_S if late_s > FINE_S else tick_s
    following = _after(now_s, max(step, tick_s), origin_s)
    if step > tick_s:
        return following
    last = (due_s + origin_s) // tick_s * tick_s - origin_s
    return max(following, min(last, _after(now_s, FINE_S, origin_s)))


def _after(now_s: float, step: float, origin_s: float) -> float:
    return ((now_s + origin_s) // step + 1) * step - origin_s


class Looks:
    """When a live plant looks at itself: at every tick, and where an hour or a shift of any site begins or ends.

    So what a window used is read at its ends, also where a shift begins beside the ticks.

    Args:
        config: The plant.
        tick_s: Period of telemetry.
    """

    def __init__(self, config: PlantConfig, tick_s: float):
        self._config, self._tick_s = config, tick_s
        self._origin_s = epoch_ns(config.epoch) * 1e-9 % 3600
        self._edges: Iterator[float] = iter(())
        self._edge_s = self._until_s = -1.0

    def after(self, now_s: float, due_s: float) -> float:
        """The next look of a plant at one simulated time while another is due."""
        tick = next_tick(now_s, due_s, self._tick_s, self._origin_s)
        edge = self._edge_after(now_s)
        return edge if edge < tick + SAME_S else tick

    def _edge_after(self, now_s: float) -> float:
        while self._edge_s <= now_s + SAME_S:
            edge = next(self._edges, None)
            if edge is None:
                begin = max(now_s, self._until_s)
                self._until_s = begin + AHEAD_S
                self._edges = boundaries(self._config, begin - SAME_S, self._until_s)
            else:
                self._edge_s = edge
        return self._edge_s


class Pacer:
    """Runs what is due, so that a plant of any size is never far behind the clock.

    It wakes for the next event of the plant, but not before ``least_s`` has passed: what becomes due
    meanwhile is done together. How the run is cut changes nothing in it.

    Args:
        plant: The plant.
        pace: Which simulated time it is.
        clock: Time of the machine.
        least_s: Shortest wait in real s.
    """

    def __init__(self, plant: Plant, pace: Pace, clock: Clock, least_s: float = LEAST_S):
        self._plant, self._pace, self._clock, self._least_s = plant, pace, clock, least_s

    def catch_up(self, until_s: float) -> float:
        """Run what is due before now, at most to a simulated time.

        Returns:
            Real seconds to wait before it should be called again; at ``until_s`` there is nothing to do.
        """
        due_s = min(self._pace.sim_s(self._clock.now_ns()), until_s)
        if due_s > self._plant.now_s:
            self._plant.run_until(due_s)
        next_s = min(self._plant.next_s, until_s)
        return max(self._pace.seconds_until(next_s, self._clock.now_ns()), self._least_s)


def spare_the_collector() -> None:
    """Leave all that lives now out of later garbage collections: going through a large plant takes long."""
    gc.collect()
    gc.freeze()
