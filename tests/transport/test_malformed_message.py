"""What comes from outside and is not what it should be is counted, and nothing else happens."""

from __future__ import annotations

import asyncio

import orjson
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from brokers.mqtt.codec import MOST_BYTES, MalformedError, decode
from brokers.naming import control_topic, parse_uns_topic
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, RecordingSink, meta, receiving, sending, tick_frames

TOPIC = "uns/v1/yujiang/vehicle/assembly/trim/st01/telemetry"
ROW = {"time": "2025-06-02T08:00:00Z", "values": {"power_kw": 1.0}}
GOOD = {"v": 1, "kind": "telemetry", "publisher": "p", "run": "r", "seq": 0, "rows": [ROW]}
BAD = {
    "not json": b"\xff{",
    "empty": b"",
    "not an object": b"[1]",
    "deep": b"[" * 100_000,
    "other version": orjson.dumps({**GOOD, "v": 2}),
    "unknown key": orjson.dumps({**GOOD, "x": 1}),
    "other kind": orjson.dumps({**GOOD, "kind": "state"}),
    "no rows": orjson.dumps({**GOOD, "rows": []}),
    "rows no list": orjson.dumps({**GOOD, "rows": {"a": 1}}),
    "text as number": orjson.dumps({**GOOD, "rows": [{**ROW, "values": {"power_kw": "high"}}]}),
    "list as number": orjson.dumps({**GOOD, "rows": [{**ROW, "values": {"power_kw": [1]}}]}),
    "no values": orjson.dumps({**GOOD, "rows": [{**ROW, "values": {}}]}),
    "no time": orjson.dumps({**GOOD, "rows": [{"values": {"power_kw": 1.0}}]}),
    "local time": orjson.dumps({**GOOD, "rows": [{**ROW, "time": "2025-06-02T08:00:00"}]}),
    "no such day": orjson.dumps({**GOOD, "rows": [{**ROW, "time": "2025-06-42T08:00:00Z"}]}),
    "backwards": orjson.dumps({**GOOD, "rows": [ROW, {**ROW, "time": "2025-06-01T08:00:00Z"}]}),
    "bad quality": orjson.dumps({**GOOD, "rows": [{**ROW, "quality": {"power_kw": 9}}]}),
    "half a stamp": orjson.dumps({"v": 1, "seq": 3, "rows": [ROW]}),
    "negative number": orjson.dumps({**GOOD, "seq": -4}),
    "true as number": orjson.dumps({**GOOD, "seq": True}),
    "oversized": b" " * (MOST_BYTES + 1),
}


@pytest.mark.parametrize("name", BAD)
def test_is_refused(name: str) -> None:
    with pytest.raises(MalformedError):
        decode(parse_uns_topic(TOPIC), BAD[name])


def test_a_foreign_message_needs_no_stamp() -> None:
    frame = decode(parse_uns_topic(TOPIC), orjson.dumps({"v": 1, "rows": [ROW]}))
    assert frame.seq == -1
    assert frame.values.tolist() == [[1.0]]


def publish_all(port: int, messages: list[tuple[str, bytes]]) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2, "vandal")
    client.connect("127.0.0.1", port)
    client.loop_start()
    for topic, payload in messages:
        client.publish(topic, payload, 1).wait_for_publish(LIMIT_S)
    client.disconnect()
    client.loop_stop()


async def test_counted_and_the_rest_goes_on_in_the_namespace(mosquitto: Mosquitto) -> None:
    sink = RecordingSink()
    wrong = [(TOPIC, payload) for payload in BAD.values()]
    wrong += [("uns/v1/UPPER/telemetry", b"{}"), ("uns/v1/a/b/nothing", b"{}")]
    wrong += [(control_topic("base", "x"), b"{"), (control_topic("base", "x"), b"[]")]
    async with (
        receiving(mosquitto.url, "uns", sink) as ingest,
        sending(mosquitto.url, "uns") as (outbox, pump),
    ):
        await asyncio.to_thread(publish_all, mosquitto.port, wrong)
        await asyncio.to_thread(publish_all, mosquitto.port, [(control_topic("mark", outbox.publisher), b"{}")] * 3)
        outbox.put([meta(), *tick_frames(0)])
        assert await pump.drain(LIMIT_S)
        assert ingest.counters.malformed == len(wrong)
        assert pump.publisher.malformed == 3  # type: ignore[attr-defined]
    assert sink.numbered == outbox.counters.put == len(sink.frames)


async def test_counted_and_the_rest_goes_on_in_sparkplug(mosquitto: Mosquitto) -> None:
    sink = RecordingSink()
    wrong = [("spBv1.0/a/NBIRTH/b", b"\xff\xff\xff"), ("spBv1.0/a/DDATA/b/c/d", b""), ("spBv1.0/a/b", b"")]
    async with (
        receiving(mosquitto.url, "sparkplug", sink) as ingest,
        sending(mosquitto.url, "sparkplug") as (outbox, pump),
    ):
        await asyncio.to_thread(publish_all, mosquitto.port, wrong)
        outbox.put([meta(), *tick_frames(0)])
        assert await pump.drain(LIMIT_S)
        assert ingest.counters.malformed == len(wrong)
    assert sink.numbered == outbox.counters.put
