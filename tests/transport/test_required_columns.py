"""What a record must say is asked for on every wire, and what it may leave out is not."""

from __future__ import annotations

import asyncio
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from brokers.columns import column_type, misfit
from brokers.mqtt.codec import MalformedError, decode, decode_all, kept_place
from brokers.naming import parse_uns_topic
from brokers.refusals import MOST_REASONS, OTHER, Refusals
from brokers.stores import open_store
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, UNITS, meta, receiving, sending, tick_frames
from tests.transport.test_malformed_message import publish_all
from twin.records import COLUMNS, SPECS, ColumnType, RecordKind

UNIT = "a/b/c/d/m"
WHOLE: dict[str, dict[str, Any]] = {
    "state": {"state": "PRODUCING"},
    "part": {"good": 29.5, "scrap": 0, "rework": 0},
    "stock": {"item": "pack", "on_hand": 3},
    "shipment": {"shipment": "s1", "event": "departed"},
    "order": {"order": "o1", "event": "placed"},
    "alarm": {"code": "a|b|c", "active": 1},
    "heartbeat": {},
    "meta": {"schema": "place", "body": "{}"},
    "kpi/hour": {"kpi": "oee", "window": "hour", "t0_ns": 1},
}
WRONG = [
    ("kpi/hour", {"t0_ns": None}, "t0_ns: expected a value, got none"),
    ("kpi/hour", {"t0_ns": -1}, "t0_ns: expected 0 to inf, got -1"),
    ("kpi/hour", {"kpi": ""}, "kpi: expected a text that is not empty"),
    ("kpi/hour", {"value": True, "coverage": "all"}, "coverage: expected float, got 'all'"),
    ("part", {"good": None}, "good: expected a value, got none"),
    ("part", {"scrap": None}, "scrap: expected a value, got none"),
    ("part", {"item": ""}, "item: expected a text that is not empty"),
    ("part", {"ideal_s": -3}, "ideal_s: expected 0 to 1e.09"),
    ("stock", {"item": ""}, "item: expected a text that is not empty"),
    ("stock", {"on_hand": None}, "on_hand: expected a value"),
    ("state", {"state": None}, "state: expected a value"),
    ("order", {"event": "eaten"}, "event: expected one of begun, "),
    ("alarm", {"active": 7}, "active: expected 0 to 1, got 7"),
    ("alarm", {"code": "e" * 1001}, "code: expected at most 1000 characters"),
    ("heartbeat", {"sent": -1}, "sent: expected 0 to inf"),
    ("meta", {"schema": None}, "schema: expected a value"),
    ("part", {"first_pass": 2}, "first_pass: expected 0 to 1, got 2"),
    ("part", {"lacking": -1}, "lacking: expected 0 to 1, got -1"),
    ("order", {"due_ns": -1}, "due_ns: expected 0 to inf, got -1"),
    ("alarm", {"severity": 0}, "severity: expected 1 to 1000, got 0"),
    ("alarm", {"severity": 1001}, "severity: expected 1 to 1000, got 1001"),
    ("alarm", {"severity": 2.0**64}, "severity: expected integer, got 1.8446744073709552e"),
    ("kpi/hour", {"coverage": 7}, "coverage: expected 0 to 1, got 7"),
    ("kpi/hour", {"coverage": -0.1}, "coverage: expected 0 to 1, got -0.1"),
    ("kpi/hour", {"quality": "bogus"}, "quality: expected one of bad, estimated, good, partial, got 'bogus'"),
    ("kpi/hour", {"quality": ""}, "quality: expected a text that is not empty"),
    ("kpi/hour", {"flag_gt1": 2}, "flag_gt1: expected 0 to 1, got 2"),
    ("kpi/hour", {"overtime": -1}, "overtime: expected 0 to 1, got -1"),
    ("kpi/hour", {"revision": -1}, "revision: expected 0 to inf, got -1"),
]


def message(values: dict[str, Any], **head: Any) -> bytes:
    return orjson.dumps({"v": 1, **head, "rows": [{"time": "2025-06-02T08:00:00Z", "values": values}]})


@pytest.mark.parametrize("kind", WHOLE)
def test_what_is_not_required_may_be_missing(kind: str) -> None:
    frame = decode(parse_uns_topic(f"uns/v1/{UNIT}/{kind}"), message(WHOLE[kind]))
    said = dict(zip(frame.tags, frame.values[0], strict=True))
    assert {name: value for name, value in said.items() if value is not None} == WHOLE[kind]


