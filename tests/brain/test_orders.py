"""Steps of orders that the brain keeps."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from tests.brain.made import EPOCH, UNITS, S, beat
from twin.brain.brain import Brain
from twin.brain.orders import NEVER, OrderLog, OrderStep, order_step
from twin.records import ORDER_EVENTS, RecordKind, records


@given(st.lists(st.tuples(st.integers(0, 50), st.sampled_from(ORDER_EVENTS), st.floats(0, 9)), max_size=40))
def test_steps_are_summed_by_source_time_in_whatever_order_they_come(steps: list[tuple[int, str, float]]) -> None:
    log = OrderLog()
    for number, (time, event, quantity) in enumerate(steps):
        log.add(time, OrderStep(f"o{number}", ORDER_EVENTS.index(event), quantity, NEVER))
    log.prune(10)
    assert list(log.times) == sorted(time for time, _, _ in steps if time >= 10)
    for event in ORDER_EVENTS:
        expected = sorted(quantity for time, name, quantity in steps if name == event and 20 <= time < 40)
        assert math.isclose(log.quantity(event, 20, 40), math.fsum(expected), abs_tol=1e-9)


def test_what_no_order_looks_like_is_not_taken() -> None:
    assert order_step(["o1", "placed", "cell", 4, None, None, None]) == ("o1", 0, 4.0, NEVER, "")
    assert order_step(["o1", "completed", "cell", None, 7, None, None]) == ("o1", 7, 0.0, 7, "")
    for wrong in (
        ["o1", "lost", "cell", 4],
        ["o1", "placed", "cell", -1],
        ["o1", "placed", "c", math.nan],
        [None, "placed", "c", 1],
    ):
        assert order_step([*wrong, None, None, None]) is None


def test_the_brain_keeps_orders_and_counts_what_it_rejects() -> None:
    brain = Brain()
    rows = [("o1", "placed", "cell", 4, EPOCH + 9 * S, "a", "b"), ("o2", "lost", "cell", 4, None, "a", "b")]
    brain.process(records(RecordKind.ORDER, [(UNITS[0], EPOCH + S, row) for row in rows]))
    brain.process(beat(EPOCH + 60 * S))
    late = ("o3", "placed", "cell", 2, None, "a", "b")
    brain.process(records(RecordKind.ORDER, [(UNITS[0], EPOCH + 2 * S, late)]))
    unit = brain._intake.units[UNITS[0]]
    assert unit.orders.quantity("placed", EPOCH, EPOCH + 60 * S) == 6
    assert (brain.stats.rows, brain.stats.rejected, brain.stats.late) == (2, 1, 1)


def step(order: str, event: str, quantity: float, due_ns: int = NEVER) -> OrderStep:
    return OrderStep(order, ORDER_EVENTS.index(event), quantity, due_ns)


def test_what_is_closed_or_stray_is_forgotten_and_what_is_open_is_kept() -> None:
    log, day = OrderLog(), 86_400 * S
    log.add(day, step("done", "received", 4, 2 * day))
    log.add(2 * day, step("done", "delivered", 4))
    log.add(2 * day, step("open", "received", 3, 3 * day))
    log.add(3 * day, step("job", "cancelled", 1))
    assert log.trade(0, 4 * day)[:2] == (2, 1)
    assert log.trade(2 * day, 3 * day).on_time_in_full == 1
    for _ in range(2):
        log.prune(9 * day)
        assert (list(log.named), len(log.open), log.days, len(log)) == (["open"], 1, {}, 0)
    assert log.trade(9 * day, 10 * day).overdue == 3 * day


@given(st.permutations(range(10)))
def test_late_steps_give_the_same_trade(order: list[int]) -> None:
    rows = [
        (10, step("a", "received", 5, 50)), (20, step("a", "shipped", 3)), (30, step("a", "delivered", 3)),
        (60, step("a", "delivered", 2)), (15, step("b", "received", 1, 15)), (15, step("b", "cancelled", 1)),
        (10, step("card", "received", 1, 90)), (14, step("card", "delivered", 1)),
        (40, step("card", "received", 1, 90)), (46, step("card", "delivered", 1)),
    ]  # fmt: skip
    log = OrderLog()
    for index in order:
        log.add(*rows[index])
    assert log.trade(0, 100) == (4, 2, 8.0, 0.0, 3.0, 3, 60, 20.0, 0)
