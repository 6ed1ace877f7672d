"""A real machine's unit: values of items in, rows of the canonical vocabulary out.

Times. A value has the time that the machine gave it, or that of its arrival (option ``clock``). What is read at the
opening holds now and has the time of its arrival, whenever it came about. A stamp behind the one before of the same
item, or ahead of the arrival, is not believed: the value is UNCERTAIN. Rows of a unit never step back.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from devices.connection import DataValue, Scalar, Wanted
from devices.derivation.counting import CountingFaults, StepCounter
from devices.derivation.expression import ConditionText
from devices.derivation.options import AlarmSource, ItemSource, MachineOptions, StateSource
from devices.derivation.speaking import Rows, Speaker, StateSaid
from devices.derivation.words import IN_MODE, MODES
from devices.unit import DeviceUnit
from twin.quantities import in_unit
from twin.records import BAD, UNCERTAIN, Frame
from twin.states import UnitState
from twin.tags import TagSpec

AHEAD_NS = 60_000_000_000
"""Furthest that a machine's clock may be ahead of ours to be believed."""
HOLDS_S = 5.0
"""Values that hold are said again after this, as long as the machine answers."""
RESTARTED = "gateway_restarted"
"""Cause of a state that is not known because nobody heard the machine while this process was not there."""
MOST_REASONS = 100
"""Reasons that are counted each by its name."""


@dataclass
class MachineCounters:
    """What was met in what a machine said. Nothing of it is repaired silently.

    Args:
        values: Values taken.
        duplicates: Values with the stamp of the one before of their item that say nothing new.
        backward: Values stamped before the one before of their item; UNCERTAIN.
        ahead: Values stamped more than a minute ahead of their arrival, which is their time then; UNCERTAIN.
        clamped: Values whose time is moved up to that of what was said before.
        bad: Values that the machine itself calls bad, or that it has not.
        malformed: Values that are no number where a number is due.
        unknown_words: Values of the state item that stand for no state.
        gaps: Silences longer than the option ``gap``.
        lost: Connections lost.
        faults: What was met in counters of parts.
        reasons: Why values were bad, as the protocol names it.
    """

    values: int = 0
    duplicates: int = 0
    backward: int = 0
    ahead: int = 0
    clamped: int = 0
    bad: int = 0
    malformed: int = 0
    unknown_words: int = 0
    gaps: int = 0
    lost: int = 0
    faults: CountingFaults = field(default_factory=CountingFaults)
    reasons: Counter[str] = field(default_factory=Counter)

    def blame(self, reason: str) -> None:
        """Count a value that is bad."""
        self.bad += 1
        known = reason in self.reasons or len(self.reasons) < MOST_REASONS
        self.reasons[(reason or "no value") if known else "others"] += 1


class _Timed(NamedTuple):
    """A value at its time in the rows."""

    time_ns: int
    value: DataValue
    quality: np.uint8


class _Column(NamedTuple):
    """A tag that an item stands for: ``tag = number * scale + offset``."""

    number: int
    name: str
    source: ItemSource
    scale: float
    offset: float


SPELT = {
    "Cel": "degC", "CELSIUS": "degC", "1": "dimensionless", "%": "percent", "PERCENT": "percent",
    "kW.h": "kW*h", "Nm": "N*m", "NEWTON_METER": "N*m", "MILLIMETER/SECOND": "mm/s",
    **dict.fromkeys(("/min", "rpm", "RPM", "r/min", "rev/min", "U/min", "REVOLUTION/MINUTE"), "1/min"),
}  # fmt: skip
"""Units as machines and profiles spell them, in words that convert; a revolution is counted, it is no angle."""


def wanted(options: MachineOptions, period_s: float) -> list[Wanted]:
    """The items that are to be read, each once."""
    least: dict[str, float] = {}
    for item, deadband in options.items():
        least[item] = min(deadband, least.get(item, math.inf))
    return [Wanted(item, period_s, deadband) for item, deadband in least.items()]


