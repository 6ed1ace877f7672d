"""Figures of one span, such as a whole run, by scope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.brain.brain import Brain
from twin.brain.scopes import Scope, summed
from twin.brain.site import Table
from twin.brain.windows import Window
from twin.equipment import Level
from twin.kpi.amounts import NS_PER_S
from twin.kpi.observed import COLUMN, FLOATS
from twin.records import Frame

RUN = "run"
TIMES = {
    "apt_s": ("apt_ns",),
    "aust_s": ("aust_ns",),
    "adet_s": ("adet_ns",),
    "adot_s": ("adot_ns",),
    "planned_down_s": ("planned_down_ns",),
    "outside_pot_s": ("outside_ns",),
    "unknown_s": ("unknown_ns",),
    "pbt_s": ("apt_ns", "aust_ns", "adet_ns", "adot_ns"),
    "starved_s": ("starved_ns",),
    "blocked_s": ("blocked_ns",),
    "cmt_s": ("cmt_ns",),
}
COUNTS = {"good": "out_good", "scrap": "scrap", "rework": "rework", "failures": "failures"}


@dataclass
class ScopeFigures:
    """What is known of one scope.

    Args:
        time_elements: Time elements after ISO 22400-2 in s, summed over the processing units.
        counts: Quantities: good is the good quantity that leaves the scope, as its indicator says; scrap, rework and
            failures are those of all processing units.
        kpis: Indicators; those that are not known are left out.
    """

    time_elements: dict[str, float] = field(default_factory=dict)
    counts: dict[str, float] = field(default_factory=dict)
    kpis: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Summary:
    """Figures by path: units, lines, sites; chains and their links."""

    units: dict[str, ScopeFigures] = field(default_factory=dict)
    lines: dict[str, ScopeFigures] = field(default_factory=dict)
    sites: dict[str, ScopeFigures] = field(default_factory=dict)
    chains: dict[str, ScopeFigures] = field(default_factory=dict)

    def value(self, scope: str, kpi: str) -> float | None:
        """One figure; None when it is not known."""
        for level in (self.units, self.lines, self.sites, self.chains):
            if scope in level:
                return level[scope].kpis.get(kpi)
        return None

    def level(self, name: str) -> dict[str, ScopeFigures] | None:
        """The scopes of a level by its name in KPI records."""
        levels = {"machine": self.units, "line": self.lines, "site": self.sites}
        return levels.get(name, self.chains if name in ("chain", "link") else None)


def summary(
    brain: Brain, t0_ns: int, t1_ns: int, spreading: bool = False, take: Callable[[Frame], None] | None = None
) -> Summary:
    """Figures of all that a brain was told of a span.

    Args:
        brain: The brain; it still keeps the span.
        t0_ns: Start of the span.
        t1_ns: End of the span.
        spreading: Planned run time is that of :meth:`twin.brain.Brain.over`.
        take: Gets the indicators as records, of the window ``run``.
    """
    found = Summary()
    for table, scopes, frame in brain.over(Window(RUN, t0_ns, t1_ns), spreading):
        for scope in scopes:
            level = found.level(scope.name)
            if level is not None and table.units:
                level[scope.path] = _observed(table, scope)
        if frame is not None:
            _take(found, frame)
            if take is not None:
                take(frame)
    return found


def _observed(table: Table, scope: Scope) -> ScopeFigures:
    if scope.level is Level.UNIT:
        ints, floats = table.ints[scope.units[0]], table.floats[scope.units[0]]
    else:
        ints, floats = summed(table, scope)
    return ScopeFigures(
        {name: float(np.sum([ints[COLUMN[part]] for part in parts])) / NS_PER_S for name, parts in TIMES.items()},
        {
            name: _plain(float((floats if column in FLOATS else ints)[COLUMN[column]]))
            for name, column in COUNTS.items()
        },
    )


def _plain(amount: Any) -> float:
    """A whole number without its point."""
    amount = float(amount)
    return int(amount) if amount.is_integer() else amount


def _take(found: Summary, frame: Frame) -> None:
    for path, (kpi, scope, _, _, value, *_) in zip(frame.paths, frame.values, strict=True):
        level = found.level(scope)
        if level is not None:
            level.setdefault(path, ScopeFigures()).kpis[kpi] = value
