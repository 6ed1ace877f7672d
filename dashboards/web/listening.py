"""Where the pages listen; apart from the server, so that another process can hold the socket for it."""

from __future__ import annotations

import socket

from twin.errors import FatalError

BACKLOG = 128
"""Connections that wait to be served."""


def address_of(host: str, port: int) -> str:
    """Where pages on a host and port are."""
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def listening(host: str, port: int) -> socket.socket:
    """A socket of the pages; who connects before they are served waits.

    Raises:
        FatalError: The port is taken.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        hint = "end what listens there, or choose another with --port"
        raise FatalError(f"web: expected a free port, got {host}:{port} in use ({hint})") from error
    listener.listen(BACKLOG)
    return listener
