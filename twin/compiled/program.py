"""A compiled plant: the same run as the engine's, from arrays."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from twin.compiled import layout as at
from twin.compiled.machine_code import machine_code
from twin.compiled.memory import Memory, Reals, Wholes
from twin.compiled.names import UnitNames, digest_of
from twin.compiled.tape import Tapes
from twin.engine.codes import CODES, PRODUCING
from twin.engine.energy import amount
from twin.engine.fingerprint import Fingerprint
from twin.engine.kernel import standstill
from twin.errors import FactoryError, Problem
from twin.plant.ledger import Count, Totals

States = tuple[Reals, NDArray[np.uint64]]
"""Times of changes of state and their digests."""
FIRST_LOG = 4 * at.LOG_MARGIN


@dataclass(frozen=True, slots=True, eq=False)
class EndedOperations:
    """Completed operations in the order in which they ended.

    Args:
        sim_s: Simulated time in s, float64[operations].
        unit: Number of the unit, int64[operations].
        item: Index of the item that left, int64[operations].
        reworks: How often the part had been sent back before, int64[operations].
        outcome: 0 good, 1 scrapped, 2 to be reworked, int64[operations].
    """

    sim_s: Reals
    unit: Wholes
    item: Wholes
    reworks: Wholes
    outcome: Wholes


class Program:
    """A plant that goes on from where it was lowered; made by :func:`twin.compiled.lower`.

    Args:
        memory: Its cells.
        tapes: Its random streams.
        units: Names of its units.
        items: Its items.
        causes: Causes of being down.
        journal: The engine's fingerprint so far and what it has not taken in yet (times, digests).
    """

    def __init__(
        self, memory: Memory, tapes: Tapes, units: Sequence[UnitNames], items: Sequence[str], causes: Sequence[str],
        journal: tuple[Fingerprint, States],
    ):  # fmt: skip
        self._memory, self._tapes = memory, tapes
        self._names, self.items, self._causes = list(units), tuple(items), list(causes)
        self.units = tuple(unit.path for unit in units)
        self._index = {path: index for index, path in enumerate(self.units)}
        self._fingerprint, rows = journal
        self._states = [rows]
        self._digest: dict[int, int] = {}
        self._done: list[tuple[Reals, Wholes]] = []

    # --- what is kept ---------------------------------------------------------------------------

    def keep_states(self) -> None:
        """Take every change of state into the fingerprint from now on; costs some time."""
        self._keep(at.STATES, at.STATES_ROOM)

    def keep_completions(self) -> None:
        """Keep every completed operation from now on for :meth:`completions`."""
        self._keep(at.DONE, at.DONE_ROOM)

    def _keep(self, log: int, room: int) -> None:
        if not self._memory.m[room]:
            address = self._memory.allot(FIRST_LOG)
            self._memory.m[[log, room]] = address, FIRST_LOG

    # --- time -----------------------------------------------------------------------------------

    @property
    def now_s(self) -> float:
        """Simulated time in s since the epoch."""
        return float(self._memory.x[at.NOW])

    @property
    def events(self) -> int:
        """Number of entries of the event queue processed since the start of the plant."""
        return int(self._memory.m[at.NUMBER] - self._memory.m[at.PENDING])

    def run_until(self, sim_s: float) -> None:
        """Process everything strictly before a time; then it is that time.

        Raises:
            FactoryError: The time has passed, or Numba is not installed.
        """
        if sim_s < self.now_s:
            raise FactoryError(str(Problem("run_until", f"a time from {self.now_s:g} s on", f"{sim_s:g} s")))
        run, memory, tapes = machine_code().run, self._memory, self._tapes
        reached = False
        tapes.fill(memory)
        while not reached:
            saved = memory.m.copy(), memory.x.copy()
            reached = run(memory.m, memory.x, tapes.v, float(sim_s))
            fault, where = int(memory.m[at.FAULT]), int(memory.m[at.FAULT_AT])
            if fault == at.STILL:
                raise standstill(self._place(where), float(saved[1][at.NOW]), self.now_s)
            if fault:
                memory.m, memory.x = saved
                if fault != at.DRY:
                    memory.make_room(fault, where)
                tapes.fill(memory, more=fault == at.DRY)
                continue
            memory.m[at.LOW] = 0
            self._read_logs()
            if not reached:
                tapes.fill(memory)

    def _place(self, what: int) -> str:
        """Unit of an entry whose operation is over, else the plant."""
        m, kind, slot = self._memory.m, what & at.KIND_MASK, what >> at.KIND_BITS
        return self.units[m[m[slot + at.OWNER] + at.UNIT]] if kind == at.FINISH else "plant"

    def _read_logs(self) -> None:
        m, x = self._memory.m, self._memory.x
        if count := int(m[at.STATES_COUNT]):
            a = int(m[at.STATES])
            self._states.append((x[a : a + count].copy(), self._digests_of(m[a : a + count])))
            m[at.STATES_COUNT] = 0
        if count := int(m[at.DONE_COUNT]):
            a = int(m[at.DONE])
            self._done.append((x[a : a + count].copy(), m[a : a + count].copy()))
            m[at.DONE_COUNT] = 0

    def _digests_of(self, keys: Wholes) -> NDArray[np.uint64]:
        different, which = np.unique(keys, return_inverse=True)
        known = self._digest
        for key in different.tolist():
            if key not in known:
                known[key] = digest_of(key, self._names, self._causes)
        digests = np.array([known[key] for key in different.tolist()], dtype=np.uint64)
        return digests[which]

    # --- what happened --------------------------------------------------------------------------

    def number(self, unit: int | str) -> int:
        """The number of a unit, by number or path.

        Raises:
            FactoryError: There is no such unit.
        """
        if isinstance(unit, int):
            return unit
        if unit not in self._index:
            raise FactoryError(str(Problem("program", "the path of a unit", repr(unit))))
        return self._index[unit]

    def _address(self, unit: int | str) -> int:
        m = self._memory.m
        return int(m[m[at.STATIONS] + self.number(unit)])

    def totals(self, unit: int | str) -> Totals:
        """Account of a unit since the start of the plant, that of the engine's ledger."""
        m, x, a = self._memory.m, self._memory.x, self._address(unit)
        code, parts = int(m[a + at.CODE]), int(m[a + at.PARTS])
        seconds = x[a + at.TOTALS : a + at.TOTALS + CODES].tolist()
        seconds[code] += self.now_s - float(x[a + at.SINCE])
        energy = amount(seconds, x[a + at.POWER : a + at.POWER + CODES].tolist())
        energy += parts * self._names[self.number(unit)].per_part
        return Totals(tuple(seconds), parts, int(m[a + at.SCRAPPED]), int(m[a + at.REWORKED]), energy)

    def level(self, unit: int | str) -> int:
        """Number of parts in a buffer or on a transport; 0 elsewhere."""
        return int(self._memory.m[self._address(unit) + at.LEVEL])

    def inside(self, unit: int | str) -> int:
        """Number of parts inside a unit, whatever its kind."""
        return self._inside(self._address(unit))

    def first_empty(self, unit: int | str) -> float:
        """Time in s at which a buffer first ran out since the plant was lowered; infinite when it has not.

        What counts is the level after an instant, as in the engine's STOCK rows; of several items their sum. At
        the start of a plant nothing runs out.
        """
        return float(self._memory.x[self._address(unit) + at.EMPTY])

    def counts(self, unit: int | str) -> dict[str, Count]:
        """Completed operations by item since the plant was lowered, of units that complete some."""
        a, ideal = self._address(unit), self._names[self.number(unit)].ideal_s
        where = int(self._memory.m[a + at.OUTPUT])
        if not where:
            return {}
        reworks = int(self._memory.m[at.REWORKS])
        cells = self._memory.m[where : where + 3 * reworks * len(self.items)].reshape(len(self.items), reworks, 3)
        found: dict[str, Count] = {}
        for item, rows in zip(self.items, cells, strict=True):
            good, scrap, rework = (int(n) for n in rows.sum(axis=0))
            made, ideal_s = good + scrap + rework, ideal.get(item, 0.0)
            if made:
                first = (int(rows[0].sum()), int(rows[0, 0]))
                found[item] = Count(good, scrap, rework, *first, ideal_s * made, ideal_s * good)
        return found

    def open_s(self) -> Reals:
        """Time in PRODUCING in s of each unit since the last operation that it completed, float64[units].

        0 for units that complete none.
        """
        found = np.zeros(len(self.units))
        for unit, a in self._completing():
            spent = self.totals(unit).seconds[PRODUCING]
            found[unit] = spent - self._memory.x[a + at.DONE_S]
        return found

    def take_firsts(self) -> list[tuple[int, float, float, float]]:
        """What units completed first since this was last asked, or since the plant was lowered.

        Returns:
            Number of the unit, time in PRODUCING in s since the completion before it, planned time in s of what was
            produced at that instant and of what of it was good.
        """
        x, found = self._memory.x, []
        for unit, a in self._completing():
            if x[a + at.FIRST_AT] < inf:
                found.append((unit, *x[a + at.FIRST_S : a + at.FIRST_GOOD_S + 1].tolist()))
                x[a + at.FIRST_AT : a + at.FIRST_GOOD_S + 1] = inf, 0.0, 0.0, 0.0
        return found

    def _completing(self) -> list[tuple[int, int]]:
        """Number and address of the units that complete operations."""
        m = self._memory.m
        rows = enumerate(m[m[at.STATIONS] : m[at.STATIONS] + m[at.COUNT]].tolist())
        return [(unit, a) for unit, a in rows if m[a + at.OUTPUT]]

    def completions(self) -> EndedOperations:
        """Completed operations before now, since they are kept; see :meth:`keep_completions`."""
        times = np.concatenate([np.zeros(0), *(rows[0] for rows in self._done)])
        keys = np.concatenate([np.zeros(0, dtype=np.int64), *(rows[1] for rows in self._done)])
        self._done = [(times, keys)]
        item, reworks = np.divmod(keys >> 2 & (1 << 30) - 1, int(self._memory.m[at.REWORKS]))
        return EndedOperations(times, keys >> 32, item, reworks, keys & 3)

    def fingerprint(self) -> str:
        """The engine's fingerprint of the same run; see :meth:`keep_states`."""
        times = np.concatenate([rows[0] for rows in self._states])
        digests = np.concatenate([rows[1] for rows in self._states])
        before = int(np.searchsorted(times, self.now_s, side="left"))
        self._fingerprint.add(times[:before], digests[:before])
        self._states = [(times[before:], digests[before:])]
        totals = [self.totals(unit) for unit in range(len(self.units))]
        m = self._memory.m
        tail = [
            (path, t.parts, t.scrapped, t.reworked, self._inside(int(m[m[at.STATIONS] + unit])))
            for unit, (path, t) in enumerate(zip(self.units, totals, strict=True))
        ]
        return self._fingerprint.value(f"{self.now_s!r}{tail!r}")

    def _inside(self, a: int) -> int:
        """Number of parts inside a unit."""
        m = self._memory.m
        loose = sum(int(m[m[a + at.BOM] + k * at.COMPONENT + at.LOOSE]) for k in range(m[a + at.BOM_SIZE]))
        return int(m[a + at.LEVEL] + m[a + at.SLOT_COUNT] - m[a + at.IDLE_COUNT]) + loose

    # --- copies ---------------------------------------------------------------------------------

    def copy(self) -> Program:
        """A program that goes on alone from now, with the same random numbers."""
        twin = Program.__new__(Program)
        twin.__dict__.update(self.__dict__)
        twin._memory = Memory(0)
        twin._memory.m, twin._memory.x = self._memory.m.copy(), self._memory.x.copy()
        twin._memory.used = self._memory.used
        twin._tapes = self._tapes.copy()
        twin._fingerprint = pickle.loads(pickle.dumps(self._fingerprint))  # noqa: S301 - own bytes
        twin._states = list(self._states)
        twin._done = list(self._done)
        return twin

    def reseed(self, branch: int) -> None:
        """Draw other random numbers from now on, those of ``Plant.reseed`` with this branch."""
        self._tapes.reseed(self._memory, branch)

    def fork(self, n: int) -> list[Program]:
        """Copies that draw numbers of their own from now on, like ``Plant.fork(n, reseed=True)``."""
        copies = [self.copy() for _ in range(n)]
        for branch, copy in enumerate(copies, start=1):
            copy.reseed(branch)
        return copies
