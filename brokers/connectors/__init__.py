"""Transports: one module each, found by their kind.

A module registers a :class:`Connector`, which makes the publisher and the source of its protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from brokers.links import LinkPublisher, LinkSource
from twin.registry import Registry


@dataclass(frozen=True)
class Connector:
    """A transport.

    Args:
        publisher: ``(url, publisher id, **options)`` to a publisher.
        source: ``(url, client id, roots, **options)`` to a source.
        __doc__: Summary of the transport.
        watching: Further options of a source that only watches, such as that of the gateway.
        embedded: Further options of a source at the embedded broker.
        schemes: What the addresses of its counterparts begin with; empty: anything.
    """

    publisher: Callable[..., LinkPublisher]
    source: Callable[..., LinkSource]
    __doc__: str
    watching: Mapping[str, Any] = field(default_factory=dict)
    embedded: Mapping[str, Any] = field(default_factory=dict)
    schemes: tuple[str, ...] = ()

    def takes(self, url: str) -> bool:
        """Whether an address is one of its counterparts, as far as its scheme tells."""
        return not self.schemes or url.partition("://")[0] in self.schemes


connectors: Registry[Connector] = Registry("connector", "brokers.connectors", {"publisher": 2, "source": 3, "takes": 1})


def make_publisher(url: str, transport: str, publisher: str, **options: Any) -> LinkPublisher:
    """The publisher of a transport.

    Raises:
        KeyError: No such transport; names the nearest.
    """
    return connectors[transport].publisher(url, publisher, **options)


def make_source(
    url: str, transport: str, client_id: str = "ingest", roots: Sequence[str] = ("",), *, watching: bool = False,
    **options: Any,
) -> LinkSource:  # fmt: skip
    """The source of a transport, perhaps of one who only watches.

    Raises:
        KeyError: No such transport; names the nearest.
    """
    connector = connectors[transport]
    return connector.source(url, client_id, roots, **{**(connector.watching if watching else {}), **options})
