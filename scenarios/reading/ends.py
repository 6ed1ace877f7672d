"""Ends that are written as local date-times, on the command line or in a question."""

from __future__ import annotations

from twin.errors import Problem, ScenarioError
from twin.instants import LOCAL, instant, is_date, misplaced
from twin.zone import Axis

DATE_TIME = f"a local date-time such as {LOCAL!r}"


def end_s(text: str, axis: Axis, where: str) -> float | None:
    """An end that is a date-time as simulated time; None: the text is none.

    Args:
        text: A local date-time; with an offset from UTC it is that moment.
        axis: Simulated time with the local time. Where second 0 was moved to another date, the date is that of the
            calendar on the wall all the same: who writes an end sees it.
        where: Place for messages.

    Raises:
        ScenarioError: There is no such time, it comes twice, or it is before the begin.

    >>> from twin.zone import Zone
    >>> end_s("1971-01-01 08:00", Axis(Zone("", 3600.0), 0), "--until")
    31561200.0
    """
    if not is_date(text):
        return None
    shown = Axis(axis.zone, axis.origin_ns)
    try:
        time = instant(text)
    except ValueError as error:
        expected = str(error).removeprefix("expected ").partition(", got ")[0]
        raise ScenarioError([Problem(where, expected, repr(text))]) from None
    if found := misplaced(time, shown):
        raise ScenarioError([Problem(where, *found)])
    return shown.second(time)
