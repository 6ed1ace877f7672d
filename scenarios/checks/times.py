"""Whether the shifts and breaks of a calendar fit the day, and a run has an end."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scenarios.reading.messages import problem, shown
from scenarios.reading.nodes import Loc, Node
from twin.config.begun import Begun
from twin.errors import Problem
from twin.instants import LONGEST_S, LONGEST_YEARS, instant, misplaced
from twin.quantities import in_unit
from twin.zone import Axis, Instant

DAY_S = 86_400.0
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def wrong_end(end: Instant, axis: Axis) -> tuple[str, str, str] | None:
    """What was expected, what was got and a hint, of an end that no run has; None when all is well.

    Args:
        end: The end.
        axis: Simulated time with the local time of the plant.

    >>> from twin.zone import Zone
    >>> wrong_end(0.0, Axis(Zone(), 0))
    ('an end after the begin of the run', '0 s', '')
    """
    if found := misplaced(end, axis):
        return found
    end_s = axis.second(end)
    if not end_s > 0:
        return "an end after the begin of the run", f"{end_s:g} s", ""
    if end_s > LONGEST_S:
        return f"at most {LONGEST_YEARS} years", f"{end_s / 3600:,.0f} h", ""
    return None


def end_problems(root: Node) -> Iterator[Problem]:
    """An end of the run that it does not have; also where other values of the document are wrong."""
    run = root.entries.get("run")
    node = None if run is None else run.entries.get("horizon")
    begin = {key: root.entries[key].value for key in ("zone", "epoch") if key in root.entries}
    try:
        end = None if node is None else instant(node.value)
        axis = Begun.model_validate(begin).axis()
    except (ValueError, OverflowError):
        return  # told with all values that are none
    if end is not None and (wrong := wrong_end(end, axis)):
        yield problem(root, ("run", "horizon"), *wrong)


def clock_s(text: object) -> float | None:
    """Seconds after midnight of ``hh:mm``; None for anything else.

    >>> clock_s("06:30"), clock_s("24:00")
    (23400.0, None)
    """
    if not isinstance(text, str) or not _CLOCK.fullmatch(text):
        return None
    return int(text[:2]) * 3600.0 + int(text[3:]) * 60.0


def _length_s(node: Node) -> float | None:
    entry = node.entries.get("duration")
    try:
        return in_unit(str(entry.value), "s") if entry is not None else None
    except ValueError:
        return None


def _span(node: Node) -> tuple[float, float] | None:
    """Start and length in seconds of a shift or break that is written correctly."""
    start = node.entries.get("start")
    begin, length = clock_s(None if start is None else start.value), _length_s(node)
    return None if begin is None or length is None else (begin, length)


def calendar_problems(root: Node) -> Iterator[Problem]:
    """Every shift that is too long, every break outside its shift, every impossible time."""
    calendars = root.entries.get("calendars")
    for name, calendar in ({} if calendars is None else calendars.entries).items():
        loc: Loc = ("calendars", name)
        yield from _shifts(root, loc, calendar)
        exceptions = calendar.entries.get("exceptions")
        for number, one in enumerate([] if exceptions is None else exceptions.elements):
            yield from _shifts(root, (*loc, "exceptions", number), one)


def _shifts(root: Node, loc: Loc, node: Node) -> Iterator[Problem]:
    shifts = node.entries.get("shifts")
    for number, shift in enumerate([] if shifts is None else shifts.elements):
        yield from _shift(root, (*loc, "shifts", number), shift)


def _shift(root: Node, loc: Loc, shift: Node) -> Iterator[Problem]:
    yield from _clock(root, loc, shift)
    span = _span(shift)
    if span is not None and not 0 < span[1] <= DAY_S:
        yield problem(root, (*loc, "duration"), "more than 0 and at most 24 h", f"{span[1] / 3600:g} h")
    breaks = shift.entries.get("breaks")
    for number, pause in enumerate([] if breaks is None else breaks.elements):
        here = (*loc, "breaks", number)
        yield from _clock(root, here, pause)
        inner = _span(pause)
        if span and inner and (inner[0] - span[0]) % DAY_S + inner[1] > span[1]:
            yield problem(root, here, "a break inside its shift", shown(pause.plain()["start"]))


def _clock(root: Node, loc: Loc, node: Node) -> Iterator[Problem]:
    start = node.entries.get("start")
    pattern = isinstance(start.value, str) and re.fullmatch(r"\d\d:\d\d", start.value) if start is not None else None
    if start is not None and pattern and clock_s(start.value) is None:
        yield problem(root, (*loc, "start"), "a local time from 00:00 to 23:59", shown(start.value))
