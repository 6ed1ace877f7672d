"""A client of the OPC UA server that stays connected as a plant's own does: it watches, and comes back by itself."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from asyncua import Client, Node, ua
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256

from brokers.opcua.model import NAMESPACE
from brokers.opcua.values import nanoseconds
from tests.opcua.plants import CLIENT_URI, client_identity


class Seen(NamedTuple):
    """A value that the client was sent.

    Args:
        life: How often the server had been found again by then.
        path: Unit whose state it is.
        value: The state.
        status: Name of its status code.
        source_ns: When it became so.
        server_ns: When the server knew it.
    """

    life: int
    path: str
    value: Any
    status: str
    source_ns: int
    server_ns: int


class Viewer:
    """Watches the states of units in a thread of its own.

    Args:
        url: Address of the server.
        credentials: Its file of users and passwords.
        paths: Units to watch.
        folder: Folder for the client's certificate.
    """

    def __init__(self, url: str, credentials: Path, paths: list[str], folder: Path):
        self.seen: list[Seen] = []
        self.lives = 0
        self._url, self._paths, self._folder = url, paths, folder
        self._password = json.loads(credentials.read_text(encoding="utf-8"))["viewer"]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()

    def last(self) -> dict[str, Seen]:
        """The newest value of each unit."""
        return {one.path: one for one in list(self.seen)}

    def close(self) -> None:
        """Disconnect."""
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()

    async def _run(self) -> None:
        while not self._stop.is_set():
            with suppress(OSError, ua.UaError, asyncio.TimeoutError):
                await self._watch()

    async def _watch(self) -> None:
        """Watch until the connection is lost."""
        client = Client(self._url, timeout=4)
        client.application_uri = CLIENT_URI
        certificate, key = client_identity(self._folder)
        await client.set_security(SecurityPolicyBasic256Sha256, str(certificate), str(key))
        client.set_user("viewer")
        client.set_password(self._password)
        async with client:
            space = await client.get_namespace_index(NAMESPACE)
            nodes = [client.get_node(f"ns={space};s={path}.state") for path in self._paths]
            await asyncio.gather(*(node.read_browse_name() for node in nodes))  # not there yet: try again
            self.lives += 1
            subscription = await client.create_subscription(50, self)
            await subscription.subscribe_data_change(nodes)
            while not self._stop.is_set():
                await asyncio.sleep(0.2)
                await client.nodes.server_state.read_value()

    def datachange_notification(self, node: Node, value: Any, data: Any) -> None:
        """Take a value."""
        said: ua.DataValue = data.monitored_item.Value
        path = str(node.nodeid.Identifier).removesuffix(".state")
        assert said.SourceTimestamp is not None
        assert said.ServerTimestamp is not None
        times = nanoseconds(said.SourceTimestamp), nanoseconds(said.ServerTimestamp)
        self.seen.append(Seen(self.lives, path, value, said.StatusCode.name, *times))
