"""Job orders that the brain keeps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.brain.made import EPOCH, UNITS, S, beat
from twin.brain.brain import Brain
from twin.brain.jobs import JobLog, Jobs
from twin.brain.orders import NEVER, OrderStep
from twin.brain.settings import BrainConfig
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


@given(st.permutations(range(7)))
def test_jobs_of_one_name_are_the_same_whatever_comes_late(order: list[int]) -> None:
    rows = [(0, "released", 2), (1, "cancelled", 1), (3, "completed", 1), (5, "released", 1), (7, "cancelled", 1)]
    rows += [(9, "released", 1), (12, "completed", 1)]
    log = JobLog()
    for index in order:
        time_ns, event, pieces = rows[index]
        log.add(time_ns, step("card", event, pieces))
    assert log.ended(0, 20) == Jobs(completed=2, timed=2, flow_ns=6)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0)])
def test_what_was_completed_before_it_was_released_is_not_good(order: tuple[int, ...]) -> None:
    """The clock of the desk is behind: the time from release to completion is not known, though others' are."""
    steps = [(1, "a", "released"), (2, "b", "completed"), (3, "a", "completed"), (60 + 2, "b", "released")]
    rows = [records(RecordKind.STATE, [(UNITS[0], EPOCH, ("PRODUCING", None, None))])]
    for index in order:
        minute, name, event = steps[index]
        row = (UNITS[0], EPOCH + minute * 60 * S, (name, event, "cube", 1.0, None, None, None))
        rows.append(records(RecordKind.ORDER, [row]))
    brain, found = Brain(BrainConfig(live_s=None)), {}
    for frame in [*rows, *(beat(EPOCH + k * 60 * S) for k in range(121))]:
        for given_frame in brain.process(frame):
            found |= {(row["kpi"], row["time_ns"]): row for row in given_frame.rows() if row["path"] == UNITS[0]}
    flow = found["order_flow_time_h", EPOCH + 3600 * S]
    assert (flow["value"], flow["quality"]) == (pytest.approx(2 / 60), "partial")


def test_a_release_that_comes_later_than_the_next_window_takes_the_flow_back() -> None:
    log = JobLog()
    assert log.add(2, step("b", "completed")) == (2, 2)
    assert log.add(62, step("b", "released")) == (2, 62), "windows of the completion are others now"
    assert log.ended(0, 10).early == 1
    assert log.add(30, step("b", "completed")) == (2, 30)
    assert (log.ended(0, 10).early, log.ended(10, 40).early) == (0, 1)


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
