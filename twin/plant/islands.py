"""Parts of a plant that do not feel each other, which may be run one after another instead of in turn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf
from typing import Any

from twin.engine.kernel import Entry
from twin.engine.links import reach
from twin.engine.station import Station
from twin.engine.timer import Timer

MANY = 48
"""Units from which on it pays."""
MAINLAND = -1


class Islands:
    """Units that hand parts to each other, or ask for the same people and tools, make an island.

    Of two islands neither can tell when the other is run, so a long stretch of one, then of the other, gives
    what both in turn would give, and what one works on stays near in memory. Kinds that reach further than their
    neighbours are not ``local`` and all on one island, the mainland, with those they are linked with.

    Args:
        stations: All units of a plant.
    """

    def __init__(self, stations: Sequence[Station]):
        self._found: dict[Station, int] = {}
        links = _links(stations)
        for number, station in enumerate(stations):
            if station not in self._found:
                self._explore(station, number, links)
        self.count = len(set(self._found.values()))

    def _explore(self, start: Station, number: int, links: dict[Station, list[Station]]) -> None:
        inside = reach([start], links.__getitem__)
        apart = all(_local(station) and not station.shares for station in inside)
        self._found.update(dict.fromkeys(inside, number if apart else MAINLAND))

    def split(self, queue: Iterable[Entry]) -> tuple[list[list[Entry]], list[Entry], float]:
        """Pending entries by island.

        Returns:
            The entries of each island, those that concern no island alone, and the time of the first of these.
        """
        islands: dict[int, list[Entry]] = {}
        others: list[Entry] = []
        first = inf
        found = self._found
        for entry in queue:
            number = found.get(_unit(getattr(entry[2], "__self__", None)))
            if number is None:
                others.append(entry)
                first = min(first, entry[0])
            elif number in islands:
                islands[number].append(entry)
            else:
                islands[number] = [entry]
        return list(islands.values()), others, first


def _links(stations: Sequence[Station]) -> dict[Station, list[Station]]:
    """Units that each one hands parts to or takes them from."""
    links: dict[Station, list[Station]] = {station: [] for station in stations}
    for station in stations:
        for other in (*station.successors, *station.predecessors):
            links[station].append(other)
            links[other].append(station)
    return links


def _local(station: Station) -> bool:
    return bool(vars(type(station)).get("local"))


def _unit(owner: Any) -> Any:
    """The unit that an entry is for, if it says so."""
    while isinstance(owner, Timer):
        owner = getattr(owner.action, "__self__", None)
    return owner if isinstance(owner, Station) else getattr(owner, "station", None)
