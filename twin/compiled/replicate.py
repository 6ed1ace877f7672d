"""Many runs of one plant: it is built and laid out once, a run begins with a copy of the cells."""

from __future__ import annotations

from math import inf

from twin.compiled import layout as at
from twin.compiled.lowering import lower
from twin.compiled.program import Program
from twin.config.plant import PlantConfig
from twin.plant.plant import Plant


class Replications:
    """Fresh programs of one plant by seed.

    Args:
        config: The plant.

    Raises:
        UnsupportedError: The compiled kernel cannot run it.
    """

    def __init__(self, config: PlantConfig):
        self._program = lower(Plant(config, 0, trace=False))

    def program(self, seed: int) -> Program:
        """The same as ``lower(Plant(config, seed))``, at simulated time 0."""
        fresh = self._program.copy()
        fresh._tapes.restart(fresh._memory, seed)
        self._renew_lives(fresh)
        return fresh

    def _renew_lives(self, program: Program) -> None:
        """Draw the first life of every failure mode, as the engine does when it builds a plant."""
        m, x = program._memory.m, program._memory.x
        tapes = {tape.address: tape for tape in program._tapes.tapes}
        lives: dict[int, float] = {}
        for k in range(m[at.COUNT]):
            s = int(m[m[at.STATIONS] + k])
            first, life = int(m[s + at.MODES]), inf
            for mode in range(first, first + int(m[s + at.MODE_COUNT]) * at.MODE, at.MODE):
                after = int(m[mode + at.AFTER])
                tape = tapes.get(after)
                lives[mode] = length = tape.first() if tape else float(program._tapes.v[m[after + at.POSITION]])
                if not m[mode + at.CALENDAR_BASED]:
                    x[mode + at.UNTIL] = length
                    life = min(life, length)
                else:
                    x[mode + (at.MODE_LEFT if m[mode + at.KEPT] else at.UNTIL)] = length
            x[s + at.LIFE] = life
        self._expect(program, lives)

    def _expect(self, program: Program, lives: dict[int, float]) -> None:
        m, x = program._memory.m, program._memory.x
        heap, entries = int(m[at.HEAP]), []
        for a in range(heap, heap + int(m[at.PENDING]) * at.ENTRY, at.ENTRY):
            key, what, time = int(m[a + at.KEY]), int(m[a + at.WHAT]), float(x[a + at.TIME])
            if what & at.KIND_MASK == at.EXPIRE:
                time = lives[what >> at.KIND_BITS]
            entries.append((time, key, what))
        for k, (time, key, what) in enumerate(sorted(entries)):
            a = heap + k * at.ENTRY
            m[a + at.KEY], m[a + at.WHAT], x[a + at.TIME] = key, what, time
