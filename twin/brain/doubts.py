"""Which readings of a counter to believe: glitches, roll-overs and new beginnings told apart.

The readings in doubt and a few before them are joined to the cheapest story: leaving a reading out
costs 1, a new beginning of the counter 1.5, a roll-over 0.25, so that a lone dip or spike is a glitch,
and a fall is a new beginning once a reading follows that is consistent with it. Source: own design,
shortest path over the readings.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import NamedTuple

LOOK_BACK = 3
"""Readings before a doubted one that may turn out to be the wrong ones."""
DROP, BREAK, ROLL = 1.0, 1.5, 0.25
CONFIRMED = 2
"""Steps without trouble after a new beginning until it is believed."""
PATIENCE = 12
"""Readings in doubt after which the cheapest story is believed in any case."""
ALIKE = 100.0
"""With a growth this many times as large as by another story a reading is not believed as the first."""
GRAIN = 1e-12
"""Fall of a counter, as a share of its value, that is rounding."""
NS_PER_H = 3_600_000_000_000
MINUTE_NS = 60_000_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What a counter can do.

    Args:
        per_h: Most that it can count in an hour by its rating; None: not known.
        absurd_per_h: Most that any counter of its kind can count in an hour; None: no bound.
        rolls_over_at: It starts anew at 0 when it comes here; None: never.
        net: It also falls, when more is given back than taken.
    """

    per_h: float | None = None
    absurd_per_h: float | None = None
    rolls_over_at: float | None = None
    net: bool = False

    @property
    def most_per_ns(self) -> float:
        """Most that it can count in a ns; infinite where nothing is known."""
        most = self.absurd_per_h if self.per_h is None else self.per_h
        return inf if most is None else most / NS_PER_H

    def follows(self, step: float, span_ns: int) -> bool:
        """Whether the counter can have changed by a step within a span."""
        if step < 0.0:
            return self.net and self.within(-step, span_ns)
        return self.within(step, span_ns) and (self.rolls_over_at is None or step <= 0.5 * self.rolls_over_at)

    def laps(self, span_ns: int, pace: float) -> bool:
        """Whether it may have rolled over unseen within a span, by its rating, else at a pace in units per ns."""
        fastest = pace if self.per_h is None else self.per_h / NS_PER_H
        return self.rolls_over_at is not None and fastest * span_ns > 0.5 * self.rolls_over_at

    def within(self, step: float, span_ns: int) -> bool:
        """Whether a step is not too large: a minute at the full rate more, and one unit, for coarse counters."""
        return step <= self.most_per_ns * (span_ns + MINUTE_NS) + 1.0

    def rolls(self, step: float, span_ns: int) -> bool:
        """Whether a fall can be a roll-over."""
        if self.rolls_over_at is None or step >= 0:
            return False
        wrapped = step + self.rolls_over_at
        return 0 <= wrapped <= 0.5 * self.rolls_over_at and self.within(wrapped, span_ns)


class Kept(NamedTuple):
    """A reading that is believed: what to add to it, and whether the counter began anew before it."""

    time_ns: int
    value: float
    offset: float
    broken: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """The cheapest story.

    Args:
        path: Readings that are believed, in order.
        dropped: Number of those that are not.
        decided: Whether what follows will no longer change it.
    """

    path: tuple[Kept, ...]
    dropped: int
    decided: bool


Node = tuple[int, float]


def settle(nodes: list[Node], limits: Limits) -> Settled:
    """Find the cheapest story of some readings.

    Args:
        nodes: (time in ns, value), in order of time.
        limits: What the counter can do.
    """
    path = _cheapest(nodes, limits)
    doubtful, swap = _ambiguous(path, nodes, limits)
    confirmed = path[-1] == len(nodes) - 1 and not swap and _confirmed(path, nodes, limits)
    kept = [index for index in path if index not in doubtful] or path
    return Settled(_told(kept, nodes, limits), len(nodes) - len(kept), confirmed or len(nodes) >= PATIENCE + LOOK_BACK)


