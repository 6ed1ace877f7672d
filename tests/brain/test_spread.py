"""Planned run time belongs to the time in which it was earned, not to the hour in which a batch ends."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.brain.made import H, S
from twin.brain import Brain, BrainConfig
from twin.equipment import EquipmentPath
from twin.kpi.spec import kpis
from twin.master import EquipmentMaster, PlaceMaster, meta_frame
from twin.records import Frame, RecordKind, records

UNIT = EquipmentPath("works/north/hall/cells/oven")
DAY0 = 1_699_920_000 * S
M = 60 * S
BATCH = 225.0
"""Minutes of a batch of 9 pieces, each with a planned time of 25 min."""
Row = dict[str, Any]


class Told:
    """A brain, and all that it gave in order."""

    def __init__(self, live_s: float | None = None) -> None:
        self.brain, self.given = Brain(BrainConfig(live_s=live_s, gap_s=7200)), list[Row]()
        line = PlaceMaster(en="c", zh="c")
        unit = EquipmentMaster(kind="unit", en="o", zh="o", ideal_s=1500.0)
        self.tell(meta_frame(DAY0, [(UNIT.line, line), (UNIT, unit)]))

    def tell(self, *frames: Frame) -> None:
        for frame in frames:
            self.given += [row for figures in self.brain.process(frame) for row in figures.rows()]

    def state(self, minute: float, name: str) -> None:
        self.tell(records(RecordKind.STATE, [(UNIT, DAY0 + round(minute * M), (name, "o", None))]))

    def part(self, minute: float, good: int = 9, begun: float | None = None) -> None:
        begun_ns = None if begun is None else DAY0 + round(begun * M)
        row = ("wafer", good, 0, 0, 1500.0, 1, begun_ns)
        self.tell(records(RecordKind.PART, [(UNIT, DAY0 + round(minute * M), row)]))

    def beats(self, first: int, last: int, step: int = 15) -> None:
        for minute in range(first, last + 1, step):
            self.tell(records(RecordKind.HEARTBEAT, [(UNIT.site, DAY0 + minute * M, (0, 0, 0.0))]))

    def rows(self, kpi: str, scope: str = "machine", window: str = "hour") -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = {}
        for row in self.given:
            if (row["kpi"], row["scope"], row["window"]) == (kpi, scope, window):
                found.setdefault((row["time_ns"] - DAY0) // H, []).append(row)
        return found


def batch() -> Told:
    """A batch from 00:10 to 03:55, then nothing."""
    told = Told()
    told.state(0, "STARVED")
    told.state(10, "PRODUCING")
    told.beats(0, 225)
    told.part(10 + BATCH)
    told.state(10 + BATCH, "STARVED")
    told.beats(240, 360)
    return told


def test_a_batch_is_earned_in_the_hours_in_which_it_was_worked_on() -> None:
    oee = batch().rows("oee")
    assert [oee[hour][-1]["value"] for hour in range(1, 7)] == pytest.approx([50 / 60, 1, 1, 55 / 60, 0, 0])
    assert all(rows[-1]["value"] <= 1 and rows[-1]["quality"] == "good" for rows in oee.values())


def test_until_its_end_the_hours_are_partial_and_they_are_revised_few_times() -> None:
    oee = batch().rows("oee")
    for hour in (1, 2, 3):
        assert all(row["quality"] == "partial" for row in oee[hour][:-1])
        assert len(oee[hour]) <= 1 + 3, "not more than once an hour and once at the end"
    assert len(oee[5]) == 1, "nothing under way, nothing to revise"


def test_counts_and_states_are_not_told_again_when_planned_time_is_spread() -> None:
    told = batch()
    assert [len(rows) for rows in told.rows("availability").values()] == [1] * 6
    assert [rows[-1]["value"] for rows in told.rows("good_quantity").values()] == [0, 0, 0, 9, 0, 0]


@pytest.mark.parametrize("scope", ["line", "site", "enterprise"])
def test_what_stands_above_is_revised_with_it(scope: str) -> None:
    rows = batch().rows("oee", scope)
    assert [rows[hour][-1]["value"] for hour in (1, 2, 3, 4)] == pytest.approx([50 / 60, 1, 1, 55 / 60])
    assert all(rows[hour][-1]["quality"] == "good" for hour in (1, 2, 3, 4))


def test_the_identity_holds_over_windows_of_whole_operations() -> None:
    """OEE = PRI x GQ / PBT of the hours together, and of the day."""
    told = batch()
    told.beats(375, 24 * 60)
    hours = [rows[-1] for rows in told.rows("oee").values()]
    day = told.rows("oee", window="day")[24][-1]
    assert sum(row["numerator"] for row in hours) == pytest.approx(9 * 1500)
    assert day["value"] == pytest.approx(9 * 1500 / (24 * 3600))
    assert day["value"] == pytest.approx(sum(row["numerator"] for row in hours) / sum(r["denominator"] for r in hours))


def test_a_break_in_the_middle_of_an_operation_earns_nothing() -> None:
    told = Told()
    told.state(0, "PRODUCING")
    told.state(60, "FAILED")
    told.state(120, "PRODUCING")
    told.beats(0, 225)
    told.part(240)
    told.state(240, "STARVED")
    told.beats(240, 300)
    effectiveness = told.rows("effectiveness")
    assert effectiveness[1][-1]["value"] == effectiveness[4][-1]["value"] == pytest.approx(9 * 1500 / (3 * 3600))
    assert told.rows("oee")[2][-1]["value"] == 0.0


def test_operations_side_by_side_say_when_they_began() -> None:
    """Two chambers, begun at 00:00 and 00:30, each two hours: 25 min of planned time per hour and chamber."""
    told = Told()
    told.state(0, "PRODUCING")
    told.beats(0, 105)
    told.part(120, good=2, begun=0)
    told.beats(120, 135)
    told.part(150, good=2, begun=30)
    told.state(150, "STARVED")
    told.beats(150, 360)
    hours = {hour: rows[-1]["numerator"] / 60 for hour, rows in told.rows("oee").items()}
    assert [hours[hour] for hour in (1, 2, 3)] == pytest.approx([25 + 12.5, 50, 12.5])


@st.composite
def operations(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Begin and end in minutes of operations that end in the order in which they began, up to three at a time."""
    begun, found = 0, list[tuple[int, int]]()
    for pause, length in draw(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 200)), min_size=2, max_size=6)):
        third = found[-3][1] if len(found) > 2 else 0
        begun = max(begun + pause, third)
        found.append((begun, max(begun + length, found[-1][1] if found else 0)))
    return found


