"""The OPC UA gateway is killed while a client looks at it, which comes back by itself and sees nothing that is old."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asyncua import Client, ua

from brokers.opcua.model import NAMESPACE
from brokers.stores import open_store
from tests.counterparts import free_port
from tests.opcua.plants import CLIENT_URI, client_identity
from tests.reliability.stories import ALONE, DEATHS, LIMIT_S, Story, faulty, story
from twin.equipment import EquipmentPath

CNC = EquipmentPath("jialing/beibei/machining/bodies/cnc01")
TAG = "power_kw"
AWAY = (OSError, TimeoutError, asyncio.TimeoutError, ua.UaError)
"""How a client sees a server that is not there, or does not know the node yet."""
Seen = dict[int, float]
"""Values by their source time in ns since 1970."""


class Viewer:
    """An OPC UA client as a user has it: encrypted, as viewer, connected again whenever it was cut off."""

    def __init__(self, run: Story, port: int):
        self.url = f"opc.tcp://127.0.0.1:{port}/futurefactory"
        self._run = run
        self._client: Client | None = None
        self.seen: Seen = {}
        """Every value that was good."""
        self.stale = 0
        """Looks at which no good value was to be had."""

    async def _connected(self) -> Client:
        client = Client(self.url, timeout=4)
        client.application_uri = CLIENT_URI
        folder = self._run.folder
        certificate, key = client_identity(folder / "client")
        users = json.loads(next(folder.glob("workshop/opcua/credentials.json")).read_text(encoding="utf-8"))
        await client.set_security_string(f"Basic256Sha256,SignAndEncrypt,{certificate},{key}")
        client.set_user("viewer")
        client.set_password(users["viewer"])
        await client.connect()
        return client

    async def look(self) -> int | None:
        """Source time of the value now, if it is good."""
        try:
            if self._client is None:
                self._client = await self._connected()
            index = await self._client.get_namespace_index(NAMESPACE)
            node = self._client.get_node(f"ns={index};s={CNC}.{TAG}")
            found = await node.read_data_value(raise_on_bad_status=False)
        except AWAY:
            await self.close()
            self.stale += 1
            return None
        if found.StatusCode is None or not found.StatusCode.is_good() or found.SourceTimestamp is None:
            self.stale += 1
            return None
        at = found.SourceTimestamp.replace(tzinfo=UTC)
        time_ns = round((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1e6) * 1000
        self.seen[time_ns] = found.Value.Value
        return time_ns

    async def newer_than(self, time_ns: int) -> int:
        """Wait for a good value of a later time."""
        until = time.monotonic() + LIMIT_S
        while True:
            found = await self.look()
            if found is not None and found > time_ns:
                return found
            assert time.monotonic() < until, "\n".join(self._run.program.lines)
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        """Let go of the connection, also of one that was cut."""
        client, self._client = self._client, None
        if client is not None:
            try:
                await client.disconnect()
            except AWAY:
                return


@pytest.mark.xdist_group("live")
@faulty(DEATHS)
def test_a_client_sees_right_values_again_and_no_old_ones_meanwhile(seed: int, times: int, tmp_path: Path) -> None:
    port = free_port()
    seen: Seen = {}
    with story("kill -9 of the gateway", seed, tmp_path, "--opcua-port", str(port)) as run:
        for _ in run.occasions(times):
            seen |= asyncio.run(_killed(run, port))
        run.end()
        asyncio.run(_stored(run, seen))


async def _killed(run: Story, port: int) -> Seen:
    """What a client sees before, while and after the gateway is killed."""
    viewer = Viewer(run, port)
    try:
        last = await viewer.newer_than(await viewer.newer_than(0))
        begun = time.monotonic()
        killing = asyncio.create_task(asyncio.to_thread(run.kill, "gateway", "gateway"))
        while viewer.stale == 0:
            last = await viewer.look() or last
            await asyncio.sleep(0.02)
        found = await viewer.newer_than(last)
        took_s = time.monotonic() - begun
        await killing
        assert not ALONE or took_s < run.limit_s
        await viewer.newer_than(found)
        return viewer.seen
    finally:
        await viewer.close()


async def _stored(run: Story, seen: Seen) -> None:
    """Every good value was the one of its time."""
    store = open_store(run.settings.store)
    await store.open()
    times, values = await store.series(CNC, TAG, 0, 1 << 62)
    await store.close()
    known = {int(at) // 1000 * 1000: value for at, value in zip(times.tolist(), values.tolist(), strict=True)}
    assert len(seen) > 3
    assert {at: known.get(at) for at in seen} == {at: pytest.approx(value) for at, value in seen.items()}
