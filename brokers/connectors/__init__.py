"""Transports: one module each, found by their kind.

A module registers a :class:`Connector`, which makes the publisher and the source of its protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    """

    publisher: Callable[..., LinkPublisher]
    source: Callable[..., LinkSource]
    __doc__: str


connectors: Registry[Connector] = Registry("connector", "brokers.connectors")


def make_publisher(url: str, transport: str, publisher: str, **options: Any) -> LinkPublisher:
    """The publisher of a transport.

    Raises:
        KeyError: No such transport; names the nearest.
    """
    return connectors[transport].publisher(url, publisher, **options)


def make_source(
    url: str, transport: str, client_id: str = "ingest", roots: Sequence[str] = ("",), **options: Any
) -> LinkSource:
    """The source of a transport.

    Raises:
        KeyError: No such transport; names the nearest.
    """
    return connectors[transport].source(url, client_id, roots, **options)
