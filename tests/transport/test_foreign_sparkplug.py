"""Edge nodes that are not ours: other names stay other names, no time is made up, no number is made better."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.naming import HASH_DIGITS, SparkplugId, foreign_path
from brokers.sparkplug.host import MOST_DEVICES, MOST_TAGS, UNMAPPED, HostNode
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import RecordingSink, receiving
from tests.transport.test_malformed_message import publish_all
from twin.equipment import SEGMENT
from twin.records import BAD, GOOD, UNCERTAIN, Frame, RecordKind
from twin.sparkplug.protobuf import DataType, Payload, set_value

NOW_NS, SENT_MS, OWN_MS = 1_790_000_000_000_000_000, 1_789_999_990_000, 1_789_999_980_000
NAMES = ("机床", "铣床", "Line 1", "Line-1", "LINE 1")
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
alike = st.sampled_from([*NAMES, "line-1", "line_1", "line.1", "-line-1", "x", "X", "~", "é", "e"])
hashed = (texts | alike).map(lambda name: foreign_path(SparkplugId(name, "n")).split("/")[0])
names = texts | alike | hashed | st.from_regex(SEGMENT, fullmatch=True)


def payload(seq: int, sent_ms: int, metrics: Mapping[str, tuple[int, Any]], own_ms: int = 0) -> Any:
    message = Payload(seq=seq)
    if sent_ms:
        message.timestamp = sent_ms
    for name, (datatype, value) in metrics.items():
        metric = message.metrics.add(name=name, datatype=datatype)
        if own_ms:
            metric.timestamp = own_ms
        if value is not ...:
            set_value(metric, datatype, value)
    return message


def host() -> HostNode:
    node = HostNode(SparkplugId("acme", "edge"), lambda: NOW_NS)
    node.take("NBIRTH", None, payload(0, SENT_MS, {}))
    return node


def telemetry(frames: list[Frame]) -> list[Frame]:
    return [frame for frame in frames if frame.kind is RecordKind.TELEMETRY]


def born(node: HostNode, seq: int, device: str, metrics: Mapping[str, tuple[int, Any]], **times: int) -> Frame:
    (frame,) = telemetry(node.take("DBIRTH", device, payload(seq, times.get("sent_ms", SENT_MS), metrics)))
    return frame


@given(st.tuples(names, names, st.none() | names), st.tuples(names, names, st.none() | names))
def test_other_ids_have_other_paths(one: tuple[str, str, str | None], other: tuple[str, str, str | None]) -> None:
    assert (foreign_path(SparkplugId(*one)) == foreign_path(SparkplugId(*other))) == (one == other)


@given(st.from_regex(SEGMENT, fullmatch=True))
def test_an_id_that_is_a_segment_stays(name: str) -> None:
    segment = foreign_path(SparkplugId("g", name)).name
    assert segment == name or segment[-HASH_DIGITS - 1] == "-"


def test_five_devices_are_five() -> None:
    node = host()
    paths = {born(node, at, name, {"x": (DataType.DOUBLE, 1.0)}).paths for at, name in enumerate(NAMES, 1)}
    assert len(paths) == len(NAMES)
    again = host()
    assert {
        born(again, at, name, {"x": (DataType.DOUBLE, 1.0)}).paths for at, name in enumerate(NAMES[::-1], 1)
    } == paths


def test_the_time_of_a_metric_its_payload_or_its_arrival() -> None:
    node, metrics = host(), {"x": (DataType.DOUBLE, 1.5)}
    assert born(node, 1, "m", metrics).time_ns.tolist() == [SENT_MS * 10**6]
    said = [
        telemetry(node.take("DDATA", "m", payload(2 + at, sent_ms, metrics, own_ms)))[0]
        for at, (sent_ms, own_ms) in enumerate([(SENT_MS, OWN_MS), (SENT_MS, 0), (0, OWN_MS), (0, 0)])
    ]
    assert [int(frame.time_ns[0]) for frame in said] == [
        OWN_MS * 10**6,
        SENT_MS * 10**6,
        OWN_MS * 10**6,
        NOW_NS,
    ]
    assert [None if frame.quality is None else frame.quality.tolist() for frame in said] == [
        *[None] * 3,
        [[int(UNCERTAIN)]],
    ]


def test_the_master_data_of_a_device_without_a_clock_are_not_of_1970() -> None:
    node = host()
    meta, _ = node.take("DBIRTH", "m", payload(1, 0, {"x": (DataType.DOUBLE, 1.0)}))
    assert (meta.kind, meta.time_ns.tolist()) == (RecordKind.META, [NOW_NS])


def test_numbers_that_cannot_be_told_exactly_are_not_good() -> None:
    metrics = {
        "exact": (DataType.INT64, -(2**53)),
        "rounded": (DataType.INT64, 2**60 + 1),
        "large": (DataType.UINT64, 2**64 - 1),
        "null": (DataType.DOUBLE, None),
        "infinite": (DataType.DOUBLE, float("-inf")),
        "absent": (DataType.DOUBLE, ...),
        "zero": (DataType.DOUBLE, 0.0),
    }
    frame = born(host(), 1, "m", metrics)
    assert frame.quality is not None
    assert dict(zip(frame.tags, frame.quality[0].tolist(), strict=True)) == {
        "exact": GOOD,
        "rounded": UNCERTAIN,
        "large": UNCERTAIN,
        "null": BAD,
        "infinite": BAD,
        "absent": BAD,
        "zero": GOOD,
    }
    assert frame.values[0].tolist()[:2] == [-(2.0**53), 2.0**60]
    assert np.isnan(frame.values[0, 3:6]).all()
    doubles = born(host(), 1, "m", {name: spec for name, spec in metrics.items() if spec[0] == DataType.DOUBLE})
    assert doubles.quality is not None
    assert doubles.quality[0].tolist() == [BAD, BAD, BAD, GOOD]


def test_many_times_of_a_tag_are_one_table() -> None:
    node = host()
    born(node, 1, "m", {"x": (DataType.DOUBLE, 1.0), "y": (DataType.INT32, 1)})
    message = Payload(timestamp=SENT_MS, seq=2)
    for at in range(2_000, 0, -1):
        message.metrics.add(name="x", timestamp=OWN_MS + at, double_value=float(at))
        if at % 100 == 0:
            message.metrics.add(name="y", timestamp=OWN_MS + at, int_value=7)
    alone, both = telemetry(node.take("DDATA", "m", message))
    assert (alone.tags, len(alone), both.tags, len(both)) == (("x",), 1_980, ("x", "y"), 20)
    assert alone.column("x").tolist() == [float(at) for at in range(1, 2_001) if at % 100]
    assert (np.diff(alone.time_ns) > 0).all()
    assert (both.column("y") == 7).all()


def test_an_unknown_metric_takes_no_other_with_it() -> None:
    node = host()
    born(node, 1, "m", {"x": (DataType.DOUBLE, 1.0)})
    (frame,) = node.take(
        "DDATA", "m", payload(2, SENT_MS, {"new": (DataType.DOUBLE, 1.0), "x": (DataType.DOUBLE, 2.0)})
    )
    assert (frame.tags, frame.values.tolist()) == (("x",), [[2.0]])
    assert node.wants_rebirth


def test_a_name_that_is_too_long_is_left_out_and_counted() -> None:
    node = host()
    frame = born(node, 1, "m", {"t" * 300: (DataType.DOUBLE, 1.0), "x": (DataType.DOUBLE, 2.0)})
    assert frame.tags == ("x",)
    assert node.refusals.counts == {"metric: expected a name of 1 to 200 characters": 1, UNMAPPED: 1}


def test_a_device_of_others_is_told_once_to_have_no_figures() -> None:
    node = host()
    given = dict.fromkeys(("Status/StateCurrent", "Good Count"), (DataType.INT32, 1))
    for _ in range(3):
        assert set(born(node, 1, "m", given).tags) == {"Status/StateCurrent", "Good Count"}
    assert node.refusals.counts == {UNMAPPED: 1}


def test_the_tags_of_a_device_and_the_devices_of_a_node_are_bounded() -> None:
    node = host()
    wide = {f"t{number}": (int(DataType.DOUBLE), 1.0) for number in range(MOST_TAGS)}
    assert len(born(node, 1, "m", wide).tags) == MOST_TAGS
    with pytest.raises(ValueError, match="expected at most 5000 metrics that are numbers, got 5001"):
        node.take("DBIRTH", "n", payload(2, SENT_MS, {**wide, "t": (int(DataType.DOUBLE), 1.0)}))
    for number in range(MOST_DEVICES - 2):
        node.take("DBIRTH", f"d{number}", payload(number % 256, SENT_MS, {}))
    with pytest.raises(ValueError, match="expected at most 10000 devices"):
        node.take("DBIRTH", "one more", payload(0, SENT_MS, {}))


async def test_the_state_of_another_host_is_not_malformed(mosquitto: Mosquitto) -> None:
    sink = RecordingSink()
    states = [(f"spBv1.0/STATE/{name}", orjson.dumps({"online": True, "timestamp": 1})) for name in ("scada", "x/y")]
    birth = payload(0, SENT_MS, {"x": (DataType.DOUBLE, 1.0)}).SerializeToString()
    async with receiving(mosquitto.url, "sparkplug", sink) as ingest:
        while not telemetry(sink.frames):  # the broker may not have subscribed us when it gets the first
            await asyncio.to_thread(publish_all, mosquitto.port, [*states, ("spBv1.0/acme/NBIRTH/edge", birth)])
            with suppress(TimeoutError):
                await asyncio.wait_for(sink.holds(lambda seen: bool(telemetry(seen.frames))), 2)
        assert ingest.counters.malformed == 0


def aliased(seq: int, *metrics: tuple[str, int, float]) -> Any:
    """A birth of numbers with a name and an alias; without names, their data."""
    message = Payload(seq=seq, timestamp=SENT_MS)
    for name, alias, value in metrics:
        metric = message.metrics.add(alias=alias, datatype=DataType.DOUBLE, double_value=value)
        if name:
            metric.name = name
    return message


def said_by(frames: list[Frame]) -> list[tuple[str, tuple[str, ...], list[list[float]]]]:
    return [(frame.paths[0].name, frame.tags, frame.values.tolist()) for frame in telemetry(frames)]


def test_an_alias_is_of_its_device() -> None:
    """Peers count aliases from 0 in every device: what the other device has of that number is another metric."""
    node = host()
    node.take("DBIRTH", "saw", aliased(1, ("force", 5, 1.0)))
    node.take("DBIRTH", "mill", aliased(2, ("speed", 5, 2.0)))
    assert said_by(node.take("DDATA", "saw", aliased(3, ("", 5, 7.0)))) == [("saw", ("force",), [[7.0]])]
    assert said_by(node.take("DDATA", "mill", aliased(4, ("", 5, 8.0)))) == [("mill", ("speed",), [[8.0]])]
    assert (node.counters.unknown, node.wants_rebirth) == (0, False)
    node.take("DBIRTH", "saw", aliased(5, ("length", 5, 3.0)))  # born anew with other metrics
    assert said_by(node.take("DDATA", "saw", aliased(6, ("", 5, 9.0)))) == [("saw", ("length",), [[9.0]])]


def test_an_alias_of_two_metrics_stands_for_none() -> None:
    node = host()
    node.take("DBIRTH", "m", aliased(1, ("p", 1, 1.0), ("q", 1, 2.0), ("r", 2, 3.0), ("s", 1, 4.0)))
    assert said_by(node.take("DDATA", "m", aliased(2, ("", 1, 7.0), ("", 2, 8.0)))) == [("m", ("r",), [[8.0]])]
    assert node.counters.unknown == 1
    assert node.refusals.counts["metric: expected an alias for one metric of a birth"] == 2


def test_a_metric_with_a_time_that_cannot_be_harms_no_other() -> None:
    node = host()
    born(node, 1, "m", {"x": (DataType.DOUBLE, 1.0), "y": (DataType.DOUBLE, 1.0)})
    message = aliased(2, ("x", 0, 3.0), ("y", 0, 4.0))
    message.metrics[0].timestamp = 2**64 - 1
    assert said_by(node.take("DDATA", "m", message)) == [("m", ("y",), [[4.0]])]
    message = aliased(3, ("x", 0, 5.0))
    message.timestamp = 2**64 - 1
    (frame,) = node.take("DDATA", "m", message)
    assert (frame.time_ns.tolist(), frame.values.tolist()) == ([NOW_NS], [[5.0]])
    assert frame.quality is not None
    assert frame.quality.tolist() == [[UNCERTAIN]]
    assert {reason for reason in node.refusals.counts if "64 bits" in reason} == {
        "metric: expected a time in ms of 64 bits in ns", "payload: expected a time in ms of 64 bits in ns"
    }  # fmt: skip


def test_a_last_will_without_a_number_is_a_death() -> None:
    node = HostNode(SparkplugId("acme", "edge"), lambda: NOW_NS)
    birth = payload(0, SENT_MS, {"bdSeq": (DataType.INT64, 3)})
    node.take("NBIRTH", None, birth)
    node.take("NDEATH", None, payload(0, SENT_MS, {"bdSeq": (DataType.INT64, 2)}))
    assert node.online, "of a session before this one"
    node.take("NDEATH", None, payload(0, SENT_MS, {}))
    assert not node.online


def test_whole_numbers_of_every_width() -> None:
    """As peers write them: the sign in the width of the type, of 32 bits or of 64; what is none is bad."""
    node, message = host(), Payload(seq=1, timestamp=SENT_MS)
    for name, datatype, field, value, _ in WHOLE:
        message.metrics.add(name=name, datatype=datatype, **{field: value})
    (frame,) = telemetry(node.take("DBIRTH", "m", message))
    assert frame.tags == tuple(name for name, *_ in WHOLE)
    found = [None if np.isnan(value) else value for value in frame.values[0].tolist()]
    assert found == [wanted for *_, wanted in WHOLE]
    assert frame.quality is not None
    assert (frame.quality[0] == BAD).tolist() == [wanted is None for *_, wanted in WHOLE]


WHOLE = [
    ("i8", DataType.INT8, "int_value", 249, -7),
    ("i8 of 32", DataType.INT8, "int_value", 2**32 - 7, -7),
    ("i8 beyond", DataType.INT8, "int_value", 300, None),
    ("i16", DataType.INT16, "int_value", 65_529, -7),
    ("i16 plain", DataType.INT16, "int_value", 249, 249),
    ("i32", DataType.INT32, "int_value", 2**32 - 7, -7),
    ("i32 of 64", DataType.INT32, "long_value", 2**64 - 7, -7),
    ("i32 in 64", DataType.INT32, "long_value", 2**32 - 7, -7),
    ("i64", DataType.INT64, "long_value", 2**64 - 7, -7),
    ("i64 in 32", DataType.INT64, "int_value", 2**32 - 7, -7),
    ("i64 plain", DataType.INT64, "long_value", 2**32 - 7, 2**32 - 7),
    ("u8", DataType.UINT8, "int_value", 249, 249),
    ("u8 of 32", DataType.UINT8, "int_value", 2**32 - 7, 249),
    ("u8 beyond", DataType.UINT8, "int_value", 300, None),
    ("u32", DataType.UINT32, "int_value", 2**32 - 7, 2**32 - 7),
]
"""Name, data type, field, bits, and the number; None: bad."""
