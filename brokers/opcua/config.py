"""Settings of the OPC UA server and what it hands over to the program around it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from brokers.hosts import in_url
from twin.equipment import EquipmentPath
from twin.ports import Clock


class MethodCall(NamedTuple):
    """What an operator asked for by an OPC UA method.

    Args:
        path: Unit.
        verb: Name of the method.
        user: Who asked.
        time_ns: When, by the clock of the machine.
        given: Arguments by name; one that was left empty is not there.
    """

    path: EquipmentPath
    verb: str
    user: str
    time_ns: int
    given: Mapping[str, Any] = MappingProxyType({})


CommandHandler = Callable[[MethodCall], Awaitable[str]]
"""Does a command and says what is done when; raises ModelError when it is refused, RetriableError when nobody answers.

A problem of a ModelError whose place ends with the name of an argument is one of that argument.
"""


@dataclass(frozen=True, slots=True)
class OpcUaServerConfig:
    """Settings of the server.

    Args:
        state: Folder for the certificate, the private key and the credentials; made with mode 0700.
        host: Address to listen on.
        names: Further names or addresses by which clients reach this machine; they stand in the certificate.
        port: TCP port to listen on; 0: any free one, chosen when the server opens.
        security: ``sign_encrypt``: Basic256Sha256, Sign & Encrypt, user and password. ``none``: no
            encryption and anonymous reading, for a laboratory only.
        application_uri: Identity of this server; stands in the certificate too.
        trusted: Folder with the client certificates (``.der``, ``.pem``) that may connect; None lets
            any certificate open a channel, and user and password decide.
        conditions: File in which alarms and their acknowledgements outlive the process; None: they end with it.
        nodesets: NodeSet2 files to load, in the order of their requirements, e.g. DI and Machinery.
        min_interval_s: Shortest time in s between two writes of one variable.
        writes_per_turn: Most writes in one turn of the writer.
        turn_s: Time in s between two turns; the two bound the load (default 20,000 writes/s).
        gap_s: Silence of a source in s after which its values are uncertain; of a slow one, three of its periods.
        gone_s: Silence after which they are bad.
        max_nodes: Most nodes in the plant's address space; more are refused and counted.
        max_events_per_s: Most events per second; more are dropped and counted.
        kpi_windows: Windows of KPIs that become nodes.
    """

    state: Path
    host: str = "127.0.0.1"
    names: tuple[str, ...] = ()
    port: int = 4840
    security: Literal["sign_encrypt", "none"] = "sign_encrypt"
    application_uri: str = "urn:futurefactory:opcua:server"
    trusted: Path | None = None
    conditions: Path | None = None
    nodesets: tuple[Path, ...] = ()
    min_interval_s: float = 1.0
    writes_per_turn: int = 2_000
    turn_s: float = 0.1
    gap_s: float = 15.0
    gone_s: float = 60.0
    max_nodes: int = 100_000
    max_events_per_s: int = 200
    kpi_windows: tuple[str, ...] = ("live", "shift")

    @property
    def url(self) -> str:
        """Endpoint URL."""
        return f"opc.tcp://{in_url(self.host)}:{self.port}/futurefactory"

    @property
    def credentials(self) -> Path:
        """File with the generated users and passwords."""
        return self.state / "credentials.json"

    @property
    def certificate(self) -> Path:
        """The server's certificate, which a client may want to trust."""
        return self.state / "server.der"


class MachineClock:
    """The machine's own clock."""

    def now_ns(self) -> int:
        """Nanoseconds since 1970 UTC."""
        return time.time_ns()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class StoredSeries(Protocol):
    """What history is read from: a store, or who has it open."""

    async def series(
        self, path: EquipmentPath, tag: str, t0_ns: int, t1_ns: int, max_points: int = 1000, /
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """One telemetry tag in ``[t0, t1)``, as :meth:`twin.ports.History.series` gives it. Raises ConnectorError."""


@dataclass
class Doors:
    """What the server is connected with besides the records.

    Args:
        commands: Takes the commands of operators; None: methods are refused.
        history: Store to read raw history from; None: no history.
        clock: Time of the machine.
    """

    commands: CommandHandler | None = None
    history: StoredSeries | None = None
    clock: Clock = field(default_factory=MachineClock)
