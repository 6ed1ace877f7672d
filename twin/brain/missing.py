"""What is known to be missing: rows that somebody said and that could not be taken.

A row that is refused without a number leaves no gap among numbers, but whoever refused it knows whose it was. So no
figure that it bears on is good: of a state until the unit says one again, of an order, a shipment or a stock as long as
it may be remembered, of anything else in the windows around its instant.
"""

from __future__ import annotations

from collections.abc import Iterable

from twin.brain.windows import DAY_NS
from twin.records import RecordKind

Span = tuple[int, int]
APART_NS = 60_000_000_000
"""Rows that were refused closer to each other than this are one span."""
MOST_SPANS = 500
MOST_PATHS = 10_000
LASTS_NS = 31 * DAY_NS
"""How long an order, a load or a level of which nothing is known may still count."""
TRADED = (RecordKind.ORDER, RecordKind.SHIPMENT, RecordKind.STOCK)
EVENTS = (RecordKind.STATE, RecordKind.PART, *TRADED)
"""Kinds whose rows are events of a unit."""


class Missing:
    """Instants of refused rows, by path and kind.

    Attributes:
        unread: Since when master data of a path could not be read; forgotten when some can.
    """

    def __init__(self) -> None:
        self._spans: dict[str, dict[RecordKind, list[Span]]] = {}
        self.unread: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self._spans or self.unread)

    def note(self, path: str, kind: RecordKind, time_ns: int, last_ns: int | None = None) -> None:
        """A row of a path was refused; or some at unknown instants from a time to a last one."""
        if kind is RecordKind.META:
            if len(self.unread) < MOST_PATHS:
                self.unread[path] = min(time_ns, self.unread.get(path, time_ns))
        elif path in self._spans or len(self._spans) < MOST_PATHS:
            kinds = self._spans.setdefault(path, {})
            kinds[kind] = _joined([*kinds.get(kind, ()), (time_ns, time_ns if last_ns is None else last_ns)])

    def read(self, path: str) -> int | None:
        """Master data of a path were taken; since when some could not be, None where all could."""
        return self.unread.pop(path, None)

    def of(self, path: str, kind: RecordKind) -> list[Span]:
        """First and last instants of refused rows, in order."""
        kinds = self._spans.get(path)
        return [] if kinds is None else kinds.get(kind, [])

    def falls_in(self, path: str, t0_ns: int, t1_ns: int) -> bool:
        """Whether an event of a path was refused in a window."""
        kinds = self._spans.get(path)
        return kinds is not None and any(_overlaps(spans, t0_ns, t1_ns) for spans in kinds.values())

    def lasts_in(self, path: str, t0_ns: int, t1_ns: int) -> bool:
        """Whether an order, a load or a stock that may count in a window was refused at a path."""
        kinds = self._spans.get(path)
        if kinds is None:
            return False
        return any(_overlaps(kinds.get(kind, []), t0_ns - LASTS_NS, t1_ns) for kind in TRADED)

    def unread_in(self, paths: Iterable[str], t1_ns: int) -> bool:
        """Whether master data of some paths could not be read before the end of a window."""
        return any(self.unread.get(path, t1_ns) < t1_ns for path in paths)

    def prune(self, before_ns: int) -> None:
        """Forget what no window after a time needs."""
        for path, kinds in list(self._spans.items()):
            kept = {kind: [span for span in spans if span[1] >= before_ns - LASTS_NS] for kind, spans in kinds.items()}
            self._spans[path] = {kind: spans for kind, spans in kept.items() if spans}
            if not self._spans[path]:
                del self._spans[path]


def _overlaps(spans: Iterable[Span], t0_ns: int, t1_ns: int) -> bool:
    return any(first < t1_ns and last >= t0_ns for first, last in spans)


def _joined(spans: list[Span]) -> list[Span]:
    """Spans in order; those near each other, and of too many the nearest, become one.

    >>> _joined([(0, 0), (200 * 10**9, 200 * 10**9), (30 * 10**9, 30 * 10**9)])
    [(0, 30000000000), (200000000000, 200000000000)]
    """
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first - joined[-1][1] <= APART_NS:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    if len(joined) > MOST_SPANS:
        near = min(range(len(joined) - 1), key=lambda place: joined[place + 1][0] - joined[place][1])
        joined[near : near + 2] = [(joined[near][0], joined[near + 1][1])]
    return joined
