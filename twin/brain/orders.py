"""Orders that a unit told of, kept by source time: what it was asked for and shipped, and what it ordered itself."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any, NamedTuple

from twin.kpi.amounts import NS_PER_H
from twin.records import MOST_PIECES, ORDER_EVENTS

NUMBER = {event: number for number, event in enumerate(ORDER_EVENTS)}
PLACED, RECEIVED, SHIPPED, DELIVERED, CANCELLED = (
    NUMBER[event] for event in ("placed", "received", "shipped", "delivered", "cancelled")
)
TRADED = frozenset((PLACED, RECEIVED, SHIPPED, DELIVERED, CANCELLED))
"""Steps that say nothing without a quantity."""
NEVER = 2**62
DAY_NS = 24 * NS_PER_H
LONGEST_D = 400
"""Days of the longest order that is filed by day; a longer one stays among the open ones."""
KEPT_H = 24 * 7 * 60
"""Hours of demand and orders that are kept for the amplification of orders."""


class OrderStep(NamedTuple):
    """One step of an order.

    Args:
        order: Id of the order.
        event: Number of the step in ``ORDER_EVENTS``.
        quantity: Quantity of the step, 0 when none was said.
        due_ns: When it is due, ns since 1970 UTC; a time that never comes when none was said.
        destination: Path of who wants it; empty when that was not said.
    """

    order: str
    event: int
    quantity: float
    due_ns: int
    destination: str = ""


def order_step(row: list[Any]) -> OrderStep | None:
    """The step of a row of ORDER; None when no record should look like that."""
    order, event, _, quantity, due_ns, _, destination = row
    number = NUMBER.get(event)
    try:
        amount, due = float(quantity or 0.0), NEVER if due_ns is None else int(due_ns)
    except (TypeError, ValueError, OverflowError):
        return None
    if not isinstance(order, str) or number is None or not 0 <= amount <= MOST_PIECES:
        return None
    if quantity is None and number in TRADED:
        return None
    return OrderStep(order, number, amount, due, str(destination or ""))


Said = tuple[int, int, float, int, str]
"""Time, number of the step, pieces, due date and destination; in the order in which steps of one name count."""


class KnownOrder:
    """What is known of an order at the unit that has to fill it.

    Attributes:
        number: Its own among all of a unit.
        quantity: Pieces ordered; None until it is known that it came.
        received_ns: When it came.
        due_ns: When it is due.
        destination: Who wants it.
        moves: Steps after that: time, number of the step, pieces; in order of time.
        said: All that was said of it, in order of time.
    """

    __slots__ = ("destination", "due_ns", "moves", "number", "quantity", "received_ns", "said")

    def __init__(self, number: int) -> None:
        self.number = number
        self.quantity: float | None = None
        self.received_ns, self.due_ns, self.destination = NEVER, NEVER, ""
        self.moves: list[tuple[int, int, float]] = []
        self.said: list[Said] = []

    def add(self, said: Said) -> None:
        """Keep what is said after all else of it; said twice that it came, the later counts."""
        time_ns, event, pieces, due_ns, destination = said
        self.said.append(said)
        if event == RECEIVED:
            self.received_ns, self.quantity, self.due_ns, self.destination = time_ns, pieces, due_ns, destination
        else:
            self.moves.append((time_ns, event, pieces))

    def sum_until(self, event: int, time_ns: int, *, included: bool = False) -> float:
        """Pieces of one kind of step before a time, or until and at it."""
        return math.fsum(q for t, e, q in self.moves if e == event and (t < time_ns or (included and t == time_ns)))

    @property
    def odd(self) -> bool:
        """Whether a step of it is said to have been before it came."""
        return self.quantity is not None and bool(self.moves) and self.moves[0][0] < self.received_ns

    def stray(self, before_ns: int) -> bool:
        """Whether nobody ever said that it came, and its steps are older than a time, e.g. of a job order."""
        return self.quantity is None and self.moves[-1][0] < before_ns

    @property
    def closed_ns(self) -> int:
        """When the last of it was delivered or cancelled; a time that never comes while it is open."""
        done = 0.0
        for time_ns, event, pieces in self.moves:
            done += pieces if event in (DELIVERED, CANCELLED) else 0.0
            if self.quantity is not None and done >= self.quantity:
                return time_ns
        return NEVER

    @property
    def on_time_in_full(self) -> bool:
        """Whether all of it was delivered until it was due."""
        return self.quantity is not None and self.sum_until(DELIVERED, self.due_ns, included=True) >= self.quantity

    def overdue(self, t0_ns: int, t1_ns: int) -> float:
        """Integral of the pieces that are due and neither delivered nor cancelled, pieces x ns."""
        start = max(self.due_ns, t0_ns)
        if self.quantity is None or start >= t1_ns:
            return 0.0
        total = 0.0
        left = self.quantity
        for time_ns, event, pieces in self.moves:
            if event in (DELIVERED, CANCELLED):
                until = min(max(time_ns, start), t1_ns)
                total += left * (until - start)
                start, left = until, max(left - pieces, 0.0)  # more than was ordered is no order
        return total + left * (t1_ns - start)


class Trade(NamedTuple):
    """Orders of a unit, or of several, in a window.

    Args:
        due: Orders that were due.
        on_time_in_full: Of these, delivered in full until then.
        received: Pieces ordered.
        at_once: Of these, shipped in the same instant.
        shipped: Pieces shipped.
        completed: Orders whose last piece was delivered.
        cycle_ns: Sum of the times from order to last delivery of these.
        overdue: Integral of the pieces due and not delivered, pieces x ns.
        odd: Orders of which a step was before they came, in whatever window.
    """

    due: int = 0
    on_time_in_full: int = 0
    received: float = 0.0
    at_once: float = 0.0
    shipped: float = 0.0
    completed: int = 0
    cycle_ns: int = 0
    overdue: float = 0.0
    odd: int = 0


def summed(trades: Sequence[Trade]) -> Trade:
    """Some together; the same whatever their order."""
    if not trades:
        return Trade()
    due, good, received, at_once, shipped, completed, cycle_ns, overdue, odd = zip(*trades, strict=True)
    return Trade(
        sum(due), sum(good), math.fsum(received), math.fsum(at_once), math.fsum(shipped), sum(completed), sum(cycle_ns),
        math.fsum(overdue), sum(odd),
    )  # fmt: skip


class OrderLog:
    """Orders at one unit.

    Attributes:
        named: By name, its orders one after another: a name may be used again, e.g. by a card that goes round.
        made: How many there were.
        open: Orders that the unit has to fill, by number.
        days: Those that are closed, by each day from their coming to their end, for windows of the past.
        hours: Pieces that it ordered and that were ordered from it, by hour since 1970 UTC.
        takes: Whether it was ever asked for something.
        places: Whether it ever ordered something.
    """

    def __init__(self) -> None:
        self.times = array("q")
        self.events = array("B")
        self.quantities = array("d")
        self.named: dict[str, list[KnownOrder]] = {}
        self.made = 0
        self.open: dict[int, KnownOrder] = {}
        self.days: dict[int, dict[int, KnownOrder]] = {}
        self.hours: dict[int, list[float]] = {}

        self.takes = self.places = False

    def __len__(self) -> int:
        return len(self.times)

    def add(self, time_ns: int, step: OrderStep) -> None:
        """Keep a step."""
        index = len(self.times)
        if index and time_ns < self.times[-1]:
            index = bisect_right(self.times, time_ns)
        self.times.insert(index, time_ns)
        self.events.insert(index, step.event)
        self.quantities.insert(index, step.quantity)
        if step.event in (PLACED, RECEIVED):
            self.hours.setdefault(time_ns // NS_PER_H, [0.0, 0.0])[step.event] += step.quantity
            self.takes, self.places = self.takes or step.event == RECEIVED, self.places or step.event == PLACED
        if step.event in (RECEIVED, SHIPPED, DELIVERED, CANCELLED):
            self._book(time_ns, step)

    def _book(self, time_ns: int, step: OrderStep) -> None:
        """Keep a step of an order; which orders there are is a matter of their steps, not of when these were heard."""
        came = step.event == RECEIVED
        said = (time_ns, step.event, step.quantity, *((step.due_ns, step.destination) if came else (NEVER, "")))
        orders = self.named.setdefault(step.order, [])
        if not orders or said >= orders[-1].said[-1]:
            self._append(orders, said)
            return
        known = [said, *(one for order in orders for one in order.said)]
        for order in orders:
            self._forget(order)
        orders.clear()
        for one in sorted(known):
            self._append(orders, one)

    def _append(self, orders: list[KnownOrder], said: Said) -> None:
        """A step after all others of its name: of the last order, or that another one came after it was closed."""
        if not orders or (said[1] == RECEIVED and orders[-1].quantity is not None and said[0] > orders[-1].closed_ns):
            orders.append(KnownOrder(self.made))
            self.made += 1
        order = orders[-1]
        order.add(said)
        end = max(order.closed_ns, order.due_ns if order.due_ns < NEVER else 0)
        first, last = order.received_ns // DAY_NS, end // DAY_NS
        if end >= NEVER or last - first > LONGEST_D:
            self.open[order.number] = order
            return
        self.open.pop(order.number, None)
        for day in range(first, last + 1):
            self.days.setdefault(day, {})[order.number] = order

    def _forget(self, order: KnownOrder) -> None:
        for orders in (self.open, *self.days.values()):
            orders.pop(order.number, None)

    def quantity(self, event: str, t0_ns: int, t1_ns: int) -> float:
        """Sum of the quantities of one kind of step in ``[t0, t1)``."""
        number = NUMBER[event]
        first, last = bisect_left(self.times, t0_ns), bisect_left(self.times, t1_ns)
        return math.fsum(self.quantities[i] for i in range(first, last) if self.events[i] == number)

    def trade(self, t0_ns: int, t1_ns: int, final: frozenset[str] | None = None) -> Trade:
        """What happened to its orders in ``[t0, t1)``.

        Args:
            t0_ns: Begin.
            t1_ns: End.
            final: Only orders of these destinations; None: all.
        """
        near = dict(self.open)
        for day in range(t0_ns // DAY_NS, (t1_ns - 1) // DAY_NS + 1):
            near.update(self.days.get(day, {}))
        found = [
            _trade_of(order, order.quantity, t0_ns, t1_ns)
            for order in near.values()
            if order.quantity is not None and (final is None or order.destination in final)
        ]
        return summed(found)

    def prune(self, before_ns: int) -> None:
        """Forget what no window after a time needs."""
        cut = bisect_left(self.times, before_ns)
        for column in (self.times, self.events, self.quantities):
            del column[:cut]
        for key in [key for key, order in self.open.items() if order.stray(before_ns)]:
            del self.open[key]
        for day in [day for day in self.days if day < before_ns // DAY_NS]:
            del self.days[day]
        kept = {*self.open, *(key for orders in self.days.values() for key in orders)}
        left = {name: [order for order in orders if order.number in kept] for name, orders in self.named.items()}
        self.named = {name: orders for name, orders in left.items() if orders}
        for hour in [hour for hour in self.hours if hour < before_ns // NS_PER_H - KEPT_H]:
            del self.hours[hour]


def _trade_of(order: KnownOrder, quantity: float, t0_ns: int, t1_ns: int) -> Trade:
    came, due = t0_ns <= order.received_ns < t1_ns, t0_ns <= order.due_ns < t1_ns
    closed_ns = order.closed_ns
    done = t0_ns <= closed_ns < t1_ns and order.sum_until(DELIVERED, closed_ns, included=True) > 0
    return Trade(
        due=int(due),
        on_time_in_full=int(due and order.on_time_in_full),
        received=quantity if came else 0.0,
        at_once=order.sum_until(SHIPPED, order.received_ns, included=True) if came else 0.0,
        shipped=math.fsum(pieces for time, event, pieces in order.moves if event == SHIPPED and t0_ns <= time < t1_ns),
        completed=int(done),
        cycle_ns=closed_ns - order.received_ns if done else 0,
        overdue=order.overdue(t0_ns, t1_ns) if closed_ns >= t0_ns else 0.0,
        odd=int(order.odd),
    )
