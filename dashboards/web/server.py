"""Serving the pages inside a running event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from urllib.parse import quote

import uvicorn
from fastapi import FastAPI

from dashboards.web.app import load_once
from dashboards.web.doors import shown_host
from dashboards.web.listening import address_of, listening
from twin.errors import FatalError


class _Server(uvicorn.Server):
    """A server that leaves signals to the program it lives in and ends live streams before it waits."""

    def __init__(self, config: uvicorn.Config, app: FastAPI):
        super().__init__(config)
        self.app = app

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the live streams, then what is in work, then the connections."""
        await self.app.state.broadcaster.close()
        await self.app.state.unfinished.end()
        await super().shutdown(sockets)


class WebServer:
    """The pages on a port of this machine.

    Args:
        app: From :func:`dashboards.web.app.create_app`.
        host: Address to listen on.
        port: Port; 0 takes any free one.
        listener: From :func:`listening`, instead of one of its own; closed here.
    """

    def __init__(self, app: FastAPI, host: str = "127.0.0.1", port: int = 0, listener: socket.socket | None = None):
        self._listener = listener
        self.app = app
        self.host = host
        self.port = port
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where the pages are, with the token that viewers beyond loopback need."""
        token = self.app.state.token
        return address_of(shown_host(self.host), self.port) + (f"?token={quote(token, safe='')}" if token else "")

    async def start(self) -> str:
        """Listen and serve until :meth:`stop`.

        Returns:
            The URL of the pages.

        Raises:
            FatalError: The port is taken, or the app did not start.
            StoreError: The store does not answer.
        """
        await load_once(self.app)
        listener = self._listener or listening(self.host, self.port)
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(
            self.app,
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="on",
            timeout_graceful_shutdown=2,
        )
        self._server = _Server(config, self.app)
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]), name="web server")
        while not self._server.started:
            if self._task.done():
                await self._task
                raise FatalError(f"web {self.url}: expected the application to start, got an end (see the log)")
            await asyncio.sleep(0.01)
        return self.url

    async def stop(self) -> None:
        """End all streams and connections."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task
            self._server = self._task = None
