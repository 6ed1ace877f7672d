"""The embedded MQTT broker: rumqttd, from the wheel of ``iotcore``, in a process of its own on the loopback interface.

It speaks MQTT 5, keeps sessions and what is retained as long as it runs, and nothing over a restart. Every
client needs the user and password, which are made anew for each broker and handed over in the environment.
What it has not handed on yet is bounded by a log for each topic filter; a subscriber behind by more misses the
oldest, which publishers of ours then send again.

``python -m brokers.embedded --port 1883`` runs one by hand; it prints the port when it is ready.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import secrets
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from iotcore.iotcore import IotCoreBroker

from twin.errors import FatalError

USER, PASSWORD = "FF_MQTT_USER", "FF_MQTT_PASSWORD"
READY = "ready on port "
START_S = 90.0
"""Longest wait for its process; one whose port is taken ends at once, and a busy machine needs long to load it."""
STOP_S = 5.0
WATCH_S, ANSWER_S = 3.0, 30.0
"""How often a child sees whether it still lets clients in, and the longest that it waits for the answer."""
MOST_UNANSWERED = 3
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
        return f"mqtt://{LOOPBACK}:{self.port}?version=5"

    @property
    def login_url(self) -> str:
        """Address with credentials; not for logs."""
        return f"mqtt://{self.credentials[USER]}:{self.credentials[PASSWORD]}@{LOOPBACK}:{self.port}?version=5"

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

    async def stop(self, limit_s: float = STOP_S) -> None:
        """End the process by closing its input; the hard way if it does not end in time."""
        process, self._process = self._process, None
        if process is not None:
            await end(process, limit_s)


async def end(process: asyncio.subprocess.Process, limit_s: float) -> None:
    """End a process of ours by closing its input; the hard way if it has not ended in time."""
    if process.returncode is not None:
        return
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(limit_s):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):  # it may end between the two
            process.kill()
        await process.wait()


SETTINGS = """
id = 0

[router]
id = 0
max_connections = {clients}
max_outgoing_packet_count = {waiting}
max_segment_size = {segment}
max_segment_count = {segments}

[v5.1]
name = "v5-1"
listen = "{listen}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 10000
max_payload_size = {payload}
max_inflight_count = 100
dynamic_filters = true

[v5.1.connections.auth]
{user} = {password}
"""
LIMITS = {
    "clients": 10_000,
    "waiting": 100_000,  # packets under way to a client; a new subscriber gets no more retained messages than this
    "segment": 16 * 1024 * 1024,
    "segments": 8,
    "payload": 16 * 1024 * 1024,
}
"""Bounds: the log of a topic filter holds so many segments of so many bytes."""


def _broker(port: int) -> IotCoreBroker:
    """A broker with its bounds and its user; what it is told leaves no file behind."""
    user, password = json.dumps(os.environ[USER]), json.dumps(os.environ[PASSWORD])
    told = SETTINGS.format(listen=f"{LOOPBACK}:{port}", user=user, password=password, **LIMITS)
    with TemporaryDirectory(prefix="broker-") as folder:
        path = Path(folder) / "broker.toml"
        path.touch(mode=0o600)
        path.write_text(told, encoding="utf-8")
        return IotCoreBroker(config_path=str(path))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def serve(port: int, child: bool) -> None:
    """Run a broker for ever, or as a child until standard input ends."""
    port = port or _free_port()
    broker = _broker(port)
    broker.check_ports()
    broker.start()
    until = time.monotonic() + START_S
    while not _listens(port) and time.monotonic() < until:
        time.sleep(0.01)
    print(f"{READY}{port}", flush=True)
    threading.Thread(target=_watch, args=(port,), daemon=True).start()
    if child:
        sys.stdin.buffer.read()
    else:
        threading.Event().wait()


def _watch(port: int) -> None:
    """End the process when it lets nobody in any more, so that whoever supervises it starts it anew.

    A client that goes away while it connects makes a thread of rumqttd 0.20 panic with a lock in its hand, and
    from then on every thread that wants that lock.
    """
    unanswered = 0
    while unanswered < MOST_UNANSWERED:
        time.sleep(WATCH_S)
        unanswered = 0 if _lets_in(port) else unanswered + 1
    print("embedded broker: expected to let clients in, got no answer (it ends, to be started anew)", file=sys.stderr)
    os._exit(1)


def _lets_in(port: int) -> bool:
    """Whether a client with the user of this broker is let in."""
    from paho.mqtt.client import Client, MQTTv5
    from paho.mqtt.enums import CallbackAPIVersion

    client, over, let_in = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5), threading.Event(), threading.Event()
    client.username_pw_set(os.environ[USER], os.environ[PASSWORD])

    def answered(*_: Any) -> None:
        let_in.set()
        over.set()

    client.on_connect, client.on_disconnect = answered, lambda *_: over.set()
    try:
        client.connect(LOOPBACK, port)
    except OSError:
        return False
    client.loop_start()
    over.wait(ANSWER_S)
    client.disconnect()
    client.loop_stop()
    return let_in.is_set()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m brokers.embedded", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port on the loopback interface; 0: any free one")
    parser.add_argument("--child", action="store_true", help="end when standard input ends")
    options = parser.parse_args()
    if not (os.environ.get(USER) and os.environ.get(PASSWORD)):
        parser.error(f"expected user and password in {USER} and {PASSWORD}")
    logging.basicConfig(level=logging.CRITICAL)  # rumqttd tells of every packet as of an error
    try:
        serve(options.port, options.child)
    except KeyboardInterrupt:
        pass
    except OSError as error:
        parser.exit(1, f"embedded broker: {error}\n")
    os._exit(0)  # its threads know no end


if __name__ == "__main__":
    main()
