"""Calendars with exceptions, rotations and changes of the clock, against a plain reading of the local clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.behaviours.calendar import DAYS, Calendar, ShiftStarts, calendar_master
from twin.config.plant import CalendarConfig
from twin.shift_plan import OFF, ON, PAUSE, planned
from twin.zone import local_axis

VIENNA = "Europe/Vienna"
STARTS = st.integers(0, 47).map(lambda half: f"{half // 2:02}:{half % 2 * 30:02}")
SHIFTS = st.lists(
    st.fixed_dictionaries(
        {"id": st.just("s"), "start": STARTS, "duration": st.integers(1, 48).map(lambda half: f"{half * 30} min")},
        optional={"days": st.lists(st.sampled_from(DAYS), min_size=1, max_size=6, unique=True)},
    ),
    min_size=1,
    max_size=3,
)
DATES = st.integers(0, 13).map(lambda n: (date(2026, 3, 23) + timedelta(days=n)).isoformat())
EXCEPTIONS = st.lists(
    st.one_of(
        st.fixed_dictionaries({"date": DATES}),
        st.fixed_dictionaries({"date": DATES, "like": st.sampled_from(DAYS)}),
        st.fixed_dictionaries({"date": DATES, "shifts": SHIFTS}),
        st.tuples(DATES, DATES).map(lambda two: {"date": min(two), "last": max(two)}),
        st.tuples(DATES, DATES).map(lambda two: {"date": two[0][5:], "last": two[1][5:]}),
    ),
    min_size=1,
    max_size=3,
)
CALENDARS = st.fixed_dictionaries(
    {"shifts": SHIFTS},
    optional={
        "days": st.lists(st.sampled_from(DAYS), max_size=6, unique=True),
        "exceptions": EXCEPTIONS,
        "rotation": st.fixed_dictionaries(
            {"first": st.just("2026-01-05"), "work": st.integers(1, 5), "rest": st.integers(1, 4)}
        ),
    },
)


def on_day(written: dict[str, Any], day: date) -> list[dict[str, Any]]:
    """Shifts that start on a day, read as the document says."""
    like: str | None = None
    for one in reversed(written.get("exceptions", ())):
        first, last = one["date"], one.get("last", one["date"])
        name = day.isoformat()[-len(first) :]
        if first <= name <= last or (first > last and not last < name < first):
            if "like" not in one:
                return list(one.get("shifts", ()))
            like = one["like"]
            break
    turn = written.get("rotation")
    since = 0 if turn is None else (day - date.fromisoformat(turn["first"])).days % (turn["work"] + turn["rest"])
    if like is None and turn is not None and since >= turn["work"]:
        return []
    weekday = like or DAYS[day.weekday()]
    return [each for each in written["shifts"] if weekday in each.get("days", written.get("days", DAYS))]


def at_work(written: dict[str, Any], moment: datetime, past: datetime) -> bool:
    """Whether a shift is on: its begin was shown already, its end not yet.

    Args:
        written: The calendar.
        moment: Now.
        past: The latest time that the clock has shown so far.
    """
    for back in range(3):
        day = past.date() - timedelta(days=back)
        for shift in on_day(written, day):
            begin = datetime.fromisoformat(f"{day}T{shift['start']}")
            if begin <= past < begin + timedelta(minutes=int(shift["duration"].split()[0])):
                return True
    return False


@settings(deadline=None)
@given(CALENDARS, st.sampled_from(["2026-03-27T00:00+01:00", "2026-10-23T00:00+02:00"]))
def test_a_shift_is_on_from_when_its_begin_was_shown_until_its_end_was(written: dict[str, Any], epoch: str) -> None:
    shift = {"2026-10": 210}.get(epoch[:7], 0)
    for one in written.get("exceptions", ()):  # the dates are those around the change
        for key in {"date", "last"} & set(one):
            full = one[key] if len(one[key]) == 10 else f"2026-{one[key]}"
            moved = (date.fromisoformat(full) + timedelta(days=shift)).isoformat()
            one[key] = moved[-len(one[key]) :]
    start = datetime.fromisoformat(epoch)
    calendar = Calendar(CalendarConfig.model_validate(written), local_axis(start, VIENNA))
    past = datetime.min
    for quarter in range(4 * 96):
        moment = start + timedelta(minutes=15 * quarter)
        past = max(past, moment.astimezone(ZoneInfo(VIENNA)).replace(tzinfo=None))
        phase, following = calendar.at(quarter * 900.0)
        assert (phase == ON) == at_work(written, moment, past), (moment, past)
        assert following is None or following > quarter * 900.0


def nights(epoch: str, **more: Any) -> Calendar:
    written = {"shifts": [{"id": "night", "start": "22:00", "duration": "8 h", **more}]}
    return Calendar(CalendarConfig.model_validate(written), local_axis(datetime.fromisoformat(epoch), VIENNA))


@pytest.mark.parametrize(
    ("epoch", "hours"),
    [("2026-03-28T12:00+01:00", 7), ("2026-10-24T12:00+02:00", 9), ("2026-06-01T12:00+02:00", 8)],
)
def test_a_night_is_as_long_as_it_is(epoch: str, hours: int) -> None:
    calendar = nights(epoch)
    assert calendar.at(0.0) == (OFF, 10 * 3600.0)
    assert calendar.at(10 * 3600.0) == (ON, (10 + hours) * 3600.0)
    _, following = calendar.at((10 + hours) * 3600.0)
    assert following == (10 + hours + 16) * 3600.0


def test_a_break_lies_where_the_clock_shows_it() -> None:
    pauses = {"breaks": [{"start": "02:30", "duration": "30 min"}, {"start": "04:00", "duration": "30 min"}]}
    spring, autumn = nights("2026-03-28T12:00+01:00", **pauses), nights("2026-10-24T12:00+02:00", **pauses)
    assert spring.at(10 * 3600.0) == (ON, 15 * 3600.0)  # 02:30 to 03:00 is left out, 04:00 is an hour early
    assert autumn.at(10 * 3600.0) == (ON, 14.5 * 3600.0)
    # from the first 02:30 to 03:00, over the hour that comes twice
    assert autumn.at(14.5 * 3600.0) == (PAUSE, 16 * 3600.0)


def test_time_in_two_shifts_is_planned_once_and_both_are_there() -> None:
    shifts = [{"id": "a", "start": "06:00", "duration": "9 h"}, {"id": "b", "start": "14:00", "duration": "8 h"}]
    config = CalendarConfig.model_validate({"shifts": shifts})
    axis = local_axis(datetime.fromisoformat("2026-01-05T00:00+01:00"))
    assert Calendar(config, axis).at(7 * 3600.0) == (ON, 22 * 3600.0)
    starts = ShiftStarts(config, axis)
    assert (starts.last(15 * 3600.0), starts.next(6 * 3600.0)) == (14 * 3600.0, 14 * 3600.0)
    day = planned(calendar_master(config), axis.zone, axis.origin_ns, axis.moment_ns(86_400.0))
    assert sum(end - begin for begin, end, phase in day if phase == ON) == 16 * 3600 * 10**9


def test_a_calendar_that_is_always_on_but_for_a_day_finds_that_day() -> None:
    around = {"shifts": [{"id": "all", "start": "00:00", "duration": "24 h"}], "exceptions": [{"date": "2027-12-25"}]}
    epoch = datetime.fromisoformat("2026-01-05T00:00+01:00")
    calendar = Calendar(CalendarConfig.model_validate(around), local_axis(epoch, VIENNA))
    _, following = calendar.at(0.0)
    assert following is not None
    assert epoch + timedelta(seconds=following) == datetime.fromisoformat("2027-12-25T00:00+01:00")
    assert calendar.at(following) == (OFF, following + 86_400.0)
    assert calendar.at(following + 86_400.0) == (ON, None)
