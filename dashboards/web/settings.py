"""Settings of the web application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twin.config.plant import Title

STATIC = Path(__file__).parents[1] / "static"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _nothing() -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class WebSettings:
    """What the pages may be told.

    Args:
        language: Language the pages start in, ``zh`` or ``en``; the viewer's own choice goes before.
        title: Name of the scenario, for the header.
        hosts: Names in the Host header that are served, without port; guards against DNS rebinding.
        token: What viewers beyond loopback must bring; empty: nothing.
        clients: Live streams served at the same time.
        queue: Deltas kept per client before the oldest two become one.
        period_s: Time between two deltas.
        quiet_s: Longest silence of a stream.
        stale_s: Age of a site's heartbeat from which its data counts as stale.
        counters: Gives the ingest's counters for ``/api/health``.
        roles: Gives how the processes of the run do.
        ahead: Makes a forecast of the live plant; None: there is none.
        command: Gives the live plant a command; None: there is none.
        machine: Changes the driver of a unit, or writes to its real machine; None: there is no plant.
        machines: Units that real machines stand for, or may stand for.
        offered: Says what the plant can be told of a path: names of effects, each with what may stand in its fields
            that name something, such as failure modes; None: there is no plant.
        commanded: All commands that it was given.
        commandable: Whether those who may look may also give commands.
        carried: Whether commands come to the plant.
        static: Folder of the built pages.
    """

    language: str = "zh"
    title: Title = field(default=Title(en="Future Factory", zh="未来工厂"))
    hosts: tuple[str, ...] = LOOPBACK
    token: str = ""
    clients: int = 64
    queue: int = 8
    period_s: float = 0.3
    quiet_s: float = 2.0
    stale_s: float = 15.0
    counters: Callable[[], Mapping[str, Any]] = field(default=_nothing)
    roles: Callable[[], Mapping[str, Any]] = field(default=_nothing)
    ahead: Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]] | None = None
    command: Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]] | None = None
    machine: Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]] | None = None
    machines: Callable[[], list[dict[str, Any]]] = list
    offered: Callable[[str], Awaitable[Mapping[str, Mapping[str, Sequence[str]]]]] | None = None
    commanded: Callable[[], list[dict[str, Any]]] = list
    commandable: bool = True
    carried: bool = True
    static: Path = STATIC
