"""The gateway's process: the plant's records as OPC UA."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace

from brokers import connectors
from brokers.door import Door
from brokers.links import LinkSource
from brokers.opcua.bridge import bridge
from brokers.opcua.companions import nodesets
from brokers.opcua.config import Doors, OpcUaServerConfig
from brokers.opcua.publisher import OpcUaPublisher
from brokers.opcua.remembered import HeldAlarm
from brokers.opcua.status import Status
from brokers.refusals import merged
from brokers.retry import retried
from dashboards.web.doors import shown_host
from scenarios.live.account import Account, Accounts
from scenarios.live.clock import SystemClock
from scenarios.live.doorway import door_of
from scenarios.live.hub_client import HubClient, pages_of
from scenarios.live.operating import Operating
from scenarios.live.parent import Parent
from scenarios.live.settings import RunSettings
from scenarios.live.together import until_one_ends
from twin.equipment import EquipmentPath
from twin.errors import ModelError

log = logging.getLogger(__name__)
ALARMS = "OPC UA: alarms of the hub"
COUNT_S = 1.0
"""Real time between two looks at the counters."""


async def run_gateway(settings: RunSettings, stop: asyncio.Event, parent: Parent) -> Account:
    """Serve OPC UA from the broker's records until told to stop; methods and history are those of the hub.

    Certificate and credentials are kept beside the runs of the scenario, so they outlive one run.
    """
    if settings.broker is None or settings.opcua_port is None:
        raise ValueError("gateway: expected a broker and an OPC UA port in the settings, got none")
    config = OpcUaServerConfig(
        state=settings.folder.parent / "opcua",
        host=settings.opcua_host,
        names=settings.allow_hosts,
        port=settings.opcua_port,
        security=settings.opcua_security,
        conditions=settings.folder / f"conditions{settings.share}.json",
        nodesets=nodesets(settings.opcua_models),
    )
    hub = HubClient(pages_of(settings))
    commands = Operating(hub.command) if settings.counterpart.commands else None
    publisher = OpcUaPublisher(config, Doors(commands, hub))
    name = f"opcua-{settings.name}{settings.share}"
    source = connectors.make_source(
        settings.broker, settings.transport, name, settings.heard_by_gateway, watching=True, **settings.listening
    )

    def tell() -> None:
        if not parent.again:
            print(f"OPC UA: {reached_at(publisher.config)} (users in {config.credentials})", flush=True)
        parent.ready()

    door = door_of(settings, SystemClock())
    carried = bridge(
        source,
        publisher,
        on_ready=tell,
        door=door,
        admits=settings.admits,
        within=settings.within,
        passing=parent.passing,
    )
    counted = _count(publisher, source, door, parent)
    held = asyncio.create_task(hold_alarms(publisher, hub, settings))
    try:
        await until_one_ends(carried, stop.wait(), counted)
    finally:
        held.cancel()
        await asyncio.gather(held, return_exceptions=True)
    return Account()


def reached_at(config: OpcUaServerConfig) -> str:
    """The endpoint as a client elsewhere can use it."""
    return replace(config, host=shown_host(config.host)).url


async def hold_alarms(publisher: OpcUaPublisher, hub: HubClient, settings: RunSettings) -> None:
    """Tell the server what came or went of alarms while it was not there, once the hub answers."""
    await publisher.ready.wait()
    try:
        rows = await retried(hub.alarms, ALARMS, hop="gateway")
    except ModelError as error:
        log.warning("OPC UA: active alarms are known from their next record on: %s", error)
        return
    await publisher.hold(
        HeldAlarm(path, int(row["t"]), str(row["code"]), row["severity"], bool(row["active"]), str(row["text"] or ""))
        for row in rows
        if settings.serves(str((path := EquipmentPath(row["path"])).site))
    )


async def _count(publisher: OpcUaPublisher, source: LinkSource, door: Door, parent: Parent) -> None:
    """Tell now and then how it does, and the counters once somebody can connect."""
    while True:
        await asyncio.sleep(COUNT_S)
        if not publisher.ready.is_set():
            parent.counts(Accounts())
        else:
            refused = merged([source.refusals, door.refusals])
            told = account_of(publisher.status(), refused, source.losses, source.dropped)
            parent.counts(Accounts(hops={"gateway": told}))


def account_of(status: Status, refused: Mapping[str, int], losses: int, dropped: int) -> Account:
    """What the gateway tells of itself.

    Args:
        status: What its server has done.
        refused: Messages and rows that it did not take, by reason.
        losses: How often it lost the broker.
        dropped: Messages for which it had no room.
    """
    holds = ("connections", "subscriptions", "variables", "stale", "waiting", "sources", "silent", "lag_s")
    events = ("unknown", "mismatched", "malformed", "events_dropped", "refused_nodes", "calls", "calls_refused")
    counts = {name: getattr(status, name) for name in events}
    counts |= {"written": status.values.written, "losses": losses, "dropped": dropped, "refused": sum(refused.values())}
    return Account(counts, {name: getattr(status, name) for name in holds}, refused)
