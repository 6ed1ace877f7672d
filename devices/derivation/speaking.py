"""What is said of a unit: a state when it changes, values that hold, at most one row of telemetry per period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.unit import DeviceUnit
from twin.equipment import EquipmentPath
from twin.records import BAD, GOOD, Frame, RecordKind, records
from twin.states import UnitState

IDLE = {UnitState.UNKNOWN, UnitState.IDLE_NO_ORDER, UnitState.OFF_SHIFT}
Row = tuple[EquipmentPath, int, tuple[Any, ...]]
StateSaid = tuple[UnitState, str | None]
"""State and cause."""


@dataclass
class Rows:
    """Rows of one step, by kind; telemetry as (time, values, quality)."""

    states: list[Row] = field(default_factory=list)
    parts: list[Row] = field(default_factory=list)
    orders: list[Row] = field(default_factory=list)
    alarms: list[Row] = field(default_factory=list)
    samples: list[tuple[int, NDArray[np.float64], NDArray[np.uint8]]] = field(default_factory=list)


class Speaker:
    """What one unit has said and holds. Pickles.

    Args:
        unit: The unit.
        tags: Its tags.
        period_s: At most one row of telemetry per period; 0: one for each time.
        origin_ns: From when periods count.
    """

    def __init__(self, unit: DeviceUnit, tags: Sequence[str], period_s: float, origin_ns: int):
        self.unit, self.tags = unit, tuple(tags)
        self.values = np.full(len(self.tags), np.nan)
        self.quality = np.full(len(self.tags), BAD)
        self.state: StateSaid = (UnitState.UNKNOWN, "no_data")
        self.order: str | None = unit.order
        self.made: int | None = None
        self.coalesced = 0
        self._said: tuple[StateSaid, str | None] | None = None
        self._period_ns, self._origin_ns = round(period_s * 1e9), origin_ns

    def say(self, state: StateSaid, time_ns: int, rows: Rows) -> None:
        """Say a state, if it or its order is another one than the last."""
        order = None if state[0] in IDLE else self.order
        if (state, order) == self._said:
            return
        self._said = (state, order)
        if rows.states and rows.states[-1][1] == time_ns:
            rows.states.pop()  # a state of no duration; the store's key would keep the later one, too
        rows.states.append((self.unit.path, time_ns, (state[0].name, order, state[1])))

    def sample(self, time_ns: int, rows: Rows, *, apart: bool) -> None:
        """Say the values that hold; ``apart``: whatever else was said in this period."""
        values, quality = self.values.copy(), self.quality.copy()
        known = self._said is not None and self._said[0][0] is not UnitState.UNKNOWN
        for tag, value in (("state_code", self.state[0] if known else None), ("part_count", self.made)):
            if value is not None and tag in self.tags:
                column = self.tags.index(tag)
                values[column], quality[column] = value, GOOD
        if rows.samples and not apart and self._same_period(rows.samples[-1][0], time_ns):
            rows.samples.pop()
            self.coalesced += 1
        rows.samples.append((time_ns, values, quality))

    def _same_period(self, first_ns: int, second_ns: int) -> bool:
        if self._period_ns == 0:
            return first_ns == second_ns
        return (first_ns - self._origin_ns) // self._period_ns == (second_ns - self._origin_ns) // self._period_ns

    def lose(self, time_ns: int, cause: str, rows: Rows) -> None:
        """Nothing is known from here on."""
        self.say((UnitState.UNKNOWN, cause), time_ns, rows)
        nothing = np.full(len(self.tags), np.nan)
        rows.samples.append((time_ns, nothing, np.full(len(self.tags), BAD)))

    def frames(self, rows: Rows) -> list[Frame]:
        """The rows of a step as frames, one per kind that has any."""
        kinds = (
            (RecordKind.STATE, rows.states),
            (RecordKind.PART, rows.parts),
            (RecordKind.ORDER, rows.orders),
            (RecordKind.ALARM, rows.alarms),
        )
        frames = [records(kind, some) for kind, some in kinds if some]
        if rows.samples:
            times, values, quality = zip(*rows.samples, strict=True)
            stamps = np.array(times, dtype=np.int64)
            paths = (self.unit.path,) * len(times)
            frames.append(Frame(RecordKind.TELEMETRY, paths, stamps, self.tags, np.array(values), np.array(quality)))
        return frames
