"""Which driver speaks for a unit: every row of the one that speaks goes out once, whenever its change was told."""

from __future__ import annotations

import json
import pickle
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from devices.speech import Speech
from tests.devices.plants import LINE
from twin.records import Frame, RecordKind, records, telemetry

M1 = LINE.child("m1")
LAST = 1_000


def part(time_ns: int) -> Frame:
    return records(RecordKind.PART, [(M1, time_ns, ("a", 1, 0, 0, None, 1, None))])


def state(time_ns: int, name: str) -> Frame:
    return records(RecordKind.STATE, [(M1, time_ns, (name, None, None))])


def alarm(time_ns: int, active: int) -> Frame:
    return records(RecordKind.ALARM, [(M1, time_ns, ("hot", 500, active, "too hot"))])


def rows(frames: list[Frame], kind: RecordKind, name: str) -> list[tuple[int, Any]]:
    return [
        (time_ns, value)
        for frame in frames
        if frame.kind is kind
        for time_ns, value in zip(frame.time_ns.tolist(), frame.column(name).tolist(), strict=True)
    ]


@given(
    speaks=st.booleans(),
    parts=st.lists(st.integers(0, LAST), max_size=30, unique=True),
    changes=st.lists(st.integers(1, LAST), max_size=5, unique=True).map(sorted),
    looks=st.lists(st.integers(1, LAST), max_size=10, unique=True).map(sorted),
    late=st.integers(0, 5),
)
def test_what_was_said_while_it_spoke_goes_out_once(
    speaks: bool, parts: list[int], changes: list[int], looks: list[int], late: int
) -> None:
    """Two drivers of one unit: of each instant the rows of exactly one of them, with changes told some looks late.

    What a driver says is held back from the instant on at which it is asked to, as in a run.
    """
    drivers = (Speech(M1, speaks, memory_ns=LAST + 1), Speech(M1, not speaks, memory_ns=LAST + 1))
    out: tuple[list[Frame], list[Frame]] = ([], [])
    told, edges = 0, [0, *looks, LAST + 1]
    for number, (begin, end) in enumerate(pairwise(edges)):
        for change in changes:
            if begin <= change < end:
                for driver in drivers:
                    driver.hold(change)
        due = sum(change < edges[max(number + 1 - late, 0)] for change in changes) if number + 2 < len(edges) else LAST
        for at_ns in changes[told:due]:
            now = sum(change <= at_ns for change in changes) % 2 == 1
            for driver, first in zip(drivers, (speaks, not speaks), strict=True):
                driver.change(at_ns, first != now)
        told = max(told, min(due, len(changes)))
        if told < sum(change < end for change in changes):
            for driver in drivers:
                driver.hold(changes[told])
        new = [part(time_ns) for time_ns in sorted(parts) if begin <= time_ns < end]
        for driver, said in zip(drivers, out, strict=True):
            said.extend(driver.said(new, end))
    made = [sorted(time_ns for time_ns, _ in rows(said, RecordKind.PART, "good")) for said in out]
    assert sorted(made[0] + made[1]) == sorted(parts)
    first = [time_ns for time_ns in sorted(parts) if (sum(c <= time_ns for c in changes) % 2 == 0) == speaks]
    assert made[0] == first


def test_who_begins_says_what_holds_and_who_ends_takes_its_alarms_back() -> None:
    one, other = Speech(M1, True), Speech(M1, False)
    assert len(one.said([state(10, "PRODUCING"), alarm(11, 1)], 20)) == 2
    assert other.said([state(12, "STARVED"), alarm(13, 1), state(14, "FAILED")], 20) == []
    for speech in (one, other):
        speech.change(30, speech is other)
    ended, begun = (pickle.loads(pickle.dumps(each)).said([], 40) for each in (one, other))  # noqa: S301 - our own
    assert rows(ended, RecordKind.ALARM, "active") == [(30, 0)]
    assert rows(ended, RecordKind.STATE, "state") == []
    assert rows(begun, RecordKind.STATE, "state") == [(30, "FAILED")]
    assert rows(begun, RecordKind.ALARM, "active") == [(30, 1)]


def test_a_state_of_the_very_instant_is_not_said_twice() -> None:
    speech = Speech(M1, False)
    speech.said([state(10, "PRODUCING")], 20)
    speech.change(30, speaks=True)
    assert rows(speech.said([state(30, "FAILED")], 40), RecordKind.STATE, "state") == [(30, "FAILED")]


def test_what_nobody_decides_goes_on_as_it_was() -> None:
    speech = Speech(M1, True)
    speech.hold(15)
    assert rows(speech.said([part(10), part(20)], 30), RecordKind.PART, "good") == [(10, 1)]
    speech.release()
    assert rows(speech.said([part(31)], 40), RecordKind.PART, "good") == [(20, 1), (31, 1)]


def test_a_driver_that_does_not_speak_keeps_little() -> None:
    speech = Speech(M1, False, memory_ns=100)
    for at_ns in range(0, 10_000, 10):
        speech.said([part(at_ns)], at_ns + 1)
    assert sum(map(len, speech._unsaid)) == 10


def meter(time_ns: int, value: float) -> Frame:
    return telemetry(M1, time_ns, {"energy_kwh": value, "power_kw": 5.0})


def test_counters_go_on_where_the_one_before_has_left_them() -> None:
    """Another meter that stands at 50,000 kWh is no energy; nor is one that is read only after the change."""
    known, unknown = Speech(M1, False, 0, ["energy_kwh"]), Speech(M1, False, 0, ["energy_kwh"])
    known.said([meter(10, 50_000.0)], 11)
    for speech in (known, unknown):
        speech.change(20, True, {"energy_kwh": 100.0})
        assert rows(speech.said([], 25), RecordKind.TELEMETRY, "energy_kwh") == []
    assert rows(known.said([meter(30, 50_001.5)], 31), RecordKind.TELEMETRY, "energy_kwh") == [(30, 101.5)]
    assert rows(unknown.said([meter(30, 7.0)], 31), RecordKind.TELEMETRY, "energy_kwh") == [(30, 100.0)]
    again = Speech(M1, False, 0, ["energy_kwh"])
    again.recall(json.loads(json.dumps(known.kept())))
    again.change(20, True, {"energy_kwh": 100.0})
    assert rows(again.said([meter(40, 50_002.0)], 41), RecordKind.TELEMETRY, "energy_kwh") == [(40, 102.0)]
    assert again.counted == {"energy_kwh": 102.0}
    assert rows(again.said([meter(50, 50_003.0)], 51), RecordKind.TELEMETRY, "power_kw") == [(50, 5.0)]
