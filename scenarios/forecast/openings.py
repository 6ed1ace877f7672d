"""What operations over a cut have earned before it: their planned time belongs to all the time of working on them.

An operation counts when it is completed, its planned time is divided over the PRODUCING time since the completion
before it, as the brain and the engine's ledger do (ADR 0038).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scenarios.headless.sums import Floats

STEPS = 16
"""Parts in which the time after the last cut is run, until nothing is open any more."""


class Openings:
    """The operations that are open at the begin of a branch and at its cuts.

    Args:
        spent_s: PRODUCING time of each unit at the begin since the completion before it, float64[units].
        planned: Whether the operations of each unit have a planned time.
    """

    def __init__(self, spent_s: Floats, planned: Sequence[bool]):
        self._planned = planned
        self._spent: list[Floats] = []
        self._shares: list[Floats] = []
        self._waiting: list[list[int]] = [[] for _ in spent_s]
        self._ended: list[list[int]] = [[] for _ in spent_s]
        self.cut(spent_s)

    def cut(self, spent_s: Floats) -> None:
        """There is a cut.

        Args:
            spent_s: PRODUCING time of each unit since its last completion, float64[units].
        """
        for unit in np.flatnonzero(spent_s > 0).tolist():
            self._waiting[unit].append(len(self._spent))
        self._spent.append(spent_s)
        self._shares.append(np.zeros((len(spent_s), 2)))

    def end(self, unit: int) -> None:
        """A unit has completed something, at an instant after the last cut."""
        self._ended[unit], self._waiting[unit] = self._waiting[unit], []

    def earn(self, unit: int, whole_s: float, made_s: float, good_s: float) -> None:
        """Planned time of what was completed at the instant of the last :meth:`end`.

        Args:
            unit: Number of the unit.
            whole_s: PRODUCING time of the operation.
            made_s: Planned time of what was produced.
            good_s: The same of what was good.
        """
        for cut in self._ended[unit]:
            self._shares[cut][unit] += np.array([made_s, good_s]) * (self._spent[cut][unit] / whole_s)

    @property
    def open(self) -> bool:
        """Whether an operation with a planned time that was open at a cut is not known to have ended."""
        return any(cuts and planned for cuts, planned in zip(self._waiting, self._planned, strict=True))

    def earned(self) -> Floats:
        """Planned time of what was produced and of what was good, from the begin to each cut beyond what was completed.

        Returns:
            float64[cuts, units, 2]; what has not ended counts nothing.
        """
        shares = np.stack(self._shares)
        earned: Floats = shares[1:] - shares[0]
        return earned
