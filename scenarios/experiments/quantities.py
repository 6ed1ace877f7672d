"""Values of factors: ranges with units, levels, and how they are written into a scenario."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from scenarios.experiments.document import FactorConfig
from scenarios.reading.nodes import FileLine, Node, parse
from twin.quantities import in_unit, number_and_unit

STEPS = 1e4
"""At least so many different values in a range of numbers."""


class Range:
    """A range of numbers with one unit, or none.

    Args:
        low: Lower end as written, e.g. ``2 min`` or ``3``.
        high: Upper end.
        integer: Only whole numbers.

    Raises:
        ValueError: An end is no number, the units do not convert, or low is not below high.

    >>> Range("2 min", "180 s", False).at(0.5)
    '2.5 min'
    >>> Range(1, 4, True).at(0.99), Range("44 s", "74 s", False).at(1 / 7)
    (4, '48.286 s')
    """

    def __init__(self, low: float | str, high: float | str, integer: bool):
        self.low, self.unit = _split(low)
        high_number, high_unit = _split(high)
        if bool(self.unit) != bool(high_unit):
            raise ValueError(f"expected low and high with the same unit, got {low!r} and {high!r}")
        self.high = in_unit(str(high), self.unit) if self.unit and self.unit != high_unit else high_number
        self.integer = integer
        if not self.low < self.high:
            raise ValueError(f"expected low < high, got {low!r} and {high!r}")
        if integer and not (self.low.is_integer() and self.high.is_integer()):
            raise ValueError(f"expected whole numbers at both ends, got {low!r} and {high!r}")

    def at(self, place: float) -> Any:
        """The value at a place between 0 and 1; of whole numbers each has an equal part of the way."""
        if self.integer:
            steps = int(self.high - self.low) + 1
            return self.written(min(int(self.low) + int(place * steps), int(self.high)))
        return self.written(self.rounded(self.low + place * (self.high - self.low)))

    def rounded(self, number: float) -> float:
        """A number to so many digits that the range has some 10,000 different ones."""
        step = 10.0 ** math.floor(math.log10((self.high - self.low) / STEPS))
        return float(f"{round(number / step) * step:.12g}")

    def written(self, number: float) -> Any:
        """A number as it stands in a scenario: with its unit if the range has one."""
        if self.unit:
            return f"{number:g} {self.unit}" if float(f"{number:g}") == number else f"{number!r} {self.unit}"
        return int(number) if self.integer else number


def _split(value: float | str) -> tuple[float, str]:
    if isinstance(value, str):
        return number_and_unit(value)
    return float(value), ""


def levels(factor: FactorConfig) -> list[Any]:
    """The levels of a factor in a factorial.

    Raises:
        ValueError: The factor has neither levels nor a range.
    """
    if factor.listed:
        return list(factor.listed)
    span = range_of(factor)
    steps = factor.count - 1
    if span.integer:
        return [span.written(round(span.low + (span.high - span.low) * i / steps)) for i in range(factor.count)]
    return [span.at(i / steps) for i in range(factor.count)]


def range_of(factor: FactorConfig) -> Range:
    """The range of a factor.

    Raises:
        ValueError: It has none.
    """
    if factor.low is None or factor.high is None:
        raise ValueError("expected levels, or low and high, got neither")
    return Range(factor.low, factor.high, factor.integer)


def ends(factor: FactorConfig) -> list[Any]:
    """The levels of a factor, or both ends of its range."""
    if factor.listed:
        return list(factor.listed)
    span = range_of(factor)
    return [span.written(span.low), span.written(span.high)]


def known_ends(factors: Mapping[str, FactorConfig]) -> dict[str, list[Any]]:
    """The same of several by name, without those that have none."""
    found: dict[str, list[Any]] = {}
    for name, factor in factors.items():
        with suppress(ValueError):
            found[name] = ends(factor)
    return found


def value_at(factor: FactorConfig, place: float) -> Any:
    """The value of a factor at a place between 0 and 1; of levels each has an equal part of the way."""
    if factor.listed:
        return factor.listed[min(int(place * len(factor.listed)), len(factor.listed) - 1)]
    return range_of(factor).at(place)


def inverse(value: Any) -> Any:
    """One over a value, for scenarios that take a time where people think of a rate.

    Raises:
        ValueError: The value is no number, or 0.

    >>> inverse("4 / min"), inverse("20 s"), inverse(8)
    ('0.25 min', '0.05 /s', 0.125)
    """
    amount, unit = number_and_unit(value) if isinstance(value, str) else (float(value), "")
    if amount == 0:
        raise ValueError(f"expected a value other than 0 with reciprocal, got {value!r}")
    if not unit:
        return 1 / amount
    turned = unit.replace(" ", "").removeprefix("1").removeprefix("/") if "/" in unit else f"/{unit}"
    return f"{1 / amount!r} {turned}"


def number(value: Any) -> float | None:
    """The number in a value, without its unit; None for anything else.

    >>> number("2.5 min"), number("3"), number("fifo")
    (2.5, 3.0, None)
    """
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float):
        return float(value)
    if not isinstance(value, str):
        return None
    if re.fullmatch(r"-?\d+(\.\d+)?", value):
        return float(value)
    try:
        return number_and_unit(value)[0]
    except ValueError:
        return None


def node_of(value: Any, mark: FileLine) -> Node:
    """A plain value as a node of a document, with the place it came from."""
    return marked(parse(json.dumps(value, ensure_ascii=False), mark.file)[0], mark)


def marked(node: Node, mark: FileLine) -> Node:
    """A copy of a tree of which everything has the same place."""
    if isinstance(node.value, dict):
        return Node({key: marked(child, mark) for key, child in node.value.items()}, mark, node.size)
    if isinstance(node.value, list):
        return Node([marked(child, mark) for child in node.value], mark, node.size)
    return Node(node.value, mark, node.size)


def label(value: Any) -> str:
    """A value in a few characters, for tables and pictures."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:37]}..."
