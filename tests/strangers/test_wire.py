"""What real and hostile publishers say of a unit: each figure is right, or it is not good."""

from __future__ import annotations

from typing import Any

import pytest

from tests.strangers.wire import (
    E0,
    SITE,
    UNIT,
    Event,
    H,
    M,
    Wire,
    body,
    meta,
    order,
    part,
    reading,
    said,
    state,
)  # fmt: skip
from tests.strangers.wire import told as tell

S = 10**9
HALF = E0 + 30 * M
ON: list[Event] = [state(E0, "PRODUCING")]


def numbered(events: list[Event], publisher: str = "p", run: str = "r") -> list[Event]:
    """The same from one who numbers its messages."""
    return [
        (time_ns, topic, {**what, "publisher": publisher, "run": run, "seq": seq})
        for seq, (time_ns, topic, what) in enumerate(events)
        if isinstance(what, dict)
    ]


# orders

DUE = {"due_ns": HALF}
TRADES: dict[str, tuple[list[Event], tuple[Any, Any]]] = {
    "delivered before it came": (
        [order(E0 + 5 * M, "o", "delivered"), order(E0 + 10 * M, "o", "received", **DUE)], (1.0, "partial"),
    ),
    "delivered before, and told after": (
        [order(E0 + 10 * M, "o", "delivered", at=E0 + 5 * M), order(E0 + 6 * M, "o", "received", **DUE)], (1.0, "good"),
    ),
    "no quantity at the end": (
        [order(E0 + 5 * M, "o", "received", **DUE), order(E0 + 6 * M, "o", "delivered", None)], (0.0, "partial"),
    ),
    "no quantity at the beginning": (
        [order(E0 + 5 * M, "o", "received", None, **DUE), order(E0 + 6 * M, "o", "delivered")], (None, None),
    ),
    "a quantity below 0": (
        [order(E0 + 5 * M, "o", "received", **DUE), *(order(E0 + 6 * M, "o", "delivered", n) for n in (10, -4))],
        (1.0, "partial"),
    ),
    "due in ms": (
        [order(E0 + 5 * M, "o", "received", due_ns=(E0 + 30 * M) // 10**6), order(E0 + 6 * M, "o", "delivered")],
        (None, None),
    ),
    "twice in all columns": (
        [order(E0 + 5 * M, "o", "received", **DUE), *(order(E0 + 6 * M, "o", "delivered", 6) for _ in range(2))],
        (0.0, "good"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRADES)
def test_orders(name: str) -> None:
    events, otif = TRADES[name]
    wire = tell([*ON, *events])
    assert wire.figure("otif") == otif
    assert wire.figure("order_cycle_time_h")[1] in (otif[1], None)


def test_a_card_that_goes_round_is_an_order_each_time() -> None:
    events = [
        *(order(E0 + 5 * M, "k7", "received", **DUE), order(E0 + 20 * M, "k7", "delivered")),
        *(order(E0 + 65 * M, "k7", "received", due_ns=E0 + 90 * M), order(E0 + 80 * M, "k7", "delivered", 4)),
        order(E0 + 125 * M, "k7", "delivered", 6),
    ]
    wire = tell([*ON, *events], 3.1)
    assert [wire.figure("otif", hour) for hour in (1, 2, 3)] == [(1.0, "good"), (0.0, "good"), (None, None)]
    assert [wire.figure("order_cycle_time_h", hour)[0] for hour in (1, 2, 3)] == [0.25, None, 1.0]
    assert wire.figure("backlog", 3) == (6 * 5 / 60, "good")


def test_more_than_was_ordered_is_no_order() -> None:
    events = [order(E0 + 5 * M, "o", "received", **DUE), order(E0 + 6 * M, "o", "delivered", 12)]
    assert tell([*ON, *events]).figure("backlog") == (0.0, "good")


# quantities

PARTS: dict[str, tuple[list[Event], tuple[Any, Any]]] = {
    "fractions, and more scrap than good": ([part(HALF, 0.5, scrap=3.25)], (0.5, "good")),
    "nothing": ([part(HALF, 0)], (0.0, "good")),
    "corrected": ([part(HALF, 5), part(HALF + M, -2, scrap=2)], (3.0, "good")),
    "corrected, and told before": ([part(HALF + M, -2, at=HALF), part(HALF, 5, at=HALF + M)], (3.0, "good")),
    "corrected before it was": ([part(HALF, -1, scrap=1), part(HALF + M, 5)], (5.0, "partial")),
    "corrected by more than there was": ([part(HALF, 5), part(HALF + M, -8)], (5.0, "partial")),
    "another item corrected": ([part(HALF, 5), part(HALF + M, -2, item="z")], (5.0, "partial")),
    "begun after it ended": ([part(HALF, 5, begun_ns=HALF + M)], (5.0, "partial")),
    "begun in ms": ([part(HALF, 5, begun_ns=HALF // 10**6)], (5.0, "partial")),
    "by a text": ([said("part", HALF, good="5", scrap=0, rework=0)], (0.0, "partial")),
    "true": ([part(HALF, True)], (1.0, "good")),
    "on the hour": ([part(E0 + H, 5), part(E0 + H - 1, 1)], (1.0, "good")),
}


@pytest.mark.parametrize("name", PARTS)
def test_quantities(name: str) -> None:
    events, good = PARTS[name]
    assert tell([*ON, meta(ideal_s=40.0), *events]).figure("good_quantity") == good


def test_one_begin_that_cannot_be_is_no_doubt_for_ever() -> None:
    parts = [part(E0 + k * M, begun_ns=E0 + (k - 1) * M) for k in range(1, 200)]
    wire = tell([*ON, meta(ideal_s=40.0), *parts, part(HALF, 2, begun_ns=0)], 4.1)
    assert [wire.figure("oee", hour)[1] for hour in (1, 2, 3)] == ["partial", "good", "good"]


# meters


def counter(*values: float, tag: str = "energy_kwh") -> list[Event]:
    """Readings of each minute."""
    return [reading(E0 + k * M, value, tag) for k, value in enumerate(values)]


MINUTES = range(126)
METERS: dict[str, tuple[list[Event], Any, Any]] = {
    "kWh, then Wh": (counter(*(1000.0 + k if k < 30 else 1000.0 * (1000 + k) for k in MINUTES)), "partial", 60_000.0),
    "Wh, then kWh": (counter(*(1e6 + 1000 * k if k < 30 else 1000.0 + k for k in MINUTES)), "partial", 60.0),
    "another meter, higher": (counter(*(1000.0 + k if k < 30 else 50_000.0 + k for k in MINUTES)), "partial", 60.0),
    "another meter, lower": (counter(*(50_000.0 + k if k < 30 else 1000.0 + k for k in MINUTES)), "partial", 60.0),
    "anew on the hour": (counter(*(1000.0 + k if k < 60 else k - 60.0 for k in MINUTES)), "partial", 60.0),
    "a dip, then anew": (
        counter(*(0.0 if k == 20 else 1000.0 + k if k < 40 else k - 40.0 for k in MINUTES)), "partial", 60.0,
    ),
    "rolls over on the hour": (
        [meta(meters={"energy_kwh": {"rolls_over_at": 1e5}}), *counter(*((99_940.0 + k) % 1e5 for k in MINUTES))],
        (60.0, "good"),
        60.0,
    ),
    "rolls over, not said": (counter(*((99_970.0 + k) % 1e5 for k in MINUTES)), "partial", 60.0),
    "net": (
        [meta(meters={"energy_kwh": {"net": True}}), *counter(*(1000.0 + min(k, 60 - k) for k in MINUTES))],
        (0.0, "good"),
        -60.0,
    ),
    "2**53 and more": (counter(*(2**53 + 2 * k for k in MINUTES)), (None, None), None),
    "2**70 and more": (counter(*(2.0**70 for _ in MINUTES)), (None, None), None),
    "stands still": (counter(*(1000.0 for _ in MINUTES)), (0.0, "good"), 0.0),
    "by text": ([reading(E0 + k * M, str(1000 + k)) for k in MINUTES], (None, None), None),
    "only power": (counter(*(60.0 for _ in MINUTES), tag="power_kw"), (None, None), None),
    "a surge that goes on": (counter(*(1000 + 0.001 * k if k < 30 else 970.0 + k for k in MINUTES)), "partial", 60.0),
}  # fmt: skip


@pytest.mark.parametrize("name", METERS)
def test_meters(name: str) -> None:
    events, first, second = METERS[name]
    wire = tell([*ON, *events], 2.1)
    assert wire.figure("energy_kwh")[1] == first if isinstance(first, str) else wire.figure("energy_kwh") == first
    if second is not None:
        assert wire.figure("energy_kwh", 2) == (pytest.approx(second), "good")


def test_two_meters_of_one_unit() -> None:
    """Their readings on one topic, at the same instants or in turn: no counter does that."""
    for apart in (0, S):
        both = [e for k in MINUTES for e in (reading(E0 + k * M, 1000.0 + k), reading(E0 + k * M + apart, 5e3 + 2 * k))]
        wire = tell([*ON, *both], 2.1)
        assert {wire.figure("energy_kwh", hour)[1] for hour in (1, 2)} == {"partial"}


def test_a_meter_that_is_read_once_a_day_says_between_what_the_hours_lie() -> None:
    wire = tell([*ON, *(reading(E0 + day * 24 * H, 1000 + 1440.0 * day) for day in range(3))], 49, 10 * M)
    assert wire.figure("energy_kwh", 24, window="day") == (1440.0, "good")
    row = wire.rows[UNIT, "energy_kwh", "hour", E0 + 5 * H]
    assert (row["value"], row["quality"], row["low"], row["high"]) == (pytest.approx(60.0), "estimated", 0.0, 1440.0)


# states


def test_states_in_other_words() -> None:
    for word in ("Execute", "producing", "6", 6, 11, True, 2.5):
        wire = tell([*ON, state(HALF, word)])
        row = wire.rows[UNIT, "availability", "hour", E0 + H]
        assert (row["quality"], row["coverage"]) == ("partial", 0.5)
        assert len(wire.refusals) == 1


def test_the_same_state_again_and_two_at_one_instant() -> None:
    failed = [state(E0 + k * M, "FAILED") for k in range(10, 20)]
    wire = tell([*ON, *failed, *(state(E0 + k * M, "PRODUCING") for k in range(20, 60))])
    assert wire.figure("availability") == (pytest.approx(5 / 6), "good")
    assert wire.figure("mtbf_h") == (pytest.approx(5 / 6), "good")
    wire = tell([*ON, state(HALF, "FAILED"), state(HALF, "PRODUCING")])
    assert wire.figure("availability") == (1.0, "good")


def test_a_machine_that_changes_ten_thousand_times_in_an_hour() -> None:
    flaps = [state(E0 + k * H // 10_000, "FAILED" if k % 2 else "PRODUCING") for k in range(10_000)]
    assert tell(flaps).figure("availability") == (0.5, "good")


# numbers, publishers and heartbeats


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_number_that_does_not_come_is_a_gap_whoever_gives_the_heartbeats(lost: int) -> None:
    events = numbered([state(E0, "STARVED"), state(E0 + 20 * M, "FAILED"), state(E0 + 40 * M, "PRODUCING")])
    for anonymous in ({}, {"publisher": "p"}):
        more = [(t, topic, {**what, **anonymous}) for t, topic, what in [_beat(E0 + k * M) for k in range(62)]]
        kept = [event for number, event in enumerate(events) if number != lost]
        wire = tell([*kept, *more], 1.1)
        row = wire.rows[UNIT, "availability", "hour", E0 + H]
        assert (row["quality"], row["coverage"] < 1.0) == (("partial", True) if lost < 2 else ("good", False))
    late = events[lost]
    wire = tell([*kept, *more, (E0 + 62 * M, late[1], late[2])], 1.2)
    assert wire.rows[UNIT, "availability", "hour", E0 + H]["coverage"] == 1.0


def _beat(time_ns: int) -> Any:
    return (time_ns, f"{SITE}/heartbeat", body((time_ns, {"sent": 0, "dropped": 0, "lag_s": 0.0})))


def test_a_controller_that_comes_back_with_another_id() -> None:
    """The old one says no farewell; between the two nothing was heard."""

    def speaks(publisher: str, first: int, last: int) -> list[Event]:
        return numbered(
            [state(E0 + first * M, "PRODUCING"), *(_beat(E0 + k * M) for k in range(first, last))], publisher
        )

    wire = Wire()
    for event in sorted([*speaks("plc-1", 0, 21), *speaks("plc-2", 40, 130)], key=lambda event: event[0]):
        wire.say(event)
    row = wire.rows[UNIT, "availability", "hour", E0 + H]
    assert row["quality"] == "partial" or row["coverage"] == 1.0
    assert wire.figure("availability", 2) == (1.0, "good")


def test_ids_that_differ_in_case_are_two() -> None:
    other = "a/b/c/d/n"
    one = numbered([*ON, part(HALF, 3)], "Line-É")
    two = numbered([state(E0, "PRODUCING", other), part(HALF, 4, other)], "line-é")
    wire = tell([*one, *two])
    assert (wire.figure("good_quantity"), wire.figure("good_quantity", path=other)) == ((3.0, "good"), (4.0, "good"))


@pytest.mark.parametrize("level", ["a/b", "a/b/c", "a/b/c/d", UNIT])
def test_heartbeats_may_come_from_any_level_of_a_site(level: str) -> None:
    assert tell([*ON, part(HALF)], site=level).figure("good_quantity") == (1.0, "good")


def test_heartbeats_every_ten_minutes() -> None:
    wire = tell([*ON, *(part(E0 + k * M + S) for k in range(60))], 2.2, 10 * M)
    assert [wire.figure("good_quantity", hour) for hour in (1, 2)] == [(60.0, "good"), (0.0, "good")]


def test_clocks_of_another_zone() -> None:
    """An hour ahead nothing is taken, and told; an hour behind it is what was an hour ago."""
    wire = Wire()
    for k in range(66):
        for event in ([state(E0 + H, "PRODUCING")] if k == 0 else []) + [_beat(E0 + H + k * M)]:
            wire.say((E0 + k * M, *event[1:]))
    assert not wire.rows
    assert wire.refusals == {"time: expected no later than now"}


# plan

SHIFT = {"shifts": [{"id": "a", "start_s": 8 * 3600, "duration_s": 8 * 3600}]}
LINE = "a/b/c/d"


def test_a_calendar_that_comes_late_holds_since_the_beginning() -> None:
    idle = [state(E0, "IDLE_NO_ORDER")]
    plan = meta(E0, LINE, "place", **SHIFT)
    first = tell([plan, *idle], 25, 10 * M)
    late = tell([(E0 + 3 * H + M, *plan[1:]), *idle], 25, 10 * M)
    for hour in (*range(1, 25),):
        assert late.figure("availability", hour)[0] == first.figure("availability", hour)[0]
    day = late.figure("availability", 24, window="day")
    assert day == first.figure("availability", 24, window="day") == (0.0, "good")


@pytest.mark.parametrize("path", [LINE, UNIT])
def test_a_window_is_computed_with_the_plans_of_its_time(path: str) -> None:
    short = {"shifts": [{"id": "a", "start_s": 0, "duration_s": 4 * 3600}]}
    long = {"shifts": [{"id": "a", "start_s": 0, "duration_s": 8 * 3600}]}
    schema = "place" if path == LINE else "equipment"
    plans = [
        meta(at, path, schema, **(shifts if path == LINE else {"calendar": shifts, "ideal_s": 40.0}))
        for at, shifts in ((E0, long), (E0 + 5 * H + 30 * M, short))
    ]
    events = [*plans, *ON, state(E0 + 4 * H, "STARVED")]
    wire = tell(events, 25, 10 * M)
    figures = [wire.figure("availability", hour) for hour in (1, 2, 5, 6)]
    assert figures == [(1.0, "good"), (1.0, "good"), (0.0, "good"), (0.0, "good")]
    assert wire.figure("availability", 24, window="day") == (pytest.approx(4 / 5.5), "good")
    late = tell([*events, part(E0 + 2 * H + M, at=E0 + 8 * H)], 9, 10 * M)
    assert late.figure("good_quantity", 3) == (1.0, "good")
    assert late.figure("availability", 5) == (0.0, "good")


def test_a_title_that_changes_changes_no_figure() -> None:
    wire = tell([*ON, meta(ideal_s=40.0), meta(HALF, ideal_s=40.0, en="Mill"), part(HALF)])
    assert wire.figure("good_quantity") == (1.0, "good")


def test_planned_time_that_comes_late_or_changes() -> None:
    parts = [part(E0 + k * M, begun_ns=E0 + (k - 1) * M) for k in range(1, 200)]
    late = tell([*ON, *parts, (E0 + 90 * M, *meta(ideal_s=40.0)[1:])], 4.1)
    assert [late.figure("oee", hour) for hour in (1, 2, 3)] == [(pytest.approx(2 / 3), "good")] * 3
    for at in (61, 90):
        wire = tell([*ON, *parts, meta(ideal_s=40.0), meta(E0 + at * M, ideal_s=20.0)], 4.1)
        assert wire.figure("oee", 2)[1] == "partial"
        assert wire.figure("oee", 3) == (pytest.approx(1 / 3), "good")
        value, quality = wire.figure("oee", 1)
        assert quality == "partial" or value == pytest.approx(2 / 3)
