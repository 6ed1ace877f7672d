"""Durations as the command line has them."""

from __future__ import annotations

from scenarios.format.document import LONGEST_S, LONGEST_YEARS
from twin.errors import Problem, ScenarioError
from twin.quantities import in_unit

LEAST_RUN_S = 1e-3


def told_s(text: str | None, default_s: float, option: str, least_s: float = 0.0) -> float:
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
        raise ScenarioError([Problem(option, "a duration such as '8 h'", repr(text))])
    if seconds < least_s:
        raise ScenarioError([Problem(option, f"at least {least_s:g} s", repr(text))])
    if seconds > LONGEST_S:
        raise ScenarioError([Problem(option, f"at most {LONGEST_YEARS} years", repr(text))])
    return seconds
