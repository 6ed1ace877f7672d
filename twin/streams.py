"""Named random streams: the numbers of a purpose depend on the seed and its name, on nothing else.

A stream is counter based (Philox): block ``k`` can be drawn at any time from the key alone. So a
stream is saved as three small numbers, and adding a station leaves the numbers of all others alone.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from twin.distributions import Distribution

BLOCK = 256


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

    def __init__(self, seed: int, path: str, purpose: str, law: Distribution | None):
        self.seed, self.path, self.purpose, self.law = seed, path, purpose, law
        self.branch = 0
        self.block = 0
        self.left = 0
        self.values: list[float] = []
        self._key: int | None = None

    def _draw_block(self, block: int) -> list[float]:
        if self._key is None:
            low, high = stream_key(self.seed, self.path, self.purpose, self.branch)
            self._key = low | high << 64
        bits = np.random.Philox(key=self._key, counter=block << 128)
        random = np.random.Generator(bits)
        drawn = random.random(BLOCK) if self.law is None else self.law.draw(random, BLOCK)
        values: list[float] = drawn.tolist()
        values.reverse()
        return values

    def refill(self) -> float:
        """The next value when ``values`` is empty; draws a block."""
        if self.left:  # restored: what was left of the last block
            self.values.extend(self._draw_block(self.block - 1)[: self.left])
            self.left = 0
        else:
            self.values.extend(self._draw_block(self.block))
            self.block += 1
        return self.values.pop()

    def draw(self) -> float:
        """The next value."""
        return self.values.pop() if self.values else self.refill()

    def reseed(self, branch: int) -> None:
        """Go on with other numbers."""
        self.branch, self._key, self.left = branch, None, 0
        self.values.clear()

    def __getstate__(self) -> tuple[Any, ...]:
        left = len(self.values) or self.left
        return (self.seed, self.path, self.purpose, self.law, self.branch, self.block, left)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.seed, self.path, self.purpose, self.law, self.branch, self.block, self.left = state
        self._key = None
        self.values = []