def converted(source: ItemSource, unit: str) -> tuple[float, float]:
    """Scale and offset from the number of an item to a tag in a unit, the conversion of units included.

    Raises:
        ValueError: The units do not convert into each other.

    >>> source = ItemSource(item="t", unit="kPa", scale=2.0)
    >>> scale, offset = converted(source, "bar")
    >>> round(scale, 9), offset
    (0.02, 0.0)
    >>> converted(ItemSource(item="n", unit="rpm"), "/min")
    (1.0, 0.0)
    """
    if source.unit in ("", unit):
        return source.scale, source.offset
    theirs, ours = SPELT.get(source.unit, source.unit), SPELT.get(unit, unit)
    if theirs == ours:
        return source.scale, source.offset
    zero, one = (in_unit(f"{number} {theirs}", ours) for number in (0, 1))
    return source.scale * (one - zero), source.offset * (one - zero) + zero


def number_of(value: Scalar, bit: int | None = None) -> float:
    """A value as a number, NaN where it is none.

    >>> number_of(True), number_of("2.5"), number_of(6, bit=1), number_of("open")
    (1.0, 2.5, 1.0, nan)
    """
    try:
        if bit is not None:
            return float(int(value if value is not None else "") >> bit & 1)
        number = float(value) if value is not None else math.nan
    except (ValueError, OverflowError):
        return math.nan
    return number if math.isfinite(number) else math.nan


