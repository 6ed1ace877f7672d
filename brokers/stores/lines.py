"""InfluxDB line protocol: frames to bytes and back.

Measurement = kind of record; tags = the ISA-95 levels and the bounded columns of the kind; fields =
values. A value that is not a finite number is left out. Characters that the protocol cannot carry in
a name or tag (control characters, backslash) are written as ``%`` and two hexadecimal digits.
"""
# mypy: disable-error-code="attr-defined, name-defined"
# pyarrow has no exported names that mypy could see

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from brokers.columns import INT64, ColumnType, cleaned, column_type
from brokers.naming import STORE_TAGS, store_tags, stored_path
from brokers.stores.schema import APART, event_frame, known_tags, merged
from twin.equipment import EquipmentPath
from twin.errors import RefusedRowsError
from twin.records import COLUMNS, SPECS, Frame, RecordKind
from twin.states import UnitState

QUALITY = "quality_code"
"""Field with the worst quality of a telemetry point, left out when all is good."""
LANE = "lane"
"""Tag that keeps loads and orders apart that something happens to in the same instant."""
LANES: dict[RecordKind, tuple[str, int]] = {RecordKind.SHIPMENT: ("shipment", 16), RecordKind.ORDER: ("order", 64)}
"""By kind, the column that the lane is made from and the number of lanes."""
ROUND = "pass"
"""Tag that keeps parts apart that end in the same instant at their first pass and later."""

TAG_COLUMNS: dict[RecordKind, tuple[str, ...]] = {
    RecordKind.PART: ("item",),
    RecordKind.STOCK: ("item",),
    RecordKind.SHIPMENT: ("event", "item", "origin", "destination"),
    RecordKind.ORDER: ("event", "item", "origin", "destination"),
    RecordKind.ALARM: ("code",),
    RecordKind.META: ("schema",),
    RecordKind.KPI: ("kpi", "scope", "window"),
}
"""Columns that travel as tags; all have few values."""

ROW = "n"
"""Field, always 1, of the kinds that have no other field that is always there."""
ANCHOR: dict[RecordKind, str] = {
    RecordKind.STATE: "code",
    RecordKind.PART: ROW,
    RecordKind.STOCK: ROW,
    RecordKind.SHIPMENT: "shipment",
    RecordKind.ORDER: "order",
    RecordKind.ALARM: "text",
    RecordKind.HEARTBEAT: ROW,
    RecordKind.META: "body",
    RecordKind.KPI: "rule_version",
}
"""A field that every point of a kind has, to count by; texts are written even when they are unknown."""

EMPTY = "empty"
"""Field with the numbers that a row does not have: a row said again in which one is unknown now replaces a point, and
what it does not write would stay."""
SAID_AGAIN = tuple(
    kind
    for kind, columns in SPECS.items()
    if kind not in APART and any(not (column.required or column.type is ColumnType.TEXT) for column in columns)
)
"""Kinds whose rows may be said again without some of their numbers."""


def said_with(column: str) -> str:
    """InfluxQL condition for points whose number was not taken back.

    A point of an earlier version has no field ``empty``: unknown compared with a pattern is unknown, which equals
    false, where ``!~`` would leave it out.

    >>> said_with("value")
    '("empty" =~ /(^| )value( |$)/) = false'
    """
    return f'("{EMPTY}" =~ /(^| ){column}( |$)/) = false'


RUN = "run_id"
"""Tag of the points of a run that is kept apart from others in the same place."""

_RESERVED = {*STORE_TAGS, QUALITY, RUN, "time"}
_NOT_CARRIED = re.compile(r"[\x00-\x1f\x7f\\]|%(?=[01][0-9A-F]|7F|5C|25)")
_CARRIED = re.compile(r"%([01][0-9A-F]|7F|5C|25)")


def carried(text: str) -> str:
    """A name or tag value without what the protocol cannot carry; different texts stay different.

    >>> carried("a\\\\b"), carried("50 %"), carried("%5C")
    ('a%5Cb', '50 %', '%255C')
    """
    return _NOT_CARRIED.sub(lambda match: f"%{ord(match[0]):02X}", text)