@pytest.mark.parametrize(("kind", "change", "reason"), WRONG)
def test_what_is_required_or_out_of_bounds(kind: str, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(MalformedError, match=reason):
        decode(parse_uns_topic(f"uns/v1/{UNIT}/{kind}"), message({**WHOLE[kind], **change}))


def test_a_fraction_stays_one_and_a_whole_number_too() -> None:
    topic = parse_uns_topic(f"uns/v1/{UNIT}/part")
    good = [decode(topic, message({"good": good, "scrap": 0, "rework": 0})).column("good")[0] for good in (29.5, 29)]
    assert good == [29.5, 29]
    assert [type(value) for value in good] == [float, int]


def test_every_column_of_a_share_a_flag_or_a_rank_has_its_bounds() -> None:
    """Numbers without any are listed here, with what they may be."""
    open_columns = {
        "value": "whatever the indicator is",
        "numerator": "likewise",
        "denominator": "likewise",
        "low": "likewise",
        "high": "likewise",
        "lag_s": "negative: ahead of the clock",
    }
    numbers = [column for columns in SPECS.values() for column in columns if column.type is not ColumnType.TEXT]
    assert {column.name for column in numbers if column.low == -math.inf} == set(open_columns)
    told = {column.name for column in numbers if re.match("0,|1: ", column.meaning) or "share" in column.meaning}
    assert {"first_pass", "lacking", "active", "flag_gt1", "overtime", "coverage", "revision"} == told
    assert all(column.low == 0 for column in numbers if column.name in told)
    assert all(column.high == 1 for column in numbers if column.name in told - {"revision"})


@pytest.mark.parametrize("digits", [str(2**63), str(2**64), "-" + str(2**63 + 1), "1" + "0" * 300])
def test_a_whole_number_beyond_64_bits_is_uncertain_and_a_float_of_that_size_is_not(digits: str) -> None:
    told = '{"v": 1, "rows": [{"time": "2025-06-02T08:00:00Z", "values": {"a": %s, "b": 2.5e20, "c": 1.5, "d": null}}]}'
    (frame,) = decode_all(parse_uns_topic(f"uns/v1/{UNIT}/telemetry"), (told % digits).encode())
    assert frame.column("a")[0] == float(digits)
    assert frame.quality is not None
    assert frame.quality.tolist() == [[1, 0, 0, 2]]


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), 10**400, 2**63])
def test_a_number_that_no_store_holds(value: float) -> None:
    row = np.array([["oee", None, "hour", 1, *([None] * (len(COLUMNS[RecordKind.KPI]) - 4))]], dtype=object)
    row[0, 3 if value == 2**63 else 4] = value
    assert "expected" in misfit(RecordKind.KPI, row)


def test_many_rows_are_judged_as_one_is() -> None:
    whole = ["oee", None, "hour", 1, *([None] * (len(COLUMNS[RecordKind.KPI]) - 4))]
    for column, value in ((3, None), (3, 1.5), (4, "x"), (4, float("inf")), (0, ""), (0, 7), (2, "w" * 2000)):
        wrong = [*whole]
        wrong[column] = value
        one = misfit(RecordKind.KPI, np.array([wrong], dtype=object))
        assert one
        assert misfit(RecordKind.KPI, np.array([whole] * 7 + [wrong], dtype=object)) == one
    assert misfit(RecordKind.KPI, np.array([whole] * 8, dtype=object)) == ""


def test_a_name_has_one_type_and_the_required_come_first_or_are_old() -> None:
    for columns in SPECS.values():
        assert all(column.type is column_type(column.name) for column in columns)


@pytest.mark.parametrize("tag", ["", "t" * 201])
def test_a_tag_needs_a_name(tag: str) -> None:
    with pytest.raises(MalformedError, match="tag: expected a name of 1 to 200 characters"):
        decode_all(parse_uns_topic(f"uns/v1/{UNIT}/telemetry"), message({tag: 1.0, "x": 2.0}))


def test_the_place_of_a_numbered_message_is_settled() -> None:
    with pytest.raises(MalformedError) as raised:
        decode(parse_uns_topic(f"uns/v1/{UNIT}/kpi/hour"), message({"kpi": "oee"}, publisher="p", run="r", seq=4))
    (frame,) = kept_place(raised.value)
    assert (frame.publisher, frame.run, frame.seq, len(frame)) == ("p", "r", 4, 0)


def test_reasons_are_few_and_counted() -> None:
    refusals = Refusals()
    for number in range(1000):
        refusals.error(ValueError(f"message: expected JSON, got {number}"), "a")
        refusals.add(f"reason {number}", "b")
    assert refusals.counts["message: expected JSON"] == 1000
    assert len(refusals.counts) == MOST_REASONS + 1
    assert refusals.counts[OTHER] == 1000 - MOST_REASONS + 1


async def test_a_record_that_is_refused_harms_no_other(mosquitto: Mosquitto, tmp_path: Path) -> None:
    wrong = [
        (f"uns/v1/{UNITS[0]}/{kind}", message({**WHOLE[kind], **change}, publisher="p", run="r", seq=number))
        for number, (kind, change, _) in enumerate(WRONG)
    ]
    store = open_store(f"lines://{tmp_path}/store")
    await store.open()
    async with (
        receiving(mosquitto.url, "uns", store) as ingest,
        sending(mosquitto.url, "uns") as (outbox, pump),
    ):
        await asyncio.to_thread(publish_all, mosquitto.port, wrong)
        outbox.put([meta(), *tick_frames(0)])
        assert await pump.drain(LIMIT_S)
        status = ingest.status()
        assert status["malformed"] >= len(wrong)  # master data may be delivered by two subscriptions
        assert (status["waiting"], status["lost"]) == (0, 0)
        assert ingest._reception(("p", "r")).arrivals.to == len(wrong)
    assert await store.count(RecordKind.KPI) == 0
    assert await store.count(RecordKind.STATE) == 1
    await store.close()


def test_a_state_in_a_word_that_nobody_knows_is_unknown_and_told() -> None:
    told: list[str] = []
    rows = [{"time": 1_748_851_200, "values": {"state": word}} for word in ("PRODUCING", "steht", "producing")]
    topic = parse_uns_topic(f"uns/v1/{UNIT}/state")
    frame = decode(topic, orjson.dumps({"v": 1, "rows": rows}), lambda error: told.append(str(error)))
    assert frame.column("state").tolist() == ["PRODUCING", "UNKNOWN", "UNKNOWN"]
    assert frame.column("cause").tolist() == [None, "steht", "producing"]
    assert told == ["message: state: expected a canonical state (taken as UNKNOWN), got 'producing'"]
