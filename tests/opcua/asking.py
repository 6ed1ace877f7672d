"""A client that is not ours, node-opcua, which does what a test asks it."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from brokers.opcua import OpcUaPublisher
from brokers.opcua.model import NAMESPACE
from tests.counterparts import needed, npm_peer
from tests.opcua.plants import passwords

LIMIT_S = 300.0


class Asker:
    """A running client with a session."""

    def __init__(self, process: asyncio.subprocess.Process):
        self.process = process
        self.namespaces: list[str] = []
        self._said: dict[str, deque[dict[str, Any]]] = defaultdict(deque)

    def id(self, name: str) -> str:
        """NodeId of one of the plant's nodes."""
        return f"ns={self.namespaces.index(NAMESPACE)};s={name}"

    async def ask(self, ask: str, **task: Any) -> dict[str, Any]:
        """Let it do something; what came of it."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"ask": ask, **task}).encode() + b"\n")
        answer = await self.next("answer")
        assert "error" not in answer, answer
        return answer

    async def next(self, what: str) -> dict[str, Any]:
        """The next thing that it says of a sort."""
        assert self.process.stdout is not None
        while not self._said[what]:
            line = await asyncio.wait_for(self.process.stdout.readline(), LIMIT_S)
            if not line:
                pytest.fail(f"the client ended without a word of {what}")
            if line.startswith(b'{"what"'):
                said = json.loads(line)
                self._said[said.pop("what")].append(said)
        return self._said[what].popleft()


@asynccontextmanager
async def asker(publisher: OpcUaPublisher, folder: Path, user: str = "viewer") -> AsyncIterator[Asker]:
    """A client of a server, as one of its users; ends when its input is closed."""
    async with asker_at(publisher.url, passwords(publisher.config)[user], folder, user) as client:
        yield client


@asynccontextmanager
async def asker_at(url: str, word: str, folder: Path, user: str) -> AsyncIterator[Asker]:
    """The same of a server in another process, with the password of the user."""
    script = npm_peer("node-opcua-client") / "opcua_ask.mjs"
    task = {"url": url, "user": user, "password": word, "folder": str(folder / f"pki-{user}")}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        needed("node"),
        str(script),
        json.dumps(task),
        stdin=pipe,
        stdout=pipe,
        stderr=asyncio.subprocess.DEVNULL,
        limit=16 * 1024 * 1024,
    )
    try:
        client = Asker(process)
        client.namespaces = (await client.next("ready"))["namespaces"]
        yield client
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), LIMIT_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
