"""How far to look ahead, and at which times on the way."""

from __future__ import annotations

import math
from collections.abc import Iterable

from scenarios.reading.ends import DATE_TIME, end_s
from twin.behaviours.calendar import calendar_master
from twin.config.plant import CalendarConfig, PlantConfig, calendar_name
from twin.errors import Problem, ScenarioError
from twin.instants import LONGEST_S, LONGEST_YEARS
from twin.quantities import in_unit
from twin.shift_plan import turns
from twin.zone import DAY_NS, NS, Axis, grid

SHIFT_END, ORDER_DUE = "shift_end", "order_due"
OPTION = "--horizon"
STEP_S = 3600.0
MOST_TIMES = 500
LEAST_STEP_S = 60.0


def horizon_s(text: str, config: PlantConfig, now_s: float, due_s: Iterable[float] = ()) -> float:
    """The simulated time to which a forecast reaches.

    Args:
        text: A duration from now such as ``8 h``; a local date-time; ``shift_end``: the end of the shifts now running,
            or of the next; ``order_due``: the last time at which an order is due.
        config: The plant.
        now_s: Simulated time at which the forecast begins.
        due_s: Simulated times at which orders are due.

    Raises:
        ScenarioError: It is none of these, or there is no such time, or no run is so long.
    """
    end = _end_s(text, config, now_s, due_s)
    if end > LONGEST_S:
        raise _wrong(f"at most {LONGEST_YEARS} years from the begin of the run", repr(text))
    return end


def _end_s(text: str, config: PlantConfig, now_s: float, due_s: Iterable[float]) -> float:
    if text == SHIFT_END:
        return shift_end_s(config, now_s)
    if text == ORDER_DUE:
        ahead = [time for time in due_s if time > now_s]
        if not ahead:
            raise _wrong("an order that is due after now", "none", "name one by --order PATH=QUANTITY@TIME")
        return max(ahead)
    end = end_s(text, config.axis(), OPTION)
    if end is None:
        return now_s + _length_s(text)
    if end <= now_s:
        raise _wrong(f"a time after {config.local(now_s).isoformat(' ', 'seconds')}", repr(text))
    return end


def _length_s(text: str) -> float:
    try:
        length_s = in_unit(text, "s")
    except ValueError:
        length_s = math.nan
    if not 0 < length_s < math.inf:
        raise _wrong(f"a duration such as '8 h', {DATE_TIME}, {SHIFT_END} or {ORDER_DUE}", repr(text))
    return length_s


def _wrong(expected: str, got: str, hint: str = "") -> ScenarioError:
    return ScenarioError([Problem(OPTION, expected, got, hint)])


def shift_end_s(config: PlantConfig, now_s: float) -> float:
    """Latest end of the shifts that are running; when none is, the first end to come.

    Raises:
        ScenarioError: No unit has a calendar.
    """
    axes = {axis.zone.name: axis for axis in (config.axis(site) for _, site in config.sites())}
    used = {
        (name, config.axis(site).zone.name)
        for _, site, line in config.lines()
        for station in line.stations
        if (name := calendar_name(site, line, station)) is not None
    }
    spans = [span for name, axis in sorted(used) for span in _shifts(config.calendars[name], axes[axis], now_s)]
    running = [end for start, end in spans if start <= now_s < end]
    ahead = [end for _, end in spans if end > now_s]
    if not ahead:
        raise _wrong("a plant with shifts", "one that is always on shift", "give a duration such as '8 h'")
    return max(running) if running else min(ahead)


def _shifts(calendar: CalendarConfig, axis: Axis, now_s: float) -> Iterable[tuple[float, float]]:
    """Begin and end in simulated s of the shifts now running, and of those of the first days to come that have some."""
    now_ns, master = axis.moment_ns(now_s), calendar_master(calendar)
    for days in (9, 90, 900):
        found = [turn[:2] for turn in turns(master, axis.zone, now_ns, now_ns + days * DAY_NS)]
        if any(now_ns < end for _, end in found):
            return [(axis.seconds(begin), axis.seconds(end)) for begin, end in found]
    return []


def grid_s(config: PlantConfig, now_s: float, end_s: float, step_s: float = STEP_S) -> tuple[float, ...]:
    """Times at which the windows of a forecast end: multiples of a step in local time, and the horizon.

    So the windows of an hour's step are those of the hours that reality is reported in.

    Raises:
        ScenarioError: The step is too short.
    """
    least = max(LEAST_STEP_S, (end_s - now_s) / MOST_TIMES)
    if not step_s >= least:
        raise ScenarioError([Problem("--step", f"a duration of at least {least:g} s", f"{step_s:g} s")])
    axis = config.axis()
    inner = map(axis.seconds, grid(axis.zone, round(step_s * NS), axis.moment_ns(now_s), axis.moment_ns(end_s)))
    return (*(time for time in inner if now_s < time < end_s), end_s)


def moment_s(text: str, config: PlantConfig, now_s: float, where: str) -> float:
    """A time of the plant in simulated s: a duration from now, or a local date-time.

    Raises:
        ValueError: It is neither.
        ScenarioError: The plant has no such time.
    """
    at_s = end_s(text, config.axis(), where)
    return now_s + in_unit(text, "s") if at_s is None else at_s
