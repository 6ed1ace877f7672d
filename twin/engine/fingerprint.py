"""The fingerprint of a run."""

from __future__ import annotations

import hashlib
from array import array

import numpy as np
from numpy.typing import NDArray

CHUNK = 2048


class Fingerprint:
    """Hash over time, unit and state of all state changes, however the run was cut and whichever unit was run first.

    It is a sum of hashes, one for each change, so that their order does not count (their times do).
    """

    def __init__(self) -> None:
        self._sums = np.zeros(2, dtype=np.uint64)
        self._count = 0
        self._times = array("d")
        self._digests = array("Q")

    def add(self, times: NDArray[np.float64], digests: NDArray[np.uint64]) -> None:
        """Take state changes."""
        self._times.frombytes(times.tobytes())
        self._digests.frombytes(digests.tobytes())
        if len(self._times) >= CHUNK:
            self._fold()

    def add_one(self, time: float, digest: int) -> None:
        """Take one state change."""
        self._times.append(time)
        self._digests.append(digest)
        if len(self._times) >= CHUNK:
            self._fold()

    def _fold(self) -> None:
        times, digests = np.array(self._times).view(np.uint64), np.array(self._digests)
        mixed = _mixed(times ^ _mixed(digests))
        self._sums += np.array([mixed.sum(), _mixed(mixed).sum()], dtype=np.uint64)
        self._count += len(times)
        del self._times[:], self._digests[:]

    def value(self, tail: str) -> str:
        """The fingerprint so far with ``tail`` hashed in."""
        self._fold()
        body = self._sums.tobytes() + f"{self._count}{tail}".encode()
        return hashlib.blake2b(body, digest_size=16).hexdigest()


def _mixed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Words that depend on every bit of those given.

    Source: the finalizer of SplitMix64, G. Steele, D. Lea, C. Flood, OOPSLA 2014.
    """
    words = words + np.uint64(0x9E37_79B9_7F4A_7C15)
    words = (words ^ words >> np.uint64(30)) * np.uint64(0xBF58_476D_1CE4_E5B9)
    words = (words ^ words >> np.uint64(27)) * np.uint64(0x94D0_49BB_1331_11EB)
    return words ^ words >> np.uint64(31)