def final(told: Told) -> dict[tuple[str, str, int], float]:
    """What is said in the end of each window of the unit."""
    given = [*told.given, *(row for frame in told.brain.flush() for row in frame.rows())]
    return {(row["kpi"], row["window"], row["time_ns"]): row["value"] for row in given if row["scope"] == "machine"}


@settings(max_examples=10, derandomize=True, deadline=None)
@given(operations())
def test_no_good_figure_is_revised_by_an_operation_however_long(some: list[tuple[int, int]]) -> None:
    told = Told()
    events: list[tuple[float, int, Any]] = [(end + 0.5, 0, begun) for begun, end in some]
    for begun, end in some:
        events.append((begun, 2, "PRODUCING"))
        if not any(b <= end + 0.5 <= e for b, e in some if e > end):
            events.append((end + 0.5, 1, "STARVED"))
    events += [(minute, 3, None) for minute in range(0, some[-1][1] + 121, 30)]
    for minute, kind, what in sorted(events, key=lambda event: event[:2]):
        if kind == 3:
            told.beats(int(minute), int(minute))
        elif kind:
            told.state(minute, what)
        else:
            told.part(minute, good=1, begun=what)
    last = final(told)
    for row in told.given:
        if row["quality"] == "good" and row["scope"] == "machine":
            assert row["value"] == pytest.approx(last[row["kpi"], row["window"], row["time_ns"]]), row


def test_an_operation_that_was_overtaken_makes_what_is_under_way_unknown_until_nothing_is() -> None:
    told = Told()
    told.state(0, "PRODUCING")
    for minute in range(10, 480, 10):
        told.part(minute, good=1, begun=5 if minute == 200 else minute - 10)
        told.beats(minute, minute)
    first = told.rows("oee")[1]
    assert first[-1]["revision"] >= 1, "the first that was overtaken is known by itself alone"
    assert {hour: rows[-1]["quality"] for hour, rows in told.rows("oee").items() if hour > 3} == {
        4: "partial", 5: "partial", 6: "partial", 7: "partial",
    }  # fmt: skip
    told.state(475, "STARVED")
    told.beats(480, 1000)
    assert {rows[-1]["quality"] for rows in told.rows("oee").values()} == {"good"}


