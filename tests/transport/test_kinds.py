"""Every kind of record travels, with every value it may have."""

from __future__ import annotations

import asyncio
import math

import pytest

from tests.servers.mosquitto import Mosquitto
from tests.transport.parts import LIMIT_S, SITE, T0, UNITS, RecordingSink, receiving, sending
from tests.transport.test_path import TRANSPORTS
from tests.transport.wire import Seen, throw_out, watching
from twin.equipment import EquipmentPath
from twin.records import Frame, RecordKind, records

CHAIN = EquipmentPath("chain-nev/battery")
KPI = ("oee", "machine", "hour", T0, 0.75, 3.0, 4.0, 1.0, "good", "1")
ROWS: dict[RecordKind, list[tuple[EquipmentPath, tuple[object, ...]]]] = {
    RecordKind.STATE: [(UNITS[0], ("PRODUCING", "o1", None)), (UNITS[0], ("FAILED", None, "spindle"))],
    RecordKind.PART: [(UNITS[0], ("body", 1, 0, 0, 58.5, 1)), (UNITS[0], ("body", 0, 0.5, 1, 58.5, 0))],
    RecordKind.STOCK: [(UNITS[1], ("电池", 120)), (UNITS[1], ("steel", 0.25))],
    RecordKind.SHIPMENT: [(UNITS[2], ("s1", "departed", "pack", 40, UNITS[2], UNITS[3]))],
    RecordKind.ORDER: [
        (UNITS[3], ("o1", "placed", "pack", 40, T0 + 3, UNITS[2], UNITS[3])),
        (UNITS[2], ("job-7", "released", "电池", 2.5, None, None, None)),
    ],
    RecordKind.ALARM: [(UNITS[3], ("spindle", 700, 1, "Spindle failed")), (UNITS[3], ("spindle", 700, 0, None))],
    RecordKind.HEARTBEAT: [(SITE, (2**40, 0, 0.25))],
    RecordKind.KPI: [
        (UNITS[0], KPI),
        (SITE, ("throughput_per_h", "site", "live", T0 + 1, 3, 0, -4.5, 0.5, "estimated", "2")),
        (SITE.parent or SITE, ("energy_kwh", "enterprise", "day", T0, None, None, None, 0.0, "bad", "1")),
        (EquipmentPath("chain-nev"), ("chain_load", "chain", "day", T0, 1e-9, 1.0, 2.0, 1.0, "good", "1")),
        (CHAIN, ("chain_link_capacity_per_day", "chain", "day", T0, 250.0, None, None, 1.0, "good", "1")),
    ],
}


def frame_of(kind: RecordKind) -> Frame:
    return records(kind, [(path, T0 + number * 1_234_567, row) for number, (path, row) in enumerate(ROWS[kind])])


def rows_of(frames: list[Frame]) -> dict[tuple[str, str, int], tuple[object, ...]]:
    return {
        (frame.kind, path, time): tuple(row)
        for frame in frames
        for path, time, row in zip(frame.paths, frame.time_ns.tolist(), frame.values.tolist(), strict=True)
    }


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_every_kind_arrives_exactly(mosquitto: Mosquitto, transport: str) -> None:
    sink = RecordingSink()
    frames = [frame_of(kind) for kind in ROWS]
    async with receiving(mosquitto.url, transport, sink), sending(mosquitto.url, transport) as (outbox, pump):
        outbox.put(frames)
        assert await pump.drain(LIMIT_S)
    assert sink.rows == rows_of(frames)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_an_unknown_indicator_arrives_as_unknown(mosquitto: Mosquitto, transport: str) -> None:
    sink = RecordingSink()
    frame = records(RecordKind.KPI, [(UNITS[0], T0, (*KPI[:4], math.nan, *KPI[5:]))])
    async with receiving(mosquitto.url, transport, sink), sending(mosquitto.url, transport) as (outbox, pump):
        outbox.put([frame])
        assert await pump.drain(LIMIT_S)
    assert sink.frames[0].column("value").tolist() == [None]


async def test_topics_retention_and_properties_in_the_namespace(mosquitto: Mosquitto) -> None:
    async with watching(mosquitto.port) as wire:
        async with sending(mosquitto.url, "uns") as (outbox, _):
            outbox.put([frame_of(kind) for kind in ROWS])
            await wire.holds(lambda seen: len([s for s in seen if s.topic.startswith("uns/")]) >= outbox.counters.put)
        await wire.holds(lambda seen: b"false" in seen[-1].payload)
        seen = {message.topic: message for message in wire.seen}
    unit = f"uns/v1/{UNITS[0]}"
    assert seen[f"{unit}/state"].retain
    assert not seen[f"{unit}/part"].retain
    assert seen[f"{unit}/kpi/hour"].retain
    assert seen["uns/v1/chain-nev/battery/kpi/day"].qos == 1
    assert seen[f"{unit}/state"].properties.ContentType == "application/json"
    assert dict(seen[f"{unit}/state"].properties.UserProperty) == {"schema": "factory.uns.v1", "run": outbox.run}
    assert seen["ff/v1/availability/yujiang/vehicle"].retain


async def test_a_publisher_that_is_cut_off_is_announced_offline(mosquitto: Mosquitto) -> None:
    topic = "ff/v1/availability/yujiang/vehicle"

    def said(seen: list[Seen]) -> list[bool]:
        return [b"true" in message.payload for message in seen if message.topic == topic]

    async with watching(mosquitto.port) as wire, sending(mosquitto.url, "uns") as (_, pump):
        await wire.holds(lambda seen: said(seen)[-1:] == [True])
        await throw_out(mosquitto.port, "pub-yujiang.vehicle")
        await wire.holds(lambda seen: said(seen)[-3:] == [True, False, True])
        await asyncio.wait_for(pump.publisher.wait_online(), LIMIT_S)