def uncarried(text: str) -> str:
    """The reverse of ``carried``.

    >>> uncarried("a%5Cb") == "a\\\\b", uncarried("%255C")
    (True, '%5C')
    """
    return _CARRIED.sub(lambda match: chr(int(match[1], 16)), text)


def field_name(tag: str) -> str:
    """Name of the field of a telemetry tag.

    >>> field_name("force"), field_name("time")
    ('force', 'time_')
    """
    return carried(f"{tag}_" if tag.rstrip("_") in _RESERVED else tag)


def tag_name(field: str) -> str:
    """The telemetry tag of a field, the reverse of ``field_name``."""
    return uncarried(field[:-1] if field.endswith("_") and field.rstrip("_") in _RESERVED else field)


@lru_cache(maxsize=65536)
def escaped(text: str) -> str:
    """A name or tag value as the protocol writes it.

    >>> escaped("door left,a=b")
    'door\\\\ left\\\\,a\\\\=b'
    """
    return re.sub(r"([,= ])", r"\\\1", carried(text))


def _escaped(name: str) -> str:
    return re.sub(r"([,= ])", r"\\\1", name)


def _prefix(kind: RecordKind, path: str, run: str) -> str:
    own = [f"{RUN}={run}"] if run else []
    return ",".join([str(kind), *(f"{level}={segment}" for level, segment in store_tags(path).items()), *own])


# frames to bytes


Aside = Callable[[str, int, str], str]
"""Gives the head with which a point is written, from its head, time and fields."""


def encoded(frames: Iterable[Frame], points: int = 5000, run: str = "", aside: Aside | None = None) -> Iterator[bytes]:
    """Frames as line protocol, at most ``points`` lines in a piece.

    Args:
        frames: Any frames.
        points: Most lines in a piece; about 5,000 suit a server best.
        run: Run that the points are kept apart for; empty: none.
        aside: Keeps different events apart that would be one point; None: nobody does.

    Raises:
        RefusedRowsError: A value that cannot be written.
    """
    for frame in merged(frames):
        lines = _lines(frame, run, aside if frame.kind in APART else None)
        for start in range(0, len(lines), points):
            yield _bytes_of(lines.slice(start, points))


def _lines(frame: Frame, run: str, aside: Aside | None) -> pa.StringArray:
    try:
        if frame.kind is RecordKind.TELEMETRY:
            return _telemetry_lines(frame, run)
        return pa.array([_event_line(*point, aside) for point in event_points(frame, run)])
    except (ValueError, TypeError, OverflowError) as error:
        raise RefusedRowsError(f"line protocol: {frame.kind} of {frame.paths[0]}: {error}") from error


