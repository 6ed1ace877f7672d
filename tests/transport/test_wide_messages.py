"""The work of a message is bounded by its bytes, whatever its rows name."""

from __future__ import annotations

import tracemalloc

import numpy as np
import orjson
import pytest

from brokers.mqtt.codec import MOST_ROWS, MOST_TAGS, MalformedError, decode, decode_all
from brokers.mqtt.message import Message, slices
from brokers.naming import parse_uns_topic
from twin.records import BAD, UNCERTAIN

TOPIC = parse_uns_topic("uns/v1/a/b/c/d/m/telemetry")


def test_messages_become_frames_in_parts_of_so_many_bytes() -> None:
    messages = [Message("t", b"x" * size, False, 1, 1, 1) for size in (3, 3, 3, 20, 1, 1)]
    parts = [[len(message.payload) for message in part] for part in slices(messages, 8)]
    assert parts == [[3, 3, 3], [20], [1, 1]]


def sparse(**head: object) -> bytes:
    """10,000 rows that each name one of 2,000 tags."""
    rows = [
        {"time": f"2025-06-02T08:{row // 60 % 60:02d}:{row % 60:02d}Z", "values": {f"t{row % MOST_TAGS}": 1.5}}
        for row in sorted(range(MOST_ROWS), key=lambda row: row % 3600)
    ]
    return orjson.dumps({"v": 1, **head, "rows": rows})


def test_rows_that_name_other_tags_are_tables_of_their_own() -> None:
    payload = sparse()
    decode_all(TOPIC, payload)
    tracemalloc.start()
    frames = decode_all(TOPIC, payload)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30 * len(payload)  # 160 MB of table for 624 kB before
    assert len(frames) == MOST_TAGS
    assert sum(frame.size for frame in frames) == sum(len(frame) for frame in frames) == MOST_ROWS
    assert all(np.isfinite(frame.values).all() and (np.diff(frame.time_ns) >= 0).all() for frame in frames)


def test_what_a_row_does_not_name_is_not_unknown() -> None:
    rows = [
        {"time": f"2025-06-02T08:00:0{second}Z", "values": values}
        for second, values in enumerate(({"a": 1.0, "b": 2.0}, {"b": 3.0}, {"a": 4.0, "b": 5.0}))
    ]
    frames = decode_all(TOPIC, orjson.dumps({"v": 1, "rows": rows}))
    assert [(frame.tags, frame.values.tolist()) for frame in frames] == [
        (("a", "b"), [[1.0, 2.0], [4.0, 5.0]]),
        (("b",), [[3.0]]),
    ]


def test_a_numbered_message_is_one_table_or_none() -> None:
    with pytest.raises(MalformedError, match="rows that name the same tags"):
        decode_all(TOPIC, sparse(publisher="p", run="r", seq=0))


def test_quality_is_read_in_time_of_its_size() -> None:
    values = {f"t{number}": 1.0 for number in range(MOST_TAGS)}
    row = {"time": "2025-06-02T08:00:00Z", "values": values, "quality": dict.fromkeys(values, 1)}
    frame = decode(TOPIC, orjson.dumps({"v": 1, "rows": [row] * 20}))
    assert frame.quality is not None
    assert (frame.quality == UNCERTAIN).all()


@pytest.mark.parametrize(
    ("value", "seen", "quality"),
    [(2**53, 2.0**53, 0), (2**53 + 1, 2.0**53, int(UNCERTAIN)), (None, None, int(BAD)), (True, 1.0, 0), (-7, -7.0, 0)],
)
def test_a_number_that_is_rounded_or_unknown_is_not_good(value: object, seen: float | None, quality: int) -> None:
    row = {"time": "2025-06-02T08:00:00Z", "values": {"x": value, "y": 1.0}}
    frame = decode(TOPIC, orjson.dumps({"v": 1, "rows": [row]}))
    assert np.isnan(frame.values[0, 0]) if seen is None else frame.values[0, 0] == seen
    assert (0 if frame.quality is None else frame.quality[0, 0]) == quality
    assert frame.quality is None or frame.quality[0, 1] == 0
