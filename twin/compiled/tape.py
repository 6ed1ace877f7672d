"""The random streams of a compiled plant: the engine's own numbers, many at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.compiled import layout as at
from twin.compiled.machine_code import machine_code
from twin.compiled.memory import Memory, Reals
from twin.distributions import Constant, Triangular
from twin.streams import Law, Stream, block_size

MARGIN = 64
"""Values left at which a stream is filled again: what one instant may draw; more is found and repeated."""
MOST = 8_192
"""Values of a stream drawn ahead at most, unless an instant draws more."""


class Tape:
    """The values of one stream that lie ready.

    Args:
        address: Its cells.
        stream: A copy of the engine's stream that is this one's alone; tells the values by block.
    """

    __slots__ = ("address", "ahead", "block", "law", "room", "skip", "start", "stream")

    def __init__(self, address: int, stream: Stream):
        self.address, self.law = address, stream.law
        self.block, self.skip = stream.position
        self.start, self.room, self.ahead = 0, 0, MARGIN
        self.stream = copied(stream, None if isinstance(stream.law, Triangular) else stream.law)

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

    def coming(self, wanted: int) -> int:
        """Number of the next values in whole blocks, at least so many."""
        block, number = self.block, -self.skip
        while number < wanted:
            number += block_size(block)
            block += 1
        return number

    def write(self, values: Reals) -> None:
        """Draw the next values; their number is one that :meth:`coming` gave."""
        written, size, block, draw = -self.skip, len(values), self.block, self.stream.block_values
        while written < size:
            drawn = draw(block)
            if written < 0:
                drawn, written = drawn[self.skip :], 0
            end = written + len(drawn)
            values[written:end] = drawn
            written, block = end, block + 1
        self.block, self.skip = block, 0
        if isinstance(self.law, Triangular):
            machine_code().triangular(values, *map(float, (self.law.low, self.law.mode, self.law.high)))

    def first(self) -> float:
        """The next value, when none lies ready."""
        values = np.empty(self.coming(1))
        block, skip = self.block, self.skip
        self.write(values)
        self.block, self.skip = block, skip + 1
        return float(values[0])

    def copy(self) -> Tape:
        """One that goes on alone."""
        twin = Tape.__new__(Tape)
        for name in ("address", "law", "block", "skip", "start", "room", "ahead"):
            setattr(twin, name, getattr(self, name))
        twin.stream = copied(self.stream, self.stream.law)
        return twin


def copied(stream: Stream, law: Law | None) -> Stream:
    """A copy of a stream, perhaps with another law."""
    twin = Stream.__new__(Stream)
    twin.__setstate__(stream.__getstate__())
    twin.law = law
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
        if isinstance(stream.law, Constant):
            start = self._room(1)
            self.v[start] = stream.law.value
            memory.m[address : address + at.STREAM] = start, start + 1, start + 1, 0
        else:
            self.tapes.append(Tape(address, stream))
            memory.m[address + at.STEP] = 1
        return address

    def _room(self, values: int) -> int:
        start, self.used = self.used, self.used + values
        if self.used > len(self.v):
            self.v = np.concatenate((self.v, np.zeros(max(self.used, 2 * len(self.v)) - len(self.v))))
        return start

    def _addresses(self) -> NDArray[np.int64]:
        return np.array([tape.address for tape in self.tapes], dtype=np.int64)

    def fill(self, memory: Memory, more: bool = False) -> None:
        """Draw ahead for the streams of which less than half is left.

        Args:
            memory: Their cells.
            more: One ran dry within an instant: let all have more.
        """
        addresses = self._addresses()
        ready = memory.m[addresses + at.END] - memory.m[addresses + at.POSITION]
        for tape, left in zip(self.tapes, ready.tolist(), strict=True):
            if more or left <= max(MARGIN, tape.ahead // 2):
                tape.ahead = 4 * tape.ahead if more else min(4 * tape.ahead, max(tape.ahead, MOST))
                self._fill(memory, tape, left)

    def _fill(self, memory: Memory, tape: Tape, left: int) -> None:
        m, a = memory.m, tape.address
        new = tape.coming(max(tape.ahead - left, 0))
        first = int(m[a + at.POSITION])
        rest = self.v[first : first + left].copy()
        if left + new > tape.room:
            tape.room = left + new + block_size(tape.block)
            tape.start = self._room(tape.room)
        start, end = tape.start, tape.start + left + new
        self.v[start : start + left] = rest
        tape.write(self.v[start + left : end])
        m[a + at.POSITION], m[a + at.MARK], m[a + at.END] = start, end - MARGIN, end

    def _rewind(self, memory: Memory, tape: Tape, block: int) -> None:
        """Forget what lies ready of a stream; go on with a block."""
        tape.block, tape.skip, tape.ahead = block, 0, MARGIN
        a = tape.address
        memory.m[a + at.POSITION] = memory.m[a + at.MARK] = memory.m[a + at.END] = tape.start

    def reseed(self, memory: Memory, branch: int) -> None:
        """Draw other numbers from now on, those that the engine's streams would draw."""
        for tape in self.tapes:
            unread = int(memory.m[tape.address + at.END] - memory.m[tape.address + at.POSITION])
            block, index = tape.position(unread)
            tape.stream.reseed(branch)
            self._rewind(memory, tape, block + (index > 0))

    def restart(self, memory: Memory, seed: int) -> None:
        """Draw the numbers of another seed, from the first on."""
        for tape in self.tapes:
            old = tape.stream
            tape.stream = Stream(seed, old.path, old.purpose, old.law)
            self._rewind(memory, tape, 0)

    def copy(self) -> Tapes:
        """Streams that go on alone with the same numbers."""
        twin = Tapes()
        twin.tapes = [tape.copy() for tape in self.tapes]
        twin.v, twin.used = self.v.copy(), self.used
        return twin
