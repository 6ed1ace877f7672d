"""Path networks of vehicles: nodes, ways between them, and the shortest way round what is in the way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from heapq import heappop, heappush
from math import hypot

Route = tuple[str, ...]
"""Nodes on the way, without the one where it begins."""


class PathNetwork:
    """Nodes joined by one-way stretches with a length.

    Args:
        stretches: Length in m by (from, to).

    >>> network = PathNetwork({("a", "b"): 5.0, ("b", "c"): 5.0, ("a", "c"): 20.0, ("c", "a"): 5.0})
    >>> network.route("a", "c"), network.distance("a", "c"), network.route("a", "c", avoiding={"b"})
    (('b', 'c'), 10.0, ('c',))
    """

    def __init__(self, stretches: Mapping[tuple[str, str], float]):
        self.length_m = dict(stretches)
        self._ahead: dict[str, list[str]] = {}
        for start, end in self.length_m:
            self._ahead.setdefault(start, []).append(end)
            self._ahead.setdefault(end, [])
        self._known: dict[tuple[str, str], tuple[Route, float] | None] = {}

    @classmethod
    def of(cls, nodes: Mapping[str, tuple[float, float]], stretches: Iterable[tuple[str, str, bool]]) -> PathNetwork:
        """A network of places.

        Args:
            nodes: Coordinates in m by name.
            stretches: (from, to, one way only); as long as the straight line.
        """
        lengths: dict[tuple[str, str], float] = {}
        for start, end, one_way in stretches:
            (x0, y0), (x1, y1) = nodes[start], nodes[end]
            lengths[start, end] = hypot(x1 - x0, y1 - y0)
            if not one_way:
                lengths[end, start] = lengths[start, end]
        return cls(lengths)

    @property
    def nodes(self) -> list[str]:
        """All nodes, in the order in which they were first named."""
        return list(self._ahead)

    def route(self, start: str, end: str, avoiding: Collection[str] = ()) -> Route | None:
        """The shortest way; None when there is none. Of two as short, the one of the first named nodes.

        Args:
            start: Node where it begins.
            end: Node where it ends.
            avoiding: Nodes that it may not pass.
        """
        found = self._find(start, end, avoiding) if avoiding else self._usual(start, end)
        return None if found is None else found[0]

    def distance(self, start: str, end: str) -> float:
        """Length of the shortest way in m; infinite when there is none."""
        found = self._usual(start, end)
        return float("inf") if found is None else found[1]

    def _usual(self, start: str, end: str) -> tuple[Route, float] | None:
        if (start, end) not in self._known:
            self._known[start, end] = self._find(start, end, ())
        return self._known[start, end]

    def _find(self, start: str, end: str, avoiding: Collection[str]) -> tuple[Route, float] | None:
        """Dijkstra 1959."""
        waiting: list[tuple[float, int, str, Route]] = [(0.0, 0, start, ())]
        done: set[str] = set()
        number = 0
        while waiting:
            length, _, node, route = heappop(waiting)
            if node == end:
                return route, length
            if node in done:
                continue
            done.add(node)
            for following in self._ahead.get(node, ()):
                if following not in done and following not in avoiding:
                    number += 1
                    way = (length + self.length_m[node, following], number, following, (*route, following))
                    heappush(waiting, way)
        return None
