"""The embedded MQTT broker: amqtt in a process of its own, on the loopback interface.

For demonstrations and tests; MQTT 3.1.1 only, keeps nothing over a restart. Every client needs the
user and password, which are made anew at each start and handed over in the environment.

``python -m brokers.embedded --port 1883`` runs one by hand; it prints the port when it is ready.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import logging
import os
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from amqtt.broker import Broker
from amqtt.contexts import BrokerConfig, ListenerConfig
from amqtt.plugins.base import BaseAuthPlugin
from amqtt.session import Session

from twin.errors import FatalError

USER, PASSWORD = "FF_MQTT_USER", "FF_MQTT_PASSWORD"
READY = "ready on port "
START_S = 30.0
STOP_S = 5.0
LOOPBACK = "127.0.0.1"


class EmbeddedBroker:
    """Handle of a broker process.

    Args:
        port: TCP port; 0: any free one.

    Example::

        broker = EmbeddedBroker()
        await broker.start()
        ...  # connect to broker.url with broker.credentials in the environment, or to broker.login_url
        await broker.stop()
    """

    def __init__(self, port: int = 0):
        self.port = port
        self.credentials = {USER: "factory", PASSWORD: secrets.token_urlsafe(18)}
        """Environment variables that clients in other processes need."""
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Address without credentials."""
        return f"mqtt://{LOOPBACK}:{self.port}?version=3.1.1"

    @property
    def login_url(self) -> str:
        """Address with credentials; not for logs."""
        return f"mqtt://{self.credentials[USER]}:{self.credentials[PASSWORD]}@{LOOPBACK}:{self.port}?version=3.1.1"

    async def start(self) -> None:
        """Start the process and return when clients can connect.

        Raises:
            FatalError: It ended, e.g. because the port is taken, or was not ready in time.
        """
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "brokers.embedded", "--port", str(self.port), "--child"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **self.credentials},
            start_new_session=True,
        )
        try:
            line = await asyncio.wait_for(self._first_line(self._process), START_S)
        except TimeoutError:
            line = ""
        if not line.startswith(READY):
            await self.stop()
            raise FatalError(f"embedded broker: expected to listen on port {self.port}, got none (is the port free?)")
        self.port = int(line.removeprefix(READY))

    async def _first_line(self, process: asyncio.subprocess.Process) -> str:
        if process.stdout is None:
            return ""
        return (await process.stdout.readline()).decode().strip()

    @property
    def pid(self) -> int:
        """Its process."""
        if self._process is None:
            raise RuntimeError("the embedded broker was not started")
        return self._process.pid

    async def wait(self) -> int:
        """Wait until it ends and give its exit code."""
        if self._process is None:
            raise RuntimeError("the embedded broker was not started")
        return await self._process.wait()

    async def stop(self) -> None:
        """End the process by closing its input; the hard way if it does not end."""
        process, self._process = self._process, None
        if process is not None:
            await end(process, STOP_S)


async def end(process: asyncio.subprocess.Process, limit_s: float) -> None:
    """End a process of ours by closing its input; the hard way if it has not ended in time."""
    if process.returncode is not None:
        return
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), limit_s)
    except TimeoutError:
        process.kill()
        await process.wait()


class OneUser(BaseAuthPlugin):
    """Lets in the one user that the environment names."""

    async def authenticate(self, *, session: Session) -> bool:
        """Compare user and password without telling by timing how much was right."""
        given = f"{session.username}\n{session.password}".encode()
        wanted = f"{os.environ[USER]}\n{os.environ[PASSWORD]}".encode()
        return hmac.compare_digest(given, wanted)


class Partings(logging.Filter):
    """Leaves out the tracebacks amqtt logs when a client went away or the broker is told to end."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is about anything else."""
        return not str(record.msg).startswith(("Task failed and will be skipped", "Broadcast loop stopped"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


class Subscriptions(dict[str, Any]):
    """Subscriptions by topic filter that may change while somebody goes through them.

    amqtt waits in such loops, and one that met a new subscription cut a client off that had just connected.
    """

    def __iter__(self) -> Iterator[str]:
        return (topic for topic in tuple(super().keys()) if topic in self)

    def items(self) -> Any:
        """Filters and subscribers that are still there when it is their turn."""
        return ((topic, self[topic]) for topic in self)


async def serve(port: int, child: bool) -> None:
    """Run a broker until cancelled, or as a child until standard input ends."""
    port = port or _free_port()
    plugins: dict[str, Any] = {f"{OneUser.__module__}.OneUser": {}}
    broker = Broker(BrokerConfig(listeners={"default": ListenerConfig(bind=f"{LOOPBACK}:{port}")}, plugins=plugins))
    broker._subscriptions = Subscriptions()
    await broker.start()
    print(f"{READY}{port}", flush=True)
    try:
        await (_input_ended() if child else asyncio.Event().wait())
    finally:
        with suppress(Exception):  # amqtt complains about clients that are still there
            await asyncio.wait_for(broker.shutdown(), STOP_S / 2)


async def _input_ended() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1024):
        pass


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m brokers.embedded", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port on the loopback interface; 0: any free one")
    parser.add_argument("--child", action="store_true", help="end when standard input ends")
    options = parser.parse_args()
    if not (os.environ.get(USER) and os.environ.get(PASSWORD)):
        parser.error(f"expected user and password in {USER} and {PASSWORD}")
    logging.basicConfig(level=logging.ERROR)
    logging.getLogger("amqtt.broker").addFilter(Partings())
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(options.port, options.child))


if __name__ == "__main__":
    main()
