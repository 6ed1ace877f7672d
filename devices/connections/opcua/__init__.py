"""A machine with an OPC UA server.

Options (under ``device.options`` with ``driver: opcua``)::

    endpoint: opc.tcp://10.0.0.5:4840
    security: encrypt | sign | none      # the least that is accepted
    policy: Basic256Sha256               # default: the strongest that the server offers
    user: line3
    password: {env: CELL_PASSWORD}
    user_certificate: keys/line3.der     # a certificate in place of user and password, with its key
    user_key: keys/line3.pem
    keys: keys/opcua                     # own key and certificate, and those of servers: trusted/ and refused/
    trust: first | known                 # a server's certificate at the first contact: taken, or put into refused/
    namespaces: {m: "http://maker.example/UA"}
    period: 1 s
    queue: 10                            # values of an item that the server keeps between two publications
    group: 500                           # most items in one request; less where the server says so
    check: 10 s                          # how often items are looked at that say nothing or are not there
    timeout: 5 s                         # longest wait for an answer

Addresses are node ids, ``ns=2;s=Spindle.Speed``, ``ns=3;i=1001``, with the URI of a namespace
``nsu=http://maker.example/UA;s=Speed``, or browse paths from the root, ``/Objects/2:Machine/2:Speed``; there a
name of ``namespaces`` may stand for the number, ``/Objects/m:Machine/m:Speed``, and ``&`` goes before a ``/``, ``:``
or ``&`` that belongs to a name.

Values are subscribed to, with the period of each item as its sampling interval; its deadband is the server's work
where it can do that. Items that vanish with a download are BAD until they are there again, also under a new node
id. A machine that stops to answer is noticed within ``timeout`` and two seconds.

The own certificate is ``own.der`` in ``keys``, made at the first start; most servers want it among those that they
trust. A server's certificate that is not trusted is kept in ``keys/refused``: who knows it moves it to
``keys/trusted``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from devices.connection import BrowsedItem, ConnectionOptions, DataValue, Scalar, Wanted
from devices.connections import connections
from devices.connections.opcua.addresses import wrong_address
from devices.connections.opcua.options import OpcUaOptions

if TYPE_CHECKING:
    from devices.connections.opcua.session import Session


@connections.register("opcua", OpcUaOptions)
class OpcUaConnection:
    """A machine with an OPC UA server: subscriptions, security policies, certificates, browse paths."""

    Options: ClassVar[type[ConnectionOptions]] = OpcUaOptions

    def __init__(self, options: Any, wanted: Sequence[Wanted], base: Path) -> None:
        self._made = options, wanted, base
        self._session: Session | None = None

    @staticmethod
    def wrong(item: str) -> str:
        """What is wrong with an address; empty when it is one."""
        return wrong_address(item)

    async def open(self) -> None:
        """Connect and subscribe."""
        await self._opened().open()

    def _opened(self) -> Session:
        if self._session is None:
            from devices.connections.opcua.session import Session

            self._session = Session(*self._made)
        return self._session

    async def readings(self) -> Sequence[DataValue]:
        """What the server has published."""
        return await self._opened().told.take()

    async def write(self, item: str, value: Scalar) -> None:
        """Write one variable, in the type that it has."""
        await self._opened().write(item, value)

    async def browse(self) -> AsyncIterator[BrowsedItem]:
        """All variables below Objects, but those of the server itself."""
        from devices.connections.opcua.tree import variables

        async for found in variables(self._opened()):
            yield found

    async def close(self) -> None:
        """Close session, channel and socket."""
        if self._session is not None:
            await self._session.close()
