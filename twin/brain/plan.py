"""When a unit is planned to be busy: the spans of its calendar, whatever it did in them.

Source: domain decision after ISO 22400-2: planned busy time is a quantity of the plan. Work outside it is overtime;
a break that is overrun, and standing still in planned time, is down time.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from twin.brain.unit import Unit
from twin.brain.windows import Window, turns
from twin.master import PlaceMaster

ON, PAUSE, OFF = 0, 1, 2
"""Planned to be busy, a planned break, outside all shifts."""
BEHAVIOUR = 3
"""Nothing is planned: the states of the unit say what was meant."""
Spans = Sequence[tuple[int, int, int]]
"""Pieces of a window: begin, end in ns, and what was planned."""


def calendar_of(unit: Unit) -> PlaceMaster | None:
    """The calendar that a unit is planned by: its own, else its line's; None where there is none.

    People and fixtures have none: they are judged by their attendance.
    """
    if unit.person or unit.fixture:
        return None
    places = unit.site.places
    line = places.get(unit.path.line)
    own = None if unit.master is None else unit.master.calendar
    if own is None:
        return line if line is not None and line.shifts else None
    place = line or places.get(unit.site.path) or PlaceMaster(en="", zh="")
    return place.model_copy(update={name: getattr(own, name) for name in type(own).model_fields})


def spans(place: PlaceMaster | None, window: Window) -> Spans:
    """What a calendar plans for a window, piece by piece; breaks win over the shifts around them.

    Args:
        place: The calendar; None: nothing is planned.
        window: The window.
    """
    _, t0_ns, t1_ns = window
    if place is None:
        return [(t0_ns, t1_ns, BEHAVIOUR)]
    planned: list[tuple[int, int, int]] = []
    for turn in turns(place, t0_ns, t1_ns):
        planned.append((turn.start_ns, turn.end_ns, ON))
        planned += [(begin, end, PAUSE) for begin, end in turn.breaks]
    edges = sorted(
        {t0_ns, t1_ns, *(edge for begin, end, _ in planned for edge in (begin, end) if t0_ns < edge < t1_ns)}
    )
    return _joined([(begin, end, _phase(planned, begin)) for begin, end in pairwise(edges)])


def _phase(planned: Spans, time_ns: int) -> int:
    return max((phase for begin, end, phase in planned if begin <= time_ns < end), default=OFF)


def _joined(pieces: Spans) -> Spans:
    joined: list[tuple[int, int, int]] = []
    for begin, end, phase in pieces:
        if joined and joined[-1][2] == phase:
            begin = joined.pop()[0]
        joined.append((begin, end, phase))
    return joined
