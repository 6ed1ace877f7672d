"""What was recorded of each unit, in columns: state changes, completed parts, alarms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import Problem, ScenarioError
from twin.records import Frame, RecordKind
from twin.states import UnitState

Floats = NDArray[np.float64]
MOST_PROBLEMS = 20
MOST_PARTS = 2**53
KINDS = (RecordKind.STATE, RecordKind.PART, RecordKind.ALARM)


class Made(NamedTuple):
    """One completed operation."""

    item: str
    good: int
    scrap: int
    rework: int


@dataclass
class UnitLog:
    """Records of one unit in order of time; times in s since the begin of the log.

    Args:
        state_s: Times of state changes.
        states: States entered.
        causes: Cause of each, empty when there is none.
        part_s: Times of completions.
        parts: What was completed.
        alarm_s: Times of alarms.
        alarms: Code of each, and whether it was raised (else cleared).
    """

    state_s: list[float] = field(default_factory=list)
    states: list[UnitState] = field(default_factory=list)
    causes: list[str] = field(default_factory=list)
    part_s: list[float] = field(default_factory=list)
    parts: list[Made] = field(default_factory=list)
    alarm_s: list[float] = field(default_factory=list)
    alarms: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Number of records."""
        return len(self.state_s) + len(self.part_s) + len(self.alarm_s)


@dataclass
class EventLog:
    """Records of a plant.

    Args:
        units: Log of each unit by path.
        end_s: End of the log.
        name: Where it came from.
    """

    units: dict[str, UnitLog] = field(default_factory=dict)
    end_s: float = 0.0
    name: str = ""

    def unit(self, path: str) -> UnitLog:
        """The log of a unit, made when it is new."""
        return self.units.setdefault(path, UnitLog())


class Gathering:
    """Puts frames together to a log; of each kind in order of time.

    Args:
        name: Where they come from.
    """

    def __init__(self, name: str):
        self._name = name
        self._rows: dict[RecordKind, list[tuple[int, str, Any]]] = {kind: [] for kind in KINDS}

    def take(self, frame: Frame) -> None:
        """Take a frame; other kinds than states, parts and alarms say nothing here."""
        if frame.kind in self._rows:
            rows = zip(frame.time_ns.tolist(), map(str, frame.paths), frame.values.tolist(), strict=True)
            self._rows[frame.kind].extend(rows)

    def log(self) -> EventLog:
        """All that was taken."""
        every = [rows for rows in self._rows.values() if rows]
        begin = min((min(row[0] for row in rows) for rows in every), default=0)
        end = max((max(row[0] for row in rows) for rows in every), default=0)
        log = EventLog({}, (end - begin) * 1e-9, self._name)
        problems: list[Problem] = []
        for kind, rows in self._rows.items():
            for number, (time_ns, path, values) in enumerate(sorted(rows, key=_time), start=1):
                try:
                    _put(log.unit(path), kind, (time_ns - begin) * 1e-9, values)
                except ValueError as error:
                    where = f"{self._name}: {kind} {number} in order of time, of {path}"
                    problems.append(Problem(where, *error.args))
                if len(problems) >= MOST_PROBLEMS:
                    raise ScenarioError(problems)
        if problems:
            raise ScenarioError(problems)
        return log


def _time(row: tuple[int, str, Any]) -> int:
    return row[0]


def _put(unit: UnitLog, kind: RecordKind, time_s: float, values: Any) -> None:
    if kind is RecordKind.STATE:
        state, _, cause = values
        if state not in UnitState.__members__:
            raise ValueError(f"one of {', '.join(UnitState.__members__)}", f"{state!r:.100}")
        unit.state_s.append(time_s)
        unit.states.append(UnitState[state])
        unit.causes.append(str(cause or ""))
    elif kind is RecordKind.PART:
        item, *quantities = values[:4]
        made = Made(str(item), *map(_count, quantities))
        if any(made[1:]):  # else it says only that some may lack
            unit.part_s.append(time_s)
            unit.parts.append(made)
    else:
        code, _, active, _ = values
        unit.alarm_s.append(time_s)
        unit.alarms.append((str(code), bool(active)))


def _count(value: Any) -> int:
    """A number of parts; nothing said is none."""
    if value is None or value != value:  # NaN: not known
        return 0
    if not 0 <= value < MOST_PARTS:
        raise ValueError("a number of parts", f"{value!r:.100}")
    return int(value)


def log_of(frames: Iterable[Frame], name: str = "") -> EventLog:
    """The log of some frames."""
    gathering = Gathering(name)
    for frame in frames:
        gathering.take(frame)
    return gathering.log()
