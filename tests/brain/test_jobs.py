"""Job orders that the brain keeps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.brain.made import EPOCH, UNITS, S, beat
from twin.brain.brain import Brain
from twin.brain.jobs import JobLog, Jobs
from twin.brain.orders import NEVER, OrderStep
from twin.records import ORDER_EVENTS, RecordKind, records


def step(order: str, event: str, quantity: float = 1, due_ns: int = NEVER) -> OrderStep:
    return OrderStep(order, ORDER_EVENTS.index(event), quantity, due_ns)


@given(st.permutations([(0, "released"), (5, "completed")]), st.permutations([(2, "released"), (9, "completed")]))
def test_flow_times_are_the_same_whatever_comes_late(
    first: list[tuple[int, str]], second: list[tuple[int, str]]
) -> None:
    log = JobLog()
    for (a, event_a), (b, event_b) in zip(first, second, strict=True):
        log.add(a, step("a", event_a, due_ns=6))
        log.add(b, step("b", event_b, due_ns=6))
    assert log.ended(0, 10) == Jobs(completed=2, timed=2, flow_ns=12, due=2, on_time=1, late_ns=2)
    assert log.ended(0, 9) == Jobs(completed=1, timed=1, flow_ns=5, due=1, on_time=1, late_ns=-1)


def test_an_order_of_which_all_is_lost_is_forgotten_and_never_completed() -> None:
    log = JobLog()
    log.add(0, step("a", "released", 2))
    assert log.takes(step("a", "cancelled"))
    assert not log.takes(step("z", "cancelled"))
    log.add(1, step("a", "cancelled"))
    log.prune(5)
    assert set(log.known) == {"a"}
    log.add(6, step("a", "cancelled"))
    log.prune(10)
    assert not log.known
    assert log.ended(0, 99) == Jobs()


def test_orders_in_process_at_the_start_count_without_a_flow_time() -> None:
    log = JobLog()
    log.add(0, step("a", "started"))
    log.add(4, step("a", "completed"))
    assert log.ended(0, 9) == Jobs(completed=1)


def test_an_order_may_have_the_id_of_one_that_is_done() -> None:
    log = JobLog()
    for time_ns, event in ((0, "released"), (3, "completed"), (10, "released"), (15, "completed")):
        log.add(time_ns, step("a", event))
    assert log.ended(0, 20) == Jobs(completed=2, timed=2, flow_ns=8)


def test_a_release_that_comes_late_changes_the_window_of_its_completion() -> None:
    brain = Brain()
    brain.process(records(RecordKind.STATE, [(UNITS[0], EPOCH, ("PRODUCING", None, None))]))
    row = ("o1", "completed", "cell", 4, None, None, None)
    brain.process(records(RecordKind.ORDER, [(UNITS[0], EPOCH + 3700 * S, row)]))
    for minute in range(0, 121, 1):
        told = brain.process(beat(EPOCH + minute * 60 * S))
    assert not any(row["kpi"] == "order_flow_time_h" for frame in told for row in frame.rows())
    late = ("o1", "released", "cell", 4, None, None, None)
    brain.process(records(RecordKind.ORDER, [(UNITS[0], EPOCH + 100 * S, late)]))
    found = [row for frame in brain.flush() for row in frame.rows() if row["kpi"] == "order_flow_time_h"]
    assert {(row["window"], row["scope"]) for row in found} >= {("hour", "machine"), ("hour", "line"), ("day", "site")}
    assert {row["value"] for row in found} == {1.0}
