"""A simulated plant with its devices, seen through OPC UA."""

from __future__ import annotations

import math
import time
from pathlib import Path

import pytest

from brokers.opcua import Doors, OpcUaPublisher, OpcUaServerConfig
from brokers.opcua.values import moment
from devices.bank import DeviceBank
from scenarios.headless.feed import Feed
from scenarios.loader import load
from tests.opcua.conftest import Running
from tests.opcua.plants import HandClock
from twin.brain import Brain
from twin.master import EquipmentMaster, read_master
from twin.records import Frame, RecordKind


async def shown(meta: list[Frame], folder: Path) -> Running:
    """A server that knows the plant's master data."""
    clock = HandClock()
    server = OpcUaPublisher(OpcUaServerConfig(folder / "state", port=0, min_interval_s=0.0), Doors(clock=clock))
    await server.open()
    await server.observe(meta)
    return Running(server, clock, folder)


def deadbands(feed: Feed) -> dict[tuple[str, str], float]:
    """Deadband of every tag."""
    rows = [row for _, frame in feed.meta() for row in frame.rows()]
    masters = {row["path"]: read_master(row["schema"], row["body"]) for row in rows}
    units = {path: master for path, master in masters.items() if isinstance(master, EquipmentMaster)}
    return {(path, tag.name): tag.deadband for path, master in units.items() for tag in master.tags}


async def told(made: Running, frames: list[Frame]) -> None:
    """Show frames and write all that came of them."""
    await made.publisher.observe(frames)
    while await made.publisher.turn():
        made.clock.forward(0.1)


async def test_every_tag_and_state_of_a_workshop_is_what_its_devices_said(tmp_path: Path) -> None:
    feed = Feed.of(load("workshop"))
    frames = [frame for _, frame in feed.meta()]
    made = await shown(frames, tmp_path)
    brain = Brain()
    for second in range(60, 3661, 60):
        frames += [frame for _, site in feed.advance(float(second)) for frame in site]
    kpis = [kpi for frame in frames for kpi in brain.process(frame)]
    assert kpis
    await told(made, [*frames, *kpis])
    values = {
        (sample.path, sample.tag): sample
        for frame in frames
        for sample in (frame.samples() if frame.kind is RecordKind.TELEMETRY else ())
    }
    states = {row["path"]: row for frame in frames if frame.kind is RecordKind.STATE for row in frame.rows()}
    try:
        async with await made.client() as client:
            samples = [each for each in values.values() if math.isfinite(each.value) and each.tag != "state_code"]
            nodes = [made.node(client, f"{sample.path}.{sample.tag}") for sample in samples]
            spans = deadbands(feed)
            for sample, value in zip(samples, await client.read_values(nodes), strict=True):
                assert value == pytest.approx(sample.value, abs=spans[sample.path, sample.tag] + 1e-12)
            for path, row in states.items():
                state = await made.node(client, f"{path}.state").read_data_value()
                assert state.Value.Value == row["state"]
                assert state.SourceTimestamp == moment(row["time_ns"])
        status = made.publisher.status()
        assert (status.unknown, status.malformed, status.mismatched) == (0, 0, 0)
    finally:
        await made.publisher.close()


async def test_thousands_of_variables_are_built_in_seconds(tmp_path: Path) -> None:
    scenario = load("nev_chain")
    config = scenario.plant()
    meta = [DeviceBank(config, path, 1, base=scenario.base).meta() for path, _ in config.sites()]
    start = time.process_time()
    made = await shown(meta, tmp_path)
    spent = time.process_time() - start
    status = made.publisher.status()
    await made.publisher.close()
    assert status.variables > 1000
    assert spent / status.variables < 0.01
    assert status.refused_nodes == 0
