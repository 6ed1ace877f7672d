"""Serving the pages inside a running event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

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
        """End the live streams, then the connections."""
        await self.app.state.broadcaster.close()
        await super().shutdown(sockets)


class WebServer:
    """The pages on a port of this machine.

    Args:
        app: From :func:`dashboards.web.app.create_app`.
        host: Address to listen on.
        port: Port; 0 takes any free one.
    """

    def __init__(self, app: FastAPI, host: str = "127.0.0.1", port: int = 0):
        self.app = app
        self.host = host
        self.port = port
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where the pages are."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"

    async def start(self) -> str:
        """Listen and serve until :meth:`stop`.

        Returns:
            The URL of the pages.

        Raises:
            FatalError: The port is taken, or the app did not start.
        """
        listener = self._listener()
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

    def _listener(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self.host, self.port))
        except OSError as error:
            listener.close()
            raise FatalError(f"web: expected a free port, got {self.host}:{self.port} in use ({error})") from error
        return listener
