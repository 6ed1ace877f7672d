"""Who may come in beyond loopback: names under which this machine is known, and a token."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterable

from brokers.hosts import ANYWHERE
from dashboards.web.settings import LOOPBACK
from twin.errors import Problem, ProblemsError

TOKEN = "FF_WEB_TOKEN"  # noqa: S105 - name of a variable
"""Environment variable: the token that viewers beyond loopback need; ``none``: something else guards the port."""
SHORTEST = 16


def own_names(host: str, allowed: Iterable[str] = ()) -> tuple[str, ...]:
    """Names in the Host header that are served on an address.

    Addresses of this machine need not be listed: the one that a request came to is always served.

    Args:
        host: Address to listen on.
        allowed: Further names, e.g. of a proxy.

    >>> own_names("127.0.0.1", ["Twin.example"])
    ('127.0.0.1', 'localhost', '::1', 'twin.example')
    """
    names = [*LOOPBACK]
    if host not in LOOPBACK:
        name = socket.gethostname().lower()
        short = name.partition(".")[0]
        names += [host, name, short, f"{short}.local"]
    return tuple(dict.fromkeys([*names, *(name.lower() for name in allowed)]))


def token_for(host: str) -> str:
    """The token of an address: none on loopback, else what the environment says, else one made now.

    One that is made goes into the environment, so that processes started later share it.

    Raises:
        ProblemsError: The token of the environment is too short.
    """
    if host in LOOPBACK:
        return ""
    token = os.environ.get(TOKEN, "")
    if token == "none":  # noqa: S105 - a word
        return ""
    if not token:
        token = os.environ[TOKEN] = secrets.token_urlsafe(18)
    if len(token) < SHORTEST or not token.isascii() or not token.isprintable():
        raise ProblemsError([Problem(TOKEN, f"at least {SHORTEST} printable characters", f"{len(token)} characters")])
    return token


def shown_host(host: str) -> str:
    """The address as a browser elsewhere can use it."""
    return socket.gethostname() if host in ANYWHERE else host
