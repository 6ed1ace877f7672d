"""Branches by the compiled kernel: the same numbers as the engine's, sooner, where it knows all of the plant."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from math import inf

import numpy as np

from scenarios.forecast.account import Cut, Cutter, Milestone, planned, since, whole_ns
from scenarios.forecast.openings import STEPS, Openings
from scenarios.headless.sums import Floats, Ints, Quantities, Spent
from twin import compiled
from twin.plant.ledger import Count
from twin.plant.plant import Plant

UNKNOWN_KPIS = frozenset({"mtbf_h", "mttr_h"})
"""Indicators of failures, which the kernel does not count."""
OUTCOMES = (Count(good=1), Count(scrap=1), Count(rework=1))
"""An operation by its outcome, as the kernel numbers them."""


def obstacles(plant: Plant, kpi_ids: Sequence[str]) -> list[str]:
    """Why a forecast of a plant cannot be made by the compiled kernel; empty when it can."""
    if find_spec("numba") is None:
        return ["numba is not installed (pip install 'futurefactory[fast]')"]
    found = [f"indicator {name}" for name in kpi_ids if name in UNKNOWN_KPIS]
    stores = {path: getattr(plant.station(path), "shelves", ()) for path in plant.units}
    found += [f"{path}: a store of several items" for path, items in stores.items() if len(items) > 1]
    return [*found, *compiled.unsupported(plant)]


class FastBranches:
    """Makes branches of one plant.

    Args:
        plant: The plant, which stays as it is.
        milestones: What to look out for.
    """

    def __init__(self, plant: Plant, milestones: Sequence[Milestone]):
        self._program = compiled.lower(plant)
        if milestones:
            self._program.keep_completions()
        self._milestones = tuple(milestones)
        self._config, self._begin_s = plant.config, plant.now_s
        self._planned = planned(plant)
        self._stores = [
            (unit, item)
            for unit, path in enumerate(plant.units)
            for item in getattr(plant.station(path), "shelves", ())
        ]
        self._units = range(len(plant.units))
        self._base = since([self._program.totals(unit) for unit in self._units])

    def gains(self, stone: Milestone) -> Ints:
        """How many parts have left with an operation of each unit that was good, scrap or rework."""
        rows = enumerate(Quantities(self._config).weights)
        return np.array([[stone.gain(unit, each, (each.first, one)) for one in OUTCOMES] for unit, each in rows])

    def branch(self, number: int | None) -> FastBranch:
        """A branch; None: the one that goes on as the plant would."""
        program = self._program.copy()
        if number is not None:
            program.reseed(number)
        return FastBranch(self, program)


class FastBranch:
    """One branch; answers as :class:`scenarios.forecast.account.BranchAccount` does."""

    def __init__(self, branches: FastBranches, program: compiled.Program):
        self._all, self._program = branches, program
        self.begin_s = branches._begin_s
        self._cutter = Cutter(branches._config, self.begin_s)
        self._openings = Openings(program.open_s(), branches._planned)

    def advance(self, sim_s: float) -> Cut:
        """Run the branch to a time."""
        program, every = self._program, self._all
        for stop_s in self._cutter.stops(sim_s):
            program.run_until(stop_s)
            seconds, energy = since([program.totals(unit) for unit in every._units], every._base)
            self._cutter.note(stop_s, energy)
        self._take_firsts()
        self._openings.cut(program.open_s())
        counts = np.zeros((len(every._units), 8), dtype=np.int64)
        ideal = np.zeros((len(every._units), 2))
        for unit in every._units:
            for count in program.counts(unit).values():
                counts[unit, :5] += (count.good, count.scrap, count.rework, count.inspected, count.good_at_first)
                ideal[unit] += (count.ideal_produced_s, count.ideal_good_s)
        inside = np.array([program.inside(unit) for unit in every._units], dtype=np.int64)
        return self._cutter.cut(Spent(whole_ns(seconds), energy, counts, ideal), inside)

    def settle(self, most_s: float) -> Floats:
        """As :meth:`scenarios.forecast.account.BranchAccount.settle`."""
        begin_s = self._program.now_s
        for step in range(1, STEPS + 1):
            if not self._openings.open:
                break
            self._program.run_until(begin_s + most_s * step / STEPS)
            self._take_firsts()
        return self._openings.earned()

    def _take_firsts(self) -> None:
        for unit, *first in self._program.take_firsts():
            self._openings.end(unit)
            self._openings.earn(unit, *first)

    @property
    def stock_outs(self) -> dict[tuple[int, str], float]:
        """First time, in simulated s, at which the stock of an item at a unit fell to 0."""
        found = {(unit, item): self._program.first_empty(unit) for unit, item in self._all._stores}
        return {key: time for key, time in found.items() if time < self._program.now_s}

    @property
    def completions(self) -> dict[str, float]:
        """Time, in simulated s, at which each milestone was reached; infinite when it was not."""
        if not self._all._milestones:
            return {}
        done = self._program.completions()
        found = {}
        for stone in self._all._milestones:
            gains = self._all.gains(stone)[done.unit, done.outcome].cumsum()
            reached = np.flatnonzero(gains >= stone.quantity)
            found[stone.id] = float(done.sim_s[reached[0]]) if len(reached) else inf
        return found
