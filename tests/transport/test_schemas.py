"""What goes over the wire is what the JSON Schemas say, and what they say is taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from brokers.links import pieces
from brokers.mqtt.codec import MalformedError, decode, encode
from brokers.mqtt.schemas import document
from brokers.naming import UnsTopic, parse_uns_topic, uns_topic
from scenarios.headless.simulation import simulate
from scenarios.loader import load
from tests.transport.parts import SITE, T0, UNITS
from twin.master import EquipmentMaster, PlaceMaster, meta_frame, read_master
from twin.records import MEANINGS, SPECS, Column, ColumnType, Frame, RecordKind, records

DOCUMENT = document()
VALID = {
    kind: Draft7Validator({"$ref": f"#/definitions/{kind}", "definitions": DOCUMENT["definitions"]})
    for kind in RecordKind
}


def message(kind: RecordKind, values: dict[str, Any]) -> dict[str, Any]:
    return {"v": 1, "kind": kind.value, "rows": [{"time": "2026-03-02T08:00:00Z", "values": values}]}


def test_the_schemas_are_schemas_and_say_what_every_column_means() -> None:
    Draft7Validator.check_schema(DOCUMENT)
    assert set(MEANINGS) == set(RecordKind)
    assert all(column.meaning for columns in SPECS.values() for column in columns)


@pytest.mark.parametrize(
    ("name", "hours"), [("workshop", 2), ("scooter_works", 2), ("job_shop", 1), ("nev_chain", 0.25)]
)
def test_every_message_of_a_run_is_as_its_schema_says(name: str, hours: float) -> None:
    sent: dict[tuple[str, ...], bytes] = {}

    def take(frame: Frame) -> None:
        for piece in pieces(frame.stamped("a/b", "run", 1), by_window=True):
            # of messages alike in everything but the values one stands for all
            sent[piece.kind.value, *piece.tags, str(piece.column("schema")[0]) if piece.kind == "meta" else ""] = (
                encode(piece)
            )

    simulate(load(name), until_s=hours * 3600, take=take)
    for (kind, *_), payload in sent.items():
        VALID[RecordKind(kind)].validate(orjson.loads(payload))
    assert {kind for kind, *_ in sent} >= {"telemetry", "state", "part", "heartbeat", "meta"}


def good(column: Column) -> st.SearchStrategy[Any]:
    """Values that a column may have, most often at the ends of what it may."""
    low, high = column.low, column.high
    if column.words:
        return st.sampled_from(sorted(column.words))
    if column.type is ColumnType.TEXT:
        return st.sampled_from(["x", "电池", "é" * column.longest if column.longest < 2_000 else "é", 'a"b\\c\n'])
    if column.type is ColumnType.INTEGER:
        low, high = int(max(low, -(2**63))), int(min(high, 2**63 - 1))
        return st.sampled_from([low, high, (low + high) // 2])
    low, high = max(low, -1.7e308), min(high, 1.7e308)
    return st.sampled_from([low, high, max(low, 0.0), max(low, -0.0), 0.5])


def wrong(column: Column) -> st.SearchStrategy[Any]:
    """Values that a column may not have."""
    found: list[Any] = [[], {}]
    found += [None] if column.required else []
    if column.type is ColumnType.TEXT:
        found += ["" if not column.blank else 7, "x" * (column.longest + 1) if column.longest < 20_000 else 7, 7, 1.5]
    else:
        found += ["7", column.high * 2 + 1, column.low * 2 - 1]
        found += [1.5, 2**63] if column.type is ColumnType.INTEGER else []
    return st.sampled_from([value for value in found if value not in (float("inf"), -float("inf"))])


@st.composite
def rows(draw: st.DrawFn) -> tuple[RecordKind, dict[str, Any]]:
    kind = draw(st.sampled_from([kind for kind in SPECS if kind is not RecordKind.META]))
    values: dict[str, Any] = {}
    for column in SPECS[kind]:
        absent = st.none() if not column.required else st.nothing()
        values[column.name] = draw(good(column) | absent)
    if draw(st.booleans()):
        spoilt = draw(st.sampled_from(SPECS[kind]))
        values[spoilt.name] = draw(wrong(spoilt))
    for column in SPECS[kind]:
        if values[column.name] is None and draw(st.booleans()):
            del values[column.name]
    if kind is RecordKind.STATE:  # the words of others are taken as UNKNOWN
        values["state"] = draw(st.sampled_from(sorted(SPECS[kind][0].words)))
    return kind, values


@given(rows())
def test_the_schema_and_the_wire_take_the_same_rows(row: tuple[RecordKind, dict[str, Any]]) -> None:
    kind, values = row
    said = message(kind, values)
    try:
        decode(UnsTopic(UNITS[0], kind), orjson.dumps(said))
        taken = True
    except (MalformedError, TypeError):
        taken = False
    assert VALID[kind].is_valid(said) == taken, values


NUMBERED = {"publisher": "a", "run": "r"}
NOON = "2026-03-02T12:00:00Z"
FAILED = {"state": "FAILED"}
HEADS: list[dict[str, Any]] = [
    {"v": 2},
    {"kind": "stock"},
    {"extra": 1},
    *({"rows": rows} for rows in ([], {}, [{"time": NOON}], [{"values": FAILED}])),
    *({"seq": seq} | NUMBERED for seq in (-1, 0, 1.5, 2**63 - 1, 2**63)),
    {"seq": 1},
    {"sent": NOON, "historical": True},
    {"rows": [{"time": NOON, "values": FAILED, "quality": {"state": 3}}]},
    {"rows": [{"time": 1.8e9, "values": FAILED, "quality": {"state": 1}}]},
]


@pytest.mark.parametrize("head", HEADS, ids=str)
def test_the_schema_and_the_wire_take_the_same_messages(head: dict[str, Any]) -> None:
    said = message(RecordKind.STATE, {"state": "FAILED"}) | head
    try:
        decode(UnsTopic(UNITS[0], RecordKind.STATE), orjson.dumps(said))
        taken = True
    except MalformedError:
        taken = False
    assert VALID[RecordKind.STATE].is_valid(said) == taken


def master_messages() -> Iterator[dict[str, Any]]:
    machine = EquipmentMaster(kind="machine", en="Press", zh="压机", ideal_s=58.5)
    for path, master in ((UNITS[0], machine), (SITE, PlaceMaster(en="Site", zh="厂"))):
        yield orjson.loads(encode(meta_frame(T0, [(path, master)])))


def test_master_data_are_json_in_the_message() -> None:
    machine, site = master_messages()
    assert machine["rows"][0]["values"]["schema"] == "equipment"
    assert machine["rows"][0]["values"]["body"]["ideal_s"] == 58.5
    assert site["rows"][0]["values"]["body"]["zh"] == "厂"


def test_master_data_of_the_wrong_form_are_not_as_their_schema_says() -> None:
    machine, _ = master_messages()
    machine["rows"][0]["values"]["body"]["ideal_s"] = "fast"
    assert not VALID[RecordKind.META].is_valid(machine)


CANONICAL = ['{"a":1}', '{"a":1.0}', '{"电":"池","x":[null,true,-0.0,1e+22]}', '{"a":{"a":{}}}', "{}"]
OTHER = [
    '{ "a" : 1 }',
    '{"a":1,"a":2}',
    '{"a":123456789012345678901}',
    '{"a":"\\u7535"}',
    '{"a":1e999}',
    "[1]",
    "7",
    "{",
]
DEEP = '{"a":' * 300 + "1" + "}" * 300
TEXTS = [*CANONICAL, *OTHER, "not json", "{" * 400, DEEP]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:30])
def test_a_document_comes_as_it_went(text: str) -> None:
    frame = records(RecordKind.META, [(UNITS[0], T0, ("own", text))])
    topic = parse_uns_topic(uns_topic(UNITS[0], RecordKind.META))
    assert decode(topic, encode(frame)).values.tolist() == [["own", text]]


def test_master_data_as_text_are_read_as_before() -> None:
    machine, _ = master_messages()
    values = machine["rows"][0]["values"]
    as_json = decode(UnsTopic(UNITS[0], RecordKind.META), orjson.dumps(machine))
    values["body"] = orjson.dumps(values["body"]).decode()
    as_text = decode(UnsTopic(UNITS[0], RecordKind.META), orjson.dumps(machine))
    assert as_json.values.tolist() == as_text.values.tolist()
    assert read_master(*as_json.values[0]) == EquipmentMaster(kind="machine", en="Press", zh="压机", ideal_s=58.5)


@pytest.mark.parametrize("body", [[1], 7, True, {"a": {"a": 1}, "b": float("1e300")}, None], ids=str)
def test_a_document_is_an_object_or_a_text(body: Any) -> None:
    said = message(RecordKind.META, {"schema": "own", "body": body})
    try:
        decode(UnsTopic(UNITS[0], RecordKind.META), orjson.dumps(said))
        taken = True
    except MalformedError:
        taken = False
    assert taken == isinstance(body, dict) == VALID[RecordKind.META].is_valid(said)


def test_a_document_without_end_is_refused() -> None:
    deep = b'{"a":' * 300 + b"1" + b"}" * 300
    said = orjson.dumps(message(RecordKind.META, {"schema": "own", "body": 7})).replace(b'"body":7', b'"body":' + deep)
    with pytest.raises(MalformedError, match="document"):
        decode(UnsTopic(UNITS[0], RecordKind.META), said)
