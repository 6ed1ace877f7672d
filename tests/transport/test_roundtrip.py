"""What goes into a transport comes out of it: any value, type and quality."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from brokers.mqtt.codec import decode, encode
from brokers.naming import parse_uns_topic, sparkplug_node, uns_topic
from brokers.sparkplug.edge import EdgeNode
from brokers.sparkplug.host import HostNode
from brokers.sparkplug.metrics import QUALITY
from tests.transport.parts import SITE, T0, UNITS
from tests.transport.test_schemas import good
from twin.records import BAD, SPECS, ColumnType, Frame, RecordKind, records
from twin.sparkplug.protobuf import DataType, parse

Way = Callable[[Frame], Frame]


def over_uns(frame: Frame) -> Frame:
    return decode(parse_uns_topic(uns_topic(frame.paths[0], frame.kind)), encode(frame))


def over_sparkplug(frame: Frame) -> Frame:
    edge, host = EdgeNode(SITE), HostNode(sparkplug_node(SITE))
    found: list[Frame] = []
    for topic, payload in edge.messages(frame):
        _, _, word, _, *device = topic.split("/")
        found += host.take(word, device[0] if device else None, parse(payload))
    (only,) = [one for one in found if one.seq >= 0]
    return only


WAYS = {"uns": over_uns, "sparkplug": over_sparkplug}
FLOATS = st.one_of(
    st.sampled_from(
        [math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, -1.7976931348623157e308, 2.0**53 + 2, -(2.0**63)]
    ),
    st.floats(),
)
QUALITIES = st.sampled_from([0, 1, 2])
TAGS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200)


def own(tag: str) -> bool:
    """Whether a name means something else to Sparkplug as we use it."""
    return tag.partition("/")[0] in ("Frame", "Node Control", "Command") or tag == "bdSeq" or "/" in tag


@pytest.mark.parametrize("way", WAYS)
@given(tags=st.lists(TAGS, min_size=1, max_size=4, unique=True), data=st.data())
def test_readings_come_as_they_went(way: str, tags: list[str], data: st.DataObject) -> None:
    names = tuple(tag for tag in tags if way == "uns" or not own(tag)) or ("电 压",)
    shape = (data.draw(st.integers(1, 3)), len(names))
    cells = shape[0] * shape[1]
    values = np.array(data.draw(st.lists(FLOATS, min_size=cells, max_size=cells))).reshape(shape)
    quality = np.array(data.draw(st.lists(QUALITIES, min_size=cells, max_size=cells)), np.uint8).reshape(shape)
    times = T0 + np.cumsum(np.array(data.draw(st.lists(st.integers(1, 10**10), min_size=shape[0], max_size=shape[0]))))
    historical = data.draw(st.booleans())
    frame = Frame(
        RecordKind.TELEMETRY, (UNITS[0],) * shape[0], times, names, values, quality, SITE, "run", 7, historical
    )
    got = WAYS[way](frame)
    unknown = ~np.isfinite(values)
    known = np.where(unknown, np.nan, values)
    assert got.tags == names
    assert got.values.tobytes() == known.tobytes(), "bit by bit, with the sign of zero"
    marks = np.zeros(shape, np.uint8) if got.quality is None else got.quality
    assert (marks == np.where(unknown, BAD, quality)).all()
    assert got.time_ns.tolist() == times.tolist()
    assert (got.paths, got.publisher, got.run, got.seq, got.historical) == (frame.paths, SITE, "run", 7, historical)


@st.composite
def rows(draw: st.DrawFn) -> tuple[RecordKind, tuple[Any, ...]]:
    kind = draw(st.sampled_from([*SPECS]))
    values = []
    for column in SPECS[kind]:
        odd = [] if column.required else [None]
        odd += [""] if column.blank else []
        odd += [math.nan, math.inf] if column.type is ColumnType.FLOAT and not column.required else []
        value = st.just('{"a":"电"}') if column.document else good(column)
        values.append(draw(value | st.sampled_from(odd) if odd else value))
    return kind, tuple(values)


ENDS = (RecordKind.ORDER, ("o", "placed", None, -0.0, 2**63 - 1, "", None))


@pytest.mark.parametrize("way", WAYS)
@given(row=rows())
@example(row=ENDS)
@example(row=(RecordKind.KPI, ("oee", None, "day", 2**63 - 1, -0.0, *[None] * 10)))
def test_records_come_as_they_went(way: str, row: tuple[RecordKind, tuple[Any, ...]]) -> None:
    kind, values = row
    got = WAYS[way](records(kind, [(UNITS[0], T0 + 1, values)]).stamped(SITE, "run", 7))
    wanted = [None if isinstance(value, float) and not math.isfinite(value) else value for value in values]
    assert got.values.tolist() == [wanted]
    for column, value in zip(SPECS[kind], got.values[0], strict=True):
        if value is not None and column.type is ColumnType.INTEGER:
            assert type(value) is int, column.name
        if isinstance(value, float):
            assert math.copysign(1, value) == math.copysign(1, wanted[got.tags.index(column.name)])


@pytest.mark.parametrize(("quality", "code"), [(1, 500), (2, 0)])
def test_quality_has_the_code_and_the_type_of_the_specification(quality: int, code: int) -> None:
    marks = np.array([[quality]], np.uint8)
    frame = Frame(RecordKind.TELEMETRY, (UNITS[0],), np.array([T0]), ("a",), np.array([[1.5]]), marks, SITE, "run", 0)
    payload = parse(list(EdgeNode(SITE).messages(frame))[-1].payload)
    properties = payload.metrics[-1].properties
    assert list(properties.keys) == [QUALITY]
    assert (properties.values[0].type, properties.values[0].int_value) == (DataType.INT32, code)
