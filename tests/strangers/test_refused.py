"""What is refused of a unit leaves a gap: no figure that it bears on is good, and the others are as before."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest

from brokers.door import Door, RunClock
from tests.strangers.wire import E0, SITE, UNIT, Event, H, HandClock, M, Wire, meta, order, part, reading, said, state
from tests.strangers.wire import told as tell
from twin.brain.missing import MOST_SPANS, Missing
from twin.equipment import EquipmentPath
from twin.records import RecordKind, Refused, records

S = 10**9
HALF = E0 + 30 * M
CALM: list[Event] = [
    meta(ideal_s=40.0),
    state(E0, "PRODUCING"),
    *(part(E0 + k * M + S, begun_ns=E0 + k * M) for k in range(120)),
    *(reading(E0 + k * M, 1000.0 + k) for k in range(125)),
    order(E0 + 5 * M, "o1", "received", due_ns=HALF),
    order(E0 + 6 * M, "o1", "delivered"),
]
FIGURES = {"availability": 1.0, "good_quantity": 60.0, "oee": 2 / 3, "energy_kwh": 60.0, "otif": 1.0}


def kinds(wire: Wire, hour: int = 1, path: str = UNIT) -> dict[str, str]:
    """Quality of each figure of an hour."""
    return {kpi: wire.figure(kpi, hour, path)[1] for kpi in FIGURES}


ALL_GOOD = dict.fromkeys(FIGURES, "good")
NOT_METERS = {**dict.fromkeys(FIGURES, "partial"), "energy_kwh": "good"}


def test_undisturbed() -> None:
    wire = tell(CALM, 2.1)
    assert {kpi: wire.figure(kpi)[0] for kpi in FIGURES} == pytest.approx(FIGURES)
    assert kinds(wire) == ALL_GOOD
    assert not wire.refusals


Case = tuple[Event, dict[str, str], dict[str, str]]
SECOND = {**ALL_GOOD, "oee": "partial", "otif": None}
"""The last operation of the second hour is not known to have ended."""
CASES: dict[str, Case] = {
    "part": (said("part", HALF, good="1", scrap=0, rework=0), {**NOT_METERS, "otif": "good"}, SECOND),
    "part that is no JSON": ((HALF, f"{UNIT}/part", b"{"), {**NOT_METERS, "otif": "good"}, SECOND),
    "part packed": ((HALF, f"{UNIT}/part", b"\x1f\x8b\x08"), {**NOT_METERS, "otif": "good"}, SECOND),
    "part without time": (
        (HALF, f"{UNIT}/part", {"v": 1, "rows": [{"values": {"good": 1, "scrap": 0, "rework": 0}}]}),
        {**NOT_METERS, "otif": "good"},
        SECOND,
    ),
    "part of the future": (part(E0 + 99 * 24 * H, at=HALF), {**NOT_METERS, "otif": "good"}, SECOND),
    "part of 1990": (part(631_152_000 * S, at=HALF), {**NOT_METERS, "otif": "good"}, SECOND),
    "part that comes late": (
        said("part", HALF, at=E0 + 90 * M, good="1", scrap=0, rework=0),
        {**NOT_METERS, "otif": "good"},
        SECOND,
    ),
    "parts out of order": (
        (
            HALF,
            f"{UNIT}/part",
            {"v": 1, "rows": [{"time": t, "values": {"good": 1, "scrap": 0, "rework": 0}} for t in (HALF, HALF - S)]},
        ),
        {**NOT_METERS, "otif": "good"},
        SECOND,
    ),
    "part named twice": (
        (
            HALF,
            f"{UNIT}/part",
            b'{"v":1,"rows":[{"time":%d,"values":{"good":1,"good":2,"scrap":0,"rework":0}}]}' % HALF,
        ),
        {**NOT_METERS, "otif": "good"},
        SECOND,
    ),
    "order": (said("order", HALF, order="o2", event="zork"), NOT_METERS, SECOND),
    "stock": (said("stock", HALF, item="q", on_hand="4"), NOT_METERS, SECOND),
    "state": (said("state", HALF, state={}), NOT_METERS, dict.fromkeys(FIGURES, None) | {"energy_kwh": "good"}),
    "shipment that the brain cannot book": (said("shipment", HALF, shipment="s", event="departed"), NOT_METERS, SECOND),
    "alarm": (said("alarm", HALF, code=""), ALL_GOOD, SECOND),
    "reading": (reading(HALF + S, "1030"), ALL_GOOD, SECOND),
    "part of a line": ((HALF, "a/b/c/d/part", b"{"), ALL_GOOD, SECOND),
    "part of a stranger": ((HALF, "a/b/c/d/n/part", b"{"), ALL_GOOD, SECOND),
    "part of a stranger's site": ((HALF, "x/y/c/d/n/part", b"{"), ALL_GOOD, SECOND),
}


@pytest.mark.parametrize("name", CASES)
def test_a_row_that_is_refused_leaves_a_gap(name: str) -> None:
    event, first, second = CASES[name]
    wire = tell([*CALM, event], 2.1)
    assert wire.refusals or wire.brain.stats.rejected
    assert kinds(wire) == first
    assert kinds(wire, 2) == second
    assert wire.figure("good_quantity")[0] == 60.0
    for kpi, quality in first.items():
        if kpi not in ("availability", "otif"):
            assert wire.figure(kpi, path=SITE)[1] == quality
    assert wire.brain.sites()[0].path == SITE
    assert list(wire.brain.site(EquipmentPath(SITE)).units) == [UNIT]


def test_a_state_that_is_said_again_in_the_right_way_ends_the_gap() -> None:
    again = state(HALF + 6 * M, "PRODUCING")
    wire = tell([*CALM, said("state", HALF, state=[]), again], 2.1)
    row = wire.rows[UNIT, "availability", "hour", E0 + H]
    assert (row["value"], row["quality"], row["coverage"]) == (1.0, "partial", 0.9)
    assert kinds(wire, 2) == SECOND
    assert wire.figure("mtbf_h", 1)[1] is None


def test_orders_are_not_good_as_long_as_what_was_refused_may_count() -> None:
    due = 20 * 24 * H
    orders = [order(E0 + 5 * M, "o1", "received", due_ns=E0 + due), order(E0 + H, "o1", "delivered")]
    said_wrongly = said("order", HALF, order="o2", event="zork")
    for days, quality in ((20, "partial"), (50, "good")):
        more = order(E0 + days * 24 * H, "o3", "received", due_ns=E0 + days * 24 * H + M)
        done = order(E0 + days * 24 * H, "o3", "delivered")
        wire = tell([state(E0, "PRODUCING"), *orders, said_wrongly, more, done], days * 24 + 7, 6 * H)
        assert wire.figure("otif", days * 24 + 1) == (1.0, quality)


@pytest.mark.parametrize("path", [UNIT, "a/b/c/d", SITE])
def test_master_data_that_cannot_be_read_are_doubted_until_some_can(path: str) -> None:
    schema = "equipment" if path == UNIT else "place"
    wrong = said("meta", HALF, path, schema=schema, body='{"en": "x", "zh": "x", "days": [9], "ideal_s": -5}')
    wire = tell([*CALM, wrong], 2.1)
    assert set(kinds(wire).values()) == {"partial", "good"}
    assert kinds(wire)["otif"] == "good"
    assert set(kinds(wire, 2).values()) == {"partial", None}
    right = meta(E0 + 130 * M, path, schema, **({"ideal_s": 40.0} if path == UNIT else {}))
    healed = tell([*CALM, wrong, right], 2.5)
    assert kinds(healed) == ALL_GOOD
    assert kinds(healed, 2) == {**SECOND, "oee": "partial"}  # one may be under way for longer than any before


def test_a_state_by_number_is_unknown_and_told() -> None:
    wire = tell([*CALM, state(HALF, 11)], 2.1)
    assert wire.rows[UNIT, "availability", "hour", E0 + H]["coverage"] == 0.5
    assert "message: state: expected a canonical state (taken as UNKNOWN)" in wire.refusals


def test_a_byte_order_mark_and_names_in_texts_are_no_harm() -> None:
    row = {"time": E0 + M, "values": {"item": 'a":"b', "good": 1, "scrap": 0, "rework": 0}}
    text = orjson.dumps({"v": 1, "rows": [row]})
    wire = tell([state(E0, "PRODUCING"), (E0 + M, f"{UNIT}/part", b"\xef\xbb\xbf" + text)])
    assert wire.figure("good_quantity") == (1.0, "good")
    assert not wire.refusals


def test_only_what_counts_in_figures_is_kept_of_what_is_refused() -> None:
    path = EquipmentPath(UNIT)
    frame = records(RecordKind.PART, [(path, E0, ("q", 1, 0, 0))]).take([])
    refused = [Refused(path, kind, E0) for kind in RecordKind] * 2
    assert {row.kind for row in frame.without(refused).refused} == {*RecordKind} - {
        "telemetry",
        "alarm",
        "heartbeat",
        "kpi",
    }
    assert len(frame.without(refused).refused) == 6


@pytest.mark.parametrize("stamp", ["source", "arrival"])
def test_an_instant_that_nobody_knows_or_that_cannot_be_is_now(stamp: Any) -> None:
    clock = HandClock()
    clock.ns = E0 + H
    door = Door(RunClock(clock), stamps={SITE: stamp})
    path = EquipmentPath(UNIT)
    given = [Refused(path, RecordKind.PART, time_ns) for time_ns in (-1, HALF, E0 + 9 * H, 5)]
    frame = door.admit(records(RecordKind.PART, []).without(given))
    wanted = [E0 + H, HALF if stamp == "source" else E0 + H, E0 + H, E0 + H]
    assert [row.time_ns for row in frame.refused] == wanted


def test_what_is_remembered_is_bounded() -> None:
    missing, rng = Missing(), np.random.default_rng(1)
    for time_ns in rng.integers(0, 10**6, 3 * MOST_SPANS).tolist():
        missing.note(UNIT, RecordKind.PART, time_ns * M)
    spans = missing.of(UNIT, RecordKind.PART)
    assert len(spans) <= MOST_SPANS
    assert spans == sorted(spans)
    missing.prune(10**7 * M)
    assert not missing
