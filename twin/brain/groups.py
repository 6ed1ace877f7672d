"""Groups of sites that are reported together: enterprises and chains."""

from __future__ import annotations

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
        sites: Its sites; of a chain those with a unit that completes a link or the final product.
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
