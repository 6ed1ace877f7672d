"""UNS messages: JSON with value, quality and timestamp; format version 1.

.. code-block:: json

   {"v": 1, "publisher": "yujiang/vehicle", "run": "4f0c", "seq": 17, "kind": "telemetry",
    "rows": [{"time": "2025-06-02T08:00:01.000000000Z", "values": {"power_kw": 3.2, "x": null},
              "quality": {"x": 2}}]}

The path and the kind are those of the topic. ``quality`` names only values that are not good
(1 uncertain, 2 bad); an unknown number is null and bad, and so is one that is not finite. A message
without ``publisher``, ``run`` and ``seq`` is foreign: taken, but not marked. ``sent`` is the time at which a
message was sent, for publishers whose devices have no clock to trust. A document (the ``body`` of master data) stands
as JSON in the message; one that came as text, as earlier versions sent it, is read too.
"""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Callable
from types import NoneType
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from brokers.columns import misfit, name_states
from brokers.mqtt.times import read_time, read_times
from brokers.naming import LONGEST_PUBLISHER, LONGEST_TAG, UnsTopic, publisher_problem, tag_problem
from twin.equipment import EquipmentPath
from twin.records import BAD, COLUMNS, FIGURED, SPECS, UNCERTAIN, Frame, RecordKind, Refused, nothing_of

VERSION = 1
SCHEMA = "factory.uns.v1"
MOST_BYTES = 4 * 1024 * 1024
MOST_ROWS = 10_000
MOST_TAGS = 2_000
MOST_SPREAD = 4
"""A table may hold so many times the values that its rows name; small ones (``MOST_SMALL`` values) any."""
MOST_SMALL = 65_536
MOST_EXACT = 2**53
"""Beyond it a whole number is rounded when it becomes a float."""
MOST_WHOLE = 2.0**63
"""From it on a reader of JSON may give a whole number as a float already."""
KEYS = {"v", "publisher", "run", "seq", "kind", "historical", "sent", "rows"}
ROW_KEYS = {"time", "values", "quality"}
_UNNAMED = float("nan")
_DOCUMENTS = {kind: [column.name for column in columns if column.document] for kind, columns in SPECS.items()}


class MalformedError(ValueError):
    """A message is not what its topic promises.

    Args:
        text: What was expected, and what came.
        place: Publisher, run and number of the message where they could be read: its place is settled,
            so that nobody waits for it.
        kind: Kind of its records, where it has a place.
    """

    def __init__(self, text: str, place: tuple[str, str, int] | None = None, kind: RecordKind = RecordKind.TELEMETRY):
        super().__init__(text)
        self.place, self.kind = place, kind


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
    values, quality = frame.values.tolist(), _quality_of(frame)  # JSON has no NaN or infinity: null, and bad
    rows, documents = [], _DOCUMENTS.get(frame.kind, ())
    for row, time in enumerate(iso_times(frame.time_ns)):
        said = dict(zip(frame.tags, values[row], strict=True))
        for name in documents:
            said[name] = _embedded(said[name])
        body: dict[str, Any] = {"time": time, "values": said}
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


def _embedded(text: Any) -> Any:
    """A document as JSON, if it comes back from there as the same text; else as it is."""
    try:
        document = orjson.loads(text)
        same = isinstance(document, dict) and orjson.dumps(document) == text.encode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, AttributeError):
        return text
    return orjson.Fragment(text) if same else text


def _as_text(document: Any) -> Any:
    """The text of a document that stood as JSON; a text as it is."""
    if not isinstance(document, dict):
        return document
    try:
        return orjson.dumps(document).decode()
    except orjson.JSONEncodeError as error:
        raise MalformedError(f"message: expected a document, got {error}") from None


def _quality_of(frame: Frame) -> NDArray[np.uint8] | None:
    if frame.kind is not RecordKind.TELEMETRY:
        return frame.quality
    unknown = ~np.isfinite(frame.values)
    if not unknown.any():
        return frame.quality
    quality = np.zeros(unknown.shape, np.uint8) if frame.quality is None else frame.quality
    return np.where(unknown & (quality == 0), BAD, quality)


Told = Callable[[Exception], None]
"""Hears what was taken in another way than it was said."""


def untold(_: Exception) -> None:
    """Nobody asks."""


def decode(topic: UnsTopic, payload: bytes, told: Told = untold) -> Frame:
    """The frame of a message, all its rows as one table.

    Raises:
        MalformedError: It is too large, not JSON, another version, or its rows do not fit its kind.
    """
    return _framed(topic, _body(topic, payload), told, payload)


def decode_all(topic: UnsTopic, payload: bytes, told: Told = untold) -> list[Frame]:
    """The frames of a message: one for each set of tags that its rows name, if it has no number.

    So a table has no more places than the message has values, and what a row does not name is not
    said to be unknown.

    Raises:
        MalformedError: As for :func:`decode`.
    """
    body = _body(topic, payload)
    if topic.kind is not RecordKind.TELEMETRY or "seq" in body:
        return [_framed(topic, body, told, payload)]
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in body["rows"]:
        groups.setdefault(tuple(row["values"]), []).append(row)
    if len(groups) == 1:
        return [_framed(topic, body, told, payload)]
    if len(groups) > MOST_TAGS:
        raise MalformedError(f"message: expected at most {MOST_TAGS} sets of tags in its rows, got {len(groups)}")
    return [_framed(topic, {**body, "rows": rows}, told, payload) for rows in groups.values()]