def test_a_late_completion_moves_what_the_next_one_earned() -> None:
    late, in_time = Told(), Told()
    for told in (late, in_time):
        told.state(0, "PRODUCING")
        told.beats(0, 30)
        if told is in_time:
            told.part(45, good=1)
        told.beats(45, 75)
        told.part(80, good=1)
        told.beats(90, 120)
        if told is late:
            told.part(45, good=1)
        told.beats(135, 180)
    for kpi in ("oee", "effectiveness", "good_quantity"):
        found = [{hour: rows[-1]["value"] for hour, rows in told.rows(kpi).items()} for told in (late, in_time)]
        assert found[0] == pytest.approx(found[1]), kpi


def test_the_running_window_spreads_too() -> None:
    told = Told(live_s=900.0)
    told.state(0, "STARVED")
    told.state(10, "PRODUCING")
    told.beats(0, 225)
    live = [row for row in told.given if (row["kpi"], row["scope"], row["window"]) == ("oee", "machine", "live")]
    assert live[-1]["quality"] == "partial"
    told.part(10 + BATCH)
    told.state(10 + BATCH, "STARVED")
    told.beats(240, 255)
    live = [row for row in told.given if (row["kpi"], row["scope"], row["window"]) == ("oee", "machine", "live")]
    assert live[-1]["quality"] == "good"
    assert live[-1]["value"] == pytest.approx(40 / 60)
    assert max(row["value"] for row in live) <= 1


def test_the_indicators_that_are_spread_are_those_of_planned_time() -> None:
    assert [kind for kind in kpis.kinds() if kpis[kind].spread] == ["effectiveness", "nee", "oee", "teep"]


@pytest.mark.parametrize(("since", "until"), [(62, 75), (40, 45)])
def test_where_a_part_of_an_operation_was_not_heard_it_is_not_known_how_much_an_hour_earned(
    since: int, until: int
) -> None:
    """An operation from 00:30 to 01:20; what it did in a part of it, in either hour, nobody knows."""
    told = Told()
    told.state(0, "PRODUCING")
    told.part(30, good=1)
    told.state(since, "UNKNOWN")
    told.state(until, "PRODUCING")
    told.beats(0, 60)
    told.part(80, good=1)
    told.part(150, good=1)
    told.state(150, "STARVED")
    told.beats(90, 240)
    for kpi in ("oee", "effectiveness"):
        assert [told.rows(kpi)[hour][-1]["quality"] for hour in (1, 2, 3)] == ["partial", "partial", "good"]
    assert [told.rows("good_quantity")[hour][-1]["value"] for hour in (1, 2, 3)] == [1, 1, 1]
    assert told.brain.stats.settled <= 6, "what will never be known is not asked for again"


@pytest.mark.parametrize(("back", "hours"), [(100, (2,)), (130, (2, 3))])
def test_what_was_made_while_nothing_was_heard_makes_no_good_performance(back: int, hours: tuple[int, ...]) -> None:
    """A counter shows at the return what was made since 01:10: 30 min, or 60 min over the end of an hour.

    Its planned time (25 min each) has no time in which it was earned, so performance of what was heard is above 1.
    """
    told = Told(live_s=900.0)
    told.state(0, "PRODUCING")
    for minute in range(25, 70, 25):
        told.part(minute, good=1)
    told.beats(0, 60)
    told.state(70, "UNKNOWN")
    told.state(back, "PRODUCING")
    told.part(back, good=2, begun=70)
    told.part(200, good=1)
    told.state(200, "STARVED")
    told.beats(75, 300)
    for kpi in ("oee", "effectiveness"):
        found = {hour: rows[-1] for hour, rows in told.rows(kpi).items()}
        assert all(found[hour]["quality"] == "partial" for hour in hours), found
        assert found[4]["quality"] == "good"
    assert sum(rows[-1]["value"] for rows in told.rows("good_quantity").values()) == 5
