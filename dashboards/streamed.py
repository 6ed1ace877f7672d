"""Which KPIs every page gets as they change, and in what form; the others are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from dashboards.panel import Kpi, Picture, Scope, panels
from twin.equipment import Level
from twin.kpi.running import FigureKey

Row = dict[str, Any]
Pairs = frozenset[tuple[str, str]]
"""KPIs with their windows."""

INSTEAD = {"live": ("hour", "shift", "day"), "hour": ("shift", "day"), "shift": ("day",)}
"""Windows whose value is shown, with its time, where there is none yet of the window asked for."""
OF_TILES = (
    "oee",
    "throughput_per_h",
    "otif",
    "order_fill_rate",
    "days_of_inventory",
    "transport_activity_tkm",
    "transport_cost_cny",
    "energy_kwh",
)
"""KPIs on the tiles of sites: the first two that a site has."""
OF_LINES = "line_oee"
"""KPI at the head of a line."""
WHOLE = {"q": "good", "cov": 1.0}
"""What a row says of its quality and coverage where it says nothing."""


@lru_cache(maxsize=1)
def shown_figures() -> tuple[Pairs, Pairs]:
    """KPIs that panels and tiles show as they change: of single units, and of all above them.

    >>> units, others = shown_figures()
    >>> ("oee", "live") in units, ("line_oee", "live") in others, ("line_oee", "day") in others
    (True, True, False)
    """
    units = {("oee", "live")}
    others = {(kpi, "live") for kpi in (*OF_TILES, OF_LINES)}
    for kind in panels.kinds():
        spec = panels[kind]
        if isinstance(spec.shows, Kpi) and spec.picture not in (Picture.LINE, Picture.BAND):
            pairs = {(kpi, spec.shows.window) for kpi in spec.shows.ids}
            (units if spec.each is Scope.UNIT else others).update(pairs)
    return frozenset(units), frozenset(others)


@lru_cache(maxsize=1)
def _substitutes() -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Of a KPI and a window that may stand for others: the windows that come before it."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for kpi, window in shown_figures()[1]:
        chain = (window, *INSTEAD.get(window, ()))
        for place in range(1, len(chain)):
            found[kpi, chain[place]] = chain[:place]
    return found


def streamed(key: FigureKey) -> bool:
    """Whether every page gets this figure: one that it shows, or one that may stand for it."""
    path, kpi, window = key
    level = path.count("/") + 1
    units, others = shown_figures()
    if level == Level.UNIT:
        return (kpi, window) in units
    return level != Level.AREA and ((kpi, window) in others or (kpi, window) in _substitutes())


def standing_in(key: FigureKey) -> Iterator[FigureKey]:
    """Figures that may stand for another, in their order.

    >>> list(standing_in(("a", "line_oee", "hour")))
    [('a', 'line_oee', 'shift'), ('a', 'line_oee', 'day')]
    """
    path, kpi, window = key
    return ((path, kpi, other) for other in INSTEAD.get(window, ()))


def opening(kept: Mapping[FigureKey, Row]) -> Iterator[tuple[FigureKey, Row]]:
    """What a page that opens gets: the figures shown, and a substitute only where the shown one is missing."""
    others = shown_figures()[1]
    for key, row in kept.items():
        path, kpi, window = key
        if not streamed(key):
            continue
        earlier = () if (kpi, window) in others else _substitutes().get((kpi, window), ())
        if not any((path, kpi, other) in kept for other in earlier):
            yield key, slim(key, row)


def slim(key: FigureKey, row: Row) -> Row:
    """A row without what goes without saying; of a unit also without what its value was made of.

    >>> slim(("a", "oee", "live"), {"t": 2, "t0": 1, "v": 0.5, "num": 1.0, "cov": 1.0, "q": "good", "rule": "r"})
    {'t': 2, 't0': 1, 'v': 0.5, 'num': 1.0}
    """
    unsaid = {"rule"} if key[0].count("/") + 1 < Level.UNIT else {"rule", "num", "den"}
    return {name: value for name, value in row.items() if name not in unsaid and WHOLE.get(name, _NOTHING) != value}


_NOTHING = object()