def _body(topic: UnsTopic, payload: bytes) -> dict[str, Any]:
    body = _loaded(payload)
    if not isinstance(body, dict) or body.get("v") != VERSION or not body.keys() <= KEYS:
        raise MalformedError(f"message: expected an object of version {VERSION} with {sorted(KEYS)}")
    if body.get("kind", topic.kind) != topic.kind:
        raise MalformedError(f"message: expected kind {topic.kind} as in the topic, got {body['kind']!r}")
    if not isinstance(body.get("historical", False), bool):
        raise MalformedError(f"message: expected historical to be true or false, got {body['historical']!r:.100}")
    rows = body.get("rows")
    if not isinstance(rows, list) or not 0 < len(rows) <= MOST_ROWS or not all(map(_is_row, rows)):
        raise MalformedError(f"message: expected 1 to {MOST_ROWS} rows of {sorted(ROW_KEYS)}")
    return body


def _framed(topic: UnsTopic, body: dict[str, Any], told: Told, payload: bytes) -> Frame:
    place = _stamp(body)
    try:
        return _table(topic, body, place, told, payload)
    except MalformedError as error:
        raise MalformedError(str(error), place if place[2] >= 0 else None, topic.kind) from None


def kept_place(error: Exception) -> list[Frame]:
    """A frame without rows that settles the place of a message whose rows could not be taken, if it had one."""
    if not isinstance(error, MalformedError) or error.place is None:
        return []
    return [nothing_of(error.kind).stamped(*error.place)]


def refused_rows(topic: UnsTopic, payload: bytes) -> list[Frame]:
    """A frame without rows that says whose rows a message without number had, and when, as far as that can be read."""
    if topic.kind not in FIGURED:
        return []
    try:
        rows = _loaded(payload)["rows"]
        times = {_instant(row) for row in rows} if isinstance(rows, list) and len(rows) <= MOST_ROWS else {-1}
    except (MalformedError, TypeError, KeyError):
        times = {-1}
    return [nothing_of(topic.kind, (Refused(topic.path, topic.kind, time_ns) for time_ns in sorted(times or {-1})))]


def _instant(row: object) -> int:
    try:
        return read_time(row.get("time")) if isinstance(row, dict) else -1
    except ValueError:
        return -1


def _table(topic: UnsTopic, body: dict[str, Any], place: tuple[str, str, int], told: Told, payload: bytes) -> Frame:
    rows = body["rows"]
    if topic.kind is RecordKind.TELEMETRY:
        tags, values, doubtful = _telemetry(rows, payload)
    else:
        tags, values = _records(topic.kind, rows, told)
        doubtful = None
    times = _times(rows)
    quality = _read_quality(tags, rows, doubtful)
    paths: tuple[EquipmentPath, ...] = (topic.path,) * len(rows)
    historical, sent_ns = body.get("historical", False), _sent(body)
    return Frame(topic.kind, paths, times, tags, values, quality, *place, historical, sent_ns)


def _sent(body: dict[str, Any]) -> int:
    try:
        return read_time(body["sent"]) if "sent" in body else 0
    except ValueError as error:
        raise MalformedError(f"message: sent: {error}") from None


def _loaded(payload: bytes) -> Any:
    if len(payload) > MOST_BYTES:
        raise MalformedError(f"message: expected at most {MOST_BYTES} bytes, got {len(payload)}")
    payload = payload.removeprefix(BOM_UTF8)
    try:
        body = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise MalformedError(f"message: expected JSON, got {error}") from None
    if payload.count(b'":') != _names(body):
        _read_again(payload, object_pairs_hook=_once)
    return body


def _read_again(payload: bytes, **hooks: Any) -> None:
    """Go through a message once more, slowly, with hooks that see what the quick reader does not show."""
    try:
        json.loads(payload, **hooks)
    except RecursionError:
        raise MalformedError("message: expected JSON, got objects in objects without end") from None


def _names(body: Any) -> int:
    """How many names the objects of a message have, if it is as described here and says none twice."""
    rows = body.get("rows") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not all(map(_is_row, rows)):
        return -1
    inside = sum(len(row) + len(row["values"]) for row in rows)
    return len(body) + inside + sum(len(row["quality"]) for row in rows if isinstance(row.get("quality"), dict))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise MalformedError(f"message: expected each name of an object once, got {twice!r:.100} again")
    return found


def _is_row(row: object) -> bool:
    return isinstance(row, dict) and row.keys() <= ROW_KEYS and isinstance(row.get("values"), dict)


