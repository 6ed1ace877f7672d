"""A machine as a recording shows it, read by the rules that stand for real machines too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from devices.connection import DataValue, Scalar
from devices.derivation.machine import MachineDerivation
from devices.derivation.options import DerivationOptions, MachineOptions
from devices.derivation.speaking import Rows
from devices.recordings.conditions import Conditions
from devices.recordings.record import Record, ReplayCounters
from devices.unit import DeviceUnit
from twin.records import BAD, GOOD, UNCERTAIN, Frame
from twin.tags import TagSpec

NO_DATA = "UNAVAILABLE"
NEVER_S = 1e9
"""Silence that no recording has."""
_NUMBER = re.compile(r"[-+]?(0|[1-9]\d{0,300})(\.\d*)?([eE][-+]?\d{1,3})?")


def scalar(text: str) -> Scalar:
    """What a recording has as text, as a number where it is written as one; 007 is a name.

    >>> scalar("12"), scalar("-0.50"), scalar("007"), scalar("ACTIVE")
    (12, -0.5, '007', 'ACTIVE')
    """
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return text
    return float(text) if found[2] or found[3] else int(text)


class DerivedMachine:
    """Gives records to the derivation, which writes the rows that follow. Pickles.

    Args:
        unit: The unit it speaks for.
        derive: What its items mean.
        tags: Tags of the unit.
        period_s: At most one row of telemetry per period.
        counters: What is met in the recording.
    """

    def __init__(
        self,
        unit: DeviceUnit,
        derive: DerivationOptions,
        tags: Sequence[TagSpec],
        period_s: float,
        counters: ReplayCounters,
    ) -> None:
        self.started = False
        self._counters = counters
        meant = {name: getattr(derive, name) for name in DerivationOptions.model_fields}
        # silences are the player's: only it knows how fast the recording is played
        options = MachineOptions.model_construct(**meant, clock="arrival", gap=NEVER_S, commands={})
        self._derivation = MachineDerivation(unit, options, tags, period_s)
        self._items = {item for item, _ in derive.items()}
        self._conditions = Conditions()
        self._carried: dict[str, DataValue] = {}

    def carry(self, record: Record) -> None:
        """Take values from before the start."""
        self._carried |= {value.item: value for value in self._values(record)}

    def start(self, time_ns: int, rows: Rows, *, known: bool) -> None:
        """Say what is known at the start: the values carried in, or nothing."""
        self.started = True
        if not known:
            self.lose(time_ns, "no_data", rows)
        elif self._carried:
            self._derivation.take(list(self._carried.values()), time_ns)

    def apply(self, record: Record, time_ns: int, late: bool, rows: Rows) -> None:  # noqa: ARG002 - the derivation has its own
        """Take one record at its time in the run."""
        values = self._values(record)
        if late:
            values = [replace(value, quality=max(value.quality, UNCERTAIN)) for value in values]
        self._derivation.take(values, time_ns)
        faults, met = self._derivation.counters.faults, self._derivation.counters
        self._counters.counter_resets, self._counters.implausible = faults.resets, faults.implausible
        self._counters.malformed += met.malformed
        met.malformed = 0

    def lose(self, time_ns: int, cause: str, rows: Rows) -> None:  # noqa: ARG002 - as above
        """Nothing is known from here on, until the next record."""
        self._derivation.silent(time_ns, cause)

    def forget_counter(self) -> None:
        """The part counters begin anew; the parts made so far stay counted."""
        self._derivation.forget_counters()

    def frames(self, rows: Rows) -> list[Frame]:  # noqa: ARG002 - as above
        """The rows of a step as frames, one per kind that has any."""
        return self._derivation.frames()

    def _values(self, record: Record) -> list[DataValue]:
        pairs = list(record.items)
        if record.condition is not None:
            one = record.condition
            pairs.append((one.item, self._conditions.worst(one.item, one.level, one.code)))
        return [self._value(item, text) for item, text in pairs if self._is_wanted(item, text)]

    def _is_wanted(self, item: str, text: str) -> bool:
        self._counters.observe(item)
        self._counters.unavailable += text.upper() in (NO_DATA, "")
        return item in self._items

    def _value(self, item: str, text: str) -> DataValue:
        unknown = text.upper() in (NO_DATA, "")
        quality: np.uint8 = BAD if unknown else GOOD
        return DataValue(item, None if unknown else scalar(text), None, quality, text.upper() if unknown else "")
