"""Local time of named zones: the standard library is the independent truth."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.behaviours.arrivals import DailyRates
from twin.day_pattern import DayPattern
from twin.instants import misplaced
from twin.timetable import Timetable
from twin.zone import DAY_NS, HOUR_NS, NS, Axis, Zone, epoch_ns, grid, zone_of

ZONES = ("Europe/Vienna", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia")
ZONES += ("Africa/Casablanca", "America/Sao_Paulo", "Asia/Shanghai", "Africa/Cairo", "Pacific/Chatham")
NAMES = st.sampled_from(ZONES)
FIRST, LAST = (round(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (1990, 2039))
relaxed = settings(deadline=None)
MOMENTS = st.integers(FIRST, LAST)


def shown(name: str, moment_s: int) -> int:
    """What the clock shows, in s since 1970 local time."""
    local = datetime.fromtimestamp(moment_s, ZoneInfo(name))
    return round((local.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())


def near_change(name: str, moment_s: int) -> int:
    """The change of the clock after a moment, where there is one within a year."""
    changes = zone_of(name, 0.0).changes(moment_s * NS, moment_s * NS + 366 * DAY_NS)
    return changes[0] // NS if changes else moment_s


@relaxed
@given(NAMES, MOMENTS, st.integers(-90_000, 90_000))
def test_the_clock_shows_what_the_standard_library_says(name: str, moment: int, aside: int) -> None:
    for time in (moment, near_change(name, moment) + aside, near_change(name, moment), near_change(name, moment) - 1):
        assert zone_of(name, 0.0).local_ns(time * NS) == shown(name, time) * NS


@relaxed
@given(NAMES, MOMENTS, st.integers(-240, 240))
def test_a_local_time_is_the_first_moment_at_which_the_clock_shows_it_or_a_later_one(
    name: str, moment: int, minutes: int
) -> None:
    zone = zone_of(name, 0.0)
    local = shown(name, near_change(name, moment)) // 60 * 60 + minutes * 60
    found = zone.utc_ns(local * NS) // NS
    assert shown(name, found) >= local
    earlier = range(found - 27 * 3600, found, 60)
    assert max(shown(name, time) for time in (*earlier, found - 1)) < local


@relaxed
@given(NAMES, MOMENTS)
def test_moments_keep_the_order_of_their_local_times(name: str, moment: int) -> None:
    zone = zone_of(name, 0.0)
    begin = shown(name, near_change(name, moment)) - 26 * 3600
    moments = [zone.utc_ns((begin + step * 600) * NS) for step in range(6 * 52)]
    assert moments == sorted(moments)


@relaxed
@given(NAMES, MOMENTS)
def test_hours_and_days_tile_time_and_days_end_with_an_hour(name: str, moment: int) -> None:
    zone = zone_of(name, 0.0)
    begin, end = (near_change(name, moment) * NS + days * DAY_NS for days in (-2, 2))
    hours, days = grid(zone, HOUR_NS, begin, end), grid(zone, DAY_NS, begin, end)
    assert set(days) <= set(hours)
    assert all(0 < b - a <= HOUR_NS for a, b in pairwise(hours))
    for a, b in pairwise(days):
        shown_so_far = accumulate((shown(name, time // NS) for time in range(a, b, HOUR_NS // 4)), max)
        assert len({local // 86_400 for local in shown_so_far}) == 1  # St. John's once went back over midnight
    assert hours[0] - begin < HOUR_NS
    assert end - hours[-1] < HOUR_NS


@pytest.mark.parametrize(
    ("name", "day", "hours"),
    [
        ("Europe/Vienna", "2026-03-29", 23),
        ("Europe/Vienna", "2026-10-25", 25),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Asia/Kathmandu", "2026-10-25", 24),
        ("America/Sao_Paulo", "2018-11-04", 23),
    ],
)
def test_a_day_is_as_long_as_it_is(name: str, day: str, hours: float) -> None:
    zone = zone_of(name, 0.0)
    midnight = epoch_ns(datetime.fromisoformat(day).replace(tzinfo=UTC))
    assert (zone.utc_ns(midnight + DAY_NS) - zone.utc_ns(midnight)) / HOUR_NS == hours


@relaxed
@given(NAMES, MOMENTS, st.integers(0, 86_400), st.lists(st.integers(0, 95), min_size=1, max_size=6, unique=True))
def test_a_value_by_time_of_day_is_that_of_what_the_clock_shows(
    name: str, moment: int, aside: int, quarters: list[int]
) -> None:
    origin = near_change(name, moment) - 86_400 + aside
    axis = Axis(zone_of(name, 0.0), origin * NS)
    values = {f"{quarter // 4:02}:{quarter % 4 * 15:02}": float(quarter) for quarter in quarters}
    pattern = DayPattern(values, axis)
    for begin, end, value in pattern.pieces(0.0, 2 * 86_400.0):
        for time in (begin, (begin + end) / 2, end - 0.5):
            local = datetime.fromtimestamp(origin + time, ZoneInfo(name)).strftime("%H:%M")
            held = max((start for start in values if start <= local), default=max(values))
            assert value == values[held] == pattern.at(time)


@relaxed
@given(NAMES, MOMENTS, st.floats(0, 86_400), st.floats(1, 3e5))
def test_arrivals_come_by_the_clock(name: str, moment: int, now: float, amount: float) -> None:
    axis = Axis(zone_of(name, 0.0), (near_change(name, moment) - 86_400) * NS)
    rates = DailyRates([0.0, 7_200.0, 61_200.0], [1.0, 3.0, 2.0], axis)
    pattern = DayPattern({"00:00": 1.0, "02:00": 3.0, "17:00": 2.0}, axis)
    gap = rates.gap(now, amount)
    assert pattern.integral(now, now + gap) == pytest.approx(amount, rel=1e-9)


def test_a_time_of_departure_that_comes_twice_is_the_first_and_one_left_out_the_moment_of_the_change() -> None:
    for epoch, wait_s in (("2026-10-25T00:00+02:00", 2.5 * 3600), ("2026-03-29T00:00+01:00", 2 * 3600)):
        table = Timetable(("02:30",), Axis(Zone("Europe/Vienna"), epoch_ns(datetime.fromisoformat(epoch))))
        assert table.after(0.0) == wait_s
        again = datetime.fromisoformat(epoch) + timedelta(seconds=table.after(wait_s))
        assert again.astimezone(ZoneInfo("Europe/Vienna")).strftime("%d %H:%M") in ("26 02:30", "30 02:30")


@pytest.mark.parametrize(
    ("name", "epoch", "hours"),
    [
        ("Pacific/Apia", "2011-12-29T00:00-10:00", [8, 32, 56]),  # no 30 December, so no truck of that day
        ("America/Nuuk", "2026-03-28T12:00-02:00", [11, 20, 34.5]),  # 23:30 of the 28th is left out, its day is not
    ],
)
def test_a_day_that_is_left_out_has_no_departures(name: str, epoch: str, hours: list[float]) -> None:
    times = ("08:00",) if name == "Pacific/Apia" else ("23:30", "09:00")
    table = Timetable(times, Axis(Zone(name), epoch_ns(datetime.fromisoformat(epoch))))
    found = [0.0]
    while len(found) < 4:
        found.append(table.after(found[-1]))
    assert [time / 3600 for time in found[1:]] == hours


def test_a_zone_survives_its_pickle() -> None:
    for zone in (zone_of("Asia/Kathmandu", 0.0), zone_of("", 3600.0)):
        assert pickle.loads(pickle.dumps(zone)) is zone  # noqa: S301 - made here


@pytest.mark.parametrize("name", ["Europe/Wien", "Europe", "", "../etc", "right/Europe/Vienna", "localtime", "CEST"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"expected a time zone of the IANA database, got .* \("):
        zone_of(name or " ", 0.0).offset_ns(0)


@relaxed
@given(NAMES, MOMENTS, st.integers(-300, 300))
def test_a_local_date_time_that_does_not_come_once_is_told(name: str, moment: int, minutes: int) -> None:
    change = near_change(name, moment)
    local = datetime(1970, 1, 1) + timedelta(seconds=shown(name, change) // 60 * 60 + minutes * 60)
    told = [local.replace(tzinfo=ZoneInfo(name), fold=fold) for fold in (0, 1)]
    real = {
        time.astimezone(UTC)
        for time in told
        if time.astimezone(UTC).astimezone(ZoneInfo(name)).replace(tzinfo=None, fold=0) == local
    }
    axis = Axis(zone_of(name, 0.0), (change - 10 * 86_400) * NS)
    found = misplaced(local, axis)
    if len(real) == 1:
        assert found is None
        assert axis.second(local) == axis.seconds(epoch_ns(real.pop()))
    else:
        assert found is not None
        assert found[1].partition(", ")[2] == ("which comes twice" if real else "which they leave out")
        for time in real:
            again = time.astimezone(ZoneInfo(name))
            assert again.isoformat()[19:] in found[2]
            assert misplaced(again, axis) is None