def _stamp(body: dict[str, Any]) -> tuple[str, str, int]:
    if "seq" not in body:
        return "", "", -1
    publisher, run, seq = body.get("publisher"), body.get("run"), body["seq"]
    named = isinstance(run, str) and 0 < len(run) <= LONGEST_PUBLISHER and publisher is not None
    if not named or type(seq) is not int or not 0 <= seq < 2**63:
        raise MalformedError("message: expected publisher, run and seq together")
    if problem := publisher_problem(publisher):
        raise MalformedError(f"message: {problem}")
    return str(publisher), str(run), seq


def _times(rows: list[dict[str, Any]]) -> NDArray[np.int64]:
    try:
        times = read_times([row.get("time") for row in rows])
    except ValueError as error:
        raise MalformedError(f"message: {error}") from None
    if len(times) > 1 and (np.diff(times) < 0).any():
        raise MalformedError("message: expected rows in order of time")
    return times


def _telemetry(
    rows: list[dict[str, Any]], payload: bytes
) -> tuple[tuple[str, ...], NDArray[np.float64], NDArray[np.uint8] | None]:
    """Tags, values and the quality of what cannot be good: an unknown number, or one that was rounded."""
    tags = tuple(dict.fromkeys(tag for row in rows for tag in row["values"]))
    if not 0 < len(tags) <= MOST_TAGS:
        raise MalformedError(f"message: expected 1 to {MOST_TAGS} tags, got {len(tags)}")
    if not all(0 < len(tag) <= LONGEST_TAG and "\0" not in tag for tag in tags):
        raise MalformedError(f"message: tag: {next(filter(None, map(tag_problem, tags)))}")
    places = len(rows) * len(tags)
    if places > MOST_SMALL and places > MOST_SPREAD * sum(len(row["values"]) for row in rows):
        raise MalformedError("message: expected rows that name the same tags (one message for each set of tags)")
    table = [[row["values"].get(tag, _UNNAMED) for tag in tags] for row in rows]
    flat = [value for line in table for value in line]
    types = set(map(type, flat))
    if not types <= {float, int, bool, NoneType}:
        raise MalformedError("message: expected numbers or null as telemetry")
    try:
        values = np.array(table, dtype=np.float64)
    except OverflowError as error:
        raise MalformedError(f"message: {error}") from None
    doubtful = _doubtful(flat, values.shape) if types - {float, bool} else None
    return tags, values, _rounded(values, doubtful, payload) if (np.abs(values) >= MOST_WHOLE).any() else doubtful


def _doubtful(flat: list[Any], shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
    marks = [_mark_of(value) for value in flat]
    return np.array(marks, np.uint8).reshape(shape) if any(marks) else None


def _rounded(
    values: NDArray[np.float64], doubtful: NDArray[np.uint8] | None, payload: bytes
) -> NDArray[np.uint8] | None:
    """The marks, also of whole numbers beyond 64 bits, which are floats by now."""
    whole: list[float] = []
    _read_again(payload.removeprefix(BOM_UTF8), parse_int=lambda digits: whole.append(float(digits)))
    rounded = (np.abs(values) >= MOST_WHOLE) & np.isin(values, whole)
    marks = np.zeros(values.shape, np.uint8) if doubtful is None else doubtful
    return np.where(rounded, np.maximum(marks, UNCERTAIN), marks) if rounded.any() else doubtful


def _mark_of(value: Any) -> int:
    if value is None:
        return int(BAD)
    return int(UNCERTAIN) if type(value) is int and not -MOST_EXACT <= value <= MOST_EXACT else 0


def _records(kind: RecordKind, rows: list[dict[str, Any]], told: Told) -> tuple[tuple[str, ...], NDArray[Any]]:
    tags = COLUMNS[kind]
    known = set(tags)
    values = np.empty((len(rows), len(tags)), dtype=object)
    for index, row in enumerate(rows):
        if not row["values"].keys() <= known:
            raise MalformedError(f"message: expected {kind} values among {tags}, got {sorted(row['values'])}")
        values[index] = [row["values"].get(tag) for tag in tags]
    for name in _DOCUMENTS[kind]:
        place = tags.index(name)
        values[:, place] = [_as_text(document) for document in values[:, place]]
    if strange := name_states(kind, values):
        told(ValueError(f"message: {strange}"))
    if problem := misfit(kind, values):
        raise MalformedError(f"message: {kind}: {problem}")
    return tags, values


def _read_quality(
    tags: tuple[str, ...], rows: list[dict[str, Any]], doubtful: NDArray[np.uint8] | None
) -> NDArray[np.uint8] | None:
    if not any("quality" in row for row in rows):
        return doubtful
    quality = np.zeros((len(rows), len(tags)), np.uint8) if doubtful is None else doubtful
    places = {tag: index for index, tag in enumerate(tags)}
    for index, row in enumerate(rows):
        marks = row.get("quality", {})
        if not isinstance(marks, dict):
            raise MalformedError("message: expected quality by tag")
        for tag, value in marks.items():
            if tag not in places or value not in (0, 1, 2):
                raise MalformedError(f"message: expected quality 0, 1 or 2 of a tag of the row, got {tag}: {value!r}")
            quality[index, places[tag]] = max(quality[index, places[tag]], value)
    return quality
