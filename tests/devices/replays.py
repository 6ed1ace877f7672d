"""Runs recordings through the replay driver and reads the frames that come out."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from devices.drivers import open_driver
from devices.drivers.replay import Replay
from devices.recordings.record import ReplayCounters
from devices.unit import DeviceUnit, Setting, Tick
from tests.devices.plants import LINE, view
from twin.records import Frame, RecordKind
from twin.states import UnitState

UNIT = DeviceUnit(LINE.child("m1"), 0, "cnc", "replay", item="plate", ideal_s=1176.0, order="line1")
EPOCH_NS = 1_700_000_000_000_000_000
DAY_S = 86_400.0


class Stay(NamedTuple):
    """One state from its start to the next."""

    start_ns: int
    seconds: float
    state: str
    cause: str | None


def replay(base: Path, epoch_ns: int = EPOCH_NS, **options: Any) -> Replay:
    """The driver of one unit."""
    unit = DeviceUnit(**{name: getattr(UNIT, name) for name in UNIT.__slots__} | {"options": options})
    driver = open_driver("replay", [unit], Setting(1, epoch_ns, base=base))
    assert isinstance(driver, Replay)
    return driver


def played(driver: Replay, until_s: float = DAY_S, tick_s: float = 600.0) -> list[Frame]:
    """All frames of a run."""
    frames: list[Frame] = []
    step_s = min(tick_s, until_s)
    for number in range(int(until_s / step_s)):
        t0_s, t1_s = number * step_s, (number + 1) * step_s
        frames += driver.frames(Tick(t0_s, t1_s, view(1, t1_s, UnitState.UNKNOWN)))
    return frames


def counted(driver: Replay) -> ReplayCounters:
    """Counters of the only unit."""
    return driver.counters[UNIT.path]


def rows(frames: Sequence[Frame], kind: RecordKind) -> list[dict[str, Any]]:
    """Rows of one kind, in the order in which they were sent."""
    return [row for frame in frames if frame.kind is kind for row in frame.rows()]


def stays(frames: Sequence[Frame]) -> list[Stay]:
    """States with their durations; the last one has none."""
    states = rows(frames, RecordKind.STATE)
    return [
        Stay(row["time_ns"], (after["time_ns"] - row["time_ns"]) / 1e9, row["state"], row["cause"])
        for row, after in itertools.pairwise(states)
    ]


def seconds_by_value(frames: Sequence[Frame]) -> Counter[str]:
    """Seconds in each recorded value of the state item."""
    total: Counter[str] = Counter()
    for stay in stays(frames):
        total[(stay.cause or "").upper()] += stay.seconds
    return total


def iso_ns(text: str) -> int:
    """Nanoseconds of a stamp with up to seven decimals."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole + "+00:00").timestamp())
    return seconds * 10**9 + int((fraction or "0").ljust(9, "0"))


def never_back(frames: Sequence[Frame]) -> bool:
    """Whether the rows of each kind are in order of time."""
    for kind in (RecordKind.STATE, RecordKind.PART, RecordKind.ALARM, RecordKind.TELEMETRY):
        times = [row["time_ns"] for row in rows(frames, kind)]
        if bool(np.any(np.diff(np.array(times, dtype=np.int64)) < 0)):
            return False
    return True