def word_of(value: Scalar) -> str:
    """A value as a word of a mapping: 3.0 as 3, true in small letters."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().lower()


class StateReading:
    """How the state of a unit follows from items and conditions."""

    def __init__(self, source: StateSource):
        self._source, self._words = source, source.words()
        self._rules = [(ConditionText(rule.when), UnitState[rule.state], rule.cause or None) for rule in source.rules]

    @property
    def by_rules(self) -> bool:
        """Whether values of tags and inputs have a part in it."""
        return bool(self._rules)

    def state(self, held: dict[str, DataValue], names: dict[str, Scalar], counters: MachineCounters) -> StateSaid:
        """The state that follows from what is held."""
        for criterion, state, cause in self._rules:
            if criterion(names):
                return state, cause
        if self._source.item is None:
            return UnitState[self._source.otherwise], None
        shown = held.get(self._source.item)
        if shown is None or shown.value is None or shown.quality == BAD:
            return UnitState.UNKNOWN, "no_data" if shown is None else shown.reason or "no_data"
        return self._in_mode(*self._said(shown.value, counters), held)

    def _said(self, value: Scalar, counters: MachineCounters) -> StateSaid:
        otherwise = UnitState[self._source.otherwise]
        if self._source.bits:
            found = (UnitState[name] for bit, name in self._source.bits.items() if number_of(value, bit) == 1.0)
            return next(found, otherwise), None
        word = word_of(value)
        counters.unknown_words += word not in self._words
        return self._words.get(word, otherwise), None if word.lstrip("-").isdigit() else word

    def _in_mode(self, state: UnitState, cause: str | None, held: dict[str, DataValue]) -> StateSaid:
        shown = held.get(self._source.mode_item or "")
        if shown is None or shown.quality == BAD:
            return state, cause
        word = word_of(shown.value)
        other = IN_MODE.get(MODES.get(word, word), {}).get(state.name)
        return (state, cause) if other is None else (UnitState[other], cause)


class AlarmReading:
    """Whether an alarm is active."""

    def __init__(self, source: AlarmSource):
        self.source, self.active = source, False
        self._criterion = None if source.when is None else ConditionText(source.when)

    def now(self, held: dict[str, DataValue], names: dict[str, Scalar]) -> bool:
        """Whether it is; as before where that is not known."""
        found = self._found(held, names)
        return self.active if found is None else found

    def _found(self, held: dict[str, DataValue], names: dict[str, Scalar]) -> bool | None:
        if self._criterion is not None:
            return self._criterion(names)
        source = self.source
        if source.of is not None:
            return self._beyond(number_of(names.get(source.of)))
        shown = held.get(source.item or "")
        number = math.nan if shown is None or shown.quality == BAD else number_of(shown.value, source.bit)
        return None if math.isnan(number) else number != 0

    def _beyond(self, number: float) -> bool | None:
        if math.isnan(number):
            return None
        sign = 1.0 if self.source.above is not None else -1.0
        edge = self.source.above if self.source.above is not None else self.source.below
        back = edge if self.source.back is None else self.source.back
        if edge is None or back is None:
            return None
        return sign * number > sign * (back if self.active else edge)


class MachineDerivation:
    """What one real machine says, from the values of its items. Pickles.

    Args:
        unit: The unit it speaks for.
        options: What the scenario says of it, checked.
        tags: Tags of the unit.
        period_s: At most one row of telemetry per period.
    """

    def __init__(self, unit: DeviceUnit, options: MachineOptions, tags: Sequence[TagSpec], period_s: float = 1.0):
        self.counters = MachineCounters()
        self._unit, self._options = unit, options
        names = [tag.name for tag in tags]
        self._speaker = Speaker(unit, names, period_s, 0)
        self._columns: dict[str, list[_Column]] = defaultdict(list)
        for name, source in options.tags.items():
            number = names.index(name)
            self._columns[source.item].append(_Column(number, name, source, *converted(source, tags[number].unit)))
        self._inputs: dict[str, list[tuple[str, ItemSource]]] = defaultdict(list)
        for name, source in options.inputs.items():
            self._inputs[source.item].append((name, source))
        self._state = None if options.state is None else StateReading(options.state)
        self._alarms = [AlarmReading(alarm) for alarm in options.alarms]
        parts = {} if options.parts is None else dict(options.parts.counters())
        self._counters = {
            what: (each.item, StepCounter(each.largest_step, each.values)) for what, each in parts.items()
        }
        self._held: dict[str, DataValue] = {}
        self._names: dict[str, Scalar] = {}
        self._stamps: dict[str, int | None] = {}
        self._rows = Rows()
        self._heard_ns: int | None = None
        self._since: dict[str, int] = {}
        """Since when a counter has not been heard, by what it counts, until its next reading."""
        self._shown_ns: dict[str, int] = {}
        """When a counter was read last, or known to show the same still, by what it counts."""
        self._latest_ns = 0
        self._made_of_order = 0
        self._known = False

    def take(self, values: Sequence[DataValue], at_ns: int) -> None:
        """Take what the machine said; nothing is a sign that it is there and that all holds.

        Args:
            values: In the order in which it gave them.
            at_ns: Time of their arrival.
        """
        self._miss(at_ns)
        self._heard_ns = at_ns
        if not values and self._known:
            self._shown_ns = dict.fromkeys(self._shown_ns, at_ns)
        if not self._known and self._held:
            self._again(at_ns)
        timed = [self._timed(value, at_ns) for value in values if not self._said_before(value)]
        timed.sort(key=lambda each: each.time_ns)
        for time_ns, group in groupby(timed, key=lambda each: each.time_ns):
            self._at(self._onward(time_ns), list(group))

    def lose(self, at_ns: int, cause: str) -> None:
        """The connection is gone: nothing is known until it is opened again and all values are read anew."""
        self.counters.lost += 1
        self._miss(at_ns)
        self._uncounted(self._heard_ns)
        self._unknown(at_ns, cause)
        self._held.clear()
        self._names.clear()
        self._stamps.clear()
        self._heard_ns = None

    def silent(self, at_ns: int, cause: str) -> None:
        """Nothing is known of it from here on; what it said before holds again with the next thing that it says."""
        self._uncounted(self._heard_ns)
        self._unknown(at_ns, cause)

    def forget_counters(self) -> None:
        """Counters begin anew; the parts made so far stay counted."""
        self._since.clear()
        for _, counter in self._counters.values():
            counter.forget()

    def tick(self, now_ns: int) -> None:
        """Time goes on: what is silent becomes unknown, what holds is said again."""
        self._miss(now_ns)
        if not self._known or self._heard_ns is None:
            return
        if now_ns - self._heard_ns < HOLDS_S * 1e9 <= now_ns - self._latest_ns:
            self._speaker.sample(self._onward(now_ns), self._rows, apart=False)

    def _miss(self, now_ns: int) -> None:
        """After a silence nothing is known, whatever ends it: also of this process, that nobody let run meanwhile."""
        gap_ns = round(self._options.gap * 1e9)
        if self._known and self._heard_ns is not None and now_ns - self._heard_ns > gap_ns:
            self.counters.gaps += 1
            self.silent(self._heard_ns + gap_ns, "gap")

    def kept(self) -> dict[str, Any]:
        """What the next process goes on from, as plain data: no part made meanwhile is missed or counted twice."""
        counters = {what: counter.value for what, (_, counter) in self._counters.items()}
        speaker = self._speaker
        return {
            "counters": counters,
            "heard_ns": self._heard_ns,
            "known": self._known,
            "made": speaker.made,
            "order": speaker.order,
            "made_of_order": self._made_of_order,
            "latest_ns": self._latest_ns,
            "active": [alarm.source.code for alarm in self._alarms if alarm.active],
        }

    def recall(self, kept: Mapping[str, Any]) -> None:
        """Go on from what the process before has kept; from when it heard the machine last nothing is known."""
        heard_ns = kept.get("heard_ns") or kept["latest_ns"]
        for what, (_, counter) in self._counters.items():
            counter.value = kept["counters"].get(what)
        self._uncounted(heard_ns)
        self._speaker.made, self._speaker.order = kept["made"], kept["order"]
        self._made_of_order, self._latest_ns = kept["made_of_order"], kept["latest_ns"]
        for alarm in self._alarms:
            alarm.active = alarm.source.code in kept["active"]
        self._known = kept.get("known", True)
        if self._latest_ns:
            self._unknown(heard_ns + 1, RESTARTED)  # what was said at that instant stays said

    def frames(self) -> list[Frame]:
        """What is to be said since the last call."""
        rows, self._rows = self._rows, Rows()
        return self._speaker.frames(rows)

    def _uncounted(self, heard_ns: int | None) -> None:
        """What is counted from here to the next reading of each counter was made at some time between."""
        for what in self._counters if heard_ns else ():
            self._since.setdefault(what, int(heard_ns or 0))

    def _unknown(self, at_ns: int, cause: str) -> None:
        if self._known or self._latest_ns == 0:
            self._speaker.lose(self._onward(at_ns), cause, self._rows)
        self._known = False

    def _again(self, at_ns: int) -> None:
        """It is heard again over the same connection: what it said before holds."""
        self._say(self._onward(at_ns), apart=True)

    def _onward(self, time_ns: int) -> int:
        """A time that is not before what was said."""
        self._latest_ns = max(time_ns, self._latest_ns + 1 if time_ns < self._latest_ns else self._latest_ns)
        return self._latest_ns

    def _said_before(self, value: DataValue) -> bool:
        before = self._held.get(value.item)
        same = before is not None and value.time_ns is not None and value.time_ns == self._stamps.get(value.item)
        if same and before is not None and (before.value, before.quality) == (value.value, value.quality):
            self.counters.duplicates += 1
            return True
        return False

    def _timed(self, value: DataValue, at_ns: int) -> _Timed:
        """A value at its time; the held value of its item is not changed yet."""
        self.counters.values += 1
        stamp, first = value.time_ns, value.item not in self._stamps
        before = self._stamps.get(value.item)
        self._stamps[value.item] = stamp if before is None or stamp is None else max(stamp, before)
        if stamp is None or first or self._options.clock == "arrival":
            return _Timed(at_ns, value, value.quality)
        if stamp > at_ns + AHEAD_NS:
            self.counters.ahead += 1
            return _Timed(at_ns, value, max(value.quality, UNCERTAIN))
        backward = before is not None and stamp < before
        self.counters.backward += backward
        self.counters.clamped += stamp < self._latest_ns
        quality = max(value.quality, UNCERTAIN) if backward else value.quality
        return _Timed(max(stamp, self._latest_ns), value, quality)

    def _at(self, time_ns: int, group: Sequence[_Timed]) -> None:
        """Take the values of one time, then say what follows."""
        touched = False
        for _, value, quality in group:
            self._held[value.item] = value
            if value.quality == BAD or value.value is None:
                self.counters.blame(value.reason)
            touched |= self._read(value, quality)
        self._changeover(time_ns)
        self._say(time_ns, apart=any(quality == UNCERTAIN for *_, quality in group), touched=touched)
        self._count(time_ns, {value.item for _, value, _ in group})

    def _read(self, value: DataValue, quality: np.uint8) -> bool:
        """Take a value into tags and inputs; whether a tag shows it."""
        known = value.value is not None and value.quality != BAD
        columns = self._columns.get(value.item, [])
        for column in columns:
            number = number_of(value.value, column.source.bit) if known else math.nan
            self.counters.malformed += known and math.isnan(number)
            number = number * column.scale + column.offset
            self._speaker.values[column.number] = number
            self._speaker.quality[column.number] = BAD if math.isnan(number) else quality
            self._names[column.name] = number
        for name, source in self._inputs.get(value.item, []):
            self._names[name] = self._input(source, value.value) if known else None
        return bool(columns)

    @staticmethod
    def _input(source: ItemSource, value: Scalar) -> Scalar:
        """An input as it is, unless it is read as a number."""
        number = number_of(value, source.bit)
        plain = source.bit is None and source.scale == 1.0 and source.offset == 0.0
        return value if plain or math.isnan(number) else number * source.scale + source.offset

    def _say(self, time_ns: int, *, apart: bool, touched: bool = True) -> None:
        """Say state and alarms that follow from what is held, and the values."""
        before = self._speaker.state
        if self._state is not None:
            self._speaker.state = self._state.state(self._held, self._names, self.counters)
        elif self._held:
            self._speaker.state = (UnitState.UNKNOWN, "not_reported")
        self._speaker.say(self._speaker.state, time_ns, self._rows)
        for alarm in self._alarms:
            self._alarm(alarm, time_ns)
        if touched or apart or not self._known or self._speaker.state != before:
            self._speaker.sample(time_ns, self._rows, apart=apart)
        self._known = True

    def _alarm(self, alarm: AlarmReading, time_ns: int) -> None:
        active = alarm.now(self._held, self._names)
        if active != alarm.active:
            alarm.active, said = active, alarm.source
            row = (said.code, said.severity, int(active), said.text)
            self._rows.alarms.append((self._unit.path, time_ns, row))

    def _count(self, time_ns: int, touched: set[str]) -> None:
        """Say the parts that counters have counted since their last reading."""
        steps = dict.fromkeys(("good", "total", "scrap", "rework"), 0)
        since: list[int] = []
        lacking: list[int] = []
        for what, (item, counter) in self._counters.items():
            number = number_of(self._held[item].value) if item in touched else math.nan
            if math.isnan(number) or self._held[item].quality == BAD:
                continue
            unknown, unheard = self.counters.faults.unknown, self._since.pop(what, None)
            steps[what] = counter.step(int(number), self.counters.faults)
            if self.counters.faults.unknown != unknown:
                lacking.append(self._shown_ns.get(what, time_ns) if unheard is None else unheard)
            elif unheard is not None and steps[what]:
                since.append(unheard)
            self._shown_ns[what] = time_ns
            self._speaker.made = self._speaker.made or 0
        if lacking:
            row = (None, 0, 0, 0, None, None, min(*lacking, time_ns), 1)
            self._rows.parts.append((self._unit.path, time_ns, row))
        good = steps["good"]
        if "total" in self._counters:
            good = steps["total"] - steps["scrap"] - steps["rework"]
        if good or steps["scrap"] or steps["rework"]:
            self._made(time_ns, good, steps["scrap"], steps["rework"], min(since, default=None))

    def _made(self, time_ns: int, good: int, scrap: int, rework: int, begun_ns: int | None) -> None:
        parts = self._options.parts
        made = parts.makes if parts is not None and parts.makes else self._unit.item or None
        ideal = self._unit.ideal_s if parts is None or parts.ideal is None else parts.ideal
        self._speaker.made = (self._speaker.made or 0) + good + scrap + rework
        self._made_of_order += good
        self._rows.parts.append((self._unit.path, time_ns, (made, good, scrap, rework, ideal, 1, begun_ns)))
        self._speaker.sample(time_ns, self._rows, apart=False)

    def _changeover(self, time_ns: int) -> None:
        """Say that an order ends and another one begins, when its number changes."""
        job = self._options.job
        shown = None if job is None else self._held.get(job.item)
        if job is None or shown is None or shown.value is None or shown.quality == BAD:
            return
        word = str(shown.value).strip() if isinstance(shown.value, str) else word_of(shown.value)
        order = None if word.lower() in {none.lower() for none in job.none} else word[:1000]
        before, self._speaker.order = self._speaker.order, order
        if order == before:
            return
        made = None if self._options.parts is None else self._options.parts.makes or self._unit.item or None
        if before is not None:
            done = (before, "completed", made, self._made_of_order, None, str(self._unit.path), None)
            self._rows.orders.append((self._unit.path, time_ns, done))
        if order is not None:
            begun = (order, "started", made, None, None, str(self._unit.path), None)
            self._rows.orders.append((self._unit.path, time_ns, begun))
        self._made_of_order = 0
