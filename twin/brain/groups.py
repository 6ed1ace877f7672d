"""Groups of sites that are reported together: enterprises and chains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from twin.brain.site import Site, Table
from twin.brain.windows import Window
from twin.equipment import EquipmentPath


@dataclass(eq=False)
class Group:
    """An enterprise or a chain.

    Args:
        path: Its path.
        sites: Its sites; of a chain see :func:`of_chain`.
        mark: Windows up to here were reported.
        pending: Windows reported before that have changed since.
    """

    path: EquipmentPath
    sites: list[Site] = field(default_factory=list)
    mark: int | None = None
    pending: set[Window] = field(default_factory=set)

    def heard(self, first_ns: int, patience_ns: int) -> int | None:
        """Until when all sites were heard; sites that lag too far behind are not waited for."""
        marks = [site.mark for site in self.sites]
        newest = max((mark for mark in marks if mark is not None), default=None)
        if newest is None:
            return None
        heard = [first_ns if mark is None else mark for mark in marks]
        return min(mark for mark in heard if newest - mark <= patience_ns)

    def table(self, window: Window) -> Table:
        """All units of all sites in a window."""
        tables = [site.table(window) for site in self.sites]
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
