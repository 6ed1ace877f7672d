"""Which values pass to OPC UA clients: deadband and rate limit per variable.

asyncua compares a deadband with the last sample, so a slow ramp is never reported, and ignores
the sampling interval; both are therefore decided here, before a value is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from brokers.opcua.lives import LOST
from twin.records import BAD, GOOD

NEVER = np.int16(-1)


class Change(NamedTuple):
    """A value on its way to a variable."""

    value: Any
    time_ns: int
    quality: int


@dataclass(slots=True)
class Counts:
    """What became of the values offered.

    Args:
        offered: Values that came in.
        unchanged: Suppressed: equal to the reported value or within its deadband.
        coalesced: Suppressed: replaced by a newer one while they waited for the rate limit.
        written: Written to a variable.
    """

    offered: int = 0
    unchanged: int = 0
    coalesced: int = 0
    written: int = 0


class Gate:
    """Keeps the last reported value of every variable and the newest one that waits.

    A value is reported when it differs from the last *reported* value by more than the deadband,
    or its quality changed, but at most once per interval and variable; in between the newest wins.

    Args:
        interval_ns: Shortest time between two writes of one variable.
    """

    def __init__(self, interval_ns: int):
        self.interval_ns = interval_ns
        self.counts = Counts()
        self._size = 0
        self._value: NDArray[np.float64] = np.full(64, np.nan)
        self._deadband: NDArray[np.float64] = np.zeros(64)
        self._quality: NDArray[np.int16] = np.full(64, NEVER)
        self._waiting: NDArray[np.bool_] = np.zeros(64, dtype=bool)
        self._written_ns: NDArray[np.int64] = np.zeros(64, dtype=np.int64)
        self._since_ns: NDArray[np.int64] = np.zeros(64, dtype=np.int64)
        self._turned_ns = 0
        self._said: dict[int, Change] = {}
        self._pending: dict[int, Change] = {}

    def __len__(self) -> int:
        return self._size

    @property
    def waiting(self) -> int:
        """Number of variables with a value that waits; never more than there are variables."""
        return len(self._pending)

    @property
    def lag_ns(self) -> int:
        """How long the variable that waits longest had waited at the last turn, to a turn."""
        return max(0, self._turned_ns - int(self._since_ns[next(iter(self._pending))])) if self._pending else 0

    @property
    def lost(self) -> int:
        """Number of variables that say that their source has gone."""
        return int(np.count_nonzero(self._quality[: self._size] >= LOST))

    def add(self, deadband: float = 0.0) -> int:
        """A place for one more variable; its number counts from 0."""
        if self._size == len(self._value):
            self._grow()
        slot = self._size
        self._size += 1
        self._deadband[slot] = deadband
        return slot

    def _grow(self) -> None:
        spare = len(self._value)
        self._value = np.concatenate([self._value, np.full(spare, np.nan)])
        self._deadband = np.concatenate([self._deadband, np.zeros(spare)])
        self._quality = np.concatenate([self._quality, np.full(spare, NEVER)])
        self._waiting = np.concatenate([self._waiting, np.zeros(spare, dtype=bool)])
        self._written_ns = np.concatenate([self._written_ns, np.zeros(spare, dtype=np.int64)])
        self._since_ns = np.concatenate([self._since_ns, np.zeros(spare, dtype=np.int64)])

    def offer(
        self,
        slots: NDArray[np.int64],
        values: NDArray[np.float64],
        quality: NDArray[np.uint8] | None,
        time_ns: NDArray[np.int64],
    ) -> None:
        """Offer numbers, all arrays [values]; an unknown number (NaN) has bad quality."""
        quality = np.full(len(slots), GOOD) if quality is None else quality
        known = np.isfinite(values)
        quality, values = np.where(known, quality, BAD), np.where(known, values, np.nan)
        near = np.abs(values - self._value[slots]) <= self._deadband[slots]
        same = (quality == self._quality[slots]) & (near | (quality == BAD))
        self.counts.offered += len(slots)
        self.counts.unchanged += int(np.count_nonzero(same))
        for slot in slots[same & self._waiting[slots]].tolist():
            self._withdraw(slot)
        for index in np.flatnonzero(~same).tolist():
            change = Change(float(values[index]), int(time_ns[index]), int(quality[index]))
            self._hold(int(slots[index]), change)

    def offer_one(self, slot: int, change: Change) -> None:
        """Offer any value to one variable; it is reported when it is not equal to the reported one."""
        self.counts.offered += 1
        if change.quality == self._quality[slot] and self._same(slot, change.value):
            self.counts.unchanged += 1
            self._withdraw(slot)
        else:
            self._hold(slot, change)

    def _same(self, slot: int, value: Any) -> bool:
        said = self._said.get(slot)
        return value is None if said is None else bool(said.value == value)

    def lose(self, slots: list[int], quality: int) -> None:
        """The source of these variables has gone: what they said last has another quality now."""
        for slot in slots:
            waits = self._pending.get(slot)
            if waits is not None and waits.quality < LOST:
                self._said[slot] = waits
            said = self._said.get(slot)
            if said is not None and said.quality != BAD:
                self._hold(slot, said._replace(quality=quality))

    def restore(self, slots: list[int]) -> None:
        """The source of these variables is back: what they said last holds again."""
        for slot in slots:
            waits, said = self._pending.get(slot), self._said.get(slot)
            if said is not None and (self._quality[slot] >= LOST or (waits is not None and waits.quality >= LOST)):
                self._hold(slot, said)

    def _withdraw(self, slot: int) -> None:
        if self._pending.pop(slot, None) is not None:
            self._waiting[slot] = False
            self.counts.coalesced += 1

    def _hold(self, slot: int, change: Change) -> None:
        if self._waiting[slot]:
            self.counts.coalesced += 1
        else:
            self._since_ns[slot] = self._turned_ns
        self._pending[slot] = change
        self._waiting[slot] = True

    def take(self, now_ns: int, limit: int) -> list[tuple[int, Change]]:
        """The changes that may be written now, longest waiting first.

        Args:
            now_ns: Time of the machine; a clock set back lets everything pass once.
            limit: Most changes to give.
        """
        if not self._turned_ns:
            self._since_ns[:] = now_ns  # the first turn: nobody could have written before
        self._turned_ns = now_ns
        batch: list[tuple[int, Change]] = []
        for slot, change in self._pending.items():
            if len(batch) == limit:
                break
            since = now_ns - int(self._written_ns[slot])
            if since >= self.interval_ns or since < 0:
                batch.append((slot, change))
        for slot, change in batch:
            self._report(slot, change, now_ns)
        return batch

    def _report(self, slot: int, change: Change, now_ns: int) -> None:
        del self._pending[slot]
        self._waiting[slot] = False
        due_ns = int(self._written_ns[slot]) + self.interval_ns
        # a write that was late does not put off the next one: a value each interval is written each interval
        self._written_ns[slot] = due_ns if 0 <= now_ns - due_ns < self.interval_ns else now_ns
        self._quality[slot] = change.quality
        self.counts.written += 1
        if change.quality >= LOST:
            return
        if isinstance(change.value, float):
            self._value[slot] = change.value
        self._said[slot] = change
