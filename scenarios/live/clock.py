"""The clock of the machine, behind the port that tests may replace."""

from __future__ import annotations

import asyncio
import time


class SystemClock:
    """Real time that never jumps.

    It is set once, by the machine's clock, and goes on with the time since the machine was started (also asleep).
    A clock that is put right while a run lives neither makes a plant leap nor keeps it waiting.
    """

    def __init__(self) -> None:
        self._set_ns = time.time_ns() - _since_start_ns()

    def now_ns(self) -> int:
        """Nanoseconds since 1970 UTC."""
        return self._set_ns + _since_start_ns()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


def _since_start_ns() -> int:
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic_ns() if boot is None else time.clock_gettime_ns(boot)


class Pace:
    """Which simulated time it is now, at a given speed.

    Args:
        start_s: Simulated time at which pacing begins.
        start_ns: Real time at which it begins.
        speed: Simulated seconds per second.

    >>> pace = Pace(start_s=100.0, start_ns=0, speed=60)
    >>> pace.sim_s(2_000_000_000), pace.seconds_until(160.0, 500_000_000)
    (220.0, 0.5)
    """

    def __init__(self, start_s: float, start_ns: int, speed: float):
        self._start_s = start_s
        self._start_ns = start_ns
        self._speed = speed

    def sim_s(self, now_ns: int) -> float:
        """Simulated time due at a real time."""
        return self._start_s + (now_ns - self._start_ns) * 1e-9 * self._speed

    def seconds_until(self, sim_s: float, now_ns: int) -> float:
        """Real seconds until a simulated time is due; negative when it is late."""
        return (sim_s - self.sim_s(now_ns)) / self._speed
