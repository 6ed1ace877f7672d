"""The live stream: one encoder, a bounded queue per client, a slow client gets merged deltas."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import orjson

from dashboards.delta import Delta
from dashboards.live import LiveState
from dashboards.web.settings import WebSettings


class TooManyClientsError(Exception):
    """No more live streams are served."""


class Client:
    """The queue of one viewer.

    Args:
        watched: Units whose telemetry it wants.
        limit: Deltas kept; above it the two oldest become one.
    """

    def __init__(self, watched: frozenset[str], limit: int):
        self.watched = watched
        self.limit = limit
        self.merges = 0
        self._queue: deque[Delta | None] = deque()
        self._filled = asyncio.Event()

    def put(self, delta: Delta) -> None:
        """Add a delta; never blocks, never loses the newest value of anything."""
        if len(self._queue) >= self.limit:
            first, second = self._queue.popleft(), self._queue.popleft()
            if first is not None and second is not None:
                self._queue.appendleft(first.merged(second))
            self.merges += 1
        self._queue.append(delta)
        self._filled.set()

    def end(self) -> None:
        """Let the stream end after what is queued."""
        self._queue.append(None)
        self._filled.set()

    async def next(self) -> Delta | None:
        """The next delta; None at the end."""
        while not self._queue:
            self._filled.clear()
            await self._filled.wait()
        return self._queue.popleft()


class Broadcaster:
    """Takes deltas from the live state at a steady pace and hands them to all clients.

    Args:
        live: Where the values are.
        settings: Pace and bounds.
    """

    def __init__(self, live: LiveState, settings: WebSettings):
        self.live = live
        self.settings = settings
        self.clients: set[Client] = set()
        self.merges = 0
        self._task: asyncio.Task[None] | None = None
        self._closed = asyncio.Event()

    async def start(self) -> None:
        """Begin to send."""
        self._closed.clear()
        self._task = asyncio.create_task(self._run(), name="live stream")

    async def close(self) -> None:
        """End all streams and stop."""
        self._closed.set()
        for client in self.clients:
            client.end()
        if self._task is not None:
            await self._task
            self._task = None

    async def stream(self, watched: frozenset[str], missing: Sequence[str] = ()) -> AsyncIterator[bytes]:
        """Server-sent events for one client: ``snapshot``, then ``delta`` and ``watched``; ``missing`` told once.

        Raises:
            TooManyClientsError: All places are taken.
        """
        client = self._admit(watched)
        try:
            yield _event("snapshot", orjson.dumps(self.live.snapshot(), default=str))
            if missing:
                yield _event("missing", orjson.dumps(list(missing)))
            for path in watched:
                yield _event("watched", orjson.dumps({path: self.live.watched(path)}, default=str))
            while (delta := await client.next()) is not None:
                yield _event("delta", delta.body)
                if (mine := delta.of(watched)) is not None:
                    yield _event("watched", mine)
        finally:
            self._dismiss(client)

    @property
    def full(self) -> bool:
        """Whether no further client is served."""
        return len(self.clients) >= self.settings.clients

    def _admit(self, watched: frozenset[str]) -> Client:
        if self.full or self._closed.is_set():
            raise TooManyClientsError(f"live stream: expected at most {self.settings.clients} viewers")
        client = Client(watched, max(2, self.settings.queue))
        self.clients.add(client)
        for path in watched:
            self.live.watch(path)
        return client

    def _dismiss(self, client: Client) -> None:
        self.clients.discard(client)
        self.merges += client.merges
        for path in client.watched:
            self.live.unwatch(path)

    async def _run(self) -> None:
        quiet_s = 0.0
        while not self._closed.is_set():
            delta = self.live.take()
            quiet_s += self.settings.period_s
            if not delta.empty or quiet_s >= self.settings.quiet_s:
                quiet_s = 0.0
                for client in self.clients:
                    client.put(delta)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), self.settings.period_s)


def _event(name: str, body: bytes) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + body + b"\n\n"
