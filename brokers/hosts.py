"""Hosts to listen on and to reach, by name or address."""

from __future__ import annotations

import socket

ANYWHERE = ("0.0.0.0", "::")  # noqa: S104 - what a user asks for


def in_url(host: str) -> str:
    """A host as it stands in an address.

    >>> in_url("::1"), in_url("mill.example")
    ('[::1]', 'mill.example')
    """
    return f"[{host}]" if ":" in host else host


def family(host: str) -> socket.AddressFamily:
    """Which sockets listen there."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET
