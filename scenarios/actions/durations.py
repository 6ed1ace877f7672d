"""Durations and ends as the command line has them."""

from __future__ import annotations

from scenarios.reading.ends import DATE_TIME, end_s
from twin.errors import Problem, ScenarioError
from twin.instants import LONGEST_S, LONGEST_YEARS
from twin.quantities import in_unit
from twin.zone import Axis

LEAST_RUN_S = 1e-3
DURATION = "a duration such as '8 h'"


def told_end_s(text: str | None, default_s: float, option: str, axis: Axis, least_s: float = LEAST_RUN_S) -> float:
    """When something ends, from the command line: a duration from the begin, or a local date-time; in s.

    Raises:
        ScenarioError: It is neither, before the begin, or too near to it.
    """
    end = None if text is None else end_s(text, axis, option)
    if end is None:
        return told_s(text, default_s, option, least_s, f"{DURATION}, or {DATE_TIME}")
    return _bounded(end, option, least_s, repr(text))


def told_s(text: str | None, default_s: float, option: str, least_s: float = 0.0, expected: str = DURATION) -> float:
    """A duration from the command line, in s.

    Raises:
        ScenarioError: It is none, or shorter than the least.
    """
    if text is None:
        return default_s
    try:
        seconds = in_unit(text, "s")
    except ValueError:
        seconds = -1.0
    if seconds < 0:
        raise ScenarioError([Problem(option, expected, repr(text))])
    return _bounded(seconds, option, least_s, repr(text))


def _bounded(seconds: float, option: str, least_s: float, got: str) -> float:
    if seconds < least_s:
        raise ScenarioError([Problem(option, f"at least {least_s:g} s", got)])
    if seconds > LONGEST_S:
        raise ScenarioError([Problem(option, f"at most {LONGEST_YEARS} years", got)])
    return seconds
