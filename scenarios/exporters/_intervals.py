"""From state changes to intervals: what a Gantt chart, a trace and a table of activities are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from twin.records import Frame, RecordKind


class StateInterval(NamedTuple):
    """A unit in one state without a break; times in ns since 1970 UTC."""

    path: str
    state: str
    begin_ns: int
    end_ns: int
    order: str | None
    cause: str | None


class Intervals:
    """Turns STATE records into intervals; one interval a unit is open at any time."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[str, int, str | None, str | None]] = {}

    def take(self, frame: Frame) -> Iterator[StateInterval]:
        """The intervals that end with the rows of a frame; nothing for other kinds."""
        if frame.kind is not RecordKind.STATE:
            return
        for path, time_ns, (state, order, cause) in zip(frame.paths, frame.time_ns.tolist(), frame.values, strict=True):
            yield from self._end(str(path), time_ns)
            self._open[str(path)] = (state, time_ns, order, cause)

    def _end(self, path: str, time_ns: int) -> Iterator[StateInterval]:
        if path in self._open:
            state, begin_ns, order, cause = self._open[path]
            if time_ns > begin_ns:
                yield StateInterval(path, state, begin_ns, time_ns, order, cause)

    def close(self, end_ns: int) -> Iterator[StateInterval]:
        """The intervals that are still open, ended by the end of the run."""
        for path in sorted(self._open):
            yield from self._end(path, end_ns)
        self._open.clear()
