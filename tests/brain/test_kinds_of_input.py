"""What plants say in practice, by kind, each with the figures that follow by hand: right, or not `good`."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from tests.brain.test_link_capacity import Stage, per_day
from tests.brain.test_readings import E0, OTHER, QUIET, SITE, UNIT, H, M, Rows, beat, heard, in_order, read, state
from twin.brain import Brain
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind, records

LINE = EquipmentPath("a/b/c/d")
COUNTER = "energy_kwh"
Wanted = tuple[str, int, float | None, str | None]
"""Indicator, hour in which it ends, value, quality; None: there is no record, or any quality."""


@dataclass(frozen=True)
class Case:
    """One input.

    Args:
        frames: What is said besides heartbeats.
        wanted: What follows.
        hours: For how long heartbeats come.
        window: Whose figures are wanted.
        path: Of what.
    """

    frames: Sequence[Frame]
    wanted: Sequence[Wanted]
    hours: float = 2
    window: str = "hour"
    path: str = UNIT


def told(schema: str, path: EquipmentPath, time_ns: int = E0, **body: Any) -> Frame:
    text = json.dumps({"en": "x", "zh": "x", **body})
    return records(RecordKind.META, [(path, time_ns, (schema, text))])


def metered(counter: dict[str, Any] | None = None, unit: str = "kW.h", **body: Any) -> Frame:
    tag = {"name": COUNTER, "unit": unit, "low": 0, "high": 1e9, "en": "E", "zh": "E", "counter": True}
    return told("equipment", UNIT, kind="machine", tags=[tag], meters={COUNTER: counter or {}}, **body)


def made(time_ns: int, good: float, scrap: float = 0.0, rework: float = 0.0, **more: Any) -> Frame:
    row = (more.get("item", "cube"), good, scrap, rework, more.get("ideal_s"), more.get("first", 1), more.get("begun"))
    return records(RecordKind.PART, [(more.get("unit", UNIT), time_ns, (*row, more.get("lacking")))])


def lacking(begun_min: int, time_min: int, good: float = 0.0) -> Frame:
    """More may have been made since a minute than what is said at another: a counter was reset."""
    item = "cube" if good else None
    return made(E0 + time_min * M, good, item=item, first=None, begun=E0 + begun_min * M, lacking=1)


def ordered(time_ns: int, name: str, event: str, quantity: float, due_ns: int) -> Frame:
    return records(RecordKind.ORDER, [(UNIT, time_ns, (name, event, "cube", quantity, due_ns, "", "x/y"))])


def ramp(minutes: Sequence[int], per_min: float = 1.0, first: float = 1000.0) -> list[Frame]:
    return [read(E0 + k * M, first + per_min * k) for k in minutes]


WORKS = state(E0, "PRODUCING")
EACH = range(121)
METERS = {
    "read at the two ends of the hour only": Case(
        ramp([0, 60, 120]), [(COUNTER, 1, 60, "good"), (COUNTER, 2, 60, "good")]
    ),
    "nothing used": Case(ramp(EACH, 0.0), [(COUNTER, 1, 0, "good")]),
    "read each hour at half past": Case(ramp([-30, 30, 90, 150]), [(COUNTER, 1, 60, "estimated")], 3),
    "in watt hours": Case([metered(unit="W.h"), *ramp(EACH, 1000.0, 5e6)], [(COUNTER, 1, 60, "good")]),
    "in joules": Case([metered(unit="J"), *ramp(EACH, 3.6e6, 0.0)], [(COUNTER, 1, 60, "good")]),
    "a net meter that gives back half an hour long": Case(
        [metered({"net": True}), *(read(E0 + k * M, 1000.0 + min(k, 60 - k)) for k in range(61))],
        [(COUNTER, 1, 0, "good")],
    ),
    "rolls over on the full hour": Case(
        [metered({"rolls_over_at": 1000, "max_per_h": 100}), *(read(E0 + k * M, (940.0 + k) % 1000) for k in EACH)],
        [(COUNTER, 1, 60, "good"), (COUNTER, 2, 60, "good")],
    ),
    "rolls over twice in an hour": Case(
        [metered({"rolls_over_at": 30, "max_per_h": 100}), *(read(E0 + k * M, float(k % 30)) for k in EACH)],
        [(COUNTER, 1, 60, "good")],
    ),
    "another meter from half past on": Case(
        [metered({"max_per_h": 100}), *ramp(range(30)), *(read(E0 + k * M, 9000.0 + k) for k in range(30, 121))],
        [(COUNTER, 1, 59, "partial"), (COUNTER, 2, 60, "good")],
    ),
    "two values at one instant": Case([*ramp(EACH), read(E0 + 60 * M, 1061.0)], [(COUNTER, 1, None, "partial")]),
    "energy of each quarter hour": Case(
        [metered({"interval": True}), *(read(E0 + k * 15 * M, 15.0) for k in range(9))], [(COUNTER, 1, 60, "good")]
    ),
    "energy of each quarter hour, one of which lacks": Case(
        [metered({"interval": True}), *(read(E0 + k * 15 * M, 15.0) for k in range(13) if k != 6)],
        [(COUNTER, 1, 60, "good"), (COUNTER, 2, None, "partial")],
        3,
    ),
    "no number now and then": Case(
        [*ramp([k for k in EACH if k % 7]), *ramp([0, 60, 120]), read(E0 + 7 * M, float("nan"))],
        [(COUNTER, 1, 60, "good")],
    ),
    "a machine beside it that nobody ever read": Case(
        [told("equipment", OTHER, kind="press"), state(E0, "PRODUCING", OTHER), *ramp(EACH)],
        [(COUNTER, 1, 60, "partial")],
        path=LINE,
    ),
    "a store beside it": Case(
        [told("equipment", OTHER, kind="rack", role="store"), state(E0, "PRODUCING", OTHER), *ramp(EACH)],
        [(COUNTER, 1, 60, "good")],
        path=LINE,
    ),
    "nothing from a quarter to the hour on": Case(
        ramp(range(46)), [(COUNTER, 1, 45, "partial"), (COUNTER, 2, None, None)]
    ),
}

OUTPUT = {
    "fractions": Case(
        [made(E0 + 9 * M, 29.5, 0.5)], [("good_quantity", 1, 29.5, "good"), ("quality_ratio", 1, 29.5 / 30, "good")]
    ),
    "corrected in the next hour": Case(
        [made(E0 + 9 * M, 10), made(E0 + 70 * M, -2, 2)],
        [("good_quantity", 1, 8, "good"), ("scrap_ratio", 1, 0.2, "good"), ("good_quantity", 2, 0, "good")],
    ),
    "a correction takes only from its own item": Case(
        [made(E0 + 9 * M, 10), made(E0 + 65 * M, 5, item="rod"), made(E0 + 70 * M, -2, 2)],
        [("good_quantity", 1, 8, "good"), ("good_quantity", 2, 5, "good")],
    ),
    "rework is no output": Case(
        [made(E0 + 9 * M, 5, 0, 3)], [("quality_ratio", 1, 5 / 8, "good"), ("rework_ratio", 1, 3 / 8, "good")]
    ),
    "a row of nothing": Case(
        [made(E0 + 9 * M, 0)], [("quality_ratio", 1, None, None), ("good_quantity", 1, 0, "good")]
    ),
    "the same twice in one message": Case(
        [records(RecordKind.PART, [(UNIT, E0 + M, ("cube", 1.0, 0.0, 0.0, 30.0, 1))] * 2)],
        [("good_quantity", 1, 1, "good")],
    ),
    "the same of two runs of a publisher": Case(
        [made(E0 + 9 * M, 1).stamped("p", "r1", 0), made(E0 + 9 * M, 1).stamped("p", "r2", 0)],
        [("good_quantity", 1, 1, None)],
    ),
    "the planned time of the row goes before that of the unit": Case(
        [told("equipment", UNIT, kind="machine", ideal_s=60.0), made(E0 + 59 * M, 60, ideal_s=30.0)],
        [("effectiveness", 1, 0.5, None)],
    ),
    "a counter is reset": Case(
        [made(E0 + 9 * M, 10), lacking(30, 40), made(E0 + 50 * M, 5)],
        [("good_quantity", 1, 15, "partial"), ("quality_ratio", 1, 1, "partial"), ("good_quantity", 2, 0, "good")],
    ),
    "a counter is reset after nobody read it over the full hour": Case(
        [made(E0 + 9 * M, 10), lacking(55, 65), made(E0 + 130 * M, 5)],
        [("good_quantity", 1, 10, "partial"), ("good_quantity", 2, 0, "partial"), ("good_quantity", 3, 5, "good")],
        3,
    ),
    "a counter is reset, the other goes on": Case(
        [lacking(30, 40, 3.0), made(E0 + 50 * M, 5)], [("good_quantity", 1, 8, "partial")]
    ),
    "what is under way when a counter is reset": Case(
        [
            told("equipment", UNIT, kind="machine", ideal_s=60.0),
            *(made(E0 + k * M, 1) for k in (*range(5, 56, 5), *range(62, 240, 5))),
            lacking(57, 58),
        ],
        [
            ("good_quantity", 1, 11, "partial"),
            ("effectiveness", 2, None, "partial"),
            ("effectiveness", 3, 12 / 60, "good"),
        ],
        4,
    ),
    "nobody ever says what it makes": Case([], [("oee", 1, None, None), ("availability", 1, 1, "good")]),
    "a unit of a stranger, of which nobody says what it makes": Case(
        [told("equipment", UNIT, kind="unit")], [("oee", 1, None, None)]
    ),
    "a machine of which nobody says how long an item should take": Case(
        [told("equipment", UNIT, kind="mill"), made(E0 + 9 * M, 9, 1), state(E0 + 45 * M, "FAILED")],
        [("availability", 1, 0.75, "good"), ("quality_ratio", 1, 0.9, "good"), ("oee", 1, None, None)],
    ),
    "one of which only what it makes says that": Case(
        [told("equipment", UNIT, kind="mill"), made(E0 + 60 * M, 60, begun=E0, ideal_s=30.0)],
        [("availability", 1, 1, "good"), ("effectiveness", 1, 0.5, None)],
    ),
    "a unit that only keeps or moves": Case(
        [told("equipment", UNIT, kind="rack", role="handle")], [("availability", 1, None, None)]
    ),
    "a line with a machine of which nobody says that": Case(
        [
            told("equipment", UNIT, kind="mill", ideal_s=36.0),
            told("equipment", OTHER, kind="saw"),
            *(state(E0, "PRODUCING", OTHER), made(E0 + 9 * M, 10), made(E0 + 9 * M, 10, unit=OTHER)),
        ],
        [("availability", 1, 1, "good"), ("line_oee", 1, None, "partial")],
        path=LINE,
    ),
    "it says for the first time in the next hour what it makes": Case(
        [made(E0 + 70 * M, 1)], [("oee", 1, 0, "good"), ("oee", 2, None, None)]
    ),
    "on the full hour it belongs to the next": Case(
        [made(E0 + H, 1)], [("good_quantity", 1, 0, "good"), ("good_quantity", 2, 1, "good")]
    ),
}

TIME = {
    "two states at one instant: the last holds": Case(
        [state(E0 + 30 * M, "FAILED"), state(E0 + 30 * M, "SETUP")],
        [("availability", 1, 0.5, "good"), ("setup_ratio", 1, 0.5, "good")],
    ),
    "a state said again each minute": Case(
        [state(E0 + k * M, "PRODUCING") for k in EACH], [("availability", 1, 1, "good")]
    ),
    "failed over the hour, repaired in the next": Case(
        [state(E0 + 50 * M, "FAILED"), state(E0 + 65 * M, "REPAIR"), state(E0 + 80 * M, "PRODUCING")],
        [("mttr_h", 1, None, None), ("mttr_h", 2, 0.5, "good"), ("availability", 2, 40 / 60, "good")],
    ),
    "failed, a break, failed: one failure": Case(
        [
            state(E0 + 10 * M, "FAILED"),
            state(E0 + 20 * M, "PLANNED_BREAK"),
            state(E0 + 30 * M, "FAILED"),
            state(E0 + 40 * M, "PRODUCING"),
        ],
        [("mttr_h", 1, 20 / 60, "good")],
    ),
    "a break without a calendar is as it is said": Case(
        [state(E0 + 30 * M, "PLANNED_BREAK"), state(E0 + 45 * M, "STARVED")], [("availability", 1, 30 / 45, "good")]
    ),
}

SHIFT = {"id": "a", "start_s": 1800, "duration_s": 3600}
PLAN = {
    "a shift from half past to half past": Case(
        [told("place", LINE, shifts=[SHIFT])],
        [("availability", 1, 2, "good"), ("availability", 2, 2, "good")],
    ),
    "a break of a quarter of an hour in which it works": Case(
        [told("place", LINE, shifts=[{"id": "a", "start_s": 0, "duration_s": 7200, "breaks": [[900, 900]]}])],
        [("availability", 1, 60 / 45, "good")],
    ),
    "idle off shift, at work on shift": Case(
        [told("place", LINE, shifts=[SHIFT]), state(E0, "IDLE_NO_ORDER"), state(E0 + 30 * M, "PRODUCING")],
        [("availability", 1, 1, "good")],
    ),
}
CASES = {**METERS, **OUTPUT, **TIME, **PLAN}


def figures(case: Case) -> Rows:
    return heard(in_order([WORKS, *case.frames], case.hours), Brain(QUIET))


@pytest.mark.parametrize("name", CASES)
def test_what_follows_by_hand(name: str) -> None:
    case = CASES[name]
    rows = figures(case)
    for kpi, hour, value, quality in case.wanted:
        row = rows.get((case.path, kpi, case.window, E0 + hour * H))
        if quality is not None:
            assert row is not None, (kpi, hour)
            assert row["quality"] == quality, (kpi, hour, row)
        if value is not None:
            assert row is not None, (kpi, hour)
            assert row["value"] == pytest.approx(value), (kpi, hour, row)
        elif quality is None:
            assert row is None or row["value"] is None, (kpi, hour, row)


@pytest.mark.parametrize("numbered", [False, True])
def test_that_some_lack_is_said_after_their_hour_was_closed(numbered: bool) -> None:
    """Said twice at ten past: the hour before is no longer good, the one after never was."""
    frames = in_order([WORKS, made(E0 + 9 * M, 10)], 3)
    at = next(index for index, frame in enumerate(frames) if frame.time_ns[0] == E0 + 70 * M)
    frames[at:at] = [lacking(50, 70), lacking(50, 70)]
    if numbered:
        frames = [frame.stamped("p", "r", seq) for seq, frame in enumerate(frames)]
    brain = Brain(QUIET)
    early = heard(frames[:at], brain)[UNIT, "good_quantity", "hour", E0 + H]
    assert (early["value"], early["quality"]) == (10, "good")
    rows = heard(frames[at:], pickle.loads(pickle.dumps(brain)))  # noqa: S301
    found = [rows[UNIT, "good_quantity", "hour", E0 + hour * H] for hour in (1, 2, 3)]
    assert [(row["value"], row["quality"]) for row in found] == [(10, "partial"), (0, "partial"), (0, "good")]


def test_a_machine_that_is_behind_may_come_to_be_the_bottleneck_of_its_line() -> None:
    """Its planned run time is said at 46 min and heard when the second hour of its line was closed."""
    before = [
        told("equipment", OTHER, kind="saw"),
        state(E0, "PRODUCING", OTHER, "q"),
        beat(E0, "q"),
        beat(E0 + M, "q"),
    ]
    mill = [told("equipment", UNIT, kind="mill", ideal_s=20.0), state(E0, "PRODUCING", publisher="p")]
    mill += [made(E0 + 65 * M, 1), *(beat(E0 + k * M, "p") for k in range(182))]
    saw = [told("equipment", OTHER, E0 + 46 * M, kind="saw", ideal_s=40.0), made(E0 + 50 * M, 1, unit=OTHER)]
    saw += [beat(E0 + k * M, "q") for k in range(2, 183)]
    brain, key = Brain(QUIET), (LINE, "line_oee", "hour", E0 + 2 * H)
    early = heard([*before, *sorted(mill, key=lambda frame: int(frame.time_ns[0]))], brain)[key]
    assert early["quality"] == "partial"
    row = heard([*sorted(saw, key=lambda frame: int(frame.time_ns[0])), beat(E0 + 183 * M, "p")], brain)[key]
    assert (row["value"], row["quality"]) == (pytest.approx(40 / 3600), "good")


def test_a_heartbeat_of_a_year_ago_changes_nothing() -> None:
    frames = [
        *in_order([WORKS, *ramp(range(31))], 0.5),
        beat(E0 - 365 * 24 * H),
        *in_order(ramp(range(31, 121)), 2)[31:],
    ]
    assert heard(frames) == heard(in_order([WORKS, *ramp(EACH)], 2))


def test_a_clock_that_is_put_back_by_ten_minutes() -> None:
    """From half past on it says twenty past again: what it says of these ten minutes is the last that it says."""
    before = in_order([WORKS, *ramp(range(31))], 0.5)
    after = [state(E0 + 25 * M, "SETUP"), *[beat(E0 + k * M) for k in range(20, 121)]]
    rows = heard([*before, *sorted(after, key=lambda f: (int(f.time_ns[0]), f.kind is RecordKind.HEARTBEAT))])
    row = rows[UNIT, "availability", "hour", E0 + H]
    assert (row["value"], row["coverage"]) == (pytest.approx(25 / 60), 1.0)


@pytest.mark.parametrize(("offset_s", "minute"), [(20_700, 75), (-12_600, 90), (45_900, 75)])
def test_hours_end_where_the_local_clock_shows_a_full_hour(offset_s: int, minute: int) -> None:
    place = told("place", SITE, utc_offset_s=offset_s, grid_factor_kg_per_kwh=0.5)
    rows = heard(in_order([place, WORKS, *ramp(EACH)], 2))
    row = rows[UNIT, "co2_kg", "hour", E0 + minute * M]
    assert (row["value"], row["quality"], row["t0_ns"]) == (pytest.approx(30), "good", E0 + (minute - 60) * M)


@pytest.mark.parametrize(("begin", "hours"), [("2023-10-28T22:00", 25), ("2024-03-30T23:00", 23)])
def test_a_day_on_which_the_clock_is_changed(begin: str, hours: int) -> None:
    t0 = int(np.datetime64(begin, "ns").astype(np.int64))
    place = told("place", SITE, t0, zone="Europe/Berlin")
    steps = [t0 + k * 20 * M for k in range(3 * hours + 1)]
    frames = [place, state(t0, "PRODUCING")]
    for time_ns in steps:
        frames += [read(time_ns, (time_ns - t0) / M), beat(time_ns)]
    rows = heard(frames)
    row = rows[UNIT, COUNTER, "day", t0 + hours * H]
    assert (row["value"], row["quality"]) == (pytest.approx(60 * hours), "good")
    assert sum(key[1:3] == (COUNTER, "hour") and key[0] == UNIT for key in rows) == hours


def spoken(dies: int, back: int | None = None, numbered: bool = False) -> Rows:
    """Two publishers of a machine each; the first falls silent at a minute, and may come back with what it kept."""
    lists: dict[str, list[tuple[int, int, Frame]]] = {"p": [], "q": []}
    for name, unit in (("p", UNIT), ("q", OTHER)):
        said = [(0, 0, state(E0, "PRODUCING", unit))]
        said += [(k, 1, beat(E0 + k * M)) for k in range(121) if name == "q" or back is not None or k <= dies]
        late = [(back if back and name == "p" and dies < k < back else k, kind, frame) for k, kind, frame in said]
        lists[name] = [
            (k, kind, frame.stamped(name, "r", number if numbered else -1))
            for number, (k, kind, frame) in enumerate(late)
        ]
    return heard([frame for _, _, frame in sorted([*lists["p"], *lists["q"]], key=lambda one: one[:2])])


@pytest.mark.parametrize("dies", [1, 20, 59])
def test_a_machine_is_unknown_when_its_publisher_is_silent(dies: int) -> None:
    rows = spoken(dies)
    row = rows[UNIT, "availability", "hour", E0 + H]
    assert (row["quality"], row["coverage"]) == ("partial", pytest.approx(dies / 60))
    assert (UNIT, "availability", "hour", E0 + 2 * H) not in rows
    other = rows[OTHER, "availability", "hour", E0 + 2 * H]
    assert (other["value"], other["quality"]) == (1.0, "good")
    assert rows[LINE, "availability", "hour", E0 + H]["quality"] == "partial"


@pytest.mark.parametrize("back", [30, 80, 119])
def test_what_a_publisher_kept_and_says_later_closes_the_gap(back: int) -> None:
    for hour in (1, 2):
        row = spoken(20, back, numbered=True)[UNIT, "availability", "hour", E0 + hour * H]
        assert (row["value"], row["quality"], row["coverage"]) == (1.0, "good", 1.0)


def test_an_order_said_twice_in_one_message_and_once_more_later() -> None:
    """Ten pieces are due in the hour, six come: twice six would be in full."""
    due = E0 + 50 * M
    six = ordered(E0 + 40 * M, "o", "delivered", 6.0, due)
    frames = [WORKS, ordered(E0 + M, "o", "received", 10.0, due), six, six, replace(six)]
    rows = heard([*in_order(frames, 1), six, *in_order([], 2)[61:]])
    found = {row["value"] for key, row in rows.items() if key[1] == "otif"}
    assert found == {0.0}


@pytest.mark.parametrize(
    ("stages", "capacity"),
    [
        ([("a", 20.0, ("b",)), ("b", 40.0, ("end",)), ("end", 30.0, ("final",))], 2160),
        ([("a", 20.0, ("end",)), ("b", 60.0, ("end",)), ("end", 12.0, ("final",))], 4320 + 1440),
        ([("a", 20.0, ("end",)), ("b", 60.0, ("end",)), ("end", 30.0, ("final",))], 2880),
    ],
)
def test_what_a_link_can_complete(stages: list[Stage], capacity: float) -> None:
    """In a row the slowest, side by side the sum, behind them what completes: 86,400 s over the run time of each."""
    stages = [("raw", None, tuple(name for name, *_ in stages if name in "ab" and _feeds(stages, name))), *stages]
    assert per_day(stages, raw="buffer")[0] == pytest.approx(capacity)


def _feeds(stages: list[Stage], name: str) -> bool:
    """Whether nothing else gives to it."""
    return all(name not in to for _, _, to in stages)
