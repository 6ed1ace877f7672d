"""Random numbers that depend on seed, purpose and place only.

A number is a hash of its key and its place (a time, a count), so it neither depends on how time was cut
into ticks nor on which other devices there are.

Source: the mixing function is SplitMix64's (Steele, Lea, Flood 2014), the normal one Box and Muller's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Draws = NDArray[np.float64]
Keys = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def stream_key(seed: int, *purpose: str) -> int:
    """A 64-bit key for a named stream.

    >>> stream_key(7, "a/b", "noise") == stream_key(7, "a/b", "noise") != stream_key(8, "a/b", "noise")
    True
    """
    text = "|".join((str(seed), *purpose))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def stream_keys(seed: int, names: Sequence[str], purpose: str) -> Keys:
    """Keys of streams with one purpose, [names]."""
    return np.array([stream_key(seed, name, purpose) for name in names], dtype=np.uint64)


def _mixed(keys: Keys, place: int) -> Keys:
    mixed = (keys ^ np.uint64(stream_key(place))) + _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def uniform_at(keys: Keys, place: int) -> Draws:
    """Numbers in (0, 1), one for each key, at one place of the streams."""
    return np.asarray(((_mixed(keys, place) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53)


def normal_at(keys: Keys, place: int) -> Draws:
    """Standard normal numbers, one for each key, at one place of the streams.

    >>> keys = stream_keys(1, [str(number) for number in range(2000)], "test")
    >>> draws = normal_at(keys, 5)
    >>> bool(abs(draws.mean()) < 0.1), bool(abs(draws.std() - 1) < 0.1)
    (True, True)
    """
    bits = _mixed(keys, place)
    radius = ((bits >> _HALF).astype(np.float64) + 0.5) * 2.0**-32
    angle = (bits & _LOW).astype(np.float64) * (2.0 * np.pi * 2.0**-32)
    return np.asarray(np.sqrt(-2.0 * np.log(radius)) * np.cos(angle))


class Wander:
    """A slow random factor per machine: normal values at fixed times, joined by a smooth curve.

    Args:
        keys: Key of each machine's stream.
        period_s: Time between the fixed times.
    """

    def __init__(self, keys: Keys, period_s: float) -> None:
        self._keys, self._period_s = keys, period_s
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
        return normal_at(self._keys, number) if known is None else known
