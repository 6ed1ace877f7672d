"""Steps of orders that a unit told, kept in order of source time."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from typing import Any, NamedTuple

from twin.records import ORDER_EVENTS

NUMBER = {event: number for number, event in enumerate(ORDER_EVENTS)}
NEVER = 2**62


class Step(NamedTuple):
    """One step of an order.

    Args:
        order: Id of the order.
        event: Number of the step in ``ORDER_EVENTS``.
        quantity: Quantity of the step, 0 when none was said.
        due_ns: When it is due, ns since 1970 UTC; a time that never comes when none was said.
    """

    order: str
    event: int
    quantity: float
    due_ns: int


def order_step(row: list[Any]) -> Step | None:
    """The step of a row of ORDER; None when no record should look like that."""
    order, event, _, quantity, due_ns, _, _ = row
    number = NUMBER.get(event)
    try:
        amount, due = float(quantity or 0.0), NEVER if due_ns is None else int(due_ns)
    except (TypeError, ValueError, OverflowError):
        return None
    if not isinstance(order, str) or number is None or not 0 <= amount < math.inf:
        return None
    return Step(order, number, amount, due)


class OrderLog:
    """Steps of orders at one unit."""

    def __init__(self) -> None:
        self.times = array("q")
        self.events = array("B")
        self.quantities = array("d")
        self.dues = array("q")
        self.ids: list[str] = []

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, time_ns: int, step: Step) -> None:
        """Keep a step."""
        index = len(self.times)
        if index and time_ns < self.times[-1]:
            index = bisect_right(self.times, time_ns)
        order, event, quantity, due_ns = step
        self.times.insert(index, time_ns)
        self.events.insert(index, event)
        self.quantities.insert(index, quantity)
        self.dues.insert(index, due_ns)
        self.ids.insert(index, order)

    def quantity(self, event: str, t0_ns: int, t1_ns: int) -> float:
        """Sum of the quantities of one kind of step in ``[t0, t1)``."""
        number = NUMBER[event]
        first, last = bisect_left(self.times, t0_ns), bisect_left(self.times, t1_ns)
        return sum(self.quantities[i] for i in range(first, last) if self.events[i] == number)

    def prune(self, before_ns: int) -> None:
        """Forget steps before a time."""
        cut = bisect_left(self.times, before_ns)
        for column in (self.times, self.events, self.quantities, self.dues, self.ids):
            del column[:cut]
