"""Random numbers that depend on seed, purpose and time only, never on how time was cut into ticks."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

Draws = NDArray[np.float64]


def stream_key(seed: int, *purpose: str) -> int:
    """A 64-bit key for a named stream.

    >>> stream_key(7, "a/b", "noise") == stream_key(7, "a/b", "noise") != stream_key(8, "a/b", "noise")
    True
    """
    text = "\x1f".join((str(seed), *purpose))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def generator_at(key: int, place: int) -> np.random.Generator:
    """The generator of a stream at one place (e.g. a time in ns); the same whenever it is asked for."""
    return np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, place % 2**64]))


class Wander:
    """A slow random factor per machine: normal values at fixed times, joined by a smooth curve.

    Args:
        key: Key of the stream.
        size: Number of machines.
        period_s: Time between the fixed times.
    """

    def __init__(self, key: int, size: int, period_s: float) -> None:
        self._key, self._size, self._period_s = key, size, period_s
        self._knots: dict[int, Draws] = {}

    def at(self, sim_s: float) -> Draws:
        """The factor at a time, [machines], with mean 0 and a standard deviation of about 1."""
        knot = int(sim_s // self._period_s)
        share = sim_s / self._period_s - knot
        smooth = share * share * (3 - 2 * share)
        self._knots = {each: self._knot(each) for each in (knot, knot + 1)}
        return self._knots[knot] * (1 - smooth) + self._knots[knot + 1] * smooth

    def _knot(self, number: int) -> Draws:
        known = self._knots.get(number)
        return generator_at(self._key, number).standard_normal(self._size) if known is None else known
