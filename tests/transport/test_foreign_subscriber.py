"""MQTT.js hears what we publish in the unified namespace: live, and what is retained when it comes late."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from brokers.mqtt.codec import SCHEMA
from tests.counterparts import needed, npm_peer
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, SITE, TAGS, UNITS, RecordingSink, meta, receiving, sending, tick_frames
from tests.transport.test_schemas import VALID
from twin.records import RecordKind

SCRIPT = Path(__file__).parent / "peers" / "subscriber.js"
VERSIONS = [5, 4]


class Heard:
    """What the subscriber says, in order."""

    def __init__(self, stream: asyncio.StreamReader):
        self.lines: list[dict[str, Any]] = []
        self._stream = stream

    async def until(self, wanted: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Read on until a line that is wanted."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                line = await self._stream.readline()
                assert line, "the subscriber has ended"
                self.lines.append(json.loads(line))
                if wanted(self.lines[-1]):
                    return self.lines[-1]


@asynccontextmanager
async def subscriber(url: str, version: int) -> AsyncIterator[Heard]:
    pipe = asyncio.subprocess.PIPE
    environment = {**os.environ, "NODE_PATH": str(npm_peer("mqtt") / "node_modules")}
    words = [needed("node"), str(SCRIPT), url, str(version)]
    process = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe, env=environment, limit=2**22)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        heard = Heard(process.stdout)
        await heard.until(lambda line: line["topic"] == "subscribed")
        yield heard
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), LIMIT_S)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_foreign_subscriber_hears_every_message_as_its_schema_says(mosquitto: Mosquitto, version: int) -> None:
    async with (
        subscriber(mosquitto.url, version) as heard,
        receiving(mosquitto.url, "uns", RecordingSink()),
        sending(mosquitto.url, "uns") as (outbox, pump),
    ):
        outbox.put([meta()])
        outbox.put(tick_frames(0))
        last = outbox.counters.put - 1
        await heard.until(lambda line: line.get("body", {}).get("seq") == last)
        assert await pump.drain(LIMIT_S)
    said = [line for line in heard.lines if line["topic"].startswith("uns/v1/")]
    assert [line["body"]["seq"] for line in said] == list(range(last + 1))
    for line in said:
        VALID[RecordKind(line["topic"].rpartition("/")[2])].validate(line["body"])
        assert line["qos"] == 1
        if version == 5:
            assert line["contentType"] == "application/json"
            assert line["userProperties"]["schema"] == SCHEMA
    reading = next(line for line in said if line["topic"] == f"uns/v1/{UNITS[0]}/telemetry")
    assert reading["body"]["rows"][0]["values"] == dict(zip(TAGS, (0.0, 1.0, 2.0), strict=True))
    machine = next(line for line in said if line["topic"] == f"uns/v1/{UNITS[0]}/meta")["body"]["rows"][0]["values"]
    assert machine["body"]["tags"][0]["name"] == TAGS[0]


async def test_who_comes_late_gets_what_is_retained(mosquitto: Mosquitto) -> None:
    async with (
        receiving(mosquitto.url, "uns", RecordingSink()),
        sending(mosquitto.url, "uns") as (outbox, pump),
    ):
        outbox.put([meta(), *tick_frames(0)])
        assert await pump.drain(LIMIT_S)
        async with subscriber(mosquitto.url, 5) as heard:
            topics = {f"uns/v1/{path}/meta" for path in (SITE, *UNITS)}
            topics |= {f"uns/v1/{UNITS[0]}/state", f"ff/v1/availability/{SITE}"}
            while not topics <= {line["topic"] for line in heard.lines}:
                await heard.until(lambda line: line["topic"] in topics)
        kept = [line for line in heard.lines if "body" in line]
        assert all(line["retain"] for line in kept)
        assert not [line for line in kept if line["topic"].endswith(("/telemetry", "/heartbeat"))]
