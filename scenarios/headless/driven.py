"""Units of a plant that real machines drive: what these have counted, and how far they are ahead."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from twin.config.plant import PlantConfig
from twin.equipment import EquipmentPath

AHEAD = "ahead_of_feed"
"""Alarm of a unit whose real machine has counted parts that the plant did not have for it, or nobody took."""
SEVERITY = 500
LASTING_S = 60.0
"""For so long it has to be ahead before that is told, and so far apart is the number told anew, in s."""


class MadeParts(NamedTuple):
    """What the real machine of a unit has counted.

    Args:
        path: The unit.
        of: Name of who has counted, another one has begun at 0; empty: nobody has yet.
        good: Good parts since then.
        scrap: Scrapped ones.
        speaks: Whether a real machine stands for the unit.
    """

    path: str
    of: str
    good: float
    scrap: float
    speaks: bool


class Taken(NamedTuple):
    """How many whole parts of that have been taken into account: all, and the scrapped ones among them."""

    of: str = ""
    parts: int = 0
    scrap: int = 0

    def after(self, made: MadeParts) -> tuple[Taken, int, int]:
        """The same once more is known, with the good and scrapped parts that have come.

        A quantity may be a fraction, and may be corrected: what has left a unit does not come back, so it is made up
        for by the next parts.

        >>> Taken("a", 5, 1).after(MadeParts("m", "a", 7.5, 2.0, True))
        (Taken(of='a', parts=9, scrap=2), 3, 1)
        >>> Taken("a", 5, 1).after(MadeParts("m", "a", 3.0, 2.0, True))
        (Taken(of='a', parts=5, scrap=1), 0, 0)
        >>> Taken("a", 5, 1).after(MadeParts("m", "b", 2.0, 0.0, True))
        (Taken(of='b', parts=2, scrap=0), 2, 0)
        """
        known = self if made.of in (self.of, "") else Taken(made.of)
        more = math.floor(made.good + made.scrap) - known.parts
        if more <= 0:
            return known, 0, 0
        scrap = min(more, max(0, math.floor(made.scrap) - known.scrap))
        return Taken(known.of, known.parts + more, known.scrap + scrap), more - scrap, scrap


def driven_units(config: PlantConfig) -> tuple[EquipmentPath, ...]:
    """Units that real machines drive while they stand for them."""
    return tuple(path for path, _, unit in config.stations() if unit.device is not None and unit.device.drives)


class AheadOfFeed:
    """Tells how far machines are ahead of the units that they drive, once that has lasted. Pickles.

    >>> ahead = AheadOfFeed()
    >>> [list(ahead.rows({"e/s/a/l/m": n}, now_s)) for n, now_s in ((2, 0.0), (3, 30.0))]
    [[], []]
    >>> [(path, values[2:]) for path, values in ahead.rows({"e/s/a/l/m": 4}, 60.0)]
    [('e/s/a/l/m', (1, 'the machine is 4 parts ahead of what came to it or was taken from it'))]
    >>> list(ahead.rows({"e/s/a/l/m": 5}, 70.0))
    []
    >>> [(path, values[2:]) for path, values in ahead.rows({}, 80.0)]
    [('e/s/a/l/m', (0, 'the machine is no longer ahead'))]
    """

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._told: dict[str, tuple[float, int]] = {}

    def rows(self, ahead: Mapping[str, int], now_s: float) -> Iterator[tuple[EquipmentPath, tuple[Any, ...]]]:
        """Values of the alarms that come or go now, by unit.

        Args:
            ahead: Units that are driven, and by how many parts their machine is ahead.
            now_s: Simulated time.
        """
        for path in sorted({*ahead, *self._since}):
            number = ahead.get(path, 0)
            if number:
                yield from self._still(path, number, now_s)
                continue
            self._since.pop(path, None)
            if path in self._told:
                del self._told[path]
                yield EquipmentPath(path), (AHEAD, SEVERITY, 0, "the machine is no longer ahead")

    def _still(self, path: str, number: int, now_s: float) -> Iterator[tuple[EquipmentPath, tuple[Any, ...]]]:
        told_s, told = self._told.get(path, (self._since.setdefault(path, now_s), 0))
        if number != told and now_s - told_s >= LASTING_S:
            self._told[path] = (now_s, number)
            parts = "part" if number == 1 else "parts"
            text = f"the machine is {number} {parts} ahead of what came to it or was taken from it"
            yield EquipmentPath(path), (AHEAD, SEVERITY, 1, text)
