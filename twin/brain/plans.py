"""Master data with the times from which they hold: a window is computed with what was planned at its begin."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple

from twin.brain.voices import NEVER
from twin.master import EquipmentMaster, Master, counted, structure

MOST_SAID = 200
"""Master data of a path that are kept; of more, first those that say nothing new are forgotten, then the oldest."""


class DatedMaster(NamedTuple):
    """Master data of a path and their time."""

    time_ns: int
    master: Master


class Plans:
    """What was said of one path, in order of time; the first holds since ever.

    Attributes:
        changes: When it came to say something else that figures depend on.
        breaks: Those of them over which a span is not the sum of its parts.
        forgotten_ns: What was said before is no longer known.
    """

    def __init__(self) -> None:
        self.said: list[DatedMaster] = []
        self.changes: list[int] = []
        self.breaks: list[int] = []
        self.forgotten_ns = -NEVER

    @property
    def newest(self) -> Master:
        """What holds now."""
        return self.said[-1].master

    def at(self, time_ns: int) -> Master:
        """What held at a time."""
        return self.said[max(self._after(time_ns) - 1, 0)].master

    def learn(self, time_ns: int, master: Master) -> tuple[int, int] | None:
        """Take master data, whenever they come; the span of which they say something else than before."""
        index = self._after(time_ns)
        held = self.at(time_ns) if self.said else None
        again = index > 0 and self.said[index - 1].time_ns == time_ns
        self.said[index - again : index] = [DatedMaster(time_ns, master)]
        index -= again
        until_ns = self.said[index + 1].time_ns if index + 1 < len(self.said) else NEVER
        self._thin()
        self.changes = self._differing(counted)
        self.breaks = self._differing(structure) if self.changes else []
        if held is not None and counted(held) == counted(master):
            return None
        return (time_ns if index else -NEVER), until_ns

    def mixes(self, t0_ns: int, t1_ns: int) -> bool:
        """Whether a window holds two plans that cannot be had each for its part, or is of before what is known."""
        return t0_ns < self.forgotten_ns or any(t0_ns < break_ns < t1_ns for break_ns in self.breaks)

    def _differing(self, said: Callable[[Master], object]) -> list[int]:
        pairs = zip(self.said, self.said[1:], strict=False)
        return [after.time_ns for before, after in pairs if said(before.master) != said(after.master)]

    def metered_otherwise(self, time_ns: int) -> bool:
        """Whether the counters of a unit were declared otherwise at a time: all readings are judged by the newest."""
        then, now = self.at(time_ns), self.newest
        return isinstance(then, EquipmentMaster) and isinstance(now, EquipmentMaster) and then.meters != now.meters

    def _after(self, time_ns: int) -> int:
        return bisect_right(self.said, time_ns, key=lambda said: said.time_ns)

    def _thin(self) -> None:
        if len(self.said) <= MOST_SAID:
            return
        same = [counted(a.master) == counted(b.master) for a, b in zip(self.said, self.said[1:], strict=False)]
        idle = next((k for k in range(1, len(same)) if same[k - 1] and same[k]), 0)
        del self.said[idle]
        if not idle:
            self.forgotten_ns = self.said[0].time_ns
