"""UNS messages: JSON with value, quality and timestamp; format version 1.

.. code-block:: json

   {"v": 1, "publisher": "yujiang/vehicle", "run": "4f0c", "seq": 17, "kind": "telemetry",
    "rows": [{"time": "2025-06-02T08:00:01.000000000Z", "values": {"power_kw": 3.2, "x": null},
              "quality": {"x": 2}}]}

The path and the kind are those of the topic. ``quality`` names only values that are not good
(1 uncertain, 2 bad); an unknown number is null and bad. A message without ``publisher``, ``run``
and ``seq`` is foreign: taken, but not marked.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from brokers.columns import misfit
from brokers.naming import UnsTopic
from twin.equipment import EquipmentPath
from twin.records import BAD, COLUMNS, Frame, RecordKind

VERSION = 1
SCHEMA = "factory.uns.v1"
MOST_BYTES = 4 * 1024 * 1024
MOST_ROWS = 10_000
MOST_TAGS = 2_000
TIME = re.compile(r"(19[789]\d|20\d\d|21\d\d)-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")
KEYS = {"v", "publisher", "run", "seq", "kind", "historical", "rows"}
ROW_KEYS = {"time", "values", "quality"}


class MalformedError(ValueError):
    """A message is not what its topic promises."""


def iso_times(time_ns: NDArray[np.int64]) -> list[str]:
    """Times with nine decimals.

    >>> iso_times(np.array([1]))
    ['1970-01-01T00:00:00.000000001Z']
    """
    return [f"{text}Z" for text in np.datetime_as_string(time_ns.astype("M8[ns]")).tolist()]


def encode(frame: Frame) -> bytes:
    """A stamped piece (one path, one kind) as JSON.

    Raises:
        ValueError: It would be larger than any receiver takes.
    """
    values, quality = frame.values.tolist(), _quality_of(frame)
    rows = []
    for row, time in enumerate(iso_times(frame.time_ns)):
        body: dict[str, Any] = {"time": time, "values": dict(zip(frame.tags, values[row], strict=True))}
        if quality is not None and quality[row].any():
            body["quality"] = {frame.tags[i]: int(quality[row, i]) for i in np.flatnonzero(quality[row])}
        rows.append(body)
    head: dict[str, Any] = {"v": VERSION, "kind": frame.kind.value}
    if frame.seq >= 0:
        head |= {"publisher": frame.publisher, "run": frame.run, "seq": frame.seq}
    if frame.historical:
        head["historical"] = True
    payload = orjson.dumps({**head, "rows": rows}, option=orjson.OPT_SERIALIZE_NUMPY)
    if len(payload) > MOST_BYTES:
        raise ValueError(f"{frame.kind} of {frame.paths[0]}: expected at most {MOST_BYTES} bytes, got {len(payload)}")
    return payload


def _quality_of(frame: Frame) -> NDArray[np.uint8] | None:
    if frame.kind is not RecordKind.TELEMETRY:
        return frame.quality
    unknown = np.isnan(frame.values)
    if not unknown.any():
        return frame.quality
    quality = np.zeros(unknown.shape, np.uint8) if frame.quality is None else frame.quality
    return np.where(unknown & (quality == 0), BAD, quality)


def decode(topic: UnsTopic, payload: bytes) -> Frame:
    """The frame of a message.

    Raises:
        MalformedError: It is too large, not JSON, another version, or its rows do not fit its kind.
    """
    body = _loaded(payload)
    if not isinstance(body, dict) or body.get("v") != VERSION or not body.keys() <= KEYS:
        raise MalformedError(f"message: expected an object of version {VERSION} with {sorted(KEYS)}")
    if body.get("kind", topic.kind) != topic.kind:
        raise MalformedError(f"message: expected kind {topic.kind} as in the topic, got {body['kind']!r}")
    rows = body.get("rows")
    if not isinstance(rows, list) or not 0 < len(rows) <= MOST_ROWS or not all(map(_is_row, rows)):
        raise MalformedError(f"message: expected 1 to {MOST_ROWS} rows of {sorted(ROW_KEYS)}")
    publisher, run, seq = _stamp(body)
    tags, values = _telemetry(rows) if topic.kind is RecordKind.TELEMETRY else _records(topic.kind, rows)
    times = _times(rows)
    quality = _read_quality(tags, rows)
    paths: tuple[EquipmentPath, ...] = (topic.path,) * len(rows)
    historical = bool(body.get("historical", False))
    return Frame(topic.kind, paths, times, tags, values, quality, publisher, run, seq, historical)


def _loaded(payload: bytes) -> Any:
    if len(payload) > MOST_BYTES:
        raise MalformedError(f"message: expected at most {MOST_BYTES} bytes, got {len(payload)}")
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise MalformedError(f"message: expected JSON, got {error}") from None


def _is_row(row: object) -> bool:
    return isinstance(row, dict) and row.keys() <= ROW_KEYS and isinstance(row.get("values"), dict)


def _stamp(body: dict[str, Any]) -> tuple[str, str, int]:
    if "seq" not in body:
        return "", "", -1
    publisher, run, seq = body.get("publisher"), body.get("run"), body["seq"]
    texts = all(isinstance(text, str) and 0 < len(text) <= 400 for text in (publisher, run))
    if not texts or type(seq) is not int or not 0 <= seq < 2**63:
        raise MalformedError("message: expected publisher, run and seq together")
    return str(publisher), str(run), seq


def _times(rows: list[dict[str, Any]]) -> NDArray[np.int64]:
    texts = [row.get("time") for row in rows]
    if not all(isinstance(text, str) and TIME.fullmatch(text) for text in texts):
        raise MalformedError(f"message: expected UTC times such as 2025-06-02T08:00:00Z, got {texts[:3]}")
    try:
        times = np.array([str(text)[:-1] for text in texts], dtype="M8[ns]").astype(np.int64)
    except ValueError as error:
        raise MalformedError(f"message: {error}") from None
    if len(times) > 1 and (np.diff(times) < 0).any():
        raise MalformedError("message: expected rows in order of time")
    return times


def _telemetry(rows: list[dict[str, Any]]) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    tags = tuple(dict.fromkeys(tag for row in rows for tag in row["values"]))
    if not 0 < len(tags) <= MOST_TAGS or not all(isinstance(tag, str) and 0 < len(tag) <= 200 for tag in tags):
        raise MalformedError(f"message: expected 1 to {MOST_TAGS} tags")
    table = [[row["values"].get(tag) for tag in tags] for row in rows]
    if not all(value is None or isinstance(value, int | float) for line in table for value in line):
        raise MalformedError("message: expected numbers or null as telemetry")
    try:
        return tags, np.array(table, dtype=np.float64)
    except OverflowError as error:
        raise MalformedError(f"message: {error}") from None


def _records(kind: RecordKind, rows: list[dict[str, Any]]) -> tuple[tuple[str, ...], NDArray[Any]]:
    tags = COLUMNS[kind]
    values = np.empty((len(rows), len(tags)), dtype=object)
    for index, row in enumerate(rows):
        if not row["values"].keys() <= set(tags):
            raise MalformedError(f"message: expected {kind} values among {tags}, got {sorted(row['values'])}")
        values[index] = [row["values"].get(tag) for tag in tags]
    if problem := misfit(kind, values):
        raise MalformedError(f"message: {kind}: {problem}")
    return tags, values


def _read_quality(tags: tuple[str, ...], rows: list[dict[str, Any]]) -> NDArray[np.uint8] | None:
    if not any("quality" in row for row in rows):
        return None
    quality = np.zeros((len(rows), len(tags)), np.uint8)
    for index, row in enumerate(rows):
        marks = row.get("quality", {})
        if not isinstance(marks, dict):
            raise MalformedError("message: expected quality by tag")
        for tag, value in marks.items():
            if tag not in tags or value not in (0, 1, 2):
                raise MalformedError(f"message: expected quality 0, 1 or 2 of a tag of the row, got {tag}: {value!r}")
            quality[index, tags.index(tag)] = value
    return quality
