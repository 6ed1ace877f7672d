"""Plays one recording as one unit: records in, rows of the canonical vocabulary out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from devices.derivation.speaking import Rows
from devices.profiles import profiles
from devices.recordings.derived import DerivedMachine
from devices.recordings.lines import recording_lines
from devices.recordings.machine import RecordedMachine
from devices.recordings.options import ReplayOptions
from devices.recordings.record import Record, ReplayCounters
from devices.recordings.shdr import shdr_records
from devices.recordings.table import table_records
from devices.unit import DeviceUnit, Setting
from twin.errors import FatalError, Problem, ProblemsError
from twin.records import Frame

SECOND_NS = 1_000_000_000
MAX_PASSES = 10_000
"""Passes over a recording in one step; more are refused, because each opens the file."""
MAX_RECORDS = 2_000_000
"""Records of one step; more are refused, because a step is held in memory."""


def _adapter_lines(lines: Iterator[str], _: ReplayOptions, counters: ReplayCounters) -> Iterator[Record]:
    return shdr_records(lines, counters)


def _table(lines: Iterator[str], options: ReplayOptions, counters: ReplayCounters) -> Iterator[Record]:
    return table_records(lines, options.table, counters)


Read = Callable[[Iterator[str], ReplayOptions, ReplayCounters], Iterator[Record]]
FORMATS: dict[str, tuple[Read, str]] = {
    "csv": (_table, "rows of a table with a readable time"),
    "shdr": (_adapter_lines, "lines such as 2026-03-02T06:00:00Z|item|value"),
}
"""How a format is read, and what a file of it holds."""


def read_records(options: ReplayOptions, base: Path, counters: ReplayCounters) -> Iterator[Record]:
    """The records of a recording, read as a stream."""
    read, _ = FORMATS[options.format]
    return read(recording_lines(base / options.file, options.member), options, counters)


def _machine(
    unit: DeviceUnit, options: ReplayOptions, epoch_ns: int, counters: ReplayCounters
) -> RecordedMachine | DerivedMachine:
    tags = profiles[unit.profile].tags
    if options.derive is not None:
        return DerivedMachine(unit, options.derive, tags, options.period, counters)
    return RecordedMachine(unit, options, tags, epoch_ns, counters)


class Player:
    """The state of one replay between two steps. Pickles: a copy opens the file anew and goes on.

    Args:
        unit: The unit it speaks for.
        options: Options.
        setting: What the drivers of the site share.
    """

    def __init__(self, unit: DeviceUnit, options: ReplayOptions, setting: Setting) -> None:
        self.unit = unit
        self.counters = ReplayCounters()
        self._options = options
        self._base = setting.base
        self._epoch_ns = setting.epoch_ns
        self._machine = _machine(unit, options, setting.epoch_ns, self.counters)
        since = None if options.since is None else round(options.since.timestamp() * 1e6) * 1000
        before = setting.epoch_ns if options.clock == "original" else None
        self._since_ns = max((limit for limit in (since, before) if limit is not None), default=None)
        self._lap_ns = setting.epoch_ns + round(setting.axis.second(options.at) * SECOND_NS)
        self._first_ns: int | None = None
        self._raw_ns: int | None = None
        self._out_ns: int | None = None
        self._consumed = 0
        self._pending: tuple[Record, int, bool] | None = None
        self._silent = False
        self._ended = False
        self._records: Iterator[Record] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_records": None}

    def frames(self, t1_s: float) -> list[Frame]:
        """What the machine said since the last step and up to ``t1_s`` of simulated time, that instant included.

        Raises:
            ProblemsError: The recording cannot be read, or is passed over more than ``MAX_PASSES`` times in the step.
            FatalError: It has more than ``MAX_RECORDS`` records in the step.
        """
        t1_ns = self._epoch_ns + round(t1_s * SECOND_NS)
        rows = Rows()
        laps = self.counters.laps
        for _ in range(MAX_RECORDS):
            if self.counters.laps - laps > MAX_PASSES:
                where, most = f"{self.unit.path} device.options.pause", f"at most {MAX_PASSES} passes in a step"
                raise ProblemsError([Problem(where, most, "more", "write a longer pause")])
            if not self._step(t1_ns, rows):
                return self._machine.frames(rows)
        raise FatalError(
            f"{self.unit.path}: expected at most {MAX_RECORDS} records in a step, got more (lower speed or the tick)"
        )

    def _step(self, t1_ns: int, rows: Rows) -> bool:
        """Take one record; False when the next one is not due by ``t1_ns``."""
        if self._pending is None:
            self._pending = self._next()
        if self._pending is None:
            return self._end(t1_ns, rows)
        record, out_ns, late = self._pending
        self._start(out_ns, t1_ns, rows)
        self._fall_silent(out_ns, t1_ns, rows)
        if out_ns > t1_ns:
            return False
        self._pending, self._out_ns = None, out_ns
        self._machine.apply(record, out_ns, late, rows)
        self._silent = False
        return True

    def _start(self, first_ns: int, t1_ns: int, rows: Rows) -> None:
        start = self._epoch_ns if self._options.clock == "original" else min(first_ns, self._epoch_ns)
        if not self._machine.started and start <= t1_ns:
            shown = first_ns == start or self._options.clock == "original"
            self._machine.start(start, rows, known=shown)

    def _fall_silent(self, next_ns: int, t1_ns: int, rows: Rows) -> None:
        if self._out_ns is None or self._options.on_gap == "hold" or self._silent:
            return
        quiet_ns = self._out_ns + round(self._options.gap * SECOND_NS / self._options.speed)
        if quiet_ns < min(next_ns, t1_ns):
            self._silent = True
            self._machine.lose(quiet_ns, "gap", rows)

    def _end(self, t1_ns: int, rows: Rows) -> bool:
        """After the last record: another lap, or nothing is known any more."""
        start_ns = self._epoch_ns if self._out_ns is None else self._out_ns
        self._start(start_ns, t1_ns, rows)
        if self._ended or start_ns + 1 > t1_ns:
            return False
        if self._options.loop and self._first_ns is not None:
            self._lap(start_ns)
            return True
        self._ended = True
        if self._first_ns is not None:
            self._machine.lose(start_ns + 1, "end_of_recording", rows)
        return False

    def _lap(self, last_ns: int) -> None:
        self.counters.laps += 1
        self._lap_ns = last_ns + round(self._options.pause * SECOND_NS)
        self._first_ns = self._raw_ns = self._records = None
        self._consumed = 0
        self._machine.forget_counter()

    def _next(self) -> tuple[Record, int, bool] | None:
        """The next record that is not carried in, its time in the run, and whether it came late."""
        if self._ended:
            return None
        for record in self._reading():
            self._consumed += 1
            if self._since_ns is not None and record.time_ns < self._since_ns and self._first_ns is None:
                self.counters.carried_in += 1
                self._machine.carry(record)
                continue
            timed = self._timed(record)
            if timed is not None:
                return timed
        if not self._consumed:
            (_, wanted), got = FORMATS[self._options.format], f"none among {self.counters.lines}"
            raise ProblemsError([Problem(self._options.file, wanted, got, "see format and table")])
        return None

    def _reading(self) -> Iterator[Record]:
        if self._records is None:
            known = self.counters.read()
            self._records = read_records(self._options, self._base, self.counters)
            for _ in range(self._consumed):
                next(self._records)
            if self._consumed:
                self.counters.reread(known)
        return self._records

    def _timed(self, record: Record) -> tuple[Record, int, bool] | None:
        self._count_clock(record.time_ns)
        if self._first_ns is None:
            self._first_ns = record.time_ns
        out_ns = self._in_run(record.time_ns)
        if self._out_ns is None or out_ns >= self._out_ns:
            return record, out_ns, False
        if self._options.on_backward == "drop":
            self.counters.dropped += 1
            return None
        self.counters.clamped += 1
        return record, self._out_ns + 1, True

    def _count_clock(self, time_ns: int) -> None:
        before, self._raw_ns = self._raw_ns, time_ns
        if before is None:
            return
        self.counters.backward_steps += time_ns < before
        self.counters.duplicates += time_ns == before
        self.counters.gaps += time_ns - before > self._options.gap * SECOND_NS

    def _in_run(self, time_ns: int) -> int:
        if self._options.clock == "original":
            return time_ns
        passed = time_ns - (self._first_ns or 0)
        return self._lap_ns + (passed if self._options.speed == 1.0 else round(passed / self._options.speed))
