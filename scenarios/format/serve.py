"""How a server is named as which simulated machines answer: ``KIND``, ``KIND=PORT``, ``KIND=HOST:PORT``.

Personalities stand behind commas: ``modbus=1502,lost_sessions``.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

SERVE = r"^[a-z][a-z0-9_]*(=([^\s=,]+:)?\d{1,5})?(,[a-z][a-z0-9_]*)*$"


def kind_and_names(entry: str) -> tuple[str, tuple[str, ...]]:
    """Kind of a server, and its personalities.

    >>> kind_and_names("modbus=127.0.0.1:1502,item_cap")
    ('modbus', ('item_cap',))
    """
    first, *names = entry.split(",")
    return first.partition("=")[0], tuple(names)


def _known_server(entry: str) -> str:
    from devices.personalities import personalities  # here: only few scenarios name servers
    from devices.servers import servers

    kind, names = kind_and_names(entry)
    if kind not in servers:
        raise ValueError(f"expected one of {', '.join(servers.kinds())}, got {entry!r}")
    if any(name not in personalities for name in names):
        raise ValueError(f"expected {', '.join(personalities.kinds())} behind a comma, got {entry!r}")
    return entry


def each_once(serve: tuple[str, ...]) -> tuple[str, ...]:
    """The same servers.

    Raises:
        ValueError: A kind is there twice.
    """
    kinds = [kind_and_names(one)[0] for one in serve]
    if len(set(kinds)) < len(kinds):
        raise ValueError(f"expected each server once, got {', '.join(kinds)}")
    return serve


Served = Annotated[
    tuple[Annotated[str, Field(pattern=SERVE), AfterValidator(_known_server)], ...], AfterValidator(each_once)
]