def _step(a: Node, b: Node, limits: Limits) -> float:
    step, span = b[1] - a[1], b[0] - a[0]
    if step < 0 and -step <= GRAIN * abs(a[1]):
        return 0.0
    if limits.follows(step, span):
        return 0.0
    return ROLL if limits.rolls(step, span) else BREAK


def _cheapest(nodes: list[Node], limits: Limits) -> list[int]:
    """Numbers of the readings of the cheapest story; of two that cost the same, the one in which less was counted."""
    costs: list[tuple[float, float]] = []
    back: list[int] = []
    for j, node in enumerate(nodes):
        ways = [(_joins(costs[i], nodes[i], node, j - i - 1, limits), -i) for i in range(j)]
        cost, i = min(ways, default=((0.0, 0.0), 1))
        alone = (DROP * j, 0.0)
        costs.append(min(cost, alone))
        back.append(-i if j and cost <= alone else -1)
    count = len(nodes)
    last = min(range(count), key=lambda end: (costs[end][0] + DROP * (count - 1 - end), -end))
    path = [last]
    while back[path[-1]] >= 0:
        path.append(back[path[-1]])
    return path[::-1]


def _joins(cost: tuple[float, float], a: Node, b: Node, dropped: int, limits: Limits) -> tuple[float, float]:
    return cost[0] + DROP * dropped + _step(a, b, limits), cost[1] + max(b[1] - a[1], 0.0)


def _ambiguous(path: list[int], nodes: list[Node], limits: Limits) -> tuple[set[int], bool]:
    """Believed readings that could as well be the wrong ones, and whether the newest is one of them."""
    found: set[int] = set()
    swap = False
    for place, (p, q) in enumerate(pairwise(path)):
        before = nodes[path[place - 1]] if place else None
        after = nodes[path[place + 2]] if place + 2 < len(path) else None
        for dropped in range(p + 1, q):
            here = nodes[dropped]
            if _fits(before, here, nodes[q], limits) and (before is not None or _alike(nodes[p], here, nodes[q])):
                found.add(p)
            if _fits(nodes[p], here, after, limits):
                swap = swap or after is None
                found.add(q)
    return found, swap


def _alike(first: Node, here: Node, after: Node) -> bool:
    """Whether two readings that may both be the first lead on in a similar way."""
    return after[1] - here[1] <= ALIKE * max(after[1] - first[1], 0.0)


def _fits(before: Node | None, here: Node, after: Node | None, limits: Limits) -> bool:
    return (before is None or _step(before, here, limits) == 0) and (after is None or _step(here, after, limits) == 0)


def _confirmed(path: list[int], nodes: list[Node], limits: Limits) -> bool:
    """Whether the newest readings follow each other without trouble, after a new beginning for long enough."""
    steps = [_step(nodes[a], nodes[b], limits) for a, b in pairwise(path)]
    if not steps:
        return False
    calm = next((number for number, step in enumerate(reversed(steps)) if step), len(steps))
    return calm >= (CONFIRMED if BREAK in steps else 1)


def _told(path: list[int], nodes: list[Node], limits: Limits) -> tuple[Kept, ...]:
    offset, told = 0.0, [Kept(*nodes[path[0]], 0.0, False)]
    for a, b in pairwise(path):
        kind = _step(nodes[a], nodes[b], limits)
        if kind == ROLL:
            offset += limits.rolls_over_at or 0.0
        elif kind == BREAK:
            offset += nodes[a][1] + _since_anew(nodes[a], nodes[b], limits) - nodes[b][1]
        told.append(Kept(*nodes[b], offset, kind == BREAK))
    return tuple(told)


def _since_anew(a: Node, b: Node, limits: Limits) -> float:
    """What a counter that began anew between two readings has counted since, as far as that can be."""
    anew = 0 <= b[1] < a[1] and limits.within(b[1], b[0] - a[0])
    return b[1] if anew else 0.0
