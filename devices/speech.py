"""Who speaks for a unit: what its driver says goes out while it is the one, and changes over at one instant.

Several drivers may know of the same unit: a simulated machine, and real ones. Each has a speech of its own. Changes
come with the instant from which on they hold, which may have passed: what a real machine said since then is kept for a
while. Whoever begins to speak says what holds; whoever ends to speak takes its alarms back. Counters of the unit go on
where the one before has left them: another meter is no energy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from devices.merging import merged
from devices.shadow import beside
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind, records

HOLDING = (RecordKind.STATE, RecordKind.STOCK, RecordKind.ALARM)
"""Kinds whose last row holds until the next, by the first column besides that of states."""


class Handover(NamedTuple):
    """From an instant on a driver speaks for a unit, or no longer does.

    Args:
        at_ns: The instant.
        speaks: Whether it does.
        counted: Where the counters of the unit stood, by tag, as they had been said.
    """

    at_ns: int
    speaks: bool
    counted: Mapping[str, float]


class Speech:
    """What of a driver's rows about one unit goes out. Pickles.

    Args:
        path: The unit.
        speaks: Whether it speaks at the beginning.
        memory_ns: How long rows are kept that were not to go out, for changes that are told late.
        counters: Tags of the unit that only ever grow.
        shadow: Its readings go out under other names while it does not speak.

    >>> path = EquipmentPath("e/s/a/l/m")
    >>> state = lambda time_ns, name: records(RecordKind.STATE, [(path, time_ns, (name, None, None))])
    >>> speech = Speech(path, speaks=False)
    >>> speech.said([state(10, "PRODUCING")], 11)
    []
    >>> speech.change(20, speaks=True)
    >>> (frame,) = speech.said([state(30, "STARVED")], 31)
    >>> frame.time_ns.tolist(), frame.column("state").tolist()
    ([20, 30], ['PRODUCING', 'STARVED'])
    """

    def __init__(
        self, path: EquipmentPath, speaks: bool, memory_ns: int = 0, counters: Iterable[str] = (), shadow: bool = False
    ):
        self.path, self.speaks = path, speaks
        self._memory_ns = memory_ns
        self._changes: list[Handover] = []
        self._last: dict[tuple[RecordKind, str], Frame] = {}
        self._unsaid: list[Frame] = []
        self._counters, self._shadow = frozenset(counters), shadow
        self._read: dict[str, float] = {}
        self._ahead: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self._begun_ns = -1
        self.held_ns: int | None = None
        """From here on nothing goes out until it is known who speaks; None: it is known."""

    def change(self, at_ns: int, speaks: bool, counted: Mapping[str, float] | None = None) -> None:
        """From an instant on it speaks, or no longer does; changes come in order.

        Args:
            at_ns: The instant, ns since 1970 UTC.
            speaks: Whether it does.
            counted: Where the counters of the unit stood then, by tag, as they had been said.
        """
        self._changes.append(Handover(at_ns, speaks, counted or {}))
        self.held_ns = None

    @property
    def counted(self) -> dict[str, float]:
        """Where its counters stand, as they are said."""
        return {tag: value + self._ahead.get(tag, 0.0) for tag, value in self._read.items()}

    def kept(self) -> dict[str, Any]:
        """What the next process goes on from, as plain data."""
        return {"read": self._read, "ahead": self._ahead, "due": self._due, "begun_ns": self._begun_ns}

    def recall(self, kept: Mapping[str, Any]) -> None:
        """Go on from what the process before has kept."""
        self._read, self._ahead, self._due = (dict(kept[name]) for name in ("read", "ahead", "due"))
        self._begun_ns = kept["begun_ns"]

    def hold(self, at_ns: int) -> None:
        """Say nothing from an instant on, until it is known who speaks."""
        self.held_ns = at_ns if self.held_ns is None else self.held_ns

    def release(self) -> None:
        """All remains as it was."""
        self.held_ns = None

    def said(self, frames: Iterable[Frame], now_ns: int) -> list[Frame]:
        """What goes out now.

        Args:
            frames: What its driver has said of the unit since the last call.
            now_ns: Time up to which that is all; changes from then on are not due.
        """
        rows, out = [*self._unsaid, *(frame for frame in frames if len(frame))], []
        while self._changes and self._changes[0].at_ns < now_ns:
            change = self._changes.pop(0)
            before, rows = _cut(rows, change.at_ns)
            out += self._counting_on(before)
            self._note(before)
            if change.speaks != self.speaks:
                self.speaks = change.speaks
                self._takes_over(change)
                out += self._holds(change.at_ns, rows) if self.speaks else self._ends(change.at_ns)
        edge_ns = self.held_ns if self.speaks else now_ns - self._memory_ns
        past, self._unsaid = (rows, []) if edge_ns is None else _cut(rows, edge_ns)
        out += self._counting_on(past)
        self._note(past)
        return _together(out)

    def _takes_over(self, change: Handover) -> None:
        """Count on from where the one before has left the counters; in a life before that was settled already."""
        if not self.speaks or change.at_ns <= self._begun_ns:
            return
        self._begun_ns = change.at_ns
        self._due = {tag: change.counted[tag] for tag in self._counters & change.counted.keys()}
        self._ahead = {tag: self._due.pop(tag) - self._read[tag] for tag in list(self._due) if tag in self._read}

    def _counting_on(self, frames: Iterable[Frame]) -> list[Frame]:
        """What goes out of rows, with counters that go on; at most its shadow while it does not speak."""
        if self.speaks:
            return [self._on(frame) for frame in frames]
        return [beside(frame) for frame in frames if self._shadow and frame.kind is RecordKind.TELEMETRY]

    def _on(self, frame: Frame) -> Frame:
        if frame.kind is not RecordKind.TELEMETRY or not (self._ahead or self._due):
            return frame
        values = frame.values.copy()
        for column, tag in enumerate(frame.tags):
            known = values[:, column][np.isfinite(values[:, column])]
            if tag in self._due and len(known):
                self._ahead[tag] = self._due.pop(tag) - float(known[0])
            values[:, column] += self._ahead.get(tag, 0.0)
        return replace(frame, values=values)

    def _note(self, frames: Iterable[Frame]) -> None:
        """Remember what holds."""
        for frame in frames:
            if frame.kind in HOLDING:
                for row in range(len(frame)):
                    key = "" if frame.kind is RecordKind.STATE else str(frame.values[row, 0])
                    self._last[frame.kind, key] = frame.take([row])
            elif frame.kind is RecordKind.TELEMETRY:
                for tag in self._counters.intersection(frame.tags):
                    known = frame.column(tag)[np.isfinite(frame.column(tag))]
                    if len(known):
                        self._read[tag] = float(known[-1])

    def _holds(self, at_ns: int, after: Iterable[Frame]) -> list[Frame]:
        """What holds when it begins to speak; alarms only while they are active."""
        known = {(frame.kind, time_ns) for frame in after for time_ns in frame.time_ns.tolist()}
        return [
            _at(frame, at_ns)
            for (kind, _), frame in self._last.items()
            if (kind, at_ns) not in known and (kind is not RecordKind.ALARM or _active(frame))
        ]

    def _ends(self, at_ns: int) -> list[Frame]:
        """Its alarms are nobody's any more."""
        active = [frame for (kind, _), frame in self._last.items() if kind is RecordKind.ALARM and _active(frame)]
        over = []
        for frame in active:
            code, severity, _, text = frame.values[0].tolist()
            over.append(records(RecordKind.ALARM, [(self.path, at_ns, (code, severity, 0, text))]))
        return over


def _active(alarm: Frame) -> bool:
    return bool(alarm.column("active")[0])


def _at(frame: Frame, time_ns: int) -> Frame:
    return records(frame.kind, [(frame.paths[0], time_ns, tuple(frame.values[0].tolist()))])


def _cut(frames: Iterable[Frame], at_ns: int) -> tuple[list[Frame], list[Frame]]:
    """Rows before an instant, and those from it on."""
    before: list[Frame] = []
    after: list[Frame] = []
    for frame in frames:
        early = frame.time_ns < at_ns
        for part, rows in ((before, early), (after, ~early)):
            if rows.all():
                part.append(frame)
            elif rows.any():
                part.append(frame.take(np.flatnonzero(rows)))
    return before, after


def _together(frames: list[Frame]) -> list[Frame]:
    return frames if len(frames) < 2 else merged(frames)
