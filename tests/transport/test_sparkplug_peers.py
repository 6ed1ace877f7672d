"""Sparkplug spoken with others' code: sparkplug-payload reads ours, sparkplug-client is an edge node for our host."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from brokers.connectors import make_source
from brokers.naming import sparkplug_path
from brokers.sparkplug.edge import EdgeNode
from brokers.sparkplug.source import SparkplugSource
from tests.counterparts import needed, npm_peer
from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, SITE, TAGS, UNITS, RecordingSink, meta, receiving, tick_frames
from twin.master import read_master
from twin.records import RecordKind

SCRIPTS = Path(__file__).parent / "peers"


def environment(package: str) -> dict[str, str]:
    return {**os.environ, "NODE_PATH": str(npm_peer(package) / "node_modules")}


def decoded(payloads: list[bytes]) -> list[dict]:
    lines = b"\n".join(base64.b64encode(payload) for payload in payloads)
    command = [needed("node"), str(SCRIPTS / "decode.js")]
    done = subprocess.run(
        command, input=lines, capture_output=True, env=environment("sparkplug-payload"), check=True, timeout=60
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def packets_of(node: EdgeNode, run: str) -> list[tuple[str, bytes]]:
    frames = [piece for frame in [meta(), *tick_frames(0)] for piece in (frame.take([i]) for i in range(len(frame)))]
    node.connecting()
    return [
        tuple(packet) for seq, frame in enumerate(frames) for packet in node.messages(frame.stamped(SITE, run, seq))
    ]


def test_sparkplug_payload_reads_our_births_and_data() -> None:
    packets = packets_of(EdgeNode(SITE, datatype_in_data=True), "r1")
    read = decoded([payload for _, payload in packets])
    births = {topic: body for (topic, _), body in zip(packets, read, strict=True) if "/DBIRTH/" in topic}
    birth = births["spBv1.0/yujiang/DBIRTH/vehicle/assembly.trim.st01"]
    types = {metric["name"]: metric["type"] for metric in birth["metrics"]}
    assert {types[tag] for tag in TAGS} == {"Double"}
    assert types["State/state"] == "String"
    data = [
        body
        for (topic, _), body in zip(packets, read, strict=True)
        if topic.endswith("DDATA/vehicle/assembly.trim.st01")
    ]
    names = {metric["alias"]: metric["name"] for metric in birth["metrics"]}
    values = {names[metric["alias"]]: metric["value"] for body in data for metric in body["metrics"]}
    assert [values[tag] for tag in TAGS] == [0.0, 1.0, 2.0]
    assert values["State/state"] == "PRODUCING"


@asynccontextmanager
async def foreign_edge(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        needed("node"),
        *(str(SCRIPTS / "edge.js"), url),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment("sparkplug-client"),
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.stdin.close()  # type: ignore[union-attr]
            await asyncio.wait_for(process.wait(), LIMIT_S)


async def says(process: asyncio.subprocess.Process, text: str) -> None:
    async with asyncio.timeout(LIMIT_S):
        while text not in (line := (await process.stdout.readline()).decode()):  # type: ignore[union-attr]
            assert line, "the peer has ended"


async def test_our_host_understands_sparkplug_client(mosquitto: Mosquitto) -> None:
    sink, seen = RecordingSink(), []
    async with receiving(mosquitto.url, "sparkplug", sink, seen.extend) as ingest:
        async with foreign_edge(mosquitto.url) as edge:
            await says(edge, "birth 1")
            await sink.holds(lambda s: any(f.kind is RecordKind.TELEMETRY and f.values[0, 0] == 2.5 for f in s.frames))
            edge.stdin.write(b"skip\n")  # numbers are left out, so our host asks for a rebirth
            await says(edge, "ncmd Node Control/Rebirth")
        assert ingest.counters.foreign == ingest.counters.received > 0
    frame = next(f for f in sink.frames if f.kind is RecordKind.TELEMETRY and f.values[0, 0] == 2.5)
    assert frame.tags == ("Level/Tank", "Offset", "Running")
    assert frame.values[0].tolist() == [2.5, -7.0, 1.0]
    assert frame.paths == ("peer-group-ec29724ba7/node-1-9c692283aa/tank-1-b789f07724",)
    assert frame.seq == -1
    schema, body = next(f for f in sink.frames if f.kind is RecordKind.META).values[0]
    assert [tag.name for tag in read_master(schema, body).tags] == list(frame.tags)
    assert len(seen) == len(sink.frames)


async def test_a_node_that_went_away_is_offline(mosquitto: Mosquitto) -> None:
    host = make_source(mosquitto.url, "sparkplug", "host")
    assert isinstance(host, SparkplugSource)
    await host.open()
    async with foreign_edge(mosquitto.url) as edge:
        await says(edge, "birth 1")
    async with asyncio.timeout(LIMIT_S):
        async for _ in host.deliveries():
            node = host.nodes["Peer Group", "Node-1"]
            if node.devices and not node.online:
                break
    await host.close()
    assert node.devices == {"Tank 1": False}


def test_a_device_name_leads_back_to_its_unit() -> None:
    node = EdgeNode(SITE)
    assert sparkplug_path(node.identity._replace(device="assembly.trim.st01")) == UNITS[0]
