"""The cells of a compiled plant while it is laid out and when something needs more room."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from twin.compiled import layout as at

Wholes = NDArray[np.int64]
Reals = NDArray[np.float64]


class Memory:
    """Two arrays of cells, whole numbers ``m`` and real numbers ``x``, that share their addresses."""

    def __init__(self, cells: int = 4096) -> None:
        self.m: Wholes = np.zeros(cells, dtype=np.int64)
        self.x: Reals = np.zeros(cells, dtype=np.float64)
        self.used = at.HEADER

    def allot(self, cells: int) -> int:
        """Address of so many new cells, all 0."""
        address, self.used = self.used, self.used + max(cells, 1)
        if self.used > len(self.m):
            more = max(self.used, 2 * len(self.m)) - len(self.m)
            self.m = np.concatenate((self.m, np.zeros(more, dtype=np.int64)))
            self.x = np.concatenate((self.x, np.zeros(more)))
        return address

    def list_of(self, values: Iterable[int]) -> int:
        """Address of a list of whole numbers."""
        kept = list(values)
        address = self.allot(len(kept))
        self.m[address : address + len(kept)] = kept
        return address

    def reals(self, address: int, values: Iterable[float]) -> None:
        """Set real numbers from an address on."""
        kept = list(values)
        self.x[address : address + len(kept)] = kept

    def moved(self, address: int, cells: int, room: int) -> int:
        """Address of a copy of some cells with room for more."""
        new = self.allot(room)
        for array in (self.m, self.x):
            array[new : new + cells] = array[address : address + cells]
        return new

    # --- what may need more room ----------------------------------------------------------------

    def make_room(self, fault: int, where: int) -> None:
        """Give more room to what had too little.

        Args:
            fault: One of the faults of the layout but ``DRY``.
            where: Station of a full queue.
        """
        if fault == at.HEAP_FULL:
            self._grow(at.HEAP, at.HEAP_ROOM, at.ENTRY)
        elif fault == at.SOON_FULL:
            self._unroll(0, at.SOON, at.SOON_MASK, at.SOON_HEAD)
        elif fault == at.QUEUE_FULL:
            self._unroll(where, at.QUEUE, at.QUEUE_MASK, at.QUEUE_HEAD)
        else:
            for log, room in ((at.STATES, at.STATES_ROOM), (at.DONE, at.DONE_ROOM)):
                if self.m[room]:
                    self._grow(log, room, 1)

    def _grow(self, pointer: int, room: int, cells: int) -> None:
        old = int(self.m[room])
        self.m[pointer] = self.moved(int(self.m[pointer]), old * cells, 2 * old * cells)
        self.m[room] = 2 * old

    def _unroll(self, owner: int, pointer: int, mask: int, head: int) -> None:
        """Double a ring; its first element comes first."""
        places = int(self.m[owner + mask]) + 1
        old, first = int(self.m[owner + pointer]), int(self.m[owner + head])
        new = self.allot(2 * places)
        for array in (self.m, self.x):
            array[new : new + places] = np.roll(array[old : old + places], -first)
        self.m[owner + pointer], self.m[owner + mask], self.m[owner + head] = new, 2 * places - 1, 0
