"""What was wrong once, said on the unified namespace as it was said then, with the right figure."""

from __future__ import annotations

import pytest

from tests.strangers.wire import E0, SITE, UNIT, Event, H, M, Wire, body, meta, order, part, reading, said, state
from tests.strangers.wire import told as tell

S = 10**9
ON = [state(E0, "PRODUCING")]
BEAT = {"sent": 0, "dropped": 0, "lag_s": 0.0}


@pytest.mark.parametrize("wrong", [0.0, -0.001, 1e9])
def test_one_wrong_reading(wrong: float) -> None:
    wire = tell([*ON, *(reading(E0 + k * M, wrong if k == 31 else 1000.0 + k) for k in range(66))])
    assert wire.figure("energy_kwh") == (60.0, "good")


def test_a_counter_that_rolls_over_where_it_is_said() -> None:
    plate = meta(meters={"energy_kwh": {"rolls_over_at": 100_000}})
    wire = tell([*ON, plate, *(reading(E0 + k * M, (99_970.0 + k) % 100_000) for k in range(66))])
    assert wire.figure("energy_kwh") == (60.0, "good")


def test_a_counter_read_between_the_hours() -> None:
    times = [E0 - H + k * 15 * M + 7 * M for k in range(104)]
    wire = tell([*ON, *(reading(at, (at - E0) / M + 1e4) for at in times)], 25)
    hours = [wire.figure("energy_kwh", hour) for hour in range(1, 25)]
    assert hours == [(pytest.approx(60), "estimated")] * 24
    assert wire.figure("energy_kwh", 24, window="day")[0] == pytest.approx(1440)


def test_parts_said_twice_are_one() -> None:
    parts = [part(E0 + k * M + S) for k in range(58)]
    assert tell([*ON, *parts, *parts[:10]]).figure("good_quantity") == (58.0, "good")


def test_a_delivery_said_twice_is_one() -> None:
    delivered = order(E0 + 6 * M, "o", "delivered", 6)
    wire = tell([*ON, order(E0 + 5 * M, "o", "received", due_ns=E0 + 30 * M), delivered, delivered])
    assert wire.figure("otif") == (0.0, "good")


def test_without_planned_time_there_is_no_oee() -> None:
    wire = tell([*ON, part(E0 + 30 * M)])
    assert (wire.figure("oee"), wire.figure("good_quantity")) == ((None, None), (1.0, "good"))


def test_a_fraction_and_a_correction() -> None:
    assert tell([*ON, part(E0 + 30 * M, 29.5)]).figure("good_quantity") == (29.5, "good")
    wire = tell([*ON, part(E0 + 30 * M, 10), part(E0 + 31 * M, -2, scrap=2)])
    assert (wire.figure("good_quantity"), wire.figure("scrap_ratio")) == ((8.0, "good"), (pytest.approx(0.2), "good"))


def test_idle_at_night() -> None:
    """A calendar from 8 to 16 with a break of 30 min; the controller knows of none of it."""
    shift = {"id": "day", "start_s": 8 * 3600, "duration_s": 8 * 3600, "breaks": [[12 * 3600, 1800]]}
    plan = meta(E0, "a/b/c/d", "place", shifts=[shift])
    says = [(0, "IDLE_NO_ORDER"), (8, "PRODUCING"), (12, "IDLE_NO_ORDER"), (12.5, "PRODUCING"), (16, "IDLE_NO_ORDER")]
    wire = tell([plan, *(state(round(E0 + hour * H), name) for hour, name in says)], 24.1, 10 * M)
    row = wire.rows[UNIT, "availability", "day", E0 + 24 * H]
    assert (row["value"], row["quality"], row["denominator"]) == (1.0, "good", 450 * 60)


def test_a_stop_over_the_night_and_a_minor_stop_that_lasts() -> None:
    says = [(0, "PRODUCING"), (10, "FAILED"), (20, "OFF_SHIFT"), (30, "FAILED"), (40, "PRODUCING")]
    wire = tell([state(E0 + minute * M, name) for minute, name in says])
    assert wire.figure("mttr_h") == (pytest.approx(20 / 60), "good")
    says = [(0, "PRODUCING"), (10, "MINOR_STOP"), (30, "PRODUCING")]
    wire = tell([state(E0 + minute * M, name) for minute, name in says])
    assert wire.figure("mttr_h") == (pytest.approx(20 / 60), "good")


def test_a_heartbeat_of_the_future() -> None:
    far = (E0 + 5 * M, f"{SITE}/heartbeat", body((E0 + 40 * 24 * H, BEAT)))
    wire = tell([*ON, far], 3.1)
    assert [wire.figure("availability", hour) for hour in (1, 2, 3)] == [(1.0, "good")] * 3
    assert wire.refusals == {"time: expected no later than now"}


def test_a_publisher_that_dies_beside_one_that_goes_on() -> None:
    other = "a/b/c/d/n"

    def speaks(publisher: str, path: str, last: int) -> list[Event]:
        said_by = [
            state(E0, "PRODUCING", path),
            *((E0 + k * M, f"{SITE}/heartbeat", body((E0 + k * M, BEAT))) for k in range(last)),
        ]
        return [
            (at, topic, {**what, "publisher": publisher, "run": "r", "seq": seq})
            for seq, (at, topic, what) in enumerate(said_by)
            if isinstance(what, dict)
        ]

    wire = Wire()
    for event in sorted([*speaks("p", UNIT, 31), *speaks("q", other, 130)], key=lambda event: event[0]):
        wire.say(event)
    assert wire.rows[UNIT, "availability", "hour", E0 + H]["coverage"] == 0.5
    assert wire.figure("availability", path=other) == (1.0, "good")
    assert wire.figure("availability", 2) == (None, None)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (said("kpi", E0, kpi="oee", window="hour", value=0.5), "message: kpi: t0_ns: expected a value"),
        (reading(E0, 1.0, ""), "message: tag: expected a name of 1 to 200 characters"),
        (said("alarm", E0 + 170 * 365 * 24 * H, at=E0, code="c", active=1), "time: expected no later than now"),
    ],
)
def test_refused_and_told(event: Event, reason: str) -> None:
    assert tell([*ON, event]).refusals == {reason}


def test_an_alarm_may_have_any_code() -> None:
    wire = tell([*ON, said("alarm", E0, code="a|b|c", active=1)])
    assert not wire.refusals
