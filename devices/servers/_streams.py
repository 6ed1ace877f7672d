"""A server over TCP whose clients ask and are answered, one request after another."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress

from devices.personality import Personality, SessionLostError
from devices.served import ServedPlant
from twin.errors import FatalError

MOST_CLIENTS = 64
IDLE_S = 600.0
"""A client that has asked nothing for so long in s is let go."""
CLOSE_S = 1.0


class StreamServer(ABC):
    """Listens, takes frames and answers them.

    Args:
        plant: What is shown.
        host: Address to listen on.
        port: TCP port; 0: any free one.
    """

    def __init__(self, plant: ServedPlant, host: str, port: int) -> None:
        self.plant, self.host, self.port = plant, host, port
        self.requests = self.refused = 0
        self.personality = Personality()
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen.

        Raises:
            FatalError: The port is taken.
        """
        try:
            self._server = await asyncio.start_server(self._client, self.host, self.port, limit=8_192)
        except OSError as error:
            name = type(self).__name__
            raise FatalError(f"{name} {self.host}:{self.port}: expected a free port, got {error}") from None
        self.port = self._server.sockets[0].getsockname()[1]

    @abstractmethod
    async def frame(self, reader: asyncio.StreamReader) -> bytes:
        """The next request.

        Raises:
            ValueError: It is none; the client is let go.
        """

    @abstractmethod
    def answer(self, request: bytes) -> bytes:
        """What is answered to a request.

        Raises:
            ValueError: It is none; the client is let go.
        """

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._clients) >= MOST_CLIENTS:
            writer.close()
            return
        self._clients.add(task)
        with suppress(OSError, EOFError, ValueError, TimeoutError, SessionLostError, asyncio.CancelledError):
            while True:
                async with asyncio.timeout(IDLE_S):
                    request = await self.frame(reader)
                    for piece in await self.personality.answers(self.answer(request)):
                        writer.write(piece)
                    await writer.drain()
        self._clients.discard(task)
        writer.close()

    async def close(self) -> None:
        """End all connections; never raises."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        clients = list(self._clients)
        for task in clients:
            task.cancel()
        if clients:
            await asyncio.wait(clients, timeout=CLOSE_S)
