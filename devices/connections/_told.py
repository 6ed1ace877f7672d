"""Values on their way from a machine to whoever listens: in order, bounded, with signs of life."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress

from devices.connection import ALIVE_S, DataValue, Scalar, Wanted
from twin.errors import RetriableError
from twin.records import BAD

MOST = 50_000
"""Values that wait for whoever listens; above it the oldest goes, and is counted."""
LONGEST = 65_536
"""Characters of a text; a longer one is no value that a plant has a use for."""
MOST_CHARACTERS = 16 * 1024 * 1024
"""Characters of all texts that wait."""


class ReadingQueue:
    """What a machine has told and nobody has taken yet; all in one event loop.

    Args:
        where: The machine, for messages.
        silence_s: Time in s without any answer after which it is taken to be away.
    """

    def __init__(self, where: str, silence_s: float) -> None:
        self.dropped = 0
        """Values that nobody took in time."""
        self.held: dict[str, DataValue] = {}
        """The latest value of each item."""
        self._where, self._silence_s = where, silence_s
        self._waiting: deque[DataValue] = deque()
        self._characters = 0
        self._came = asyncio.Event()
        self._failed: Exception | None = None
        self._heard_at = self._taken_at = time.monotonic()

    def put(self, values: Iterable[DataValue]) -> None:
        """Tell values."""
        for value in map(_bounded, values):
            self.held[value.item] = value
            self._waiting.append(value)
            self._characters += _characters(value)
        while len(self._waiting) > MOST or self._characters > MOST_CHARACTERS:
            self._characters -= _characters(self._waiting.popleft())
            self.dropped += 1
        self.heard()
        self._came.set()

    def put_changes(self, values: Iterable[DataValue], deadbands: dict[str, float]) -> None:
        """Tell those of some values that are not what was told before."""
        told = [one for one in values if changed(self.held.get(one.item), one, deadbands.get(one.item, 0.0))]
        if told:
            self.put(told)
        self.heard()

    def heard(self) -> None:
        """Note that the machine has answered."""
        self._heard_at = time.monotonic()

    def fail(self, error: Exception) -> None:
        """End it: what waits is still told, then this is raised."""
        self._failed = self._failed or error
        self._came.set()

    async def take(self) -> Sequence[DataValue]:
        """What came since the last time; nothing, when the machine answered and there was nothing to tell.

        Raises:
            RetriableError: The machine went away, or has been silent for too long.
        """
        wait = min(ALIVE_S, self._silence_s) / 2
        while not self._waiting and self._failed is None:
            now = time.monotonic()
            if now - self._heard_at > self._silence_s:
                raise RetriableError(f"{self._where}: expected an answer within {self._silence_s:g} s, got none")
            if now - self._taken_at >= wait and self._heard_at > self._taken_at:
                break
            self._came.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._came.wait()
        return self._taken()

    def _taken(self) -> Sequence[DataValue]:
        self._taken_at = time.monotonic()
        if not self._waiting and self._failed is not None:
            raise self._failed
        taken, self._waiting, self._characters = self._waiting, deque(), 0
        return list(taken)


def _characters(value: DataValue) -> int:
    return len(value.value) if isinstance(value.value, str) else 0


def _bounded(value: DataValue) -> DataValue:
    if _characters(value) <= LONGEST:
        return value
    reason = f"expected at most {LONGEST} characters, got {_characters(value)}"
    return DataValue(value.item, None, value.time_ns, BAD, reason)


def changed(before: DataValue | None, now: DataValue, deadband: float = 0.0) -> bool:
    """Whether a value says something that the one before did not.

    >>> changed(DataValue("a", 1.0), DataValue("a", 1.5), 0.5), changed(DataValue("a", 1), DataValue("a", True))
    (False, True)
    """
    if before is None or (before.quality, before.reason) != (now.quality, now.reason):
        return True
    return not _same(before.value, now.value, deadband)


def _same(a: Scalar, b: Scalar, deadband: float) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, float) and isinstance(b, float):
        if math.isnan(a) or math.isnan(b):
            return math.isnan(a) and math.isnan(b)
        near = abs(a - b) <= deadband if deadband else a == b
        return near and (a != 0 or b != 0 or math.copysign(1, a) == math.copysign(1, b))
    if deadband and isinstance(a, int) and isinstance(b, int) and not isinstance(a, bool):
        return abs(a - b) <= deadband
    return a == b


def deadbands(wanted: Iterable[Wanted]) -> dict[str, float]:
    """Deadband by item, of those that have one."""
    return {one.item: one.deadband for one in wanted if one.deadband}