def _bytes_of(lines: pa.StringArray) -> bytes:
    offsets = np.frombuffer(lines.buffers()[1], dtype=np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return bytes(lines.buffers()[2][int(offsets[0]) : int(offsets[-1])])


def _telemetry_lines(frame: Frame, run: str) -> pa.StringArray:
    some = np.isfinite(np.asarray(known_tags(frame).values, dtype=np.float64)).any(axis=1)
    if not some.all():  # before anything is joined: Arrow drops a row that has nothing to join
        frame = frame.take(np.flatnonzero(some))
    if not len(frame):
        return pa.array([], pa.string())
    fields = [_float_field(field_name(tag), frame.values[:, index]) for index, tag in enumerate(frame.tags)]
    worst = None if frame.quality is None else frame.quality.max(axis=1)
    if worst is not None and worst.any():
        text = pc.binary_join_element_wise(f"{QUALITY}=", pa.array(worst).cast(pa.string()), "i", "")
        fields.append(pc.if_else(pa.array(worst > 0), text, None))
    values = pc.binary_join_element_wise(*fields, ",", null_handling="skip")
    stamps = pa.array(frame.time_ns).cast(pa.string())
    lines = pc.binary_join_element_wise(_prefixes(frame, run), values, stamps, " ")
    return pc.binary_join_element_wise(lines, "\n", "")


def _float_field(name: str, column: Any) -> pa.StringArray:
    values = np.ascontiguousarray(column, dtype=np.float64)
    text = pc.binary_join_element_wise(f"{_escaped(name)}=", pa.array(values).cast(pa.string()), "")
    finite = np.isfinite(values)
    return text if finite.all() else pc.if_else(pa.array(finite), text, None)


def _prefixes(frame: Frame, run: str) -> pa.StringArray:
    numbers: dict[str, int] = {}
    index = [numbers.setdefault(path, len(numbers)) for path in frame.paths]
    return pa.array([_prefix(frame.kind, path, run) for path in numbers]).take(pa.array(index))


def _event_line(head: str, time_ns: int, fields: str, aside: Aside | None) -> str:
    return f"{head if aside is None else aside(head, time_ns, fields)} {fields} {time_ns}\n"


def event_points(frame: Frame, run: str) -> Iterator[tuple[str, int, str]]:
    """Head (measurement and tags), time and fields of each row of a frame of events."""
    kind = frame.kind
    for path, time_ns, values in zip(frame.paths, frame.time_ns.tolist(), frame.values, strict=True):
        try:
            head, fields = _event_point(kind, _prefix(kind, path, run), values)
        except (ValueError, TypeError, OverflowError) as error:
            raise RefusedRowsError(f"line protocol: {kind} of {path}: {error}") from error
        yield head, time_ns, fields


def _event_point(kind: RecordKind, prefix: str, values: Sequence[Any]) -> tuple[str, str]:
    point = {name: cleaned(name, value) for name, value in zip(COLUMNS[kind], values, strict=True)}
    tags = TAG_COLUMNS.get(kind, ())
    head = [prefix, *(f"{name}={escaped(str(point[name]))}" for name in tags if point[name])]
    if kind in LANES:
        column, lanes = LANES[kind]
        head.append(f"{LANE}={crc32(str(point[column]).encode()) % lanes}")
    if kind is RecordKind.PART and point["first_pass"] is not None:
        head.append(f"{ROUND}={'first' if point['first_pass'] else 'again'}")
    fields = [f"{name}={text}" for name in point if name not in tags and (text := _field(name, point[name]))]
    if kind in SAID_AGAIN:
        written = {field.partition("=")[0] for field in fields}
        fields.append(f'{EMPTY}="{" ".join(name for name in point if name not in tags and name not in written)}"')
    if kind is RecordKind.STATE:
        fields.append(f"code={_code(point['state'])}i")
    if ANCHOR[kind] == ROW:
        fields.append(f"{ROW}=1i")
    return ",".join(head), ",".join(fields)


def _code(state: Any) -> int:
    return UnitState[state].value if state in UnitState.__members__ else UnitState.UNKNOWN.value


def _field(name: str, value: Any) -> str:
    """A field's value; empty when it is left out. An unknown text is written, to replace an earlier one."""
    kind = column_type(name)
    if kind is ColumnType.TEXT:
        return '"' + (value or "").replace("\\", "\\\\").replace('"', '\\"') + '"'
    if value is None or not math.isfinite(value):
        return ""
    return f"{value}i" if kind is ColumnType.INTEGER else repr(value)


# bytes to frames

_KEY = r"(?:\\.|[^,= \\\n])+"
_SCALAR = r'(?:"(?:\\.|[^"\\])*"|[^", \n]+)'
_POINT = re.compile(
    rf"(?P<name>{_KEY})(?P<tags>(?:,{_KEY}={_KEY})*)"
    rf" (?P<fields>{_KEY}={_SCALAR}(?:,{_KEY}={_SCALAR})*) (?P<time>-?[0-9]{{1,20}})\n",
    re.DOTALL,
)
_TAG = re.compile(rf",({_KEY})=({_KEY})")
_FIELD = re.compile(rf"({_KEY})=({_SCALAR}),?", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


Bad = Callable[[str, Exception], None]
"""Told of a line that cannot be read."""


def decoded(text: str, bad: Bad | None = None) -> list[Frame]:
    """Frames from lines that ``encoded`` wrote; comments are skipped.

    Args:
        text: Whole lines.
        bad: Told of a line that cannot be read, which is left out; None: such a line raises.

    Raises:
        ValueError: What follows a place is no line of this protocol.
    """
    events: dict[RecordKind, list[tuple[Any, ...]]] = {}
    telemetry: dict[tuple[str, ...], list[tuple[EquipmentPath, int, dict[str, Any]]]] = {}
    for point in points(text, bad):
        try:
            kind, time_ns, tags, fields = RecordKind(point[0]), _stamp(point[1]), point[2], point[3]
            if kind is RecordKind.TELEMETRY:
                row = (stored_path(tags), time_ns, _readings(fields))
                telemetry.setdefault(tuple(fields), []).append(row)
            else:
                events.setdefault(kind, []).append(event_row(kind, time_ns, {**tags, **fields}))
        except (ValueError, RefusedRowsError) as error:
            if bad is None:
                raise
            bad(repr(point)[:200], error)
    frames = [_telemetry_frame(names, rows) for names, rows in telemetry.items()]
    return frames + [event_frame(kind, rows) for kind, rows in events.items()]


def _stamp(time_ns: int) -> int:
    if time_ns not in INT64:
        raise ValueError(f"time: expected nanoseconds in 64 bits, got {time_ns}")
    return time_ns


def _readings(fields: Mapping[str, Any]) -> dict[str, float]:
    found = {name: _number(value) for name, value in fields.items()}
    if found.get(QUALITY, 0.0) not in (0.0, 1.0, 2.0):
        raise ValueError(f"{QUALITY}: expected 0, 1 or 2, got {fields[QUALITY]!r:.100}")
    return found


def _number(value: Any) -> float:
    if isinstance(value, str):
        raise ValueError(f"telemetry: expected a number, got {value!r:.100}")
    return float(value)


def points(text: str, bad: Bad | None = None) -> Iterator[tuple[str, int, dict[str, str], dict[str, Any]]]:
    """Measurement, time, tags and fields of each line; see ``decoded``.

    Raises:
        ValueError: What follows a place is no line of this protocol.
    """
    place = 0
    while place < len(text):
        match = None if text[place] in "#\n" else _POINT.match(text, place)
        if match is None:
            end = text.find("\n", place) + 1 or len(text)
            if text[place] not in "#\n":
                error = ValueError(f"line protocol: expected a point, got {text[place : place + 60]!r}")
                if bad is None:
                    raise error
                bad(text[place:end][:200], error)
            place = end
            continue
        tags = {_plain(name): _plain(value) for name, value in _TAG.findall(match["tags"])}
        try:
            fields = {_plain(name): _value(value) for name, value in _FIELD.findall(match["fields"])}
            yield _plain(match["name"]), int(match["time"]), tags, fields
        except ValueError as error:
            if bad is None:
                raise
            bad(match[0][:200], error)
        place = match.end()


def _plain(text: str) -> str:
    return _ESCAPE.sub(r"\1", text)


def _value(text: str) -> Any:
    if text.startswith('"'):
        return _plain(text[1:-1])
    if not text.endswith("i"):
        return float(text)
    if len(text) > 21:
        raise ValueError(f"integer: expected at most 20 digits, got {len(text) - 1}")
    return int(text[:-1])


def event_row(kind: RecordKind, time_ns: int, point: Mapping[str, Any]) -> tuple[Any, ...]:
    """A row (path, time_ns, *columns) from the tags and fields of a point."""
    empty = str(point.get(EMPTY, "")).split()
    known = {name: value for name, value in point.items() if value != "" and name not in empty}
    for name in TAG_COLUMNS.get(kind, ()):
        if isinstance(text := known.get(name), str):
            known[name] = uncarried(text)
    return (stored_path(point), time_ns, *(cleaned(name, known.get(name)) for name in COLUMNS[kind]))


def _telemetry_frame(names: Sequence[str], rows: Sequence[tuple[EquipmentPath, int, dict[str, Any]]]) -> Frame:
    fields = [name for name in names if name != QUALITY]
    values = np.array([[point[name] for name in fields] for _, _, point in rows], dtype=np.float64)
    codes = np.array([[point.get(QUALITY, 0)] for _, _, point in rows], dtype=np.uint8)
    time_ns = np.array([time for _, time, _ in rows], dtype=np.int64)
    quality = np.broadcast_to(codes, values.shape) if QUALITY in names else None
    tags = tuple(tag_name(name) for name in fields)
    return Frame(RecordKind.TELEMETRY, tuple(path for path, _, _ in rows), time_ns, tags, values, quality)
