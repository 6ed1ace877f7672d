"""Different events that a server would take for one point.

InfluxDB knows a point by its measurement, tags and time: of two different completions of one item at one instant
it would keep the later. The second gets a tag made from its fields; the first, and so nearly every point, has none,
and a series has no more neighbours than really happened. Which one is there already is remembered for the newest
points, and asked of the server for older ones, so that what comes again becomes the same point again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from zlib import crc32

from brokers.stores.lines import event_points
from brokers.stores.schema import APART
from twin.records import Frame, RecordKind

ALSO = "also"
"""Tag of a point beside which another has the same measurement, tags and time."""
REMEMBERED = 200_000
"""Newest points that are remembered."""
NEAR_NS = 600_000_000_000
"""Older points that lie no further apart than this are asked for together."""
NEVER = -(2**63)

Place = tuple[str, int]
"""Head and time of a point."""


class Asides:
    """Gives different events of one place different points.

    Args:
        last_ns: Time of the newest stored row of a kind; None when there is none.
        plain: Stored rows of a kind in ``[t0, t1)`` that have no tag of this kind.
    """

    def __init__(
        self, last_ns: Callable[[RecordKind], int | None], plain: Callable[[RecordKind, int, int], Iterable[Frame]]
    ) -> None:
        self._last_ns, self._plain = last_ns, plain
        self._begun: dict[RecordKind, int] = {}
        self._newest: dict[str, int] = {}
        self._there: dict[Place, int] = {}

    def look(self, frames: Sequence[Frame], run: str) -> None:
        """Learn what the server has in the places of some frames, as far as it can have anything there."""
        for kind in APART:
            some = [frame for frame in frames if frame.kind is kind and len(frame)]
            if not some:
                continue
            if kind not in self._begun:
                last_ns = self._last_ns(kind)
                self._begun[kind] = NEVER if last_ns is None else last_ns
            asked = {place for frame in some for place in self._doubtful(kind, frame, run)}
            for t0_ns, t1_ns in spans(time_ns for _, time_ns in asked):
                for frame in self._plain(kind, t0_ns, t1_ns + 1):
                    self._note(asked, frame, run)

    def _doubtful(self, kind: RecordKind, frame: Frame, run: str) -> Iterator[Place]:
        for head, time_ns, _ in event_points(frame, run):
            known_ns = self._newest.get(head, self._begun[kind])
            if time_ns <= known_ns and (head, time_ns) not in self._there:
                yield head, time_ns

    def _note(self, asked: set[Place], frame: Frame, run: str) -> None:
        for head, time_ns, fields in event_points(frame, run):
            if (head, time_ns) in asked:
                self._there[head, time_ns] = crc32(fields.encode())

    def head(self, head: str, time_ns: int, fields: str) -> str:
        """The head with which a point is written."""
        mark = crc32(fields.encode())
        there = self._there.setdefault((head, time_ns), mark)
        if there != mark:
            return f"{head},{ALSO}={mark:08x}"
        self._newest[head] = max(time_ns, self._newest.get(head, NEVER))
        while len(self._there) > REMEMBERED:
            del self._there[next(iter(self._there))]
        return head


def spans(times: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of each group of times that lie near each other.

    >>> spans([5, 1, 10**12])
    [(1, 5), (1000000000000, 1000000000000)]
    """
    found: list[tuple[int, int]] = []
    for time_ns in sorted(times):
        if found and time_ns - found[-1][1] <= NEAR_NS:
            found[-1] = (found[-1][0], time_ns)
        else:
            found.append((time_ns, time_ns))
    return found
