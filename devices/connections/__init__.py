"""Connections to real machines, one module for each protocol. A module registers its kind by being there."""

from __future__ import annotations

from devices.connection import ConnectionKind
from twin.registry import Registry

connections: Registry[ConnectionKind] = Registry(
    "connection", "devices.connections", {"": 3, "open": 0, "readings": 0, "write": 2, "browse": 0, "close": 0},
    has=("Options", "wrong"),
)  # fmt: skip
"""Every kind of connection. An entry is a class with ``Options``, made by ``kind(options, wanted, base)``."""
