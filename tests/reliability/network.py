"""A bad network: two veth pairs, one end in a namespace of its own, and a bridge in between that we make worse.

``tc netem`` would do the same where the kernel has it; the bridge works wherever namespaces do, and loses
packets by a seed.
"""

from __future__ import annotations

import array
import fcntl
import os
import random
import select
import socket
import struct
import subprocess
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Self

import pytest

ALL_FRAMES = 3
SIOCETHTOOL = 0x8946
OFFLOADS = (0x17, 0x1F, 0x24)
"""ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO: off, so that the wire carries whole packets with their sums."""


class BadNetwork:
    """A wire into a network namespace that delays, loses and cuts.

    Args:
        name: Short name, unique on the machine.
        chance: Which packets are lost.
    """

    def __init__(self, name: str, chance: random.Random):
        self.delay_s, self.loss, self.cut = 0.0, 0.0, False
        self.namespace = f"ff-{name}"
        net = chance.randrange(1, 255)
        self.here, self.there = f"10.77.{net}.1", f"10.77.{net}.2"
        self._near, self._far = f"{name}a", f"{name}b"
        self._chance, self._over = chance, threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Self:
        if os.geteuid() != 0 or _ip("netns", "add", self.namespace):
            pytest.skip("network namespaces cannot be made here (needs root)")
        for end in (self._near, self._far):
            _ip("link", "add", end, "type", "veth", "peer", "name", f"{end}x")
            _ip("link", "set", f"{end}x", "up", "promisc", "on")
            _whole_packets(end)
        _ip("link", "set", self._far, "netns", self.namespace)
        self._address(self._near, self.here)
        self._address(self._far, self.there, "-n", self.namespace)
        for end in (self._near, self._far):
            raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_FRAMES))
            raw.bind((f"{end}x", 0))
            self._sockets.append(raw)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join(5)
        for raw in self._sockets:
            raw.close()
        _ip("link", "del", self._near)
        _ip("netns", "del", self.namespace)

    @property
    def within(self) -> tuple[str, ...]:
        """Words before a command that runs at the other end."""
        return ("ip", "netns", "exec", self.namespace)

    def _address(self, end: str, address: str, *where: str) -> None:
        _ip(*where, "addr", "add", f"{address}/24", "dev", end)
        _ip(*where, "link", "set", end, "up")

    def _carry(self) -> None:
        waiting: deque[tuple[float, socket.socket, bytes]] = deque()
        other = dict(zip(self._sockets, reversed(self._sockets), strict=True))
        while not self._over.is_set():
            now = time.monotonic()
            while waiting and waiting[0][0] <= now:
                _, sink, frame = waiting.popleft()
                with suppress(OSError):
                    sink.send(frame)
            pause_s = min(max(waiting[0][0] - now, 0.0), 0.05) if waiting else 0.05
            for source in select.select(self._sockets, [], [], pause_s)[0]:
                frame, where = source.recvfrom(65_536)
                lost = self.cut or self._chance.random() < self.loss
                if not lost and where[2] != socket.PACKET_OUTGOING:
                    waiting.append((time.monotonic() + self.delay_s, other[source], frame))


def _ip(*words: str) -> int:
    return subprocess.run(["ip", *words], capture_output=True, check=False).returncode


def _whole_packets(end: str) -> None:
    with socket.socket() as any_socket:
        for command in OFFLOADS:
            value = array.array("B", struct.pack("II", command, 0))
            place = struct.pack("16sP", end.encode(), value.buffer_info()[0])
            with suppress(OSError):
                fcntl.ioctl(any_socket, SIOCETHTOOL, place)
