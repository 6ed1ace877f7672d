"""Pieces as bytes that say themselves of whom and what they are, for transports and stores without topics."""

from __future__ import annotations

import numpy as np
import orjson

from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind


def packed(frame: Frame) -> bytes:
    """A frame as one line of JSON, exactly as it is; an unknown number is null."""
    body = {
        "kind": frame.kind.value,
        "paths": [str(path) for path in frame.paths],
        "time_ns": frame.time_ns.tolist(),
        "tags": frame.tags,
        "values": frame.values.tolist(),
        "quality": None if frame.quality is None else frame.quality.tolist(),
        "place": [frame.publisher, frame.run, frame.seq, frame.historical, frame.sent_ns],
    }
    return orjson.dumps(body)


def unpacked(line: bytes) -> Frame:
    """The frame of a line.

    Raises:
        ValueError: It is none.
    """
    try:
        body = orjson.loads(line)
        kind, quality = RecordKind(body["kind"]), body["quality"]
        values = np.array(body["values"], dtype=np.float64 if kind is RecordKind.TELEMETRY else object)
        paths, times = tuple(map(EquipmentPath, body["paths"])), np.array(body["time_ns"], dtype=np.int64)
        marks = None if quality is None else np.array(quality, dtype=np.uint8)
        return Frame(kind, paths, times, tuple(body["tags"]), values, marks, *body["place"])
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"line: expected a packed frame, got {line[:80]!r} ({error})") from None
