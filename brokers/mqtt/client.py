"""paho's client, reading the socket in large pieces."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode

MOST_BYTES = 65_536
GOODBYE_S = 0.5
"""Longest wait for a broker to end the connection after goodbye."""


class BufferedClient(paho.Client):
    """Takes all messages that have arrived with one system call.

    paho itself makes four for each message, and at each one its thread gives the interpreter to a
    busy event loop and waits to get it back. Should paho rename what is overridden here, it reads
    in its own way again.
    """

    _arrived = b""
    _at = 0

    def _create_socket(self) -> Any:
        self._arrived, self._at = b"", 0
        return super()._create_socket()

    def _sock_recv(self, bufsize: int) -> bytes:
        if self._at >= len(self._arrived):
            self._arrived, self._at = super()._sock_recv(MOST_BYTES), 0
        taken = self._arrived[self._at : self._at + bufsize]
        self._at += len(taken)
        return taken

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Handle what has arrived."""
        result = super().loop_read(max_packets)
        while result == MQTTErrorCode.MQTT_ERR_SUCCESS and self._at < len(self._arrived):
            result = super().loop_read(max_packets)
        return result


async def stopped(client: paho.Client) -> None:
    """Disconnect and end the network thread, which would wait for a frozen broker until the connection is checked."""
    client.disconnect()
    stopping = asyncio.create_task(asyncio.to_thread(client.loop_stop))
    await asyncio.wait([stopping], timeout=GOODBYE_S)
    sock = client.socket()
    if not stopping.done() and isinstance(sock, socket.socket):
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)  # what was sent still arrives
    await stopping
