"""Named random streams: the numbers of a purpose depend on the seed and its name, on nothing else.

A stream is counter based (Philox): block ``k`` can be drawn at any time from the key alone. So a
stream is saved as a few small numbers, and adding a station leaves the numbers of all others alone.
Blocks grow with their index: a stream that is hardly used draws little, a busy one seldom draws.
"""

from __future__ import annotations

import hashlib
from array import array
from threading import Lock
from typing import Any, Protocol

import numpy as np

from twin.distributions import Draws

FIRST_BLOCK, LARGEST_BLOCK = 64, 512
_WORD = 0xFFFF_FFFF_FFFF_FFFF


class Law(Protocol):
    """What values are drawn from, e.g. a :class:`twin.distributions.Distribution`."""

    def draw(self, random: np.random.Generator, size: int) -> Draws:
        """Draw ``size`` values."""


class _Generator:
    """One Philox generator for all streams: to set its state costs a quarter of making a new one."""

    def __init__(self) -> None:
        self._bits = np.random.Philox(key=0)
        self._random = np.random.Generator(self._bits)
        self._state: Any = self._bits.state
        self._lock = Lock()

    def draw(self, key: tuple[int, int], block: int, law: Law | None, size: int) -> Draws:
        """Values of a block, uniform on [0, 1) without a law."""
        with self._lock:
            state = self._state
            state["state"]["key"][:] = key
            state["state"]["counter"][:] = (0, 0, block & _WORD, 0)
            self._bits.state = state
            return self._random.random(size) if law is None else law.draw(self._random, size)


_GENERATOR = _Generator()


def block_size(block: int) -> int:
    """Number of values in a block, a fixed function of its index.

    >>> [block_size(k) for k in range(6)]
    [64, 128, 256, 512, 512, 512]
    """
    return min(FIRST_BLOCK << min(block, 16), LARGEST_BLOCK)


def stream_key(seed: int, path: str, purpose: str, branch: int = 0) -> tuple[int, int]:
    """Key of a stream: two 64-bit words.

    Args:
        seed: Seed of the run, not negative.
        path: Equipment the numbers are for.
        purpose: What they are for, e.g. ``"cycle"``.
        branch: 0 for the run itself, others for forks with numbers of their own.

    >>> stream_key(1, "a/b", "cycle") == stream_key(1, "a/b", "cycle")
    True
    """
    digest = hashlib.blake2b(f"{path}|{purpose}".encode(), digest_size=16).digest()
    words = [int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4)]
    sequence = np.random.SeedSequence(entropy=[seed, *words], spawn_key=(branch,) if branch else ())
    low, high = sequence.generate_state(2, np.uint64)
    return int(low), int(high)


class Stream:
    """Draws of one purpose at one unit.

    ``values`` is popped from its end by the hot path itself; when it is empty, :meth:`refill` gives
    the next value. The list object never changes, so others may hold it.

    Args:
        seed: Seed of the run.
        path: Equipment.
        purpose: Purpose, unique at the equipment.
        law: Distribution of durations in s; None: uniform on [0, 1).

    >>> stream = Stream(7, "a/b", "quality", None)
    >>> first = [stream.draw() for _ in range(600)]
    >>> again = Stream(7, "a/b", "quality", None)
    >>> first == [again.draw() for _ in range(600)]
    True
    """

    __slots__ = ("_key", "block", "branch", "law", "left", "path", "purpose", "seed", "values")

    def __init__(self, seed: int, path: str, purpose: str, law: Law | None):
        self.seed, self.path, self.purpose, self.law = seed, path, purpose, law
        self.branch = 0
        self.block = 0
        self.left = 0
        self.values: array[float] = array("d")
        self._key: tuple[int, int] | None = None

    def block_values(self, block: int) -> Draws:
        """All values of a block in the order they are drawn; leaves the stream where it is.

        Args:
            block: Index from 0; the block has :func:`block_size` values.
        """
        if self._key is None:
            self._key = stream_key(self.seed, self.path, self.purpose, self.branch)
        return _GENERATOR.draw(self._key, block, self.law, block_size(block))

    @property
    def position(self) -> tuple[int, int]:
        """Block and index in it of the next value."""
        left = len(self.values) or self.left
        return (self.block - 1, block_size(self.block - 1) - left) if left else (self.block, 0)

    def refill(self) -> float:
        """The next value when ``values`` is empty; draws a block."""
        values = self.values
        if self.left:  # restored: what was left of the last block
            values.frombytes(self.block_values(self.block - 1)[: -self.left - 1 : -1].tobytes())
            self.left = 0
        else:
            values.frombytes(self.block_values(self.block)[::-1].tobytes())
            self.block += 1
        return values.pop()

    def draw(self) -> float:
        """The next value."""
        return self.values.pop() if self.values else self.refill()

    def reseed(self, branch: int) -> None:
        """Go on with other numbers."""
        self.branch, self._key, self.left = branch, None, 0
        del self.values[:]

    def __getstate__(self) -> tuple[Any, ...]:
        left = len(self.values) or self.left
        return (self.seed, self.path, self.purpose, self.law, self.branch, self.block, left, self._key)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.seed, self.path, self.purpose, self.law, self.branch, self.block, self.left, self._key = state
        self.values = array("d")
