"""The gateway's process: the plant's records as OPC UA."""

from __future__ import annotations

import asyncio

from brokers import connect
from brokers.opcua.bridge import bridge
from brokers.opcua.config import OpcUaConfig
from brokers.opcua.publisher import OpcUaPublisher
from scenarios.live.children import Counters
from scenarios.live.clock import SystemClock
from scenarios.live.doorway import door_of
from scenarios.live.parent import Parent
from scenarios.live.settings import RunSettings


async def run_gateway(settings: RunSettings, stop: asyncio.Event, parent: Parent) -> Counters:
    """Serve OPC UA from the broker's records until told to stop.

    Certificate and credentials are kept beside the runs of the scenario, so they outlive one run.
    """
    if settings.broker is None or settings.opcua_port is None:
        raise ValueError("gateway: expected a broker and an OPC UA port in the settings, got none")
    config = OpcUaConfig(
        state=settings.folder.parent / "opcua",
        port=settings.opcua_port,
        security=settings.opcua_security,
    )
    publisher = OpcUaPublisher(config)
    name = f"opcua-{settings.name}{settings.share}"
    source = connect.source(
        settings.broker, settings.transport, name, settings.heard_by_gateway, watching=True, **settings.listening
    )

    def tell() -> None:
        if not parent.again:
            print(f"OPC UA: {publisher.url} (users in {config.credentials})", flush=True)
        parent.ready()

    door = door_of(settings, SystemClock())
    carried = bridge(source, publisher, on_ready=tell, door=door, admits=settings.admits, within=settings.within)
    bridging = asyncio.create_task(carried)
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([bridging, stopped], return_when=asyncio.FIRST_COMPLETED)
    if bridging.done():
        bridging.result()
    bridging.cancel()
    await asyncio.gather(bridging, return_exceptions=True)
    return {}
