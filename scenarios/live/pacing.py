"""Running a plant in step with real time, a few milliseconds at a time."""

from __future__ import annotations

import gc

from scenarios.live.clock import Pace
from twin.ports import Clock
from twin.sim.plant import Plant

LEAST_S = 0.001


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
