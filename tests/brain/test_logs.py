"""Meters, stocks and numbers: the parts of the brain that keep what was heard."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.brain.logs import UNSAID, Completion, PartLog, StateLog, StepLog, TransitLog
from twin.brain.meters import MeterLog
from twin.brain.sequence import Numbers
from twin.brain.site import Site
from twin.brain.windows import DAY_NS, regular, shifts
from twin.equipment import EquipmentPath
from twin.master import PlaceMaster, ShiftMaster
from twin.zone import zone_of

M, H = 60 * 10**9, 3600 * 10**9


def meter(*readings: tuple[int, float]) -> MeterLog:
    log = MeterLog()
    for time, value in readings:
        log.add(time, value)
    return log


def test_a_boundary_between_readings_is_interpolated_and_said_so() -> None:
    log = meter((0, 0.0), (50 * 10**9, 5.0), (70 * 10**9, 9.0), (2 * M, 14.0))
    assert log.energy(0, M) == (7.0, M, 1, 5.0, 9.0, True)
    assert log.energy(0, 2 * M) == (14.0, 2 * M, 0, 14.0, 14.0, True)


def test_a_counter_that_starts_anew_goes_on() -> None:
    log = meter((0, 100.0), (M, 110.0), (2 * M, 3.0), (3 * M, 8.0))
    assert log.energy(0, 3 * M)[:3] == (18.0, 3 * M, 0)
    assert not log.energy(0, 3 * M).certain


def test_energy_is_known_only_between_readings() -> None:
    log = meter((10 * M, 1.0), (20 * M, 3.0))
    assert log.energy(0, 60 * M)[:3] == (2.0, 10 * M, 0)
    assert not log.energy(0, 60 * M).certain
    assert log.energy(30 * M, 60 * M) == MeterLog().energy(0, M) == (0.0, 0, 0, 0.0, 0.0, False)


@given(st.lists(st.floats(0, 10), min_size=130, max_size=130), st.integers(1, 3))
def test_thinned_readings_give_the_same_minutes(steps: list[float], minutes: int) -> None:
    totals = [sum(steps[: index + 1]) for index in range(len(steps))]
    log = meter(*((index * 2 * 10**9, total) for index, total in enumerate(totals)))
    reading = log.energy(M, (1 + minutes) * M)
    assert reading.interpolated == 0
    assert reading.kwh == totals[30 * (1 + minutes)] - totals[30]
    assert len(log.times) <= 10


def test_late_readings_fill_in() -> None:
    log = meter((0, 0.0), (5 * M, 50.0))
    assert log.energy(0, 2 * M).interpolated == 1
    assert log.add(2 * M, 35.0) == (0, 5 * M)
    assert log.add(2 * M, 35.0) is None
    assert log.energy(0, 2 * M) == (35.0, 2 * M, 0, 35.0, 35.0, True)


def test_stock_and_transit_means_are_weighted_by_time() -> None:
    stock, transit = StepLog(), TransitLog()
    for time, level in ((0, 10.0), (30 * M, 4.0)):
        stock.add(time, level)
    assert stock.mean(0, H) == 7.0
    for time, change in ((15 * M, 8.0), (45 * M, -8.0)):
        transit.add(time, change)
    assert transit.mean(0, H) == 4.0
    transit.prune(20 * M)
    assert transit.mean(20 * M, 40 * M) == 8.0


@given(st.lists(st.tuples(st.integers(0, 10**13), st.integers(0, 14)), min_size=1), st.integers(1, 10**13))
def test_durations_fill_the_window_in_any_order_of_arrival(changes: list[tuple[int, int]], end: int) -> None:
    late, sorted_ = StateLog(), StateLog()
    unique = dict(changes)
    for time, code in unique.items():
        late.add(time, code)
    for time in sorted(unique):
        sorted_.add(time, unique[time])
    assert late.durations(0, end).tolist() == sorted_.durations(0, end).tolist()
    assert late.durations(0, end).sum() == end


def test_pruning_keeps_what_later_windows_need() -> None:
    log = StateLog()
    for time, code in ((0, 6), (10, 10), (20, 11), (30, 6), (40, 7)):
        log.add(time * M, code)
    whole = (log.durations(25 * M, 60 * M).tolist(), log.failures(25 * M, 60 * M))
    log.prune(25 * M)
    assert (log.durations(25 * M, 60 * M).tolist(), log.failures(25 * M, 60 * M)) == whole
    assert whole[1] == (0, 1, 20 * M)


@given(st.permutations(range(30)))
def test_each_number_is_taken_once_in_any_order(order: list[int]) -> None:
    seen = Numbers()
    assert all(seen.take(number) for number in order)
    assert not any(seen.take(number) for number in order)
    assert seen.missing == []


def test_windows_end_once_however_the_marks_fall() -> None:
    marks = [0, 7 * M, 61 * M, 3 * H, 3 * H + 1, 30 * H]
    ends = [w.t1_ns for a, b in pairwise(marks) for w in regular("hour", zone_of("", 1800.0), a, b)]
    assert ends == [w.t1_ns for w in regular("hour", zone_of("", 1800.0), 0, 30 * H)]
    assert all((end + 1800 * 10**9) % H == 0 for end in ends)


def test_shifts_over_midnight_belong_to_the_day_they_start() -> None:
    night = ShiftMaster(id="night", start_s=22 * 3600, duration_s=8 * 3600)
    place = PlaceMaster(en="l", zh="l", days=(4,), shifts=(night,), utc_offset_s=0.0)
    # 1970-01-02 was a Friday
    found = list(shifts(place, 0, 14 * DAY_NS))
    assert [(w.t0_ns // H, w.length_ns // H) for w in found] == [(24 + 22, 8), (8 * 24 + 22, 8)]
    assert found[0].kind == "shift"
    assert list(shifts(place, found[0].t1_ns, found[1].t1_ns)) == [found[1]]


def test_no_shifts_no_windows() -> None:
    assert list(shifts(PlaceMaster(en="l", zh="l"), 0, DAY_NS)) == []


def test_failures_across_the_boundary_have_their_full_length() -> None:
    log = StateLog()
    for time, code in ((0, 6), (50, 10 + 16), (70, 6)):
        log.add(time * M, code)
    assert log.failures(0, H) == (1, 0, 0)
    assert log.failures(H, 2 * H) == (0, 1, 20 * M)
    assert pytest.approx(log.durations(0, H)[26]) == 10 * M


def test_a_span_before_all_completions_reaches_back_as_far_as_an_operation_can() -> None:
    log = PartLog()
    assert log.around(100 * DAY_NS, 101 * DAY_NS) == (69 * DAY_NS, 101 * DAY_NS)
    log.add(99 * DAY_NS, Completion(1.0, 0.0, 0.0, 60.0, True, 0, UNSAID))
    log.add(102 * DAY_NS, Completion(1.0, 0.0, 0.0, 60.0, True, 0, UNSAID))
    assert log.around(100 * DAY_NS, 101 * DAY_NS) == (99 * DAY_NS, 102 * DAY_NS)


def test_what_changed_before_the_first_record_of_a_site_is_nothing() -> None:
    site = Site(EquipmentPath("w/north"))
    site.kept_ns, site.first = 50 * DAY_NS, 40 * DAY_NS
    site.changed_before(-(2**62), 45 * DAY_NS)
    site.changed_before(10 * DAY_NS, 20 * DAY_NS)
    assert site.past.spans == [(40 * DAY_NS, 45 * DAY_NS)]
