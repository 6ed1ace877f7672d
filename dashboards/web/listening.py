"""Where the pages listen; apart from the server, so that another process can hold the socket for it."""

from __future__ import annotations

import errno
import socket

from brokers.hosts import family, in_url
from twin.errors import FatalError

BACKLOG = 128
"""Connections that wait to be served."""


def address_of(host: str, port: int) -> str:
    """Where pages on a host and port are."""
    return f"http://{in_url(host)}:{port}/"


def listening(host: str, port: int, what: str = "web", option: str = "--port") -> socket.socket:
    """A socket of the pages, or of somebody else; who connects before they are served waits.

    Args:
        host: Where to listen.
        port: The port; 0: any free one.
        what: Who listens, for messages.
        option: Where the user names the port.

    Raises:
        FatalError: The port is taken, or the address not of this machine.
    """
    listener = socket.socket(family(host), socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise FatalError(f"{what}: {_why(error, host, port, option)}") from error
    listener.listen(BACKLOG)
    return listener


def _why(error: OSError, host: str, port: int, option: str) -> str:
    """Why it cannot be listened there, and what to do."""
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"expected an address of this machine, got {host} (choose one with {option.replace('port', 'host')})"
    if isinstance(error, PermissionError):
        return f"expected a port that this user may open, got {port} (choose one from 1024 on with {option})"
    return f"expected a free port, got {host}:{port} in use (end what listens there, or choose another with {option})"
