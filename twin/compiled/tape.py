"""The random streams of a compiled plant: the engine's own numbers, many at once."""

from __future__ import annotations

import numpy as np

from twin.compiled import layout as at
from twin.compiled.memory import Memory, Reals
from twin.distributions import Constant
from twin.streams import Stream, block_size

MARGIN = 64
"""Values left at which a stream is filled again: what one instant may draw; more is found and repeated."""
MOST = 16_384
"""Values of a stream drawn ahead at most."""


class Tape:
    """The values of one stream that lie ready.

    Args:
        address: Its cells.
        stream: A copy of the engine's stream that is this one's alone; tells the values by block.
    """

    __slots__ = ("address", "ahead", "block", "room", "skip", "start", "stream")

    def __init__(self, address: int, stream: Stream):
        self.address, self.stream = address, stream
        self.block, self.skip = stream.position
        self.start, self.room, self.ahead = 0, 0, 0

    @property
    def constant(self) -> float | None:
        """The value of a stream that always gives the same."""
        return self.stream.law.value if isinstance(self.stream.law, Constant) else None

    def position(self, unread: int) -> tuple[int, int]:
        """Block and index in it of the next value, when so many values that lie ready are unread."""
        block, index = self.block, self.skip
        while unread > 0:
            if not index:
                block -= 1
                index = block_size(block)
            step = min(unread, index)
            index, unread = index - step, unread - step
        return block, index

    def more(self, wanted: int) -> list[Reals]:
        """The next blocks, at least so many values."""
        blocks: list[Reals] = []
        while wanted > 0:
            values = self.stream.block_values(self.block)[self.skip :]
            self.block, self.skip = self.block + 1, 0
            blocks.append(values)
            wanted -= len(values)
        return blocks

    def copy(self) -> Tape:
        """One that goes on alone."""
        twin = Tape.__new__(Tape)
        twin.address, twin.stream = self.address, copied(self.stream)
        twin.block, twin.skip, twin.start, twin.room, twin.ahead = (
            self.block, self.skip, self.start, self.room, self.ahead,
        )  # fmt: skip
        return twin


def copied(stream: Stream) -> Stream:
    """A copy of a stream."""
    twin = Stream.__new__(Stream)
    twin.__setstate__(stream.__getstate__())
    return twin


class Tapes:
    """All streams of a compiled plant and the array of their values."""

    def __init__(self) -> None:
        self.tapes: list[Tape] = []
        self.v: Reals = np.zeros(1024)
        self.used = 0

    def add(self, memory: Memory, stream: Stream) -> int:
        """Take a stream as it is now; gives its address."""
        address = memory.allot(at.STREAM)
        tape = Tape(address, copied(stream))
        self.tapes.append(tape)
        constant = tape.constant
        if constant is not None:
            tape.start = self._room(1)
            self.v[tape.start] = constant
            memory.m[address : address + at.STREAM] = tape.start, tape.start + 1, tape.start + 1, 0
        else:
            memory.m[address + at.STEP] = 1
        return address

    def _room(self, values: int) -> int:
        start, self.used = self.used, self.used + values
        if self.used > len(self.v):
            self.v = np.concatenate((self.v, np.zeros(max(self.used, 2 * len(self.v)) - len(self.v))))
        return start

    def fill(self, memory: Memory, more: bool = False) -> None:
        """Draw ahead for the streams that run low.

        Args:
            memory: Their cells.
            more: One ran dry within an instant: let all have more.
        """
        m = memory.m
        for tape in self.tapes:
            a = tape.address
            if m[a + at.STEP] and (more or m[a + at.POSITION] >= m[a + at.MARK]):
                self._fill(memory, tape, more)

    def _fill(self, memory: Memory, tape: Tape, more: bool) -> None:
        m, a = memory.m, tape.address
        position, end = int(m[a + at.POSITION]), int(m[a + at.END])
        rest = self.v[position:end].copy()
        ahead = min(2 * max(tape.ahead, MARGIN), MOST) if not more else 2 * max(tape.ahead, MARGIN)
        tape.ahead = ahead
        values = np.concatenate((rest, *tape.more(ahead - len(rest) + MARGIN)))
        if len(values) > tape.room:
            tape.room = len(values) + max(block_size(tape.block), MARGIN)
            tape.start = self._room(tape.room)
        start = tape.start
        self.v[start : start + len(values)] = values
        m[a + at.POSITION], m[a + at.END] = start, start + len(values)
        m[a + at.MARK] = start + len(values) - MARGIN

    def rewind(self, memory: Memory, tape: Tape, block: int) -> None:
        """Forget what lies ready of a stream; go on with a block."""
        tape.block, tape.skip = block, 0
        if memory.m[tape.address + at.STEP]:
            memory.m[[tape.address + at.POSITION, tape.address + at.END, tape.address + at.MARK]] = tape.start

    def reseed(self, memory: Memory, branch: int) -> None:
        """Draw other numbers from now on, those that the engine's streams would draw."""
        for tape in self.tapes:
            unread = int(memory.m[tape.address + at.END] - memory.m[tape.address + at.POSITION])
            block, index = tape.position(0 if tape.constant is not None else unread)
            tape.stream.reseed(branch)
            self.rewind(memory, tape, block + (index > 0))

    def restart(self, memory: Memory, seed: int) -> None:
        """Draw the numbers of another seed, from the first on."""
        for tape in self.tapes:
            old = tape.stream
            tape.stream = Stream(seed, old.path, old.purpose, old.law)
            self.rewind(memory, tape, 0)

    def copy(self) -> Tapes:
        """Streams that go on alone with the same numbers."""
        twin = Tapes()
        twin.tapes = [tape.copy() for tape in self.tapes]
        twin.v, twin.used = self.v.copy(), self.used
        return twin
