"""A running OPC UA server with the small plant, and clients of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from asyncua import Client

from brokers.opcua import Doors, MethodCall, OpcUaPublisher, OpcUaServerConfig
from tests.counterparts import free_port
from tests.opcua.plants import HandClock, encrypted_client, master_data, passwords


@dataclass
class Running:
    """A server under test."""

    publisher: OpcUaPublisher
    clock: HandClock
    folder: Path
    commands: list[MethodCall] = field(default_factory=list)
    refusal: Exception | None = None

    async def take(self, command: MethodCall) -> str:
        self.commands.append(command)
        if self.refusal is not None:
            raise self.refusal
        return f"{command.verb} at once"

    async def client(self, user: str = "viewer", password: str | None = None) -> Client:
        known = passwords(self.publisher.config)
        word = known[user] if password is None else password
        return await encrypted_client(self.publisher, user, word, self.folder / "client")

    def node(self, client: Client, identifier: str) -> object:
        return client.get_node(f"ns={self.publisher.model.space.index};s={identifier}")


async def running(folder: Path, **settings: object) -> Running:
    clock = HandClock()
    config = OpcUaServerConfig(folder / "state", port=free_port(), **settings)  # type: ignore[arg-type]
    made = Running(OpcUaPublisher(config, Doors(clock=clock)), clock, folder)
    made.publisher.doors.commands = made.take
    await made.publisher.open()
    await made.publisher.publish(master_data())
    return made


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def plant(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """The server of a module."""
    made = await running(tmp_path_factory.mktemp("opcua"))
    yield made
    await made.publisher.close()


@pytest_asyncio.fixture(loop_scope="module")
async def viewer(plant: Running) -> AsyncIterator[Client]:
    """A connected client that may read."""
    async with await plant.client() as client:
        yield client
