"""Requests that are not answered yet when the pages end."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LAST_S = 1.0
"""So long what is in work may take when the pages end; then it is answered that they do."""
OVER = JSONResponse({"detail": "expected a run that goes on, got one that ends (ask the next one)"}, 503)


class Unfinished:
    """The requests in work."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._over = False

    async def end(self) -> None:
        """Answer what is in work: as it comes for a while, then that the run ends."""
        self._over = True
        if self._tasks:
            await asyncio.wait({*self._tasks}, timeout=LAST_S)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait({*self._tasks}, timeout=LAST_S)

    async def answer(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer one request."""
        task, begun = asyncio.current_task(), False
        if self._over or task is None:
            await OVER(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        self._tasks.add(task)
        try:
            await app(scope, receive, sent)
        except asyncio.CancelledError:
            if not self._over:
                raise
            task.uncancel()
            if not begun:
                await OVER(scope, receive, send)
        finally:
            self._tasks.discard(task)


class Answering:
    """Part of the application through which all requests come.

    Args:
        app: What answers.
        unfinished: Keeps them.
    """

    def __init__(self, app: ASGIApp, unfinished: Unfinished):
        self.app, self.unfinished = app, unfinished

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            await self.unfinished.answer(self.app, scope, receive, send)
        else:
            await self.app(scope, receive, send)
