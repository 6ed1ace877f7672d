"""Groups of sites that are reported together: enterprises and chains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from twin.brain.site import Site, Table
from twin.brain.told import Sayings
from twin.brain.windows import Window
from twin.equipment import EquipmentPath
from twin.zone import Zone, zone_of

PERIODS = 2
"""A site is late when it was silent for so many times the period in which the group's sites report."""


@dataclass(eq=False)
class Group:
    """An enterprise or a chain.

    All sites report in turn, so that asking all of them at each heartbeat would cost the square of their number:
    those that stand where the slowest does are counted, and all are asked when the last of them goes on.

    Args:
        path: Its path.
        sites: Its sites; of a chain see :func:`of_chain`.
        mark: Windows up to here were reported.
        pending: Windows reported before that have changed since.
        unsettled: Those of them in which only planned run time was spread anew.
        sayings: What was said of its closed windows.
        asked: How often all its sites were asked for their marks.
    """

    path: EquipmentPath
    sites: dict[str, Site] = field(default_factory=dict)
    mark: int | None = None
    pending: set[Window] = field(default_factory=set)
    unsettled: set[Window] = field(default_factory=set)
    asked: int = 0
    sayings: Sayings = field(default_factory=Sayings)
    _least: int | None = None
    _there: set[str] = field(default_factory=set)
    _period: int = 0

    @property
    def clock(self) -> Zone:
        """Local time of its first site."""
        return next((site.clock for site in self.sites.values()), zone_of("", 0.0))

    def gather(self, sites: Iterable[Site]) -> None:
        """From now on it has these sites."""
        self.sites = {site.path: site for site in sites}
        self._least = None

    def heard(self, site: Site, first_ns: int, patience_ns: int) -> int | None:
        """Until when all sites were heard, after one of them has gone on; None when that changes nothing.

        Sites that lag further behind the newest than ``patience_ns`` and two periods of the group's slowest
        reporter are not waited for.

        Args:
            site: The site that has gone on.
            first_ns: First time that anything was heard of.
            patience_ns: Shortest time that a site is waited for.
        """
        self._period = max(self._period, site.period)
        mark = 0 if site.mark is None else site.mark
        patience_ns = max(patience_ns, PERIODS * self._period)
        if self._least is not None:
            self._there.discard(site.path)
            if self._there and mark - self._least <= patience_ns:
                return None
        return self._ask(first_ns, patience_ns)

    def _ask(self, first_ns: int, patience_ns: int) -> int | None:
        self.asked += 1
        marks = {path: first_ns if site.mark is None else site.mark for path, site in self.sites.items()}
        newest = max((site.mark for site in self.sites.values() if site.mark is not None), default=None)
        if newest is None:
            return None
        least = self._least = min(mark for mark in marks.values() if newest - mark <= patience_ns)
        self._there = {path for path, mark in marks.items() if mark == least}
        self._period = max(site.period for site in self.sites.values())
        return least

    def table(self, window: Window) -> Table:
        """All units of all sites in a window."""
        tables = [site.table(window) for site in self.sites.values()]
        units = tuple(unit for table in tables for unit in table.units)
        return Table(units, np.concatenate([t.ints for t in tables]), np.concatenate([t.floats for t in tables]))


def of_chain(sites: Sequence[Site], ends: set[str]) -> list[Site]:
    """The sites of a chain: those with a unit that completes a link or the final product, and those between them.

    Args:
        sites: All sites.
        ends: Paths of the units that complete the chain's links.
    """
    own: set[str] = {site.path for site in sites if any(_ends(site, ends))}
    to: dict[str, set[str]] = {site.path: _next(site) for site in sites}
    back: dict[str, set[str]] = {path: {other for other, nexts in to.items() if path in nexts} for path in to}
    between = _reached(own, to) & _reached(own, back)
    return [site for site in sites if site.path in own | between]


def _ends(site: Site, ends: set[str]) -> Iterable[bool]:
    for unit in site.units.values():
        yield unit.path in ends or (unit.master is not None and unit.master.final)


def _next(site: Site) -> set[str]:
    """Paths of the sites that material of a site goes to."""
    return {"/".join(name.split("/")[:2]) for unit in site.units.values() for name in unit.next} - {site.path}


def _reached(start: set[str], to: Mapping[str, set[str]]) -> set[str]:
    """Sites that can be reached from some."""
    seen: set[str] = set()
    ahead = list(start)
    while ahead:
        new = to.get(ahead.pop(), set()) - seen
        seen |= new
        ahead += new
    return seen
