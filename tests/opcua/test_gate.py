"""Deadband and rate limit: nothing that matters is hidden, nothing else is sent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.opcua.gate import Change, Gate
from brokers.opcua.lives import LOST
from twin.records import BAD, GOOD, UNCERTAIN

SECOND = 1_000_000_000
T0 = 10**18


def offer(gate: Gate, value: float, quality: int = 0, slot: int = 0) -> None:
    gate.offer(np.array([slot]), np.array([value]), np.array([quality], dtype=np.uint8), np.array([T0]))


def test_a_slow_ramp_is_reported() -> None:
    gate = Gate(0)
    gate.add(deadband=1.0)
    reported = []
    for step in range(41):
        offer(gate, step * 0.5)
        reported += [change.value for _, change in gate.take(T0 + step, 10)]
    assert reported == [1.5 * step for step in range(14)]
    assert gate.counts.unchanged == 41 - 14


def test_a_variable_is_written_once_per_interval_and_the_newest_wins() -> None:
    gate = Gate(SECOND)
    gate.add()
    written = []
    for tenth in range(31):
        offer(gate, float(tenth))
        written += [(tenth, change.value) for _, change in gate.take(T0 + tenth * SECOND // 10, 10)]
    assert written == [(0, 0.0), (10, 10.0), (20, 20.0), (30, 30.0)]
    assert (gate.counts.offered, gate.counts.written, gate.counts.coalesced) == (31, 4, 27)


@pytest.mark.parametrize("turn_s", [0.1, 0.107, 0.13, 0.3])
def test_a_value_each_interval_is_written_each_interval_whenever_the_turns_are(turn_s: float) -> None:
    gate, seconds = Gate(SECOND), 200
    gate.add()
    jitter = np.random.default_rng(1).uniform(0.0, 0.05, seconds)
    due = [round((second + late) * SECOND) for second, late in enumerate(jitter)]
    written, offered = 0, 0
    for turn in range(int((seconds + 1) / turn_s)):
        now = round(turn * turn_s * SECOND)
        while offered < seconds and due[offered] <= now:
            offer(gate, float(offered))
            offered += 1
        written += len(gate.take(T0 + now, 10))
    assert written == seconds


def test_a_turn_writes_at_most_its_limit_and_the_longest_waiting_first() -> None:
    gate = Gate(SECOND)
    slots = np.array([gate.add() for _ in range(100)])
    gate.offer(slots, np.arange(100.0), None, np.full(100, T0))
    turns = [[slot for slot, _ in gate.take(T0, 30)] for _ in range(4)]
    assert [len(turn) for turn in turns] == [30, 30, 30, 10]
    assert [slot for turn in turns for slot in turn] == list(range(100))
    assert gate.waiting == 0


def test_the_lag_is_that_of_the_value_that_waits_longest() -> None:
    gate = Gate(SECOND)
    for slot in range(2):
        gate.add()
        offer(gate, 1.0, slot=slot)
    assert (gate.lag_ns, len(gate.take(T0, 1))) == (0, 1)
    gate.take(T0 + SECOND // 2, 0)
    assert gate.lag_ns == SECOND // 2  # of the second variable, for which there was no room
    offer(gate, 2.0)
    assert len(gate.take(T0 + 3 * SECOND, 1)) == 1
    assert gate.lag_ns == 5 * SECOND // 2  # the first one came at 0.5 s
    assert len(gate.take(T0 + 4 * SECOND, 9)) == 1
    assert gate.lag_ns == 0


def test_variables_whose_source_has_gone_are_counted_once_they_say_so() -> None:
    gate = Gate(0)
    slots = [gate.add() for _ in range(100)]
    gate.offer(np.array(slots), np.arange(100.0), None, np.full(100, T0))
    gate.take(T0, 100)
    gate.lose(slots[:40], LOST)
    assert (gate.lost, len(gate.take(T0, 100)), gate.lost) == (0, 40, 40)
    gate.restore(slots[:40])
    gate.take(T0, 100)
    assert gate.lost == 0


def test_a_value_that_comes_back_while_it_waits_is_not_written() -> None:
    gate = Gate(SECOND)
    gate.add(deadband=1.0)
    offer(gate, 5.0)
    assert len(gate.take(T0, 9)) == 1
    offer(gate, 9.0)
    offer(gate, 5.5)
    assert gate.take(T0 + 2 * SECOND, 9) == []
    assert gate.counts.coalesced == 1


@pytest.mark.parametrize("unknown", [float("nan"), float("inf"), float("-inf")])
def test_an_unknown_number_is_bad_and_reported_once(unknown: float) -> None:
    gate = Gate(0)
    gate.add()
    for value in (1.0, unknown, unknown, 1.0):
        offer(gate, value)
        gate.take(T0, 9)
    assert (gate.counts.written, gate.counts.unchanged) == (3, 1)
    offer(gate, unknown)
    assert [change.quality for _, change in gate.take(T0, 9)] == [BAD]


def test_a_change_of_quality_alone_is_reported() -> None:
    gate = Gate(0)
    gate.add(deadband=5.0)
    seen = []
    for quality in (GOOD, UNCERTAIN, UNCERTAIN, BAD, BAD, GOOD):
        offer(gate, 1.0, int(quality))
        seen += [change.quality for _, change in gate.take(T0, 9)]
    assert seen == [GOOD, UNCERTAIN, BAD, GOOD]


def test_a_clock_set_back_does_not_stop_the_reports() -> None:
    gate = Gate(SECOND)
    gate.add()
    offer(gate, 1.0)
    gate.take(T0, 9)
    offer(gate, 2.0)
    assert len(gate.take(T0 - 3600 * SECOND, 9)) == 1


def test_texts_pass_when_they_differ() -> None:
    gate = Gate(0)
    gate.add()
    for value in ("IDLE", "IDLE", None, None, "IDLE"):
        gate.offer_one(0, Change(value, T0, 0))
        gate.take(T0, 9)
    assert (gate.counts.written, gate.counts.unchanged) == (3, 2)


@given(
    st.lists(st.floats(-100, 100), min_size=1, max_size=60),
    st.floats(0, 5),
    st.lists(st.integers(0, 2), min_size=60, max_size=60),
)
def test_what_is_reported_is_within_the_deadband_once_nothing_waits(
    values: list[float], deadband: float, pauses: list[int]
) -> None:
    gate = Gate(SECOND)
    gate.add(deadband)
    now, shown = T0, float("nan")
    for value, pause in zip(values, pauses, strict=False):
        now += pause * SECOND // 2
        offer(gate, value)
        for _, change in gate.take(now, 1):
            shown = change.value
        if not gate.waiting:
            assert abs(shown - value) <= deadband
    for _, change in gate.take(now + SECOND, 1):
        shown = change.value
    assert abs(shown - values[-1]) <= deadband
    counts = gate.counts
    assert counts.offered >= counts.written + counts.coalesced


def test_many_variables_get_their_own_place() -> None:
    gate = Gate(0)
    assert [gate.add(float(index)) for index in range(1000)] == list(range(1000))
    assert len(gate) == 1000
