"""A machine as a recording shows it: state, counter, alarms and values held until the next observation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from devices.derivation.counting import CountingFaults, StepCounter
from devices.derivation.speaking import Rows, Speaker
from devices.recordings import names
from devices.recordings.options import ReplayOptions, TagMapping
from devices.recordings.record import Condition, Record, ReplayCounters
from devices.unit import DeviceUnit
from twin.records import BAD, GOOD, UNCERTAIN, Frame
from twin.states import UnitState
from twin.tags import TagSpec

NO_DATA = {"UNAVAILABLE", ""}
SEVERITY = {"Warning": 400, "Fault": 700}


class RecordedMachine:
    """Applies records in order and writes the rows that follow from them.

    A value holds until the next observation of its item, as in MTConnect; a tag without an item, or
    whose item is unavailable, is NaN with quality BAD. Where several items stand for one tag, the first
    that gives data is bound to it.
    """

    def __init__(
        self,
        unit: DeviceUnit,
        options: ReplayOptions,
        tags: Sequence[TagSpec],
        epoch_ns: int,
        counters: ReplayCounters,
    ) -> None:
        self.started = False
        self._unit, self._options, self._counters = unit, options, counters
        self._tags = tuple(tag.name for tag in tags)
        self._speaker = Speaker(unit, self._tags, options.period, epoch_ns)
        self._columns = self._mapped()
        self._bound: dict[int, str] = {}
        self._known_states = options.states()
        self._counter, self._faults = StepCounter(options.largest_step), CountingFaults()
        self._active: dict[tuple[str, str], tuple[int, str]] = {}

    def _mapped(self) -> dict[str, tuple[int, TagMapping]]:
        chosen = self._options.tags
        if chosen is None:
            chosen = {item: TagMapping(tag=tag) for item, tag in names.TAGS.items() if tag in self._tags}
        return {item: (self._tags.index(each.tag), each) for item, each in chosen.items()}

    def carry(self, record: Record) -> None:
        """Take values from before the start."""
        self._observe(record, 0, GOOD, Rows())

    def start(self, time_ns: int, rows: Rows, *, known: bool) -> None:
        """Say what is known at the start: the values carried in, or nothing."""
        self.started = True
        if known:
            self._speaker.say(self._speaker.state, time_ns, rows)
            for key in sorted(self._active):
                self._alarm(key, 1, time_ns, rows)
            self._sample(time_ns, rows, apart=True)
        else:
            self.lose(time_ns, "no_data", rows)

    def apply(self, record: Record, time_ns: int, late: bool, rows: Rows) -> None:
        """Take one record at its time in the run."""
        touched = self._observe(record, time_ns, UNCERTAIN if late else GOOD, rows)
        if self._speaker.state[1] == "no_data" and self._options.assume_state != UnitState.UNKNOWN.name:
            self._speaker.state = (UnitState[self._options.assume_state], None)
        self._speaker.say(self._speaker.state, time_ns, rows)
        if touched:
            self._sample(time_ns, rows, apart=late)

    def lose(self, time_ns: int, cause: str, rows: Rows) -> None:
        """Nothing is known from here on, until the next record."""
        self._speaker.lose(time_ns, cause, rows)

    def forget_counter(self) -> None:
        """The part counter begins anew; the parts made so far stay counted."""
        self._counter.forget()

    def _sample(self, time_ns: int, rows: Rows, *, apart: bool) -> None:
        self._speaker.sample(time_ns, rows, apart=apart)
        self._counters.coalesced = self._speaker.coalesced

    def _observe(self, record: Record, time_ns: int, quality: np.uint8, rows: Rows) -> bool:
        """Take the observations of a record; whether one of them is a state, a count or a tag."""
        if record.condition is not None:
            self._counters.observe(record.condition.item)
            self._condition(record.condition, time_ns, rows)
        touched = False
        for item, text in record.items:
            self._counters.observe(item)
            self._counters.unavailable += text in NO_DATA
            touched |= self._item(item, text, time_ns, quality, rows)
        return touched

    def _item(self, item: str, text: str, time_ns: int, quality: np.uint8, rows: Rows) -> bool:
        if self._is(item, self._options.state_item, names.STATE_ITEMS):
            self._counters.states[text] += 1
            state = self._known_states.get(text, UnitState.UNKNOWN)
            self._speaker.state = (state, text.lower())
            return True
        if self._is(item, self._options.part_item, names.PART_ITEMS):
            self._count(text, time_ns, rows)
            return True
        return self._tag(item, text, quality)

    @staticmethod
    def _is(item: str, chosen: str | None, usual: tuple[str, ...]) -> bool:
        return item in usual if chosen is None else item == chosen

    def _tag(self, item: str, text: str, quality: np.uint8) -> bool:
        mapped = self._columns.get(item)
        if mapped is None:
            return False
        column, mapping = mapped
        value = self._number(text)
        if self._bound.get(column, item) != item:
            return False
        if not np.isnan(value):
            self._bound[column] = item
        self._speaker.values[column] = value * mapping.factor + mapping.offset
        self._speaker.quality[column] = BAD if np.isnan(value) else quality
        return True

    def _number(self, text: str) -> float:
        try:
            value = float(text) if text not in NO_DATA else np.nan
        except ValueError:
            self._counters.malformed += 1
            return np.nan
        return value if np.isfinite(value) else np.nan

    def _count(self, text: str, time_ns: int, rows: Rows) -> None:
        number = self._number(text)
        if np.isnan(number):
            return
        step = self._counter.step(int(number), self._faults)
        self._counters.counter_resets, self._counters.implausible = self._faults.resets, self._faults.implausible
        self._speaker.made = (self._speaker.made or 0) + step
        if step:
            rows.parts.append((self._unit.path, time_ns, self._part(step)))

    def _part(self, quantity: int) -> tuple[Any, ...]:
        ideal = self._unit.ideal_s if self._options.ideal is None else self._options.ideal
        return (self._options.makes or self._unit.item or None, quantity, 0, 0, ideal, 1)

    def _condition(self, condition: Condition, time_ns: int, rows: Rows) -> None:
        key = (condition.item, condition.code)
        if condition.level in SEVERITY:
            self._active[key] = (SEVERITY[condition.level], condition.text)
            self._alarm(key, 1, time_ns, rows)
        elif condition.level == "Normal":
            for each in sorted(each for each in self._active if each == key or (each[0] == key[0] and not key[1])):
                self._alarm(each, 0, time_ns, rows)
                del self._active[each]

    def _alarm(self, key: tuple[str, str], active: int, time_ns: int, rows: Rows) -> None:
        severity, text = self._active[key]
        code = ":".join(part for part in key if part)
        rows.alarms.append((self._unit.path, time_ns, (code, severity, active, text)))

    def frames(self, rows: Rows) -> list[Frame]:
        """The rows of a step as frames, one per kind that has any."""
        return self._speaker.frames(rows)
